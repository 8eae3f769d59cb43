"""What a board leaves behind: whose it was, its settings, its journal; from a backup, an image of its flash."""

import json
from dataclasses import dataclass
from pathlib import Path

from littlefs import LittleFS, UserContext
from littlefs.errors import LittleFSError
from unit import config

from ..device.esptool import Esptool
from ..image import image_build
from ..unitkit import fsimage, partitions
from ..unitkit.boards import Board
from ..unitkit.errors import BadInput, read_at_most
from ..unitkit.progress import bar

_LEAST = 2 * partitions.BLOCK  # of a file system and of a journal
VISITS = "visits.txt"  # as firmware/unit/console/commands/visits.py has it
LOWEST = "version.lowest"  # as firmware/unit/lowest.py has it


@dataclass(frozen=True)
class OldBoard:
    """`settings` are those that the board stored last, as `Unit.board_settings` has them; None if they are unreadable.

    `board` is the name of its board, empty if unreadable; `journal` is its partition, `visits` the visitors' book,
    `lowest` the version below which it takes no firmware from afar, as it keeps it.
    """

    unit_id: str
    board: str
    settings: dict[str, int | str] | None
    journal: bytes
    visits: bytes = b""
    lowest: bytes = b""


def of_image(flash: bytes, name: object) -> OldBoard:
    """What is in the image of a flash that is called `name`. BadInput where there is no unit in it."""
    table = partitions.sound(flash[partitions.TABLE_AT : partitions.TABLE_AT + partitions.TABLE_SIZE], name)
    areas = {p.name: flash[p.at : p.at + p.size] for p in table if p.at + p.size <= len(flash)}
    if not all(_is_whole(areas.get(area, b"")) for area in ("vfs", "journal")):
        raise BadInput.of(
            f"{name}：不是站点的备份：里面没有 vfs 和 journal 分区。备份用 qingxi backup 做",
            f"{name}: no backup of a unit: it has no partitions vfs and journal. Make one with qingxi backup",
        )
    fs = _file_system(areas["vfs"])
    settings = _stored(fs, (config.NEWEST, config.LAST_GOOD))
    pins = _stored(fs, config.BOARDS)
    sector = flash[partitions.TABLE_AT : partitions.TABLE_AT + partitions.BLOCK]
    unit_id = image_build.unit_of(sector) or str((settings or {}).get("unit.id", ""))
    if not unit_id:
        raise BadInput.of(
            f"{name}：看不出是哪个站点的备份",
            f"{name}: it does not tell which unit it is a backup of",
        )
    visits, lowest = (_read(fs, name) or b"" for name in (VISITS, LOWEST))
    return OldBoard(unit_id, str((pins or {}).get("name", "")), settings, areas["journal"], visits, lowest)


def _is_whole(area: bytes) -> bool:
    return len(area) >= _LEAST and len(area) % partitions.BLOCK == 0


def read_file(path: Path) -> OldBoard:
    """What is in a backup. BadInput where it is none or cannot be read."""
    return of_image(read_at_most(path, partitions.MOST_FLASH), path)


def read_board(tool: Esptool, flash_bytes: int) -> bytes:
    """The image of a board's flash, by cable, as far as it is the unit's own: table, files and journal, the rest blank.

    A board whose partition table cannot be read is read whole.
    """
    sector = tool.read(partitions.TABLE_AT, partitions.BLOCK)
    areas = [(p.at, p.size) for p in partitions.decode(sector) if p.name in ("vfs", "journal")]
    if len(areas) < 2:
        areas = [(0, flash_bytes)]
    flash = bytearray(b"\xff" * flash_bytes)
    flash[partitions.TABLE_AT : partitions.TABLE_AT + len(sector)] = sector
    for (at, size), data in zip(areas, tool.read_written(areas, bar())):
        flash[at : at + size] = data
    return bytes(flash)


def fits(old: OldBoard, board: Board) -> bool:
    """Whether what waits in the journal has room on a board of this kind."""
    return len(old.journal) <= partitions.journal_size(board)


def _file_system(vfs: bytes) -> LittleFS:
    """What the partition holds; one that is damaged counts as an empty one."""
    context = UserContext(len(vfs))
    context.buffer[:] = vfs
    return fsimage.file_system(len(vfs), context)


def _read(fs: LittleFS, name: str) -> bytes | None:
    try:
        room = fs.block_count * partitions.BLOCK
        with fs.open(name, "rb") as f:
            data = f.read(room)  # at most: a damaged length can say gigabytes, of blocks that go round
        return data if len(data) < room else None
    except (LittleFSError, OSError):
        return None


def _stored(fs: LittleFS, names: tuple[str, ...]) -> dict | None:
    """The first of these sealed JSON files that is whole; None if none is."""
    for name in names:
        text = config.unsealed(_read(fs, name))
        try:
            found = json.loads(text) if text else None
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            return found
    return None
