"""Flash cost of one-minute readings: the journal beside other ways to keep them, on the same counting flash."""

import json
import struct
from argparse import Namespace
from collections.abc import Callable

from littlefs import LittleFS, UserContext
from unit.catalogue import tables
from unit.journal.layout import MAX_SNAPSHOT
from unit.journal.ring import Journal

from host_tools.unitkit.nor import Nor

from . import workload

Readings = list[tuple[int, int, list[int]]]
BLOCK = 4096
BLOCKS = 352  # 1.375 MiB, the journal's partition on a board of 4 MiB
_LITTLEFS_BLOCKS = 384  # a week of JSON lines does not fit into less
_DAY_S = 86400
_KEPT_DAYS = 5  # of JSON lines: a week of them does not fit


def main(args: Namespace) -> None:
    readings = workload.readings(days=1 if args.short else 7)
    print(f"{len(readings)} readings of {len(readings[0][2])} points, {BLOCKS * BLOCK // 1024} KiB of NOR flash")
    print(f"{'':44}{'bytes':>9}{'erases':>9}{'operations':>12}{'days':>7}{'at risk':>9}")
    print(f"{'':44}{'a reading':>9}{'a reading':>9}{'a reading':>12}{'in it':>7}{'readings':>9}")
    journal = _journal(readings)
    _row("journal", journal, len(readings), days=_days(journal, len(readings)))
    for hours in (6, 1):  # the first is what a unit does
        nor = _busy_journal(readings, 60 * hours)
        _row(f"and events, acks, a snapshot every {hours} h", nor, len(readings), days=_days(nor, len(readings)))
    ring = _ring_of_records(readings)
    _row("raw ring of 24-byte records", ring, len(readings), days=BLOCK // 24 * BLOCKS / 1440)
    _row("JSON line appended to a file a day, littlefs", _json_lines(readings), len(readings))
    _row("binary file flushed, littlefs", _binary_file(readings), len(readings))
    _row("segment files of 60, littlefs", _segments(readings), len(readings), at_risk=60)
    nor = _full(readings)
    nor.reads = 0
    Journal(nor, len(readings[0][2]), 60)
    print(f"mount of a full journal: {nor.reads} reads, nothing written; {BLOCKS} of them look at the heads of blocks")


def _row(name: str, nor: Nor, n: int, days: float = 0, at_risk: int = 0) -> None:
    erases = sum(nor.erases)
    operations = (nor.programs + nor.reads + erases) / n
    shown = f"{days:7.0f}" if days else f"{'':7}"
    ratio = f"1/{n / erases:.0f}" if erases < n / 2 else f"{erases / n:.2f}"
    print(f"{name:44}{nor.programmed_bytes / n:9.1f}{ratio:>9}{operations:12.1f}{shown}{at_risk:9}")


def _new_flash(blocks: int = BLOCKS) -> Nor:
    return Nor(bytearray(b"\xff" * BLOCK * blocks), BLOCK)


def _journal(readings: Readings) -> Nor:
    """Readings alone, as the alternatives have them."""
    nor = _new_flash()
    journal = Journal(nor, len(readings[0][2]), 60)
    start = readings[0][0] - 60
    journal.set_clock(0, start)
    for t, quality, values in readings:
        assert journal.reading(t - start, quality, values)
    return nor


def _busy_journal(readings: Readings, snapshot_every_min: int) -> Nor:
    """With what else a unit writes: 200 events a day, snapshots of 120 bytes, every reading acknowledged."""
    nor = _new_flash()
    journal = Journal(nor, len(readings[0][2]), 60)
    start = readings[0][0] - 60
    journal.set_clock(0, start)
    snapshot = bytes(MAX_SNAPSHOT)
    for i, (t, quality, values) in enumerate(readings):
        seq = journal.reading(t - start, quality, values)
        if i * 200 // 1440 != (i + 1) * 200 // 1440:
            seq = journal.event(t - start + i % 60, 1 + i % 8, i % 4, i % 20)
        if i % snapshot_every_min == 0:
            journal.save_snapshot(t - start, snapshot, 120)
        journal.ack(seq)
        journal.erase_ahead(t - start)
    return nor


def _full(readings: Readings) -> Nor:
    """A ring that was filled once over by the same week again and again."""
    nor = _new_flash()
    journal = Journal(nor, len(readings[0][2]), 60)
    uptime_s = 0
    while sum(nor.erases) <= BLOCKS:
        for _, quality, values in readings:
            uptime_s += 60
            journal.reading(uptime_s, quality, values)
    return nor


def _days(nor: Nor, n: int) -> float:
    """Days that fit: one block is always erased or about to be."""
    return (BLOCKS - 1) * n / sum(nor.erases) * 60 / _DAY_S


def _record(t: int, quality: int, values: list[int]) -> bytes:
    """24 bytes, no checksum: time, level, turbidity, inflow, four run times, energy, inputs, quality."""
    level, turbidity, inflow, p1, p2, blower, back, energy, inputs = values
    return struct.pack("<IhHHHHHHIBB", t, level, turbidity, inflow, p1, p2, blower, back, energy, inputs, quality)


def _ring_of_records(readings: Readings) -> Nor:
    nor = _new_flash()
    per_block = BLOCK // 24
    for i, reading in enumerate(readings):
        block, place = divmod(i, per_block)
        if place == 0:
            nor.ioctl(6, block % BLOCKS)
        nor.writeblocks(block % BLOCKS, _record(*reading), place * 24)
    return nor


class _Context(UserContext):
    """littlefs on the counting flash."""

    def __init__(self, nor: Nor):
        super().__init__(BLOCK * _LITTLEFS_BLOCKS)
        self.nor = nor

    def read(self, cfg, block: int, off: int, size: int) -> bytearray:
        data = bytearray(size)
        self.nor.readblocks(block, data, off)
        return data

    def prog(self, cfg, block: int, off: int, data: bytes) -> int:
        self.nor.writeblocks(block, data, off)
        return 0

    def erase(self, cfg, block: int) -> int:
        self.nor.ioctl(6, block)
        return 0

    def sync(self, cfg) -> int:
        return 0


def _littlefs(work: Callable[[LittleFS], None]) -> Nor:
    """Run `work` on a fresh file system set up as MicroPython's VfsLfs2 is; the cost of formatting is left out."""
    nor = _new_flash(_LITTLEFS_BLOCKS)
    fs = LittleFS(
        context=_Context(nor), block_size=BLOCK, block_count=_LITTLEFS_BLOCKS, mount=False,
        read_size=32, prog_size=32, cache_size=128, lookahead_size=32, block_cycles=100,
    )  # fmt: skip
    fs.format()
    fs.mount()
    nor.programmed_bytes = nor.programs = nor.reads = 0
    nor.erases = [0] * _LITTLEFS_BLOCKS
    work(fs)
    return nor


def _json_lines(readings: Readings) -> Nor:
    names = [row[0] for row in tables.rows("points")]

    def work(fs: LittleFS) -> None:
        for i, (t, quality, values) in enumerate(readings):
            day = i // 1440
            if i % 1440 == 0:
                fs.open(f"{day}.jsonl", "wb").close()
                if day >= _KEPT_DAYS:
                    fs.remove(f"{day - _KEPT_DAYS}.jsonl")
            line = json.dumps({"t": t, "q": quality, **dict(zip(names, values, strict=True))}) + "\n"
            with fs.open(f"{day}.jsonl", "ab") as f:
                f.write(line.encode())

    return _littlefs(work)


def _binary_file(readings: Readings) -> Nor:
    def work(fs: LittleFS) -> None:
        with fs.open("log.bin", "wb", buffering=0) as f:
            for reading in readings:
                f.write(_record(*reading))
                f.flush()

    return _littlefs(work)


def _segments(readings: Readings) -> Nor:
    def work(fs: LittleFS) -> None:
        for i in range(0, len(readings), 60):
            with fs.open(f"{i // 60:05}.bin", "wb") as f:
                f.write(b"".join(_record(*reading) for reading in readings[i : i + 60]))

    return _littlefs(work)
