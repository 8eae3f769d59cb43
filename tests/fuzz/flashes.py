"""What comes from a board's flash: backups, file systems, partition tables; and files that begin as a flash's copy."""

import hashlib
import json
import os
import random
import struct
from collections.abc import Iterator
from pathlib import Path

from littlefs import UserContext
from unit import config

from host_tools.image import image_build
from host_tools.records import old_board
from host_tools.unitkit import fsimage, pack, partitions, unitfile
from host_tools.unitkit.partitions import Partition
from host_tools.verbs import backup, swap
from sim.board import flash_file
from tests.board.rig import UNIT_FILE
from tests.fuzz import journals
from tests.fuzz.engine import Family, Mutator, Wrong

_VFS_AT, _VFS = 0x9000, 12 * 4096
_JOURNAL_AT, _JOURNAL = _VFS_AT + _VFS, 2 * 4096
_TABLE = [Partition("vfs", 1, 0x81, _VFS_AT, _VFS), Partition("journal", 1, 6, _JOURNAL_AT, _JOURNAL)]
_VISITS = b"2026-05-03 p1 blocked\n" * 500  # three blocks, so that they name each other


def _vfs(files: dict[str, bytes]) -> bytes:
    fs = fsimage.file_system(_VFS, UserContext(_VFS))
    for name, content in files.items():
        if name.endswith("/"):
            fs.mkdir(name)
        else:
            with fs.open(name, "wb") as f:
                f.write(content)
    return bytes(fs.context.buffer)


def flash(files: dict[str, bytes], journal: bytes, unit_id: str = "qiaotou") -> bytes:
    flash = bytearray(b"\xff" * (_JOURNAL_AT + _JOURNAL))
    sector = image_build._table_sector(_TABLE, unit_id) if unit_id else partitions.encode(_TABLE)
    flash[partitions.TABLE_AT : partitions.TABLE_AT + len(sector)] = sector
    flash[_VFS_AT : _VFS_AT + _VFS] = _vfs(files)
    flash[_JOURNAL_AT:] = journal
    return bytes(flash)


def sealed(settings: dict, board: dict | None = None) -> dict[str, bytes]:
    files = {name: fsimage.sealed(json.dumps(settings).encode()) for name in ("config.json", "config.last")}
    return files | {name: fsimage.sealed(json.dumps(board or {"name": "x"}).encode()) for name in config.BOARDS}


# --- littlefs, sealed again after what was done to it

_CRC_TABLE = (
    0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4, 0x4DB26158, 0x5005713C,
    0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C, 0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C,
)  # fmt: skip


def _crc(data: bytes, crc: int) -> int:
    for byte in data:
        crc = crc >> 4 ^ _CRC_TABLE[(crc ^ byte) & 15]
        crc = crc >> 4 ^ _CRC_TABLE[(crc ^ byte >> 4) & 15]
    return crc


def _tags(block: bytearray) -> Iterator[tuple[int, int, int]]:
    """(place, type, where its commit began) of each tag of a metadata block; tags are xored with the one before."""
    at, begun, before = 4, 0, 0xFFFFFFFF
    while at + 8 <= len(block):
        tag = struct.unpack_from(">I", block, at)[0] ^ before
        if tag & 0x80000000:
            return
        kind, size = tag >> 20 & 0x7FF, tag & 0x3FF
        yield at, kind, begun
        at += 4 + (0 if size == 0x3FF else size)
        before = tag
        if kind & 0x780 == 0x500:
            begun, before = at, tag ^ (kind & 1) << 31


def _sealed_again(block: bytearray) -> None:
    """Make the checksums of a metadata block's commits fit (littlefs SPEC.md)."""
    for at, kind, begun in _tags(block):
        if kind & 0x780 == 0x500:
            struct.pack_into("<I", block, at + 4, _crc(block[begun : at + 4], 0xFFFFFFFF))


def with_file_size(data: bytes, size: int) -> bytes:
    """The flash with every file that has blocks of its own said to be of this size."""
    made = bytearray(data)
    for start in (_VFS_AT, _VFS_AT + 4096):
        block = made[start : start + 4096]
        for at, kind, _ in list(_tags(block)):
            if kind == 0x202:  # a list of blocks: the last of them, bytes
                struct.pack_into("<I", block, at + 8, size)
        _sealed_again(block)
        made[start : start + 4096] = block
    return bytes(made)


def _forged_files(vfs_at: int) -> Mutator:
    """Metadata with other numbers (sizes, places, types) and checksums that fit."""

    def forged(chance: random.Random, data: bytes) -> bytes:
        if len(data) < vfs_at + 2 * 4096:
            return data
        made = bytearray(data)
        for start in (vfs_at, vfs_at + 4096):
            block = made[start : start + 4096]
            written = len(bytes(block).rstrip(b"\xff"))
            for _ in range(chance.choice((1, 1, 2, 5))):
                if written > 8:
                    place = chance.randrange(4, written)
                    number = chance.choice((0, 1, 2, 3, 11, 12, 255, 1 << 16, (1 << 31) - 1, 1 << 31, (1 << 32) - 1))
                    if chance.random() < 0.5:
                        struct.pack_into("<I", block, min(place, 4092), number)
                    else:
                        block[place] ^= 1 << chance.randrange(8)
            _sealed_again(block)
            made[start : start + 4096] = block
        return bytes(made)

    return forged


def _near(places: tuple[tuple[int, int], ...]) -> Mutator:
    """A few bytes of what is written at one of these places (from, to) are others."""

    def near(chance: random.Random, data: bytes) -> bytes:
        made = bytearray(data)
        start, end = chance.choice(places)
        written = [at for at in range(start, min(end, len(made))) if made[at] != 0xFF]
        for _ in range(chance.choice((1, 1, 4)) if written else 0):
            made[chance.choice(written)] = chance.choice((0, 1, 0xFF, chance.randrange(256)))
        return bytes(made)

    return near


