"""NOR flash as an `esp32.Partition` shows it: programming clears bits, only an erase of a whole block sets them.

Counts what a real chip would wear by, keeps its bytes in memory or in a file, and can lose power in the middle of
any operation. Runs on MicroPython too.
"""

PROGRAM = 0
ERASE = 1


class PowerCut(Exception):
    """The power went in the middle of an operation."""


class Nor:
    """A block device over `data` (a bytearray or anything that can be sliced and assigned like one).

    `first` and `blocks` choose the part of the chip that this device is, as a partition table would.
    Counters: `programmed_bytes`, `programs`, `reads`, `erases` (a list, one count a block).
    `log`, a list or None, takes (PROGRAM, address, bytes) and (ERASE, address, None) of every operation.
    `cut`, a function or None, is asked before every operation: cut(kind, address, data); it may raise PowerCut
    after it has changed `data` as far as the operation came.
    """

    def __init__(self, data, block_size=4096, first=0, blocks=None):
        self.data = data
        self.block_size = block_size
        self.first = first
        self.blocks = len(data) // block_size - first if blocks is None else blocks
        self.programmed_bytes = 0
        self.programs = 0
        self.reads = 0
        self.erases = [0] * self.blocks
        self.log = None
        self.cut = None

    def readblocks(self, block, buf, offset=0):
        """Fill `buf` from there on."""
        start = self._address(block, offset, len(buf))
        self.reads += 1
        buf[:] = self.data[start : start + len(buf)]

    def writeblocks(self, block, buf, offset=None):
        """Program `buf` there. Without an offset, as a file system of whole blocks does, erase the blocks before."""
        if offset is None:
            for i in range(-(-len(buf) // self.block_size)):
                self._erase(block + i)
            offset = 0
        start = self._address(block, offset, len(buf))
        new = bytes(buf)
        if self.cut is not None:
            self.cut(PROGRAM, start, new)
        if self.log is not None:
            self.log.append((PROGRAM, start, new))
        program(self.data, start, new)
        self.programs += 1
        self.programmed_bytes += len(new)

    def ioctl(self, request, argument=0):
        """4: number of blocks; 5: bytes in a block; 6: erase block `argument`; others: 0, done."""
        if request == 4:
            return self.blocks
        if request == 5:
            return self.block_size
        if request == 6:
            self._erase(argument)
        return 0

    def _erase(self, block):
        start = self._address(block, 0, self.block_size)
        if self.cut is not None:
            self.cut(ERASE, start, None)
        if self.log is not None:
            self.log.append((ERASE, start, None))
        self.data[start : start + self.block_size] = b"\xff" * self.block_size
        self.erases[block] += 1

    def _address(self, block, offset, n):
        start = block * self.block_size + offset
        if block < 0 or offset < 0 or start + n > self.blocks * self.block_size:
            raise OSError(22, "outside of the partition")
        return self.first * self.block_size + start


def program(data, start, new):
    """What flash holds after `new` was programmed at `start`: bits only clear."""
    for i in range(len(new)):
        data[start + i] &= new[i]


def program_part(data, start, new, whole_bytes, bits):
    """The same with the power lost after `whole_bytes` bytes; of the next byte only the bits of `bits` were cleared."""
    program(data, start, new[:whole_bytes])
    if whole_bytes < len(new):
        data[start + whole_bytes] &= new[whole_bytes] | ~bits & 0xFF


def erase_part(data, start, block_size, mix):
    """An erase that lost its power: bits of `mix` (bytes of the block's size) have been set, the others are old."""
    for i in range(block_size):
        data[start + i] |= mix[i]
