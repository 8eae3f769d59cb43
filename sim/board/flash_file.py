"""A board's flash in a file: NOR rules, and counts of what was programmed and erased.

Every program and erase is in the file before it is answered, so whoever is killed leaves what a power cut would leave.
"""

import mmap
import os
import struct
from pathlib import Path

from host_tools.unitkit import nor
from host_tools.unitkit.errors import BadInput, writing
from host_tools.unitkit.private import open_private

BLOCK = 4096
_WEAR_HEADER = struct.Struct("<QQ")  # bytes programmed, erases


class FlashFile:
    """`size` bytes at `path`, created blank; the counts live beside it in `<path>.wear`, 4 bytes a block."""

    def __init__(self, path: Path, size: int):
        self.path = path
        self.size = size
        self.is_new = not os.path.exists(path)
        self._bytes = _mapped(path, size, b"\xff")
        self._wear = _mapped(path.with_name(path.name + ".wear"), _WEAR_HEADER.size + size // BLOCK * 4, b"\0")

    def close(self) -> None:
        self._bytes.close()
        self._wear.close()

    def read(self, at: int, n: int) -> bytes:
        return self._bytes[at : at + n]

    def program(self, at: int, data: bytes) -> None:
        """Clear bits: a bit that is 0 stays 0 whatever is written. ValueError outside the flash."""
        end = at + len(data)
        if not 0 <= at <= end <= self.size:
            raise ValueError(f"flash has no bytes {at}..{end}")
        nor.program(self._bytes, at, data)
        self._count(len(data), 0)

    def erase(self, at: int) -> None:
        """Set every bit of the 4 KiB block at `at`, which must be aligned. ValueError otherwise."""
        if at % BLOCK or not 0 <= at < self.size:
            raise ValueError(f"flash has no block at {at}")
        self._bytes[at : at + BLOCK] = b"\xff" * BLOCK
        self._count(0, 1)
        place = _WEAR_HEADER.size + at // BLOCK * 4
        struct.pack_into("<I", self._wear, place, struct.unpack_from("<I", self._wear, place)[0] + 1)

    def flash_tool_write(self, at: int, data: bytes) -> None:
        """What esptool does before the board is first started; not counted."""
        self._bytes[at : at + len(data)] = data

    @property
    def programmed_bytes(self) -> int:
        return _WEAR_HEADER.unpack_from(self._wear)[0]

    @property
    def erases(self) -> int:
        return _WEAR_HEADER.unpack_from(self._wear)[1]

    def block_erases(self, at: int, n: int) -> list[int]:
        """How often each block of the `n` bytes from `at` was erased."""
        return list(struct.unpack_from(f"<{n // BLOCK}I", self._wear, _WEAR_HEADER.size + at // BLOCK * 4))

    def _count(self, programmed: int, erased: int) -> None:
        before = _WEAR_HEADER.unpack_from(self._wear)
        _WEAR_HEADER.pack_into(self._wear, 0, before[0] + programmed, before[1] + erased)


def _mapped(path: Path, size: int, blank: bytes) -> mmap.mmap:
    fd = open_private(path)  # what a board holds: passwords, keys
    with open(fd, "r+b", buffering=0) as file, writing(path):
        held = os.fstat(fd).st_size
        if held == 0:
            file.write(blank * size)
        elif held != size:
            raise BadInput(f"{path}: holds {held} bytes: the flash of this board has {size}; give another --flash file")
        return mmap.mmap(fd, size)
