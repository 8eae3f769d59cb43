"""Safe mode, after starts that did not live long: nothing but the high float runs the duty pump, for a fixed time.

Against a low float that says dry it runs as long and as often as control lets it: one of the two hangs.

As little of the firmware as can be: when the road itself is broken, the well must still not spill. Whoever restarts the
unit by a power cut, or leaves it alone for an hour, has it try the road again.
"""

import sys
import time

import machine

from . import restart
from .control.basics import const
from .control.witnesses import OVERRIDE_REST_S, OVERRIDE_S
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
        print("安全模式：只按浮球排水。Ctrl-C 停止（有密码先 unlock 密码），断电可恢复正常。")
        print("Safe mode: pumping on floats only. Ctrl-C stops (a PIN: unlock PIN first); a power cut starts normally.")
        import micropython

        micropython.kbd_intr(-1)  # a main.py of before has left it on
        watchdog = machine.WDT(timeout=_WATCHDOG_MS)
        run = (0, OVERRIDE_REST_S)  # see `step`
        look = _door()
        try:
            for _ in range(_TRY_AGAIN_S):
                run = self._second(run)
                watchdog.feed()
                try:
                    look()
                except Exception as e:  # noqa: BLE001  shown: whatever is wrong with the door, the well must not spill
                    sys.print_exception(e)
                time.sleep_ms(1000)
        finally:
            self.io.all_off()
        restart.lived()
        machine.reset()

    def _second(self, run):
        io = self.io
        now_ms = time.ticks_ms()
        io.fetch()
        high, low = io.read(_FLOAT_HIGH, now_ms), io.read(_FLOAT_LOW, now_ms)
        left_s, override_s = step(run[0], run[1], high, low, self._run_s)
        io.put(0, left_s)
        io.flush()
        return left_s, override_s


def _door():
    """What looks once a second whether somebody asks for the prompt; where its code is broken nobody can."""
    try:
        from .door import Door

        return Door().look
    except Exception as e:  # noqa: BLE001  shown, likewise
        sys.print_exception(e)
        return int  # which does nothing


def step(left_s, override_s, high, low, run_s):
    """(seconds that the pump still runs after this one, seconds since it last began to run against the low float).

    `high`, `low`: 1 lifted, 0 not, else unknown.
    """
    override_s += 1
    if high == 1 and low == 0:
        if override_s >= OVERRIDE_REST_S:
            override_s = 0
        left_s = 1 if override_s < OVERRIDE_S else 0
    elif high == 1:
        left_s = run_s
    elif low == 0 or left_s == 0:
        left_s = 0
    else:
        left_s -= 1
    return left_s, override_s
