"""`qingxi journal`: what a unit's flash holds, with or without its network."""

import argparse
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from unit.catalogue import tables
from unit.control.basics import NONE
from unit.control.events import READINGS_LOST
from unit.journal.cursor import Cursor
from unit.journal.layout import END, EPOCH_UNIX_S, MAX_SNAPSHOT, READING
from unit.journal.ring import Journal

from ..device import journal_port
from ..unitkit import partitions
from ..unitkit.errors import BadInput, both, read_at_most, told, writing
from ..unitkit.nor import Nor
from ..unitkit.progress import show
from .arguments import add_verb, print_json

_BLOCK = partitions.BLOCK
_LATEST = (1 << 30) - 1  # seconds since 2020 that a board can tell; what a rotten clock says beyond that is no time
_WORDS = {
    "size": (
        "{path}：{size} 字节不是日志分区，也不是整片闪存：应为 4096 的倍数，至少 8192",
        "{path}: {size} bytes are neither a journal partition nor a whole flash: a multiple of 4096, at least 8192",
    ),
    "no_partition": (
        "{path}：分区表里没有 journal；有：{names}",
        "{path}: its partition table has no journal; it has: {names}",
    ),
    "outside": (
        "{path}：分区表说 journal 到 {end} 字节为止，文件只有 {size}",
        "{path}: by its partition table journal ends at byte {end}, but the file has {size}",
    ),
    "empty": ("{path}：日志是空的", "{path}: the journal is empty"),
    "held": (
        "序号 {first_seq} 到 {last_seq}：{readings} 条读数，{events} 个事件；已送达到 {acked}，下一个序号 {next_seq}",
        "numbers {first_seq} to {last_seq}: {readings} readings, {events} events; "
        "delivered up to {acked}, next number {next_seq}",
    ),
    "start": (
        "启动 {boot:>5}  {from} 到 {to}  {readings} 条读数，{events} 个事件",
        "start {boot:>5}  {from} to {to}  {readings} readings, {events} events",
    ),
    "damage": (
        "损坏：{damaged} 处读不出；断电残留 {torn} 处；{unreadable_blocks} 个整块读不出；"
        "未送达即被覆盖的读数 {given_up} 条",
        "damaged: {damaged} places; ends torn by power cuts: {torn}; whole blocks: {unreadable_blocks}; "
        "readings overwritten before they were delivered: {given_up}",
    ),
    "snapshot": ("最后的状态快照：{bytes} 字节", "last snapshot of the state: {bytes} bytes"),
    "no_snapshot": ("没有可读的状态快照", "no snapshot of the state can be read"),
    "unknown": ("开机后{s}秒", "{s} s after the start"),
}


def add_parser(verbs) -> None:
    """Add the verb `journal` to the command line."""
    what = "what a unit's flash holds, with or without its network"
    parser = add_verb(verbs, "journal", run, what, "--json")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "flash", type=Path, metavar="FLASH", nargs="?", help="image of the journal partition or of a whole flash"
    )
    source.add_argument("--port", metavar="DEV", help="read a unit in service; its machines stand meanwhile")
    parser.add_argument("--out", type=Path, metavar="CSV", help="write every reading and event there")


def run(args: argparse.Namespace) -> int:
    """Read the image or the unit, write the CSV if one is asked for, print what there is."""
    if args.out is not None:
        with writing(args.out):  # before a unit stands for minutes
            args.out.open("a").close()
    source = args.port or args.flash
    flash = Nor(journal_port.read(args.port, args.lang), _BLOCK) if args.port else open_image(args.flash)
    journal = Journal(flash, len(_points()), 60)
    if args.out is None:
        found = read(journal)
    else:
        with args.out.open("w", newline="", encoding="utf-8") as f:
            found = read(journal, csv.writer(f))
    if args.json:
        print_json({"file": str(source), **found}, 2)
    else:
        print_found(source, found, args.lang)
    return 0


def open_image(path: Path) -> Nor:
    """The journal in a file that holds its partition alone, or a whole flash with a partition table."""
    data = read_at_most(path, partitions.MOST_FLASH)
    table = partitions.sound(data[partitions.TABLE_AT : partitions.TABLE_AT + _BLOCK], path)
    if table:
        names = [p.name for p in table]
        if "journal" not in names:
            raise BadInput(both(_WORDS["no_partition"], path=path, names=", ".join(names)))
        part = partitions.named(table, "journal")
        if part.at + part.size > len(data):
            raise BadInput(both(_WORDS["outside"], path=path, end=part.at + part.size, size=len(data)))
        data = data[part.at : part.at + part.size]
    if len(data) < 2 * _BLOCK or len(data) % _BLOCK:
        raise BadInput(both(_WORDS["size"], path=path, size=len(data)))
    return Nor(data, _BLOCK)


