"""Lives of a journal for the power-cut tests: what was done, what was reported, and what must be found afterwards."""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from unit.control.basics import NONE
from unit.control.events import READINGS_LOST
from unit.journal.cursor import Cursor
from unit.journal.layout import ERASING, EVENT, MARKS, READING
from unit.journal.ring import ACK_EVERY, Journal

from host_tools.unitkit.nor import ERASE, PROGRAM, Nor, erase_part, program, program_part
from tests.journal.test_ring import BLOCK, CLOCK, POINTS, values

BLOCKS = 8


def mount(image: bytearray) -> Journal:
    return Journal(Nor(image, BLOCK), POINTS, 60)


@dataclass
class Told:
    """One promise: after `ops` operations of flash this had been reported as done."""

    ops: int
    gen: int
    what: tuple


@dataclass
class Life:
    """A workload that was run on whole flash, with the log of its operations and everything it was told."""

    first_image: bytes
    log: list = field(default_factory=list)
    records: dict[int, Told] = field(default_factory=dict)
    snapshots: list[Told] = field(default_factory=list)
    acks: list[tuple[int, int]] = field(default_factory=list)
    never_acked: bool = False


def live(seed: int, laps: int = 2) -> Life:
    """Restarts, readings, events, snapshots, acknowledgements and clocks until the ring was full `laps` times."""
    rng = random.Random(seed)
    image = bytearray(rng.randbytes(BLOCKS * BLOCK) if seed % 2 else b"\xff" * (BLOCKS * BLOCK))
    life = Life(bytes(image))
    nor = Nor(image, BLOCK)
    nor.log = life.log
    acks_lag = rng.choice((1, 5))
    life.never_acked = seed % 4 < 2
    journal = Journal(nor, POINTS, 60)
    uptime_s = 0
    while sum(nor.erases) <= laps * BLOCKS:
        uptime_s += 60
        dice = rng.random()
        if dice < 0.01:
            journal = Journal(nor, POINTS, 60)
            uptime_s = rng.randrange(20)
        elif dice < 0.02:
            journal.set_clock(uptime_s, CLOCK + rng.randrange(1000))
        elif dice < 0.04:
            data = rng.randbytes(rng.randrange(1, 130))
            assert journal.save_snapshot(uptime_s, data, len(data))
            life.snapshots.append(Told(len(life.log), journal.tail.gen, (data,)))
        elif dice < 0.1:
            what = (rng.randrange(10, 40), rng.randrange(-9, 9), NONE if dice < 0.05 else rng.randrange(1000))
            _note(life, journal, journal.event(uptime_s, *what), EVENT, uptime_s, what)
        else:
            row = values(rng.randrange(1000))
            quality = 64 if journal.offset == NONE else rng.choice((0, 0, 0, 9))
            late_s = rng.choice((0, 0, 0, 1))
            seq = journal.reading(uptime_s + late_s, quality, row)
            _note(life, journal, seq, READING, uptime_s + late_s, (quality, *row))
        if not life.never_acked and rng.random() < 0.5:
            journal.ack(journal.next_seq - acks_lag)
            life.acks.append((len(life.log), journal.acked))
        if rng.random() < 0.1:
            journal.erase_ahead(uptime_s)
    return life


def _note(life: Life, journal: Journal, seq: int, kind: int, uptime_s: int, what: tuple) -> None:
    assert seq and seq not in life.records
    life.records[seq] = Told(len(life.log), journal.tail.gen, (kind, journal.boot, uptime_s, *what))


def found(journal: Journal) -> dict[int, tuple]:
    """Everything that can be read, by sequence number, which must rise."""
    cursor = Cursor(journal)
    cursor.seek(0)
    records: dict[int, tuple] = {}
    last = 0
    while (kind := cursor.next()) in (READING, EVENT):
        assert cursor.seq > last
        last = cursor.seq
        what = (cursor.quality, *cursor.values) if kind == READING else (cursor.code, cursor.a, cursor.b)
        records[last] = (kind, cursor.boot, cursor.uptime_s, *what)
    return records


def replay(life: Life) -> bytearray:
    """Flash at the end of `life`."""
    image = bytearray(life.first_image)
    for kind, start, data in life.log:
        if kind == PROGRAM:
            program(image, start, data)
        else:
            erase_part(image, start, BLOCK, b"\xff" * BLOCK)
    return image


@dataclass
class Cut:
    """Flash after the power went: `ops` operations were done; blocks up to `gone` have been given up to be erased,
    those up to `may_be_gone` perhaps.
    """

    image: bytearray
    ops: int
    gone: int
    may_be_gone: int


