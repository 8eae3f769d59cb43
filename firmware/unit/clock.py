"""The unit's time of day: the chip's clock, set from the DS3231 at start and by whoever knows better later.

The chip keeps UTC. Days count from 2000-01-01, `utc_s` from 2020-01-01, so that it is a small int until 2054.
"""

import time

import machine

from .control.basics import NONE, const
from .drivers import NO_DEVICE

_DAY_S = const(86400)
_2020_DAY = const(7305)  # days from 2000-01-01 to 2020-01-01
_FIRST_DAY = const(8766)  # 2024-01-01: an earlier date means that the clock was never set


class Clock:
    """After `read()`: `utc_s`, `tod_s` (local second of the day) and `day` (local); NONE, -1 and 0 while never set.

    `told`: somebody has told the time; the chip's clock goes on without, see earliest.py. `begun_s`: the newest time
    that was known when this start began, NONE for none, against which an answer from afar is held; `refused`, how many
    such answers were not believed (uplink/asking.py).
    """

    def __init__(self, rtc, timezone_min):
        """`rtc`: a `drivers.ds3231.Ds3231` or None; `timezone_min`: minutes east of UTC."""
        self._rtc = rtc
        self._offset_s = timezone_min * 60
        self.utc_s = NONE
        self.tod_s = -1
        self.day = 0
        self.begun_s = NONE
        self.refused = 0
        self.told = False
        if rtc is not None and rtc.fetch():
            try:
                set_chip((rtc.day - _2020_DAY) * _DAY_S + rtc.second)
                self.told = True
            except OSError:
                rtc.fail(NO_DEVICE)  # the unit works without knowing the time, until somebody tells it

    def read(self):
        """Look at the chip's clock."""
        seconds = int(time.time())
        if not self.told or seconds < _FIRST_DAY * _DAY_S:
            self.utc_s = NONE
            self.tod_s = -1
            self.day = 0
            return
        self.utc_s = seconds - _2020_DAY * _DAY_S
        seconds += self._offset_s
        self.day = seconds // _DAY_S
        self.tod_s = seconds - self.day * _DAY_S

    def set(self, utc_s):
        """The time is `utc_s` seconds since 2020-01-01 UTC: set both clocks."""
        set_chip(utc_s)
        self.told = True
        if self._rtc is not None:
            day = utc_s // _DAY_S
            self._rtc.set(day + _2020_DAY, utc_s - day * _DAY_S)


def set_chip(utc_s):
    """Set the chip's clock alone. OSError: it does not take it."""
    parts = time.gmtime(utc_s + _2020_DAY * _DAY_S)
    machine.RTC().datetime((parts[0], parts[1], parts[2], parts[6], parts[3], parts[4], parts[5], 0))
