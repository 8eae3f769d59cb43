"""Room in memory, to be asked for before a piece of work begins: a full heap takes the network's memory for good.

After one allocation that finds no room in the heap an ESP32 gives it ESP-IDF's largest block (MicroPython 1.26, py/gc.c
and ports/esp32/gccollect.c), and `gc.mem_free()` counts that block as the heap's already. Sockets, names and TLS then
find nothing until a reset. Where there is PSRAM the block is one of PSRAM, which the network does not need.
"""

import gc

from .control.basics import const

try:
    import esp32
except ImportError:  # on a PC
    esp32 = None

_HEAP_DATA = const(4)  # esp32.HEAP_DATA
_INSIDE_BYTES = const(1 << 19)  # a region that is larger lies outside the chip
_PLENTY_BYTES = const(1 << 30)


def has_room(wanted_bytes):
    """Whether so much can be had without the network's memory; what is garbage by now is collected first if need be."""
    if not hasattr(gc, "mem_free"):
        return True
    if _free() >= wanted_bytes:
        return True
    gc.collect()
    return _free() >= wanted_bytes


def _free():
    outside, inside = _largest()
    return gc.mem_free() - (0 if outside else inside)


def network_bytes():
    """The largest block that ESP-IDF has left for the network."""
    return _largest()[1]


def _largest():
    """(largest free block outside the chip, inside it), in bytes."""
    if esp32 is None:
        return _PLENTY_BYTES, _PLENTY_BYTES
    outside = inside = 0
    for total, _, largest, _ in esp32.idf_heap_info(_HEAP_DATA):
        if total > _INSIDE_BYTES:
            outside = max(outside, largest)
        else:
            inside = max(inside, largest)
    return outside, inside
