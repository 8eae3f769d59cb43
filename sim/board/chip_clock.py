"""The chip's clock, for what inside MicroPython itself asks the time: the dates of certificates.

The virtual machine's TLS asks libc; here it is led to the clock that the board's programs see, as on an ESP32.
"""

import ctypes
import struct
import time
from typing import Any

import micropython_run

from .interpose import Library
from .shim import wire

_UNIX_2000_S = 946684800
_TIME = ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_void_p)


def lead(memory_address: int) -> Any:
    """From now on `time()` of the library in this process is the board's; for as long as what this returns is kept."""
    shared = memoryview((ctypes.c_char * wire.SIZE).from_address(memory_address)).cast("B")
    library = Library(micropython_run.__file__)

    def now(_: int | None) -> int:
        return unix_s(shared)

    library.replace("time", _TIME, now)
    return library


def unix_s(shared: memoryview) -> int:
    """What the clock of a board's chip shows, in Unix seconds."""
    if shared[wire.MODE] == wire.WALL:
        (base_us,) = struct.unpack_from("<Q", shared, wire.WALL_BASE_US)
        (permille,) = struct.unpack_from("<I", shared, wire.SPEED_PERMILLE)
        now_us = (time.monotonic_ns() // 1000 - base_us) * permille // 1000
    else:
        (now_us,) = struct.unpack_from("<Q", shared, wire.NOW_US)
    (offset_s,) = struct.unpack_from("<q", shared, wire.RTC_OFFSET_S)
    return now_us // 1000000 + offset_s + _UNIX_2000_S
