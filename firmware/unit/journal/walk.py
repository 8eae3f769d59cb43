"""Goes from record to record of a block, over what is damaged too. In memory only while somebody reads.

Each function takes the `BlockReader` that it moves.
"""

from ..control.basics import const
from .layout import BASE, END, RESERVE, WINDOW

_LONGEST_BASE = const(132)


def head(reader, block):
    """The `gen` of `block`, -1 if it has no intact base record at its start (there are two, for rot)."""
    reader.block = block
    reader.gen = reader.window_at = -1
    reader.pos = reader.damaged = reader.torn = 0
    if reader.window[reader.index(0, 1)] == 0xFF:
        return -1
    for start in range(_LONGEST_BASE):
        following = reader.check(start)
        if following and reader.kind == BASE and reader.base_gen % reader.blocks == block:
            reader.damaged = 1 if start else 0
            reader.start = start
            reader.pos = following
            return reader.base_gen
    return -1


def enter(reader, gen):
    """Stand behind the first base record of the block that holds `gen`; False if that is not readable."""
    if head(reader, gen % reader.blocks) != gen:
        return False
    reader.accept(reader.pos)
    return True


def following(reader):
    """Go to the next intact record and return its kind; END behind the last one."""
    start = reader.pos
    while True:
        behind = reader.check(start)
        if behind:
            reader.start = start
            reader.accept(behind)
            return reader.kind
        written = written_end(reader, start)
        if written == start:
            reader.pos = start
            return END
        found = _resume(reader, start)
        if found < 0:
            reader.torn = written - start
            reserve = reader.end - RESERVE
            reader.pos = reserve if written <= reserve else reader.end
            return END
        reader.damaged += 1
        start = found


def last_uptime_s(reader):
    """Uptime of the last reading or event taken up, or of the base record if there was none since."""
    return reader.uptime_s if reader.n else reader.uptime0


def written_end(reader, start):
    """The place behind the last byte from `start` on that is not 0xFF, `start` itself if there is none."""
    end = start
    while start < reader.end:
        i = reader.index(start, 1)
        n = min(WINDOW - i, reader.end - start)
        w = reader.window
        for k in range(n):
            if w[i + k] != 0xFF:
                end = start + k + 1
        start += n
    return end


def _resume(reader, start):
    """Where records go on behind damage at `start`, -1 if nowhere.

    By the length that the damaged record states, if a record stands there; else byte by byte, and then only at a
    base record or where a second record or erased flash follows: one CRC alone would match by chance too often.
    """
    i = reader.index(start, 2)
    n = (reader.window[i] >> 1 & 15) + 1
    stated = start + n + 3 if n < 16 else start + (reader.window[i + 1] >> 1) + 4
    if reader.check(stated):
        return stated
    for place in range(start + 1, reader.end):
        behind = reader.check(place)
        if behind and (reader.kind == BASE or reader.check(behind) or written_end(reader, behind) == behind):
            return place
    return -1
