"""Prints how many bytes the journal's paths allocate once warm, on flash that allocates nothing itself."""

import gc

from unit.journal.cursor import Cursor
from unit.journal.layout import END
from unit.journal.ring import Journal


class Flash:
    """A block device in memory. Slices and iterators would allocate, so it copies byte by byte."""

    def __init__(self, blocks, block_size):
        self.blocks = blocks
        self.block_size = block_size
        self.data = bytearray(blocks * block_size)

    def readblocks(self, block, buf, offset):
        start = block * self.block_size + offset
        for i in range(len(buf)):
            buf[i] = self.data[start + i]

    def writeblocks(self, block, buf, offset):
        start = block * self.block_size + offset
        for i in range(len(buf)):
            self.data[start + i] &= buf[i]

    def ioctl(self, request, argument):
        if request == 4:
            return self.blocks
        if request == 5:
            return self.block_size
        start = argument * self.block_size
        for i in range(self.block_size):
            self.data[start + i] = 0xFF
        return 0


def minutes(journal, cursor, values, snapshot, first, last, acks):
    """What an app does, minute by minute; every path of the journal is taken."""
    for i in range(first, last):
        values[0] = 400 + i * 37 % 190
        values[1] = 150 + i * 7 % 23
        values[2] = 20 + i % 9
        values[7] = 10 + i % 4
        values[8] = 4 << (i // 7 & 3)
        journal.reading(60 * i, 0, values)
        if i % 20 == 0:
            journal.event(60 * i + 5, 3, i & 31, 1)
        if i % 60 == 0:
            journal.save_snapshot(60 * i, snapshot, 120)
        if i % 500 == 0:
            journal.set_clock(60 * i, 200000000 + i)
        while acks and cursor.next() != END:
            journal.ack(cursor.seq)
        journal.erase_ahead(60 * i)


def main():
    journal = Journal(Flash(8, 1024), 9, 60)
    cursor = Cursor(journal)
    cursor.seek(1)
    values = [0] * 9
    snapshot = bytearray(160)
    gc.collect()
    gc.disable()
    for name, acks in (("delivered", True), ("overwritten unacknowledged", False)):
        minutes(journal, cursor, values, snapshot, 1, 3000, acks)
        gc.collect()
        before = gc.mem_alloc()
        block = journal.tail.gen
        minutes(journal, cursor, values, snapshot, 3000, 6000, acks)
        taken = gc.mem_alloc() - before
        gc.collect()
        print(name, taken, "kept", gc.mem_alloc() - before, "blocks", journal.tail.gen - block)
    print("journal at block", journal.tail.gen)


main()
