"""Devices on the board's buses, each written from its data sheet: what the drivers talk to."""

from collections.abc import Callable
from datetime import datetime, timedelta

from unit.control.basics import NONE


class I2cDevice:
    """A chip on the bus. `outputs`: levels that it drives, a bit a line."""

    outputs = 0

    def transfer(self, written: bytes, n_read: int) -> bytes | None:
        """The bytes written, then how many are read; None is "not acknowledged"."""
        return None

    def power_on(self) -> None:
        """The supply has come back."""

    def drive(self, line: int, level: int) -> None:
        """The outside puts a level on an input line."""

    def put_mv(self, line: int, millivolt: float) -> None:
        """The outside puts a voltage on an analog line."""


class Pcf8574Chip(I2cDevice):
    """Eight lines with weak pull-ups: what was written 0 is pulled low, the rest is an input (NXP PCF8574)."""

    def __init__(self) -> None:
        self._driven = 0xFF
        self.power_on()

    def power_on(self) -> None:
        self.outputs = 0xFF

    def drive(self, line: int, level: int) -> None:
        self._driven = self._driven | 1 << line if level else self._driven & ~(1 << line)

    def transfer(self, written: bytes, n_read: int) -> bytes | None:
        if written:
            self.outputs = written[-1]
        return bytes([self.outputs & self._driven]) * n_read


class Registers(I2cDevice):
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


class Tca9554Chip(Registers):
    """Eight lines, all inputs after power-up (TI TCA9554); an input drives no relay, which counts as the level 0."""

    _OUTPUT, _DIRECTION = 1, 3

    def __init__(self) -> None:
        super().__init__(4)
        self.power_on()

    def power_on(self) -> None:
        self.registers[:] = b"\xff\xff\x00\xff"

    @property
    def outputs(self) -> int:  # type: ignore[override]
        return self.registers[self._OUTPUT] & ~self.registers[self._DIRECTION] & 0xFF


class Ads1115Chip(I2cDevice):
    """Four voltages against ground, one at a time, at the range of 4.096 V (TI SBAS444)."""

    def __init__(self) -> None:
        self._mv = [0.0] * 4
        self._pointer = 0
        self._config = 0x8583

    def put_mv(self, line: int, millivolt: float) -> None:
        self._mv[line] = millivolt

    def transfer(self, written: bytes, n_read: int) -> bytes | None:
        if written:
            self._pointer = written[0] & 3
            if len(written) == 3 and self._pointer == 1:
                self._config = written[1] << 8 | written[2]
        if not n_read:
            return b""
        if self._pointer == 1:
            value = self._config | 0x8000  # done: the conversion takes no virtual time
        else:
            value = min(0x7FFF, max(0, round(self._mv[self._config >> 12 & 3] / 0.125)))
        return value.to_bytes(2, "big")[:n_read]


def a02yyuw_frame(distance_mm: int) -> bytes:
    """What an A02YYUW says; nothing where it is mute."""
    if distance_mm == NONE:
        return b""
    high, low = divmod(min(65535, max(0, distance_mm)), 256)
    return bytes((0xFF, high, low, (0xFF + high + low) & 0xFF))


def along(points: tuple[tuple[int, int], ...], y: float) -> float:
    """The x at which the line through `points`, rising in both, reaches `y`."""
    for (x0, y0), (x1, y1) in zip(points, points[1:], strict=False):
        if y <= y1:
            return x0 + (max(y, y0) - y0) * (x1 - x0) / (y1 - y0)
    return points[-1][0]


class Ds3231Chip(Registers):
    """A DS3231 (Maxim 19-5170) in UTC; `now` is the true time, from which it strays by what was set or has failed."""

    STATUS = 0x0F
    STOPPED = 0x80

    def __init__(self, now: Callable[[], datetime]):
        super().__init__(0x13)
        self._now = now
        self.offset_s = 0

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
