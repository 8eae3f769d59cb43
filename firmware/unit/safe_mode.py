"""Safe mode, after starts that did not live long: nothing but the high float runs the duty pump, for a fixed time.

As little of the firmware as can be: when the road itself is broken, the well must still not spill. Whoever restarts the
unit by a power cut, or leaves it alone for an hour, has it try the road again.
"""

import time

import machine

from . import restart
from .control.basics import const
from .drivers.build import build

_TRY_AGAIN_S = const(3600)
_WATCHDOG_MS = const(8000)
_FLOAT_HIGH = const(2)  # in drivers.io.NAMES
_FLOAT_LOW = const(3)


class SafeMode:
    """The unit in safe mode; see `config.load` for the arguments."""

    def __init__(self, settings, board, _config_from):
        self.io = build(board, settings, machine, time.ticks_ms)
        self._run_s = settings["lift.backup_run_s"]

    def run(self):
        """Pump on floats for an hour, then restart: it does not return."""
        print("安全模式：只按浮球排水。输入 Ctrl-C 停止，断电可恢复正常。")
        print("Safe mode: pumping on floats only. Ctrl-C stops; a power cut starts the unit normally.")
        watchdog = machine.WDT(timeout=_WATCHDOG_MS)
        left_s = 0  # of the pump's run
        try:
            for _ in range(_TRY_AGAIN_S):
                left_s = self._second(left_s)
                watchdog.feed()
                time.sleep_ms(1000)
        finally:
            self.io.all_off()
        restart.lived()
        machine.reset()

    def _second(self, left_s):
        io = self.io
        now_ms = time.ticks_ms()
        for chip in io.in_chips:
            chip.fetch()
        high = io.inputs[_FLOAT_HIGH].read(now_ms)
        low = io.inputs[_FLOAT_LOW].read(now_ms)
        left_s = step(left_s, high, low, self._run_s)
        pin, active = io.relays[0]
        if pin:
            pin.value(active if left_s else 1 - active)
        for chip in io.out_chips:
            chip.flush()
        return left_s


def step(left_s, high, low, run_s):
    """Seconds that the pump still runs after this one. `high`, `low`: 1 lifted, 0 not, else unknown."""
    if high == 1:
        return run_s
    if low == 0 or left_s == 0:
        return 0
    return left_s - 1
