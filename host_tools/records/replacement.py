"""How a spare board goes on from what is known of the one before it: its journal, hours and numbers.

Sequence numbers never repeat in the life of a unit, so a spare begins above every number that its forerunner can have
used. What is known of that is the newest of its journal, which may be an old backup's, and what the broker has seen.
After that it can have gone on, without a network, until now: with at most a reading a second, which is the shortest
interval, and, in the long run, an event a second. The numbers in between stay unused.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from unit.catalogue import tables
from unit.control.basics import NONE
from unit.journal.cursor import Cursor
from unit.journal.layout import END, EPOCH_UNIX_S, MAX_SNAPSHOT, READING
from unit.journal.ring import Journal

from ..unitkit.errors import AnswerIsNo, Problems, read_at_most, reading
from ..unitkit.nor import Nor

NUMBERS_A_SECOND = 2
SECONDS_A_START = 5  # what is durable of a start takes one second, and coming to it several
LEAST_GAP = 10_000  # whatever the clocks say
GAP_WITHOUT_TIME = 1 << 24  # nobody knows when the journal ends: 97 days of two a second, decades of one a minute
MOST = (1 << 30) - 1  # the largest small integer of a board
_MOST_SEEN = 64 << 20  # bytes of messages: months of a unit
_MESSAGE = re.compile(r"(?:(\S+) )?(\{.*\})")


@dataclass(frozen=True)
class Seen:
    """The newest that the broker has of a unit: sequence number and number of the start; 0 if unknown."""

    seq: int = 0
    boot: int = 0


@dataclass(frozen=True)
class Replacement:
    """`journal` for the spare's partition; `first_seq` and `boot` will be its first; `unsent` readings move with it."""

    journal: bytes
    first_seq: int
    boot: int
    unsent: int
    has_hours: bool


def prepare(
    old: bytes | None, size: int, interval_s: int, now_unix_s: int, seen: Seen, with_readings: bool = True
) -> Replacement:
    """The journal, of `size` bytes, of a spare that takes over from `old`, a journal's partition, or from nothing.

    Readings and events that wait move where `with_readings` says so, into a journal of no smaller size; hours and
    numbers always do. AnswerIsNo if the unit has no number left.
    """
    before = Journal(Nor(bytearray(old if old is not None else b"\xff" * size)), tables.count("points"), interval_s)
    gap = _gap(before, now_unix_s)
    first_seq = max(before.next_seq, seen.seq + 1) + gap
    boot = max(before.boot, seen.boot + 1) + gap // (NUMBERS_A_SECOND * SECONDS_A_START)
    for zh, en, number in (("序号", "sequence number", first_seq), ("启动号", "number of a start", boot + 1)):
        if number > MOST:
            raise AnswerIsNo.of(
                f"{zh}用完了（{number}，最大 {MOST}）：给站点换一个 id",
                f"no {en} is left ({number} of {MOST}): give the unit another id",
            )
    snapshot = bytearray(MAX_SNAPSHOT)
    n = before.load_snapshot(snapshot)
    kinds = [kind for kind, _ in _records(before, before.acked + 1)] if with_readings else []
    after = before
    if old is None or len(old) != size or not with_readings:
        after = Journal(Nor(bytearray(b"\xff" * size)), tables.count("points"), interval_s)
        if kinds:
            _copy_waiting(before, after)
    if not kinds:
        after.acked = first_seq - 1  # or the unit would tell of numbers that wait where nothing does
    after.next_seq = first_seq
    after.boot = boot
    after.offset = NONE
    after.set_clock(0, now_unix_s - EPOCH_UNIX_S)  # writes a base record, which makes the numbers durable
    if after is not before and n:
        after.save_snapshot(0, snapshot, n)
    return Replacement(bytes(after.device.data), first_seq, boot + 1, kinds.count(READING), n > 0)


def read_seen(path: Path, unit_id: str) -> Seen:
    """The newest numbers in messages of the unit that somebody noted from the broker, one JSON a line.

    As `mosquitto_sub -t qingxi/v1/ID/#` prints them, with -v or without. BadInput names every line that is none.
    """
    data = read_at_most(path, _MOST_SEEN)
    with reading(path):
        lines = data.decode("utf-8").splitlines()
    seq = boot = 0
    problems = Problems()
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.split()[-1] in ("online", "offline"):
            continue
        match = _MESSAGE.fullmatch(line.strip())
        found = _numbers(match[2]) if match else None
        if match is None or found is None:
            problems.note(
                f"{path}:{number}：不是站点的消息，应为一行 JSON，如 meta、state、data、event 的内容",
                f"{path}:{number}: no message of a unit: one line of JSON is wanted, as of meta, state or data",
            )
        elif match[1] and match[1].split("/")[2:3] != [unit_id]:
            problems.note(
                f"{path}:{number}：是 {match[1]} 的消息，不是站点 {unit_id} 的",
                f"{path}:{number}: a message of {match[1]}, not of unit {unit_id}",
            )
        else:
            seq, boot = max(seq, found.seq), max(boot, found.boot)
    if not problems and not (seq or boot):
        problems.note(f"{path}：里面没有 seq 也没有 boot", f"{path}: there is no seq and no boot in it")
    problems.refuse()
    return Seen(seq, boot)


def _numbers(text: str) -> Seen | None:
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict):
        return None
    rows = message.get("rows") or message.get("events") or [None]
    seq, boot = message.get("seq", 0), message.get("boot", 0)
    numbers = all(type(number) is int and 0 <= number <= MOST for number in (seq, boot))
    if not numbers or not isinstance(rows, list):
        return None
    return Seen(seq + len(rows) - 1 if seq else 0, boot)


def _copy_waiting(before: Journal, after: Journal) -> None:
    """Write what `before` has not delivered into `after`, an empty journal, each record with its number and time."""
    after.next_seq = before.acked + 1
    after.acked = before.acked
    for kind, cursor in _records(before, before.acked + 1):
        offset = NONE if cursor.t == NONE else cursor.t - cursor.uptime_s
        if (cursor.seq, cursor.boot, offset) != (after.next_seq, after.boot, after.offset):
            after.next_seq, after.boot, after.offset = cursor.seq, cursor.boot, offset
            after._needs_base = True  # what the next record is told against
        if kind == READING:
            after.reading(cursor.uptime_s, cursor.quality, cursor.values)
        else:
            after.event(cursor.uptime_s, cursor.code, cursor.a, cursor.b)


def _gap(journal: Journal, now_unix_s: int) -> int:
    """How many numbers are left out: all that can have been used since the journal's last record."""
    last_t = NONE
    for _, cursor in _records(journal, 0):
        last_t = cursor.t
    age_s = now_unix_s - EPOCH_UNIX_S - last_t
    if last_t == NONE or age_s < 0:  # a PC whose clock is behind the unit's knows no more than one without
        return GAP_WITHOUT_TIME
    return LEAST_GAP + NUMBERS_A_SECOND * age_s


def _records(journal: Journal, first_seq: int) -> Iterator[tuple[int, Cursor]]:
    """The kind of each record from that number on, and the cursor that stands at it."""
    cursor = Cursor(journal)
    cursor.seek(first_seq)
    while (kind := cursor.next()) != END:
        yield kind, cursor
