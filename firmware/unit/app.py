"""The road: sensors -> control -> relays -> journal, once a second, in one task that nothing else delays."""

import asyncio
import gc
import os
import select
import sys
import time

import esp32
import machine
import micropython

from . import restart
from .catalogue.tables import count
from .clock import Clock
from .config import AFAR_S, FROM_AFAR, FROM_BACK, FROM_NEWEST, FROM_TRIAL, TRIAL_S  # numbers, once it is built
from .control.basics import const
from .control.controller import Controller
from .control.events import SERVICE_MODE, SETTINGS_BACK
from .journal.recorder import Recorder
from .journal.ring import Journal
from .modules import forget, settle
from .room import has_room

_TICK_MS = const(1000)
_WATCHDOG_MS = const(8000)
_GARBAGE_BYTES = const(32768)  # collecting as often as at the start would take half the time
_NEVER_S = const(1 << 30)
_CALM_MS = const(700)  # before a tick is due, the console is not loaded; see `Listener.needs_ms`
_CONSOLE_FAILURES = const(3)  # after so many the console pauses for _REST_S
_REST_S = const(600)
_TRUST_BYTES = const(8192)  # for what judges a start
_JOINING = ("joining", "config", "firmware", "uplink.credentials", "uplink.tls")  # modules, needed once a start
_DEAF_MS = const(250)  # the UART keeps 256 bytes meanwhile


class App:
    """Everything a unit is made of; `tick()` is one second of it."""

    def __init__(self, settings, board, config_from):
        """See `config.load` for the three; `settings` is emptied, with a broker `board` too: 20 KB of the heap."""
        self.config_from = config_from
        self.kept = _kept(settings)  # what a console wants of them
        interval_s = settings["readings.interval_s"]
        self.io = _drivers(board, settings)
        forget("drivers.build")
        self.clock = Clock(self.io.clock, settings["unit.timezone"])
        self.control = _control(settings)
        if not settings["mqtt.broker"]:
            settings.clear()
        forget("assembly", "catalogue.alarms", "control.configure")
        partition = esp32.Partition.find(esp32.Partition.TYPE_DATA, label="journal")[0]
        self.recorder = Recorder(Journal(partition, count("points"), interval_s), self.control, interval_s)
        self.now_s = 0  # since this start
        self.lost_s = 0  # of these, in which there was no tick
        self.trial_ends_s = 0  # 0: no settings are on trial
        if config_from == FROM_TRIAL:
            self.trial_ends_s = TRIAL_S
        elif config_from == FROM_AFAR:
            self.trial_ends_s = AFAR_S
        self._milestone_s = restart.LONG_LIFE_S  # when next to ask how this start has gone
        _begin(self.clock, self.recorder.journal)
        self.recorder.wake(self.clock.utc_s)
        if config_from == FROM_BACK:
            self.config_from = FROM_NEWEST
            self.control.events.add(SETTINGS_BACK, 0, 0)
        if restart.served():
            self.control.events.add(SERVICE_MODE, 0, 0)
        forget("journal.mount", "journal.catch_up", "journal.cursor", "journal.walk", "control.snapshot")
        self.due_ms = time.ticks_ms()  # when the next tick begins
        self.uplink = None  # of its reporting, while there is one
        self.left = None  # how the last visit at the console left it, see `Listener.left`
        # Last, for it lets the settings go, which the memory of the uplink needs.
        self.reporting = _reporting(self, settings, board) if settings else None
        if self.reporting and self.reporting.account[2] == b"":
            self.control.supervision.key_lost = 1
        gc.collect()  # here already: what was forgotten is then not kept by a word on the stack that is out of date
        settle()
        gc.collect()

    def tick(self):
        """One second of the road. It raises nothing that comes from outside the unit."""
        clock = self.clock
        control = self.control
        clock.read()
        self.io.scan(control.inputs, time.ticks_ms())
        control.step(self.now_s, clock.tod_s, clock.day)
        self.io.drive(control.outputs)
        self.recorder.second(self.now_s, clock.utc_s)

    def run(self):
        """Be the unit; ends only by an exception. Outputs are off before the caller sees it."""
        try:
            asyncio.run(self.live())
        finally:
            self.io.all_off()

    async def live(self):
        """Tick for ever, each second at its time; the watchdog is fed here and nowhere else."""
        watchdog = machine.WDT(timeout=_WATCHDOG_MS)
        gc.threshold(_GARBAGE_BYTES)
        self.due_ms = time.ticks_ms()
        if self.reporting:
            # It first runs after the first tick, which makes this start durable.
            self.reporting.task = asyncio.create_task(self.reporting.live())
        _tasks = [asyncio.create_task(self._listen())]
        while True:
            self.tick()
            watchdog.feed()
            if self.now_s >= self._milestone_s:
                self._milestone_s = _trust(self)
            self.now_s += 1
            self.due_ms = time.ticks_add(self.due_ms, _TICK_MS)
            wait_ms = time.ticks_diff(self.due_ms, time.ticks_ms())
            if wait_ms < -_TICK_MS:  # seconds were lost: control counts the time that really passed
                late_s = -wait_ms // _TICK_MS
                self.now_s += late_s
                self.lost_s += late_s
                self.due_ms = time.ticks_add(self.due_ms, late_s * _TICK_MS)
                wait_ms += late_s * _TICK_MS
            await asyncio.sleep_ms(max(0, wait_ms))

    async def _listen(self):
        """Keep a console, whatever happens to it."""
        while True:
            try:
                await self._talk()
            except Exception as e:  # noqa: BLE001  even what follows a failure failed, as it does without any memory
                gc.collect()
                sys.print_exception(e)
                await asyncio.sleep_ms(_TICK_MS)

    async def _talk(self):
        """Open the console to whoever types at the serial port; before, nothing of it is in memory."""
        micropython.kbd_intr(-1)  # a main.py of before has left it on
        typed = select.poll()
        typed.register(sys.stdin, select.POLLIN)
        listener = None
        failed = 0
        while True:
            left_ms = time.ticks_diff(self.due_ms, time.ticks_ms())
            if left_ms < (_CALM_MS if listener is None else listener.needs_ms):
                await asyncio.sleep_ms(max(left_ms, 0) + 1)
                continue
            pause_ms = _DEAF_MS
            try:
                if listener is None and _any(typed):
                    listener = _listener(self)
                elif listener is not None:
                    listener.poll()
                    pause_ms = listener.pause_ms
                    if listener.console is None and not _any(typed):
                        self.left = listener.left()
                        listener = None
            except Exception as e:  # noqa: BLE001  shown: pumps must not stop for the sake of words
                sys.print_exception(e)
                failed += 1
                if listener is not None:
                    listener.forget()
                if failed < _CONSOLE_FAILURES:
                    print("控制台出错，已重新启动：请按回车 / the console broke and has restarted: press Enter")
                else:
                    print("控制台停用10分钟，设备照常运行 / no console for 10 min, the unit runs on")
                    failed = 0
                    if "console-pin" not in os.listdir():
                        print("Ctrl-C 停机进入提示符 / Ctrl-C stops it and leads to the prompt")
                        micropython.kbd_intr(3)  # the console's code may be damaged
                    await asyncio.sleep_ms(_REST_S * _TICK_MS)
                    micropython.kbd_intr(-1)
                while _any(typed):
                    sys.stdin.buffer.read(1)
            await asyncio.sleep_ms(pause_ms)

    def restart(self):
        """A planned restart: outputs off, and nothing that control knows is lost."""
        self.io.all_off()
        self.recorder.save(self.now_s, self.clock.utc_s)
        machine.reset()


