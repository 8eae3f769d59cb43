"""Finds where a journal ends and what it last kept. Needed once a start, and then forgotten."""

from ..control.basics import const
from .block_reader import BlockReader
from .layout import END, ERASING, READY, SEALED, SNAPSHOT
from .walk import enter, following, head, last_uptime_s, written_end

_SHORTEST_NUMBERED = const(6)  # bytes of the shortest record that uses a sequence number


def mount(journal):
    """Bring a new `Journal` behind the last record of its device. Writes nothing, never fails."""
    tail = journal.tail
    newest = -1
    for block in range(tail.blocks):
        newest = max(newest, head(tail, block))
    journal.oldest = max(0, newest - tail.blocks + 1)
    skipped = 0
    if newest < 0 or not enter(tail, newest):
        tail.gen = -1
    else:
        skipped = _to_the_end(journal, newest)
    journal.next_seq = tail.first_seq + tail.n + skipped
    journal.boot = tail.boot + 1 + (skipped + 5) // 6  # a start takes six times the bytes of such a record
    journal.acked = min(tail.acked, journal.next_seq - 1)


def _to_the_end(journal, newest):
    """Walk over the newest block. Returns how many numbers are never used again, for what is torn may have them."""
    tail = journal.tail
    while following(tail) != END:
        pass
    skipped = tail.torn // _SHORTEST_NUMBERED + 1 if tail.torn else 0
    if _marked(tail, ERASING):
        journal.oldest = max(journal.oldest, newest + 2 - tail.blocks)
    journal.ready = _marked(tail, READY)
    if _marked(tail, SEALED):
        tail.pos = tail.end
        skipped += _numbers_behind(journal, newest)
    return skipped


def _numbers_behind(journal, newest):
    """How many numbers newer blocks may have used whose starts cannot be read; the first of them must be erased."""
    reader = BlockReader(journal.device, journal.points)
    numbers = 0
    for gen in range(newest + 1, newest + reader.blocks):
        if head(reader, gen % reader.blocks) >= 0:
            break
        written = written_end(reader, 0)
        if written == 0:
            break
        journal.ready = False
        numbers += written // _SHORTEST_NUMBERED + 1
    return numbers


def load_snapshot(journal, data):
    """See `Journal.load_snapshot`."""
    tail = journal.tail
    gen = tail.snap_gen
    reader = BlockReader(journal.device, journal.points)
    if gen < journal.oldest or gen < 0 or not enter(reader, gen):
        return 0
    while following(reader) != END:
        if reader.start == tail.snap_at:
            journal.snapshot_seq = reader.first_seq + reader.n
            journal.snapshot_uptime_s = last_uptime_s(reader)
            journal.snapshot_boot = reader.boot
            if reader.kind != SNAPSHOT:
                break
            return _read_snapshot(reader, data)
    return 0


def _read_snapshot(reader, data):
    """Fill `data` with the snapshot just taken up; returns its length, 0 if it does not fit."""
    at = reader.at
    n = reader.window[at]
    if n > len(data) or n >= reader.body_end - at:
        return 0
    for i in range(n):
        data[i] = reader.window[at + 1 + i]
    return n


def _marked(reader, mark):
    """Whether a mark of this block is set; most of its bits decide."""
    byte = reader.window[reader.index(reader.end + mark, 1)]
    cleared = 0
    for i in range(8):
        cleared += 1 - (byte >> i & 1)
    return cleared > 4
