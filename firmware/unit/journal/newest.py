"""The newest time that a journal holds. Needed once a start, and then forgotten."""

from ..control.basics import NONE, const
from .block_reader import BlockReader
from .layout import END
from .walk import enter, following, last_uptime_s

_WHOLE = const(3)  # blocks that are read through, the newest first


def newest(journal):
    """(seconds since 2020 or NONE, did the run that ended know the time). Before this start has written anything.

    The newest is what was written last, not the greatest: who has set a wrong clock right is not held to it. Of older
    blocks the heads alone are read, for a start must not take long: what one block knew and no other is not found.
    """
    tail = journal.tail
    if tail.gen < 0:
        return NONE, True
    if tail.offset != NONE:
        return last_uptime_s(tail) + tail.offset, True
    reader = BlockReader(journal.device, journal.points)
    found = NONE
    gen = tail.gen
    while found == NONE and gen >= journal.oldest:
        if tail.gen - gen < _WHOLE or (enter(reader, gen) and reader.offset != NONE):
            found = _newest_of(reader, gen)
        gen -= 1
    return found, False


def _newest_of(reader, gen):
    found = NONE
    more = enter(reader, gen)
    while more:
        if reader.offset != NONE:
            found = last_uptime_s(reader) + reader.offset
        more = following(reader) != END
    return found
