"""ESP-IDF's memory on a chip, and the heap that grows out of it: the arithmetic of `chips.py`.

What outlives a soft reset lies in the memory that the virtual machine shares with its host, where both can look.
"""

import struct

from .chips import APART_BYTES, CONNECTION_BYTES, SOCKET_BYTES, TLS_BYTES, WIFI_BYTES, Chip, usable
from .shim import wire

_U32 = struct.Struct("<I")


class IdfMemory:
    """All in the chip's bytes. `shared` is the shared memory, or as many bytes."""

    def __init__(self, chip: Chip, shared):
        self.chip = chip
        self._shared = shared
        self._sockets: set[int] = set()  # by number
        self._secured: set[int] = set()  # TLS connections, by address
        if not self.heap_bytes:
            self._put(wire.HEAP_BYTES, chip.heap_bytes)
            self._put(wire.IDF_LEAST, chip.internal_bytes + chip.pieces_bytes)
        self.tell()

    @property
    def heap_bytes(self) -> int:
        """MicroPython's heap, its tables included."""
        return self._word(wire.HEAP_BYTES)

    @property
    def largest_bytes(self) -> int:
        """The largest block within the chip, out of which the network lives."""
        return max(self._block() - self._apart(), self._piece())

    @property
    def free_bytes(self) -> int:
        """All that is free within the chip."""
        return self._block() + self.chip.pieces_bytes

    @property
    def growth_bytes(self) -> int:
        """The largest block of all: what `gc.mem_free()` counts as if it were the heap's."""
        return max(self.largest_bytes, self._psram())

    def grow(self, wanted_bytes: int) -> int:
        """A heap that is full wants a block for `wanted_bytes`: returns by how much it has grown, 0 if by nothing.

        py/gc.c: it takes as much as it has already, or the largest block if that is less; nothing where not even the
        one allocation has room. It gives nothing back.
        """
        needed = wanted_bytes + max(2048, wanted_bytes * 13 // 512)
        grown = min(self.growth_bytes, max(self.heap_bytes, needed))
        if grown < needed or self.heap_bytes + grown > self.chip.most_heap_bytes:
            return 0
        self._put(wire.HEAP_BYTES, self.heap_bytes + grown)
        self._put(wire.HEAP_GROWTHS, self._word(wire.HEAP_GROWTHS) + 1)
        self.tell()
        return usable(grown)

    def wifi_begins(self) -> bool:
        """Wi-Fi takes its memory for as long as the chip is not reset; False if it finds none."""
        if not self._shared[wire.WIFI_ON]:
            if self.largest_bytes < WIFI_BYTES:
                return False
            self._shared[wire.WIFI_ON] = 1
            self.tell()
        return True

    def may_connect(self) -> bool:
        """Whether a new socket, or a look-up, finds memory."""
        return self.largest_bytes >= CONNECTION_BYTES

    def socket_opened(self, number: int) -> None:
        self._sockets.add(number)
        self.tell()

    def socket_closed(self, number: int) -> None:
        self._sockets.discard(number)
        self.tell()

    def may_secure(self) -> bool:
        """Whether a TLS connection finds memory."""
        return self.largest_bytes >= TLS_BYTES

    def secured(self, connection: int) -> None:
        self._secured.add(connection)
        self.tell()

    def unsecured(self, connection: int) -> None:
        """A TLS connection has ended, or was never made."""
        if connection in self._secured:
            self._secured.remove(connection)
            self._shared[wire.TLS_ENDED] = 1
            self.tell()

    def tell(self) -> None:
        """Write down what `idf_heap_info` shows."""
        self._put(wire.IDF_FREE, self.free_bytes)
        self._put(wire.IDF_LARGEST, self.largest_bytes)
        self._put(wire.IDF_LEAST, min(self._word(wire.IDF_LEAST), self.free_bytes))
        self._put(wire.PSRAM_FREE, self._psram())

    def _block(self) -> int:
        """What is left of the block within the chip; less than nothing is nothing."""
        taken = 0 if self.chip.psram_bytes else self._grown()
        taken += WIFI_BYTES if self._shared[wire.WIFI_ON] else 0
        taken += len(self._sockets) * SOCKET_BYTES + len(self._secured) * TLS_BYTES
        return max(0, self.chip.internal_bytes - taken)

    def _piece(self) -> int:
        return self.chip.piece_bytes

    def _apart(self) -> int:
        return APART_BYTES if self._shared[wire.TLS_ENDED] and not self.chip.psram_bytes else 0

    def _psram(self) -> int:
        return self.chip.psram_bytes - self._grown() if self.chip.psram_bytes else 0

    def _grown(self) -> int:
        return self.heap_bytes - self.chip.heap_bytes

    def _word(self, at: int) -> int:
        return _U32.unpack_from(self._shared, at)[0]

    def _put(self, at: int, value: int) -> None:
        _U32.pack_into(self._shared, at, value)
