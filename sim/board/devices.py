"""Devices on the board's buses, each written from its data sheet: what the drivers talk to."""

from datetime import datetime, timedelta
from typing import Protocol


class I2cDevice(Protocol):
    """`transfer` gets the bytes written and how many are to be read; None is "not acknowledged"."""

    def transfer(self, written: bytes, n_read: int) -> bytes | None: ...


class Registers:
    """The usual register file: the first byte written sets the pointer, which then counts up."""

    def __init__(self, size: int):
        self.registers = bytearray(size)
        self._pointer = 0

    def transfer(self, written: bytes, n_read: int) -> bytes | None:
        size = len(self.registers)
        if written:
            self._pointer = written[0] % size
            for value in written[1:]:
                self.write(self._pointer, value)
                self._pointer = (self._pointer + 1) % size
        if n_read:
            self.before_read()
        read = bytes(self.registers[(self._pointer + i) % size] for i in range(n_read))
        self._pointer = (self._pointer + n_read) % size
        return read

    def write(self, register: int, value: int) -> None:
        self.registers[register] = value

    def before_read(self) -> None:
        """Bring the registers up to date."""


def _bcd(value: int) -> int:
    return value // 10 << 4 | value % 10


def _binary(bcd: int) -> int:
    return (bcd >> 4) * 10 + (bcd & 15)


class Ds3231Chip(Registers):
    """A DS3231 (Maxim 19-5170) in UTC; `now` is the true time, from which it strays by what was set or has failed."""

    STATUS = 0x0F
    STOPPED = 0x80

    def __init__(self, now):
        super().__init__(0x13)
        self._now = now
        self.offset_s = 0
        self.lost = False  # its battery was empty: it started from 2000 and says so

    def lose_time(self) -> None:
        self.registers[self.STATUS] |= self.STOPPED
        self.offset_s = round((datetime(2000, 1, 1) - self._now()).total_seconds())

    def before_read(self) -> None:
        t = self._now() + timedelta(seconds=self.offset_s)
        fields = (t.second, t.minute, t.hour, t.isoweekday(), t.day, t.month, t.year - 2000)
        self.registers[0:7] = bytes(_bcd(field) for field in fields)

    def write(self, register: int, value: int) -> None:
        if register < 7:
            self.before_read()  # the time runs on between writes of one transfer, but not by a second
        super().write(register, value)
        if register == 6:
            second, minute, hour, _, day, month, year = self.registers[0:7]
            parts = (_binary(year) + 2000, _binary(month & 0x1F), _binary(day), _binary(hour), _binary(minute))
            set_to = datetime(*parts, _binary(second))
            self.offset_s = round((set_to - self._now()).total_seconds())
