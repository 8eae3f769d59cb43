"""Ctrl-C as an ESP32 takes it: a note that an interrupt is due, which the program meets at its next jump or wait.

MicroPython on a PC raises KeyboardInterrupt out of the signal itself, at any instruction of the interpreter, which a
chip never does (MicroPython 1.26.1, ports/esp32/uart.c and py/vm.c). Both have `mp_sched_keyboard_interrupt`; here it
is what the signal calls.
"""

import ctypes
import os
import signal

import micropython_run

from .interpose import Library
from .shim import wire

_CTRL_C = 3
_SET = ctypes.CFUNCTYPE(None, ctypes.c_byte)
_ALLOC = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_size_t, ctypes.c_uint)


def as_on_a_chip() -> Library:
    """Arrange it for the virtual machine that this process is about to run; keep what it returns."""
    library = Library(micropython_run.__file__)
    due = library.address("mp_sched_keyboard_interrupt")
    libc = ctypes.CDLL(None)
    libc.signal.argtypes = [ctypes.c_int, ctypes.c_void_p]

    def set_interrupt_char(char: int) -> None:
        libc.signal(signal.SIGINT, due if char == _CTRL_C else int(signal.SIG_IGN))
        libc.siginterrupt(signal.SIGINT, 1)  # so that a wait ends

    library.replace("mp_hal_set_interrupt_char", _SET, set_interrupt_char)
    return library

def stand_still(library: Library, fd: int, stops: str, memory: int) -> None:
    """Count the machine's steps, and at each of `stops` wait until somebody answers at `fd`: see `stepped`."""
    alloc = library.original("gc_alloc", _ALLOC)
    left = [int(stop) for stop in reversed(stops.split(",")) if stop]
    count = ctypes.c_uint32.from_address(memory + wire.STEPS)

    def step(n: int, flags: int) -> int | None:
        count.value += 1
        if left and count.value >= left[-1]:
            left.pop()
            os.write(fd, b".")
            os.read(fd, 1)
        return alloc(n, flags)

    count.value = 0
    library.replace("gc_alloc", _ALLOC, step)
