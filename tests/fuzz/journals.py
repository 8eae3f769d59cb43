"""Journals: the flash of a unit's ring, rotten or forged, as `qingxi journal` and `qingxi swap` read it."""

import csv
import io
import random
from pathlib import Path

from unit.catalogue import tables
from unit.control.basics import NONE
from unit.journal.cursor import Cursor
from unit.journal.layout import (
    ACK,
    BASE,
    END,
    EPOCH_UNIX_S,
    EVENT,
    FORMAT,
    MARKS,
    READING,
    SNAPSHOT,
    put_frame,
    put_int,
    put_uint,
)
from unit.journal.ring import Journal

from host_tools.records import replacement
from host_tools.unitkit.nor import Nor
from host_tools.verbs import journal as verb
from tests.fuzz.engine import Family, Wrong

_CLOCK = 200_000_000
_SMALL, _BLOCKS = 512, 4
_EXTREMES = (0, 1, 2, 127, 128, 255, 4096, 65535, (1 << 30) - 1, 1 << 30, 1 << 31, 1 << 40, 1 << 64, 1 << 300, 1 << 700)


def _life(block: int, blocks: int, points: int, starts: int, readings: int, seed: int) -> bytes:
    """A journal that the firmware's own code wrote, some starts long, the last one torn by a power cut or not."""
    chance = random.Random(seed)
    nor = Nor(bytearray(b"\xff" * block * blocks), block)
    values = [chance.randrange(2000) for _ in range(points)]
    for start in range(starts):
        journal = Journal(nor, points, 60)
        if start % 3 != 1:
            journal.set_clock(0, _CLOCK + 100_000 * start)
        journal.event(0, 1, start, NONE)
        for i in range(1, readings):
            values[chance.randrange(points)] = chance.choice((NONE, chance.randrange(2000)))
            journal.reading(60 * i, chance.choice((0, 0, 64)), values)
            if chance.random() < 0.1:
                journal.event(60 * i, chance.randrange(20), chance.randrange(500), NONE)
            if chance.random() < 0.05:
                journal.save_snapshot(60 * i, chance.randbytes(200), 100)
            if chance.random() < 0.3:
                journal.ack(journal.next_seq - chance.randrange(1, 5))
    return bytes(nor.data)


def _told(data: bytes, points: int) -> tuple[list[tuple], int]:
    """Every record, and how many places the reader says it could not read."""
    cursor = Cursor(Journal(Nor(bytearray(data), _SMALL), points, 60))
    cursor.seek(0)
    found = []
    while (kind := cursor.next()) != END:
        what = tuple(cursor.values) if kind == READING else (cursor.code, cursor.a, cursor.b)
        found.append((cursor.seq, cursor.boot, cursor.uptime_s, cursor.t, kind, what))
    return found, cursor.damaged + cursor.torn + cursor.unreadable


def _rot(chance: random.Random, data: bytes) -> bytes:
    """One byte is another: what a CRC of 16 bits finds wherever it is.

    But in the marks of a block, which have none: one that most bits say is set gives the oldest block up early.
    """
    places = [at for at in range(len(data)) if at % _SMALL < _SMALL - MARKS]
    written = [at for at in places if data[at] != 0xFF] or [0]
    at = chance.choice(written if chance.random() < 0.95 else places)
    return data[:at] + bytes((data[at] ^ chance.randrange(1, 256),)) + data[at + 1 :]


def _rotten(folder: Path):
    points = 9
    seeds = [_life(_SMALL, _BLOCKS, points, starts, n, starts) for starts, n in ((1, 20), (3, 12), (5, 40), (2, 2))]
    told = [_told(seed, points) for seed in seeds]

    def take(data: bytes) -> bool:
        seed = min(range(len(seeds)), key=lambda i: sum(a != b for a, b in zip(seeds[i], data)))
        truth, damaged_before = told[seed]
        found, damaged = _told(data, points)
        if any(record not in truth for record in found):
            made_up = next(record for record in found if record not in truth)
            clock_alone = {record[:3] + record[4:] for record in truth}
            if made_up[:3] + made_up[4:] not in clock_alone:  # the record that told when it was may be the rotten one
                raise Wrong(f"a record that nobody wrote: {made_up}")
        if len(found) < len(truth) and damaged <= damaged_before:
            raise Wrong("a record is missing, and nothing says that anything is damaged")
        return found == truth

    return take, seeds


