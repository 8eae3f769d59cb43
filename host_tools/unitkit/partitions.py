"""The partition table of an ESP32's flash, as its boot loader and `esp32.Partition` read it.

Format and the stock layout: ESP-IDF Programming Guide, Partition Tables; types of MicroPython's 4 MiB image.
"""

import hashlib
import struct
from dataclasses import dataclass

from .boards import Board
from .errors import BadInput

BLOCK = 4096  # bytes that one erase clears
TABLE_AT = 0x8000
TABLE_SIZE = 0xC00
MOST_FLASH = 64 << 20  # bytes; no module has more than half of it
_APP, _DATA = 0, 1


@dataclass(frozen=True)
class Partition:
    """One entry: `at` and `size` in bytes."""

    name: str
    kind: int
    subtype: int
    at: int
    size: int

    @property
    def is_app(self) -> bool:
        return self.kind == _APP


def of_board(board: Board) -> list[Partition]:
    """MicroPython's own partitions and, after them, `vfs` (the files) and `journal` (the raw ring)."""
    p = {name: size * 1024 for name, size in board.partitions.items()}
    return [
        Partition("nvs", _DATA, 0x02, 0x9000, 0x6000),
        Partition("phy_init", _DATA, 0x01, 0xF000, 0x1000),
        Partition("factory", _APP, 0x00, 0x10000, p["vfs_at_kib"] - 0x10000),
        Partition("vfs", _DATA, 0x81, p["vfs_at_kib"], p["vfs_kib"]),
        Partition("journal", _DATA, 0x06, p["journal_at_kib"], p["journal_kib"]),
    ]


def encode(partitions: list[Partition]) -> bytes:
    """The table's bytes: 32 an entry, then its MD5, the rest blank."""
    entries = b"".join(
        struct.pack("<2sBBII16sI", b"\xaaP", p.kind, p.subtype, p.at, p.size, p.name.encode(), 0) for p in partitions
    )
    digest = b"\xeb\xeb" + b"\xff" * 14 + hashlib.md5(entries).digest()
    return (entries + digest).ljust(TABLE_SIZE, b"\xff")


def decode(table: bytes) -> list[Partition]:
    """The entries of a table; an empty list where there is none."""
    found = []
    for at in range(0, len(table) - 31, 32):
        magic, kind, subtype, start, size, name, _ = struct.unpack_from("<2sBBII16sI", table, at)
        if magic != b"\xaaP":
            break
        found.append(Partition(name.rstrip(b"\0").decode("ascii", "replace"), kind, subtype, start, size))
    return found


def named(partitions: list[Partition], name: str) -> Partition:
    """The partition called `name`. KeyError if there is none."""
    return {partition.name: partition for partition in reversed(partitions)}[name]


def journal_size(board: Board) -> int:
    """Bytes of a board's journal."""
    return board.partitions["journal_kib"] * 1024


def is_sound(table: bytes) -> bool:
    """Whether a table has entries and, behind them, the MD5 that the boot loader wants."""
    size = 32 * len(decode(table))
    mark = table[size : size + 32]
    return size > 0 and mark[:2] == b"\xeb\xeb" and mark[16:] == hashlib.md5(table[:size]).digest()


def sound(table: bytes, name: object) -> list[Partition]:
    """The entries of the table in the flash called `name`, none where there is no table.

    BadInput where a bit of it fell over: what it says of the places of all else cannot be believed.
    """
    found = decode(table)
    if found and not is_sound(table):
        raise BadInput.of(
            f"{name}：分区表损坏（MD5 不对），不知道数据在哪里；重新读取这块板",
            f"{name}: its partition table is damaged (its MD5 is wrong), so nobody knows where the data are; read the "
            "board again",
        )
    return found


def edited(found: list[Partition], board: Board) -> list[Partition]:
    """A MicroPython image's own partitions with the board's `vfs` and `journal` in the place of its file system.

    ValueError, with a sentence, where an application of the image does not leave that place free.
    """
    ours = [p for p in of_board(board) if p.name in ("vfs", "journal")]
    start = min(p.at for p in ours)
    kept = [p for p in found if p.at < start]
    for p in kept:
        if p.at + p.size > start:
            raise ValueError(f"its partition {p.name} ends at {p.at + p.size:#x}: {board.name} has vfs at {start:#x}")
    lost = [p.name for p in found if p.at >= start and p.is_app]
    if lost:
        raise ValueError(f"its partition {lost[0]} lies where {board.name} needs vfs and journal, from {start:#x} on")
    return kept + ours
