"""`esp32`: partitions on the flash file and the key store, as far as the firmware uses them."""

import wire
from host import link
from micropython import const

HEAP_DATA = const(4)

_BLOCK = const(4096)
_TABLE = const(0x8000)


def _u32(at):
    flash = link.flash
    return flash[at] | flash[at + 1] << 8 | flash[at + 2] << 16 | flash[at + 3] << 24


class Partition:
    """A partition of the flash, found by the partition table that the flash itself holds."""

    TYPE_APP = const(0)
    TYPE_DATA = const(1)
    BOOT = const(0)
    RUNNING = const(1)

    def __init__(self, id, block_size=_BLOCK):
        for entry in _entries():
            if entry[4] == id or (isinstance(id, int) and entry[0] == 0):
                self._entry = entry
                self._start = entry[2]
                self._size = entry[3]
                return
        raise OSError(2)

    @classmethod
    def find(cls, type=TYPE_APP, subtype=0xFF, label=None, block_size=_BLOCK):
        found = []
        for entry in _entries():
            if entry[0] == type and subtype in (0xFF, entry[1]) and label in (None, entry[4]):
                found.append(cls(entry[4]))
        return found

    def info(self):
        return self._entry

    def _at(self, block, offset, n):
        at = block * _BLOCK + offset
        if at < 0 or at + n > self._size:
            raise OSError(22)
        return self._start + at

    def readblocks(self, block, buffer, offset=0):
        n = len(buffer)
        at = self._at(block, offset, n)
        buffer[:] = link.flash[at : at + n]

    def writeblocks(self, block, buffer, offset=None):
        # Without an offset whole blocks are written, erased first; with one the bytes are programmed as they are.
        n = len(buffer)
        at = self._at(block, offset or 0, n)
        if offset is None:
            for erase_at in range(at, at + n, _BLOCK):
                link.ask(wire.ERASE, erase_at, 0)
        view = memoryview(buffer)
        for i in range(0, n, _BLOCK):
            part = min(_BLOCK, n - i)
            link.data[:part] = view[i : i + part]
            link.ask(wire.PROGRAM, at + i, part)

    def ioctl(self, op, arg):
        if op == 4:
            return self._size // _BLOCK
        if op == 5:
            return _BLOCK
        if op == 6:
            link.ask(wire.ERASE, self._at(arg, 0, _BLOCK), 0)
            return 0
        return 0 if op in (1, 2, 3) else None

    @classmethod
    def mark_app_valid_cancel_rollback(cls):
        pass


def _entries():
    """(type, subtype, address, size, label, encrypted) of every partition, as `Partition.info()` has it."""
    flash = link.flash
    at = _TABLE
    while flash[at] == 0xAA and flash[at + 1] == 0x50:
        label = bytes(flash[at + 12 : at + 28])
        label = label[: label.find(b"\0")] if b"\0" in label else label
        yield (flash[at + 2], flash[at + 3], _u32(at + 4), _u32(at + 8), label.decode(), False)
        at += 32


def idf_heap_info(capabilities):
    # As on a board with PSRAM: what the heap may take is none of the network's.
    return [(65536, 49152, 45056, 40960), (4194304, 4128768, 4128768, 4128768)]


def mcu_temperature():
    return 40
