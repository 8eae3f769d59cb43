"""The chip's memory around the virtual machine in this process: a heap that grows once, at the network's cost.

The machine's whole heap holds what the chip's may come to; `shim/chip.py` keeps a reserve of it, which stands for
ESP-IDF's memory. Where an allocation fails that `IdfMemory` has room for, the reserve gives way, as silently as on the
chip.
Sockets and TLS ask the same arithmetic. The library is the unmodified one; `interpose` leads its calls here.
"""

import ctypes
from typing import Any

import micropython_run

from . import chips
from .idf import IdfMemory
from .interpose import Library
from .shim import wire

_NO_MEMORY_FOR_A_NAME = -203  # lwIP's EAI_MEMORY: what a socket of an ESP32 says
_NO_MEMORY_FOR_TLS = -0x7F00  # MBEDTLS_ERR_SSL_ALLOC_FAILED, which becomes ENOMEM
_OUTERMOST = 64  # bytes between the reserve and the heap's end, for the object that holds it
_LEFT_BYTES = 64  # of the reserve, at the least: it names what fills the gaps
_BLOCK_BYTES = 32  # of the virtual machine's heap

_size, _address, _number = ctypes.c_size_t, ctypes.c_void_p, ctypes.c_int
_ALLOC = ctypes.CFUNCTYPE(_address, _size, ctypes.c_uint)
_REALLOC = ctypes.CFUNCTYPE(_address, _address, _size, ctypes.c_bool)
_FREE = ctypes.CFUNCTYPE(None, _address)
_COLLECT = ctypes.CFUNCTYPE(None)
_LOCKED = ctypes.CFUNCTYPE(ctypes.c_bool)
_SOCKET = ctypes.CFUNCTYPE(_number, _number, _number, _number, use_errno=True)
_CLOSE = ctypes.CFUNCTYPE(_number, _number, use_errno=True)
_SETUP = ctypes.CFUNCTYPE(_number, _address, _address)


class _Info(ctypes.Structure):
    """`gc_info_t` (py/gc.h), bytes but where blocks are counted."""

    _fields_ = [(name, _size) for name in ("total", "used", "free", "max_free", "one", "two", "max_block")]


_INFO = ctypes.CFUNCTYPE(None, ctypes.POINTER(_Info))
_NAMES = ctypes.CFUNCTYPE(None, *[ctypes.POINTER(_size)] * 4)