def check(life: Life, cut: Cut) -> None:
    """Hold what a unit finds after the cut against what it had been told before it."""
    image = cut.image
    ops = cut.ops
    journal = mount(image)
    records = found(journal)
    highest = boot = 0
    for seq, told in life.records.items():
        if told.ops > ops:
            break
        highest = seq
        boot = told.what[1]
        if told.gen > cut.may_be_gone:
            assert seq in records, f"{seq} is lost"
    assert journal.next_seq > highest
    assert journal.boot > boot
    for seq, what in records.items():
        told_so = life.records.get(seq)
        if told_so is None:
            assert what[3] == READINGS_LOST
        else:
            assert told_so.what == what, f"{seq} is altered"
            assert told_so.gen > cut.gone, f"{seq} is read from a block that is being erased"
    acked = max((a for o, a in life.acks if o <= ops), default=0)
    told_lost = max((what[5] for what in records.values() if what[0] == EVENT and what[3] == READINGS_LOST), default=0)
    assert acked - ACK_EVERY <= journal.acked
    assert journal.acked <= max(acked + 1000, told_lost)
    _check_snapshot(life, journal, ops, cut.may_be_gone)
    assert journal.reading(60, 0, values(3)) > highest
    again = mount(image)
    assert again.next_seq == journal.next_seq
    if life.never_acked:
        _check_losses(life, again, highest)


def _check_losses(life: Life, journal: Journal, highest: int) -> None:
    """Nothing was ever acknowledged, so every reading is held or stands in the count of one event."""
    records = found(journal)
    told = [(what[4], what[5]) for what in records.values() if what[0] == EVENT and what[3] == READINGS_LOST]
    for (_, after), (count, last) in itertools.pairwise(told):
        readings = [seq for seq in range(after + 1, last + 1) if seq in life.records and _is_reading(life, seq)]
        assert count == len(readings)
    for seq in range(told[-1][1] + 1 if told else 1, highest + 1):
        assert seq in records or seq not in life.records


def _is_reading(life: Life, seq: int) -> bool:
    return life.records[seq].what[0] == READING


def _check_snapshot(life: Life, journal: Journal, ops: int, may_be_gone: int) -> None:
    data = bytearray(160)
    n = journal.load_snapshot(data)
    allowed: list[bytes] = []
    must = False
    for told in life.snapshots:
        if told.ops <= ops:
            allowed = [told.what[0]]
            must = told.gen > may_be_gone
        else:
            allowed.append(told.what[0])  # the one that was being written
            break
    assert (n == 0 and not must) or bytes(data[:n]) in allowed


def cuts(life: Life, rng: random.Random, share: float = 1.0) -> Iterator[Cut]:
    """Yield a cut behind every operation and in the middle of each.

    Of a program every prefix, each with some bits of the next byte; of an erase mixes of old bits and 1.
    `share` thins them out at random.
    """
    image = bytearray(life.first_image)
    erased = gone = -BLOCKS - 1  # the first erases meet blocks that hold nothing of the journal
    for ops, (kind, start, data) in enumerate(life.log):
        if kind == PROGRAM:
            # With this mark a block is given up: from here on its erase may be under way.
            marks = start % BLOCK == BLOCK - MARKS + ERASING
            for whole in range(len(data)):
                if rng.random() < share:
                    torn = bytearray(image)
                    program_part(torn, start, data, whole, rng.randrange(256))
                    yield Cut(torn, ops, gone, gone + 1 if marks else gone)
            program(image, start, data)
            if marks:
                gone = erased + 1
        else:
            assert kind == ERASE
            erased += 1
            gone = erased
            for mix in _mixes(rng):
                if rng.random() < share:
                    torn = bytearray(image)
                    erase_part(torn, start, BLOCK, mix)
                    yield Cut(torn, ops, gone, gone)
            erase_part(image, start, BLOCK, b"\xff" * BLOCK)
        if rng.random() < share:
            yield Cut(bytearray(image), ops + 1, gone, gone)


def _mixes(rng: random.Random):
    whole = b"\xff" * BLOCK
    yield whole
    for part in (1, BLOCK // 2, BLOCK - 1, rng.randrange(BLOCK)):
        yield whole[:part] + bytes(BLOCK - part)
        yield bytes(BLOCK - part) + whole[:part]
    for _ in range(4):
        yield rng.randbytes(BLOCK)
        yield bytes(a | b | c for a, b, c in zip(*(rng.randbytes(BLOCK) for _ in range(3)), strict=True))
        yield bytes(a & b & c for a, b, c in zip(*(rng.randbytes(BLOCK) for _ in range(3)), strict=True))
        yield bytes(rng.choice((0, 255)) for _ in range(BLOCK))
