"""A virtual board that stands still at chosen steps of its machine, so that bytes arrive at the port just there.

A step is an allocation: it needs no clock, and the same start has the same ones each time. A start of the firmware has
tens of thousands; the five seconds that it takes an ESP32 are even pieces of them.
"""

import os
import socket
import threading
from collections.abc import Callable, Iterable

from .shim import wire
from .virtual_board import VirtualBoard


class SteppedBoard(VirtualBoard):
    """Like a `VirtualBoard`. `keys(step)` is asked at each of `stops` in the first start: what is typed there.

    `listens_at`: the step at which what is typed first reaches the machine; `ticks_at`: that of the first tick.
    """

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.stops: Iterable[int] = ()
        self.keys: Callable[[int], bytes] = lambda step: b""
        self.listens_at = self.ticks_at = 0

    def _start(self, cause: int) -> None:
        ours, theirs = socket.socketpair()
        self.stepping = (theirs.fileno(), ",".join(map(str, self.stops if not self.starts else ())))
        super()._start(cause)
        theirs.close()
        threading.Thread(target=self._serve, args=(ours,), daemon=True).start()

    def _serve(self, end: socket.socket) -> None:
        with end:
            while end.recv(1):
                keys = self.keys(self.memory.u32(wire.STEPS))
                if keys:
                    os.write(self.serial.machine_fd, keys)
                end.send(b".")

    def _do(self, op: int, a: int, b: int) -> int:
        if op == wire.LISTENS and self.starts == 1:
            self.listens_at = self.memory.u32(wire.STEPS)
        return super()._do(op, a, b)

    def _second(self) -> bool:
        if not self.ticks_at and self.memory.u32(wire.WDT_TIMEOUT_MS) == wire.TICKING_MS:
            self.ticks_at = self.memory.u32(wire.STEPS)
        return super()._second()
