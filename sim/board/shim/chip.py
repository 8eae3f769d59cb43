"""The chip's memory as a program sees it, on a board that plays one: see `chip_memory` of the host."""

import gc
import socket

import esp32
import network
import uctypes
import wire
from host import link

_words = uctypes.struct(
    uctypes.addressof(link.memory),
    {
        "free": uctypes.UINT32 | wire.IDF_FREE,
        "largest": uctypes.UINT32 | wire.IDF_LARGEST,
        "least": uctypes.UINT32 | wire.IDF_LEAST,
        "psram": uctypes.UINT32 | wire.PSRAM_FREE,
        "reserve": uctypes.UINT64 | wire.RESERVE_AT,
    },
    uctypes.LITTLE_ENDIAN,
)
_ENOMEM = 12
_TABLE_BYTES = 5000  # a larger step is a table of 640 names
_held = []
_EAI_FAIL = -202


def _ask(what):
    link.memory[wire.CHIP_ASKS] = what
    gc.mem_free()  # a look at the heap leads to the host's code, whatever the look is for
    return link.memory[wire.CHIP_ASKS]


def begin():
    """From here on the heap is as large as the chip's; called when all that a chip has in its flash is loaded."""
    gc.collect()
    before = gc.mem_alloc()
    import asyncio  # noqa: F401  an image has its bytecode in flash

    _fill_names()
    gc.collect()
    link.words.shim_heap += gc.mem_alloc() - before
    gc.disable()
    _ask(wire.RESERVE)
    _held.append(uctypes.bytearray_at(_words.reserve, 16))  # or the collector would take it
    gc.enable()


def _fill_names():
    """Fill the machine's table of names up to the next one, which has room for all that the firmware says.

    On a chip the names of what this directory plays lie in flash: they must not take the firmware's room here.
    """
    last = gc.mem_alloc()
    n = 0
    while gc.mem_alloc() - last < _TABLE_BYTES:
        last = gc.mem_alloc()
        getattr(gc, "_%d" % n, None)
        n += 1


def idf_heap_info(capabilities):
    """(total, free, largest block, least free) of a region; the heap counts the largest of all as its own."""
    inside = (180000, _words.free, _words.largest, _words.least)
    return [inside, (4194304, _words.psram, _words.psram, _words.psram)] if _words.psram else [inside]


def begin_wifi(self, interface=0):
    """What `network.WLAN()` does first."""
    if _ask(wire.WIFI) == wire.NO:
        raise OSError(_ENOMEM)
    _begin_wifi(self, interface)


def getaddrinfo(host, port, *more):
    if _ask(wire.LOOK_UP) == wire.NO:
        raise OSError(_EAI_FAIL)
    return _getaddrinfo(host, port, *more)


_getaddrinfo = socket.getaddrinfo
socket.getaddrinfo = getaddrinfo
_begin_wifi = network.WLAN.__init__
network.WLAN.__init__ = begin_wifi
esp32.idf_heap_info = idf_heap_info