def _any(poll):
    """Whether one of the streams is ready; a list of them would be garbage four times a second."""
    for _ in poll.ipoll(0):
        return True
    return False


# What is needed once is imported in a function: a name that stays would keep its module in memory.


def _kept(settings):
    from .kept import kept

    forget("config", "kept")
    return kept(settings, settings)


def _drivers(board, settings):
    from .drivers.build import build

    return build(board, settings, machine, time.ticks_ms)


def _control(settings):
    from .assembly import parts

    return Controller(*parts(settings))


def _begin(clock, journal):
    from .earliest import begin

    begin(clock, journal)
    forget("earliest", "released", "journal.newest")


def _trust(app):
    """This start has lived long; a trial that nobody keeps is given up in time. Returns when to ask again."""
    if app.trial_ends_s and app.trial_ends_s <= app.now_s:
        app.restart()
    again_s = app.now_s + restart.LONG_LIFE_S
    try:
        restart.lived()
        if app.config_from == FROM_AFAR:
            from .trial import judge

            return judge(app)
        if app.trial_ends_s:
            return app.trial_ends_s
        if not has_room(_TRUST_BYTES):  # a command or a crew has it for the moment
            return again_s
        from .firmware import judge

        again_s = judge(app)
        del judge
        forget("firmware")  # before the configuration's module comes
        if not again_s:  # never the last good configuration of a firmware that may go: the one before may not know it
            from . import config

            config.lived()
            again_s = _NEVER_S
    except (MemoryError, OSError):  # the chip does not take it now
        pass
    forget("config", "firmware")  # the latter where it failed
    return again_s


def _listener(app):
    from .console.listener import Listener
    from .console.terminal.serial import Serial

    return Listener(app, Serial())


def _reporting(app, settings, board):
    """A `Reporting`, or None where a file is missing, wrong or damaged, or memory too short: the unit works without."""
    wanted = ("mqtt.", "network.", "unit.")
    kept = {name: settings[name] for name in settings if name.startswith(wanted)}
    terminal = board["terminals"].get(settings["wiring.network"])
    # What is needed once goes before the uplink comes, which needs its memory.
    settings.clear()
    board.clear()
    try:
        from .joining import join

        begun = join(kept, terminal, app.recorder.journal.boot)
        del join, kept  # or all of it stays for as long as this runs
        forget(*_JOINING)
        gc.collect()
        from .reporting import Reporting

        return Reporting(app, *begun)
    except Exception as e:  # noqa: BLE001  shown; see above
        # Where it ends, memory is also short for finding a module.
        print("MQTT: memory is short or a module damaged:" if isinstance(e, ImportError) else "MQTT:", e)
        forget("catalogue.names", *_JOINING)
        ours = ("unit.online", "unit.reporting", "unit.uplink.")
        forget(*[name[5:] for name in sys.modules if name.startswith(ours)])
        return None
