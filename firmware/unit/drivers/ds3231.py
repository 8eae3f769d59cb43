"""DS3231 clock on I2C, kept in UTC (Maxim 19-5170)."""

from ..control.basics import const
from . import NO_DEVICE, OK, RANGE, Driver

_TIME = const(0x00)  # seven registers: s, min, h, weekday, day, month, year; BCD
_STATUS = const(0x0F)
_STOPPED = const(0x80)  # OSF: the oscillator stood still, so the time is not to be trusted
_DAYS_BEFORE = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365)  # a month of a common year


def _before(year: int, month: int) -> int:
    """Days from 2000-01-01 to the first of a month; `year` counts from 2000 and `month` from 0 to 12."""
    leap_day = 1 if year % 4 == 0 and month > 1 else 0
    return year * 365 + (year + 3) // 4 + _DAYS_BEFORE[month] + leap_day


class Ds3231(Driver):
    """`fetch()` fills `day` (days since 2000-01-01) and `second` (of that day), both UTC, from 2000 to 2099."""

    def __init__(self, i2c, address: int = 0x68) -> None:
        super().__init__()
        self._i2c = i2c
        self._address = address
        self._time = bytearray(7)
        self._status = bytearray(1)
        self.day: int = 0
        self.second: int = 0

    def fetch(self) -> bool:
        """Read the clock. False if it is not there (NO_DEVICE), or it stood still or holds no time (RANGE)."""
        t = self._time
        try:
            self._i2c.readfrom_mem_into(self._address, _STATUS, self._status)
            self._i2c.readfrom_mem_into(self._address, _TIME, t)
        except OSError:
            self.fail(NO_DEVICE)
            return False
        t[5] &= 0x1F  # bit 7 is the century
        sound = self._status[0] & _STOPPED == 0
        for i in range(7):
            sound = sound and t[i] & 0x0F <= 9 and t[i] >> 4 <= 9
            t[i] = (t[i] >> 4) * 10 + (t[i] & 0x0F)
        sound = sound and t[0] <= 59 and t[1] <= 59 and t[2] <= 23 and 1 <= t[5] <= 12
        if not sound or not 1 <= t[4] <= _before(t[6], t[5]) - _before(t[6], t[5] - 1):
            self.fail(RANGE)
            return False
        self.day = _before(t[6], t[5] - 1) + t[4] - 1
        self.second = t[2] * 3600 + t[1] * 60 + t[0]
        self.last_error = OK
        return True

    def set(self, day: int, second: int) -> bool:
        """Set the clock and mark its time as good. False if it is not there."""
        year = day // 366  # at most one too early
        if _before(year + 1, 0) <= day:
            year += 1
        month = 0
        while _before(year, month + 1) <= day:
            month += 1
        t = self._time
        t[0] = second % 60
        t[1] = second // 60 % 60
        t[2] = second // 3600
        t[3] = day % 7 + 1
        t[4] = day - _before(year, month) + 1
        t[5] = month + 1
        t[6] = year
        for i in range(7):
            t[i] = t[i] // 10 << 4 | t[i] % 10
        try:
            self._i2c.writeto_mem(self._address, _TIME, t)
            self._i2c.readfrom_mem_into(self._address, _STATUS, self._status)
            self._status[0] &= ~_STOPPED & 0xFF
            self._i2c.writeto_mem(self._address, _STATUS, self._status)
        except OSError:
            self.fail(NO_DEVICE)
            return False
        return True
