"""What a serial loader finds in the registers of a chip: identity, fuses, clock, flash behind the SPI controller.

Addresses and fields: ESP32 and ESP32-S3 Technical Reference Manuals, chapters eFuse Controller, SPI Controller, UART.
"""

import struct
from dataclasses import dataclass

_READ_ID = 0x9F  # JEDEC: manufacturer, type, log2 of the size in bytes
_WINBOND, _NOR = 0xEF, 0x40
_RUN_USER_COMMAND = 1 << 18
_CHIP_MAGIC_AT = 0x40001000
_DIVIDER_115200 = 347  # of a 40 MHz crystal


@dataclass(frozen=True)
class Chip:
    """`spi` is the controller's address, `usr2` and `w0` offsets in it; `fixed` the registers that never change."""

    image_chip_id: int
    has_security_info: bool
    spi: int
    usr2: int
    w0: int
    mac_at: tuple[int, int]  # low word, high word
    fixed: dict[int, int]


CHIPS = {
    "esp32": Chip(
        0,
        False,
        0x3FF42000,
        0x24,
        0x80,
        (0x3FF5A004, 0x3FF5A008),
        {
            _CHIP_MAGIC_AT: 0x00F01D83,
            0x3FF5A00C: 1 << 15 | 1 << 9,  # fuses: revision bit 0, package D0WD
            0x3FF5A010: 128,  # frequency of the 8 MHz oscillator, in the unit of its calibration
            0x3FF5A014: 1 << 24 | 1 << 20,  # minor revision 1, revision bit 1
            0x3FF6607C: 1 << 31,  # revision bit 2
            0x3FF5F06C: 800 << 7,  # calibration count of that oscillator against a 40 MHz crystal
            0x3FF40014: _DIVIDER_115200,
        },
    ),
    "esp32s3": Chip(
        9,
        True,
        0x60002000,
        0x20,
        0x58,
        (0x60007044, 0x60007048),
        {_CHIP_MAGIC_AT: 0x9, 0x60000014: _DIVIDER_115200},
    ),
}


class Registers:
    """The registers of one chip with `mac` (6 bytes) and a flash of `flash_bytes`; what is not known reads as 0."""

    def __init__(self, chip: Chip, mac: bytes, flash_bytes: int):
        self._chip = chip
        self._values = dict(chip.fixed)
        low, high = chip.mac_at
        self._values[high], self._values[low] = struct.unpack(">HI", mac)
        self._flash_id = _WINBOND | _NOR << 8 | (flash_bytes.bit_length() - 1) << 16

    def read(self, at: int) -> int:
        return self._values.get(at, 0)

    def write(self, at: int, value: int, mask: int = 0xFFFFFFFF) -> None:
        if at == self._chip.spi:
            if value & _RUN_USER_COMMAND:  # done at once: the bit reads 0 again
                command = self.read(self._chip.spi + self._chip.usr2) & 0xFF
                self._values[self._chip.spi + self._chip.w0] = self._flash_id if command == _READ_ID else 0
        elif at not in self._chip.fixed:
            self._values[at] = self.read(at) & ~mask | value & mask