@dataclass
class Record:
    """A reading or an event. `unix_s` is None for a start that never knew the time."""

    seq: int
    boot: int
    uptime_s: int
    unix_s: int | None
    quality: int | None = None
    values: tuple[int | None, ...] = ()
    event: tuple[int, int, int] | None = None


def records(cursor: Cursor) -> Iterator[Record]:
    """Every reading and event that can be read, oldest first."""
    cursor.seek(0)
    while (kind := cursor.next()) != END:
        record = Record(cursor.seq, cursor.boot, cursor.uptime_s, None)
        if 0 <= cursor.t <= _LATEST:  # NONE is below
            record.unix_s = cursor.t + EPOCH_UNIX_S
        if kind == READING:
            record.quality = cursor.quality
            record.values = tuple(None if value == NONE else value for value in cursor.values)
        else:
            record.event = (cursor.code, cursor.a, cursor.b)
        yield record


def read(journal: Journal, table=None) -> dict:
    """What the journal holds, in the words of the JSON output; every record also goes to `table`, a csv.writer."""
    points = _points()
    names = _events()
    if table is not None:
        table.writerow(["seq", "boot", "time", "uptime_s", "quality", *(name for name, _ in points), "event", "a", "b"])
    cursor = Cursor(journal)
    starts: dict[int, dict] = {}
    first = last = given_up = 0
    for record in records(cursor):
        first = first or record.seq
        last = record.seq
        start = starts.setdefault(
            record.boot, {"boot": record.boot, "readings": 0, "events": 0, "from": _time(record), "to": None}
        )
        start["to"] = _time(record)
        start["readings" if record.event is None else "events"] += 1
        if record.event and record.event[0] == READINGS_LOST:
            given_up += record.event[1]
        if table is not None:
            table.writerow(_cells(record, points, names))
    data = bytearray(MAX_SNAPSHOT)
    n = journal.load_snapshot(data)
    return {
        "blocks": journal.tail.blocks,
        "first_seq": first,
        "last_seq": last,
        "next_seq": journal.next_seq,
        "acked": journal.acked,
        "readings": sum(start["readings"] for start in starts.values()),
        "events": sum(start["events"] for start in starts.values()),
        "starts": list(starts.values()),
        "damaged": cursor.damaged,
        "torn": cursor.torn,
        "unreadable_blocks": cursor.unreadable if starts else _written_blocks(journal),
        "given_up": given_up,
        "snapshot": {"bytes": n, "hex": data[:n].hex()} if n else None,
    }


def _written_blocks(journal: Journal) -> int:
    """Blocks that hold something: where nothing can be read, they are why."""
    size = journal.device.ioctl(5, 0)
    data = bytearray(size)
    found = 0
    for block in range(journal.device.ioctl(4, 0)):
        journal.device.readblocks(block, data, 0)
        found += data != b"\xff" * size
    return found


def _cells(record: Record, points: list[tuple[str, int]], names: list[str]) -> list:
    start = [record.seq, record.boot, "" if record.unix_s is None else _utc(record.unix_s), record.uptime_s]
    if record.event is None:
        values = [_scaled(value, decimals) for value, (_, decimals) in zip(record.values, points, strict=True)]
        return [*start, record.quality, *values, "", "", ""]
    code, *arguments = record.event
    name = names[code] if code < len(names) else str(code)
    return [*start, "", *[""] * len(points), name, *("" if value == NONE else value for value in arguments)]


def _points() -> list[tuple[str, int]]:
    return [(row[0], int(row[2])) for row in tables.rows("points")]


def _events() -> list[str]:
    return [row[0] for row in tables.rows("events")]


def _scaled(value: int | None, decimals: int) -> str:
    if value is None:
        return ""
    return f"{value / 10**decimals:.{decimals}f}" if decimals else str(value)


def _utc(unix_s: int) -> str:
    # Not fromtimestamp: 2054 may be beyond what the system's library takes.
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=unix_s)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _time(record: Record) -> str | int:
    """UTC, or the uptime in seconds as an int where the time is unknown."""
    return record.uptime_s if record.unix_s is None else _utc(record.unix_s)


def print_found(path: Path | str, found: dict, lang: str) -> None:
    damage = told(_WORDS["damage"], lang, **found)
    if not found["starts"]:
        show(told(_WORDS["empty"], lang, path=path))
        show(damage)
        return
    show(told(_WORDS["held"], lang, **found))
    for start in found["starts"]:
        ends = {
            end: told(_WORDS["unknown"], lang, s=start[end]) if isinstance(start[end], int) else start[end]
            for end in ("from", "to")
        }
        show(told(_WORDS["start"], lang, **(start | ends)))
    show(damage)
    snapshot = found["snapshot"]
    show(told(_WORDS["snapshot" if snapshot else "no_snapshot"], lang, **(snapshot or {})))