_META = (_VFS_AT, _VFS_AT + 8192)
_PLACES = ((0x8000, 0x9000), (0x8000, 0x8060), _META, (_VFS_AT, _JOURNAL_AT), (_JOURNAL_AT, 1 << 30))


# --- families


def _backups() -> tuple[list[bytes], list[dict]]:
    unit = unitfile.load(UNIT_FILE)
    ring = journals.partitions()[0]
    whole = unit.board_settings()
    settings = [whole, whole | {"lift.alternate": 1}, {"unit.id": "qiaotou"}]
    odd: list[dict] = [
        {key: [1, None, {"a": "\ud800"}][i % 3] for i, key in enumerate(whole)} | {"unit.id": 5},
        whole | {"unit.name_zh": "\ud800", "wiring.p1": 1 << 70, "readings.interval_s": -1},
        {"unit.id": "../../../etc", "unit.board": ["x"], "readings.interval_s": True},
    ]
    pins = unit.board.compact()
    seeds = [flash(sealed(one, pins) | {old_board.VISITS: _VISITS}, ring) for one in settings[:2]]
    seeds.append(flash({"config.json/": b"", "visits.txt/": b""} | dict(list(sealed(whole, pins).items())[1:]), ring))
    seeds += [flash(sealed(one), ring) for one in (settings[2], *odd)]
    deep = fsimage.sealed(b"[" * 4000 + b"]" * 4000)
    seeds += [flash({"config.json": deep, "board.json": deep}, ring), flash({}, ring)]
    return seeds, settings + odd


def _backup(folder: Path):
    """`qingxi swap --from`, to the settings and the journal that move."""
    seeds, known = _backups()
    unit = unitfile.load(UNIT_FILE)
    path = folder / "old.bin"
    known = json.loads(json.dumps([*known, {"name": "x"}, unit.board.compact()]))  # whoever forges may swap files

    def take(data: bytes) -> bool:
        path.write_bytes(data)
        left = old_board.read_file(path)
        if partitions.decode(data[partitions.TABLE_AT :][: partitions.TABLE_SIZE]) != _TABLE:
            raise Wrong("its partition table is damaged, and it is believed")
        if left.settings is not None and left.settings not in known:
            raise Wrong(f"settings that nobody stored: {left.settings}")
        if len(left.visits) > _VFS:
            raise Wrong(f"a file of {len(left.visits)} bytes, in a file system of {_VFS}")
        moved, _ = swap.with_settings(unit, left)
        moved.board_json().encode()
        backup.held(left)
        return True

    return take, seeds


def _flash_files(folder: Path):
    """The virtual board's `--flash`, whatever lies there."""
    size = 8 * 4096
    path = folder / "board.flash"

    def take(data: bytes) -> bool:
        kind, rest = data[:1], data[1:]
        for old in (path, path.with_name("board.flash.wear")):
            old.unlink(missing_ok=True)
        if kind == b"w":
            path.with_name("board.flash.wear").write_bytes(rest)
        elif kind == b"l":
            path.symlink_to(rest[:1000].decode("ascii", "replace").replace("\0", "") or "x")
        elif kind == b"p":
            os.mkfifo(path)
        else:
            path.write_bytes(rest)
        name = path.with_name("x" * len(rest)) if kind == b"n" and len(rest) > 255 else path
        found = flash_file.FlashFile(name, size)
        if len(found.read(0, size)) != size:
            raise Wrong("the flash of a board has another size")
        found.erase(4096)
        found.program(4096, b"abc")
        found.close()
        return True

    return take, [b"f", b"f" + b"\xff" * size, b"w", b"w" + bytes(16 + 8 * 4)]


_LINKS = (b"/dev/null", b"/dev/full", b"/dev/zero", b".", b"/", b"board.flash", b"x" * 300, b"no/x")


def _links(chance: random.Random, data: bytes) -> bytes:
    return chance.choice((b"l" + chance.choice(_LINKS), b"p", b"n" + bytes(256)))


def _packs(folder: Path):
    """The head of a firmware pack."""
    files = {"unit/a.mpy": b"M\x06" + bytes(200), "unit/b/c.txt": b"x|y\n"}
    seeds = [pack.pack(files, version) for version in ("1.2.3", "0.1.0rc1")]

    def take(data: bytes) -> bool:
        found = pack.head(data, "pack")
        if data not in seeds and not _resealed(data):
            raise Wrong("a pack that nobody made")
        found.version.encode()
        return True

    return take, seeds


def _resealed(data: bytes) -> bool:
    return sealed_pack(data) == data


def sealed_pack(data: bytes) -> bytes:
    if len(data) < 64:
        return b""
    return data[:4] + struct.pack("<I", len(data)) + hashlib.sha256(data[40:]).digest() + data[40:]


def _seal_pack(chance: random.Random, data: bytes) -> bytes:
    """Whoever makes a pack of his own also works out its digest."""
    if len(data) < 64:
        return data
    made = bytearray(data)
    for _ in range(3):
        made[chance.randrange(40, min(66, len(made)))] = chance.randrange(256)
    return sealed_pack(bytes(made))


FAMILIES = [
    Family("backup of a board", _backup, damage=(_near(_PLACES), _forged_files(_VFS_AT)), share=1.0),
    Family("flash file of the virtual board", _flash_files, damage=(_links,), words=(b"w", b"f", b"l"), share=0.5),
    Family("firmware pack", _packs, damage=(_seal_pack,), share=4.0),
]
