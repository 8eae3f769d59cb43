"""The unit's time of day: the chip's clock, set from the DS3231 at start and by whoever knows better later.

Days count from 2000-01-01. The chip keeps UTC.
"""

import time

import machine

from .control.basics import const

_DAY_S = const(86400)
_FIRST_DAY = const(8766)  # 2024-01-01: an earlier date means that the clock was never set


class Clock:
    """`read(now)` leaves `tod_s` and `day`, local; `tod_s` is -1 while the clock was never set."""

    def __init__(self, rtc, timezone_min):
        """`rtc`: a `drivers.ds3231.Ds3231` or None; `timezone_min`: minutes east of UTC."""
        self._rtc = rtc
        self._offset_s = timezone_min * 60
        self.tod_s = -1
        self.day = 0
        if rtc is not None and rtc.fetch():
            _set_chip(rtc.day, rtc.second)

    def read(self):
        seconds = time.time() + self._offset_s
        day = seconds // _DAY_S
        if day >= _FIRST_DAY:
            self.day = day
            self.tod_s = seconds - day * _DAY_S
        else:
            self.tod_s = -1

    def set(self, seconds):
        """Set both clocks to `seconds` since 2000-01-01 UTC."""
        day = seconds // _DAY_S
        _set_chip(day, seconds - day * _DAY_S)
        if self._rtc is not None:
            self._rtc.set(day, seconds - day * _DAY_S)


def _set_chip(day, second):
    parts = time.gmtime(day * _DAY_S + second)
    machine.RTC().datetime((parts[0], parts[1], parts[2], parts[6], parts[3], parts[4], parts[5], 0))
