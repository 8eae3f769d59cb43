"""Chips that many relay boards put between the ESP32 and their terminals: PCF8574, TCA9554 and 74HC595.

A bit of a chip stands in for a `machine.Pin`: `value()` reads it (NONE when the chip does not answer), `value(level)`
sets it. A chip talks to its bus in `fetch()` and `flush()` only, once a tick for all its bits, and always in full, so
that a chip which lost its state to a disturbance has it back a second later.
"""

from ..control.basics import NONE, const
from . import Driver


class Bit:
    """One line of a chip."""

    def __init__(self, chip: "Chip", number: int) -> None:
        self._chip = chip
        self._mask = 1 << number

    def value(self, level: int = NONE) -> int:
        chip = self._chip
        if level == NONE:
            return NONE if chip.levels == NONE else 1 if chip.levels & self._mask else 0
        chip.wanted = chip.wanted | self._mask if level else chip.wanted & ~self._mask
        return NONE


class Chip(Driver):
    """`levels` are those of the lines as last fetched, NONE if they are not known; `wanted` those to put out."""

    bits = 8

    def __init__(self, idle: int) -> None:
        super().__init__()
        self.levels: int = NONE
        self.wanted: int = idle
        self._byte = bytearray(1)

    def bit(self, number: int) -> Bit:
        """Line `number` from 0 on. ValueError if the chip has no such line."""
        if not 0 <= number < self.bits:
            raise ValueError("bit")
        return Bit(self, number)

    def fetch(self) -> None:
        """Read all lines."""

    def flush(self) -> None:
        """Put out all lines."""


class Pcf8574(Chip):
    """Eight lines; one that is 1 is an input with a weak pull-up, and all are so after power-up (NXP PCF8574)."""

    def __init__(self, i2c, address: int, idle: int = 0xFF) -> None:
        super().__init__(idle)
        self._i2c = i2c
        self._address = address

    def fetch(self) -> None:
        self._i2c.readfrom_into(self._address, self._byte)
        self.levels = self._byte[0]

    def flush(self) -> None:
        self._byte[0] = self.wanted
        self._i2c.writeto(self._address, self._byte)


_OUTPUT = const(1)
_DIRECTION = const(3)


class Tca9554(Chip):
    """Eight lines, inputs after power-up; here used for relays only, all outputs once flushed (TI TCA9554)."""

    def __init__(self, i2c, address: int, idle: int = 0) -> None:
        super().__init__(idle)
        self._i2c = i2c
        self._address = address

    def flush(self) -> None:
        # Levels first: turning to outputs before they are right would pull in relays for a moment.
        self._byte[0] = self.wanted
        self._i2c.writeto_mem(self._address, _OUTPUT, self._byte)
        self._byte[0] = 0
        self._i2c.writeto_mem(self._address, _DIRECTION, self._byte)


class Hc595(Chip):
    """74HC595 shift registers in a row, `bits` outputs: the first line is the first chip's Q0."""

    def __init__(self, data, clock, latch, bits: int, idle: int = 0) -> None:
        super().__init__(idle)
        self.bits = bits
        self._data = data.value
        self._clock = clock.value
        self._latch = latch.value

    def flush(self) -> None:
        self._latch(0)
        i = self.bits - 1
        while i >= 0:
            self._clock(0)
            self._data(self.wanted >> i & 1)
            self._clock(1)
            i -= 1
        self._latch(1)