class ChipMemory:
    """Stands between the virtual machine and its memory from `shim/chip.py`'s first question on."""

    def __init__(self, chip: chips.Chip, memory_address: int):
        self._shared = memoryview((ctypes.c_char * wire.SIZE).from_address(memory_address)).cast("B")
        self._idf = IdfMemory(chip, self._shared)
        library = self._library = Library(micropython_run.__file__)  # which lives as long as this
        self._alloc = library.original("gc_alloc", _ALLOC)
        self._realloc = library.original("gc_realloc", _REALLOC)
        self._free = library.original("gc_free", _FREE)
        self._locked = library.original("gc_is_locked", _LOCKED)
        self._info = library.original("gc_info", _INFO)
        self._collect = library.original("gc_collect", _COLLECT)
        self._pool = library.original("qstr_pool_info", _NAMES)
        self._socket = library.original("socket", _SOCKET)
        self._close = library.original("close", _CLOSE)
        self._setup = library.original("mbedtls_ssl_setup", _SETUP)
        self._unset = library.original("mbedtls_ssl_free", _FREE)
        library.retry("gc_alloc", _ALLOC, self._full)
        library.replace("gc_info", _INFO, self._asked)
        library.replace("gc_collect", _COLLECT, self._collects)
        library.replace("socket", _SOCKET, self._opens)
        library.replace("close", _CLOSE, self._closes)
        library.replace("mbedtls_ssl_setup", _SETUP, self._secures)
        library.replace("mbedtls_ssl_free", _FREE, self._unsecures)
        self._reserve = 0  # address, 0 before there is one
        self._reserve_bytes = 0
        self._shim_bytes = 0
        self._names = self._shim_names = 0

    # --- the heap

    def _full(self, n: int, flags: int) -> int | None:
        """No room for `n` bytes: another try with more heap, or None."""
        if not (n and self._reserve) or self._locked():
            return None
        grown = chips.unscaled(self._idf.grow(chips.scaled(n)))
        if not grown:
            return None
        self._reserve_bytes = max(self._reserve_bytes - grown, _LEFT_BYTES)
        self._realloc(self._reserve, self._reserve_bytes, False)
        return self._alloc(n, flags)

    def _asked(self, answer: Any) -> None:
        """`gc.mem_free()` and the like in the chip's bytes; and whatever else the shim wants, which asks this way."""
        if self._shared[wire.CHIP_ASKS] == wire.RESERVE:
            self._set_aside()
        elif self._shared[wire.CHIP_ASKS] == wire.WIFI:
            self._say(self._idf.wifi_begins())
        elif self._shared[wire.CHIP_ASKS] == wire.LOOK_UP:
            self._say(self._idf.may_connect())
        info = answer.contents
        self._info(answer)
        if not self._reserve:
            return
        self._count_names()
        used = self._used(info)
        total = chips.usable(self._idf.heap_bytes)
        info.total, info.used = total, used
        info.free = max(0, total - used) + self._idf.growth_bytes
        info.max_free = chips.scaled(info.max_free)

    def _say(self, answer: bool) -> None:
        self._shared[wire.CHIP_ASKS] = wire.YES if answer else wire.NO

    def _used(self, info: _Info) -> int:
        tables = chips.tables_bytes(self._names - self._shim_names)
        return max(0, chips.scaled(info.used - self._reserve_bytes - self._shim_bytes) + tables)

    def _count_names(self) -> None:
        """How many the machine knows; their tables are counted as a chip has them.

        Only when a program asks: a collection may come while the machine has locked its names.
        """
        counts = [_size() for _ in range(4)]
        self._pool(*[ctypes.byref(count) for count in counts])
        self._names = counts[1].value

    def _collects(self) -> None:
        self._collect()
        if self._reserve:
            info = _Info()
            self._info(info)
            at = wire.HEAP_MOST
            most = max(self._used(info), int.from_bytes(self._shared[at : at + 4], "little"))
            self._shared[at : at + 4] = most.to_bytes(4, "little")

    def _set_aside(self) -> None:
        """Make the reserve at the heap's far end, so that what the heap has now lies before it in one piece.

        No collection may come meanwhile: nothing of the machine's knows these blocks yet.
        """
        self._shared[wire.CHIP_ASKS] = wire.NOTHING
        info = _Info()
        self._info(info)
        self._shim_bytes = int.from_bytes(self._shared[wire.SHIM_HEAP : wire.SHIM_HEAP + 4], "little")
        self._count_names()
        self._shim_names = self._names
        tables = chips.tables_bytes(chips.MOST_NAMES)
        own = chips.unscaled(chips.usable(self._idf.heap_bytes) - tables) - (info.used - self._shim_bytes)
        last = self._fill_gaps(info.max_free * _BLOCK_BYTES)
        before = self._alloc(own, 0)
        self._info(info)
        self._reserve_bytes = info.max_free * _BLOCK_BYTES - _OUTERMOST
        self._reserve = self._alloc(self._reserve_bytes, 0)
        self._free(before)
        ctypes.c_size_t.from_address(self._reserve).value = last
        self._shared[wire.RESERVE_AT : wire.RESERVE_AT + 8] = self._reserve.to_bytes(8, "little")

    def _fill_gaps(self, piece_bytes: int) -> int:
        """Take what is free between the stand-ins for what a chip has in its flash; returns the last block's address.

        Each block names the one before, and the reserve the last, so that the collector finds them all.
        """
        piece = self._alloc(piece_bytes, 0)
        last = 0
        while (block := self._alloc(_BLOCK_BYTES, 0)) is not None:
            ctypes.c_size_t.from_address(block).value = last
            last = block
            self._shim_bytes += _BLOCK_BYTES
        self._free(piece)
        return last

    # --- the network

    def _opens(self, *which: int) -> int:
        if not self._idf.may_connect():
            ctypes.set_errno(_NO_MEMORY_FOR_A_NAME)
            return -1
        number = self._socket(*which)
        if number >= 0:
            self._idf.socket_opened(number)
        return number

    def _closes(self, number: int) -> int:
        self._idf.socket_closed(number)
        return self._close(number)

    def _secures(self, connection: int, settings: int) -> int:
        if not self._idf.may_secure():
            return _NO_MEMORY_FOR_TLS
        failed = self._setup(connection, settings)
        if not failed:
            self._idf.secured(connection)
        return failed

    def _unsecures(self, connection: int) -> None:
        self._unset(connection)
        self._idf.unsecured(connection)


def surround(chip_name: str, memory_address: int) -> ChipMemory:
    """Put the memory of a chip around the virtual machine that this process is about to run; keep what it returns."""
    return ChipMemory(chips.CHIPS[chip_name], memory_address)
