"""What goes with the oldest block when the ring is full. In memory only while a block is given up."""

from .block_reader import BlockReader
from .layout import ACK, BASE, END, READING
from .walk import enter, following


def unsent(journal, gen):
    """(readings of block `gen` that no broker holds, number of its last record); (0, 0) where none waits there."""
    reader = BlockReader(journal.device, journal.points)
    acked = journal.acked
    if (enter(reader, gen + 1) and reader.first_seq <= acked + 1) or not enter(reader, gen):
        return 0, 0
    readings = 0
    last = 0
    kind = following(reader)
    while kind != END:
        if BASE < kind < ACK:
            last = reader.seq
            if kind == READING and last > acked:
                readings += 1
        kind = following(reader)
    return readings, last
