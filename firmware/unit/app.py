"""The road: sensors -> control -> relays -> journal, once a second, in one task that nothing else delays."""

import asyncio
import gc
import time

import machine

from . import config, restart
from .alarms import definitions
from .clock import Clock
from .control.controller import Controller
from .drivers.build import build

_TICK_MS = 1000
_WATCHDOG_MS = 8000


class App:
    """Everything a unit is made of; `tick()` is one second of it."""

    def __init__(self):
        self.settings, board, self.config_from = config.load()
        self.io = build(board, self.settings, machine, time.ticks_ms)
        self.clock = Clock(self.io.clock, self.settings["unit.timezone"])
        self.control = Controller({k: v for k, v in self.settings.items() if isinstance(v, int)}, definitions())
        self.now_s = 0
        self._due_ms = time.ticks_ms()
        gc.collect()

    def tick(self):
        """One second of the road. It raises nothing that comes from outside the unit."""
        now_ms = time.ticks_ms()
        control = self.control
        clock = self.clock
        self.io.scan(control.inputs, now_ms)
        clock.read()
        control.step(self.now_s, clock.tod_s, clock.day)
        self.io.drive(control.outputs)
        control.events.clear()

    async def run(self):
        """Tick for ever, each second at its time; the watchdog is fed here and nowhere else."""
        watchdog = machine.WDT(timeout=_WATCHDOG_MS)
        while True:
            self.tick()
            watchdog.feed()
            self.now_s += 1
            if self.now_s == restart.LONG_LIFE_S:
                restart.lived()
            self._due_ms = time.ticks_add(self._due_ms, _TICK_MS)
            wait_ms = time.ticks_diff(self._due_ms, time.ticks_ms())
            if wait_ms < 0:  # late by whole seconds: control counts the seconds that really passed
                late_s = -wait_ms // _TICK_MS
                self.now_s += late_s
                self._due_ms = time.ticks_add(self._due_ms, late_s * _TICK_MS)
            await asyncio.sleep_ms(max(0, wait_ms))


def run():
    """Be the unit; returns only by an exception. Outputs are off before the caller sees it."""
    app = App()
    try:
        asyncio.run(app.run())
    finally:
        app.io.all_off()