def _forged(chance: random.Random, data: bytes) -> bytes:
    """A block whose records say what they like, with the CRCs that belong to that."""
    block, at = bytearray(b"\xff" * 4096), 0
    points = tables.count("points")
    gen = chance.choice((0, 0, 0, 1, 2, 4, chance.choice(_EXTREMES)))
    gen += gen % 2

    def uint() -> int:
        return chance.choice(_EXTREMES) if chance.random() < 0.3 else chance.randrange(300)

    base_crc = n = events = 0
    for i in range(chance.randrange(1, 30)):
        record = bytearray(512)
        kind = BASE if not i or chance.random() < 0.1 else chance.choice((READING, READING, EVENT, ACK, SNAPSHOT))
        end = 1
        if kind == BASE:
            n = events = 0
            count = uint() if chance.random() < 0.3 else points + 1
            for number in (gen, *(uint() for _ in range(9)), count):
                if end < 90:
                    end = put_uint(record, end, number)
            for _ in range(min(count, points + 1)):
                if end < 110:
                    end = put_int(record, end, uint())
        else:
            if kind in (READING, EVENT):
                record[1], record[2] = n | chance.choice((0, 128)), events | chance.randrange(16) << 4
                end = 3
            body = bytes(chance.choices((0, 1, 127, 128, 255, 3), k=chance.randrange(0, 60)))
            record[end : end + len(body)] = body
            end += max(len(body), 1)
        size = put_frame(record, kind, min(end, 120), FORMAT if kind == BASE else base_crc)
        if at + size > 4096 - 19:
            break
        if kind == BASE:
            base_crc = record[size - 2] << 8 | record[size - 1]
        elif kind in (READING, EVENT):
            n, events = (n + 1) & 127, (events + (kind == EVENT)) & 15
        block[at : at + size] = record[:size]
        at += size
    other = data[4096:8192].ljust(4096, b"\xff") if chance.random() < 0.5 else b"\xff" * 4096
    return bytes(block) + other


def partitions() -> list[bytes]:
    points = tables.count("points")
    return [_life(4096, 2, points, starts, n, starts) for starts, n in ((1, 8), (3, 30), (2, 120))]


def _read(folder: Path):
    """`qingxi journal FLASH --out CSV --json`, all but the printing."""
    path = folder / "journal.bin"

    def take(data: bytes) -> bool:
        path.write_bytes(data)
        ring = Journal(verb.open_image(path), tables.count("points"), 60)
        found = verb.read(ring, csv.writer(io.StringIO()))
        verb.print_found(path, found, "zh")
        return found["readings"] > 0

    return take, partitions()


def _replaced(folder: Path):
    """`qingxi swap --from`: the journal of the spare. Whatever it is made from, it goes on above it."""
    size, now = 2 * 4096, EPOCH_UNIX_S + 2 * _CLOCK

    def take(data: bytes) -> bool:
        made = replacement.prepare(data[:size].ljust(size, b"\xff"), size, 60, now, replacement.Seen())
        spare = Journal(Nor(bytearray(made.journal)), tables.count("points"), 60)
        if spare.next_seq < made.first_seq or spare.boot < made.boot or made.boot > replacement.MOST:
            raise Wrong(f"the spare begins at {spare.next_seq}, start {spare.boot}: {made.first_seq}, {made.boot}")
        spare.event(1, 1, 0, 0)
        if spare.failed or spare.next_seq <= made.first_seq:
            raise Wrong("the spare's journal takes nothing")
        return True

    return take, partitions()


def _seen(folder: Path):
    path = folder / "seen.txt"
    seeds = [
        '{"boot":1,"seq":5,"events":[]}\nqingxi/v1/xiacun/data {"v":1,"boot":7,"seq":90,"rows":[[1,0],[2,0]]}\n',
        'online\nqingxi/v1/xiacun/meta {"v":1,"boot":9}\nqingxi/v1/xiacun/availability offline\n',
    ]

    def take(data: bytes) -> bool:
        path.write_bytes(data)
        seen = replacement.read_seen(path, "xiacun")
        if not (0 <= seen.seq <= replacement.MOST and 0 <= seen.boot <= replacement.MOST):
            raise Wrong(f"no unit has such numbers: {seen}")
        return True

    return take, [seed.encode() for seed in seeds]


FAMILIES = [
    Family("journal, one byte rotten", _rotten, damage=(_rot,), only_own_damage=True, may_raise=(), share=1.0),
    Family("journal, as a file", _read, damage=(_forged,), share=1.0),
    Family("journal of a spare", _replaced, damage=(_forged,), share=0.5),
    Family("messages noted from a broker", _seen, words=(b'{"seq":', b'"rows":[', b"qingxi/v1/", b" {"), share=2.0),
]
