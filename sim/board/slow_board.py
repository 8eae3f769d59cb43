"""A virtual board whose machine needs time: what it computes passes as virtual time, so many times slower than this PC.

It counts the processor time of the machine's process, not the clock on the wall, so other programs do not spoil it.
Nothing else is slower: flash, wires and the plant. What the machine's stand-ins for the chip compute is counted too.
"""

import time

from .shim import wire
from .virtual_board import VirtualBoard

# Pystone: 1661 a second on an ESP32 at 240 MHz with MicroPython 1.12 (issue 5673 of MicroPython), some 280,000 on a PC
# of 2.5 to 3 GHz with the virtual machine that the virtual board uses.
ESP32_TIMES_SLOWER = 170

_PROCESS_CLOCK = 2  # clock_getcpuclockid: the complement of a process number, shifted by three, and this


class SlowBoard(VirtualBoard):
    """Like a `VirtualBoard` in virtual time. `late_us` is how late each tick came."""

    times_slower: float = ESP32_TIMES_SLOWER

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.late_us: list[int] = []
        self._spent_us = -1
        self._fed_us = 0
        self._due_us = -1

    def _start(self, cause: int) -> None:
        self._spent_us = -1  # a start costs nothing: only ticks are asked about
        self._due_us = -1
        super()._start(cause)

    def _answer(self) -> None:
        self._charge()
        if self._wire is not None:
            super()._answer()

    def _horizon_us(self) -> int:
        return 0  # each wait must ask, or the time that was needed before it would pass later

    def _charge(self) -> None:
        """Let the time pass that the machine has computed since it asked last."""
        assert self._process is not None
        spent_us = time.clock_gettime_ns((~self._process.pid << 3) | _PROCESS_CLOCK) // 1000
        fed_us = self.memory.u64(wire.WDT_FED_US)
        if self._spent_us >= 0 and self._due_us >= 0:
            self._advance_silently(round((spent_us - self._spent_us) * self.times_slower))
        self._spent_us = spent_us
        if fed_us != self._fed_us and self.memory.u32(wire.WDT_TIMEOUT_MS) == wire.TICKING_MS:
            self._ticked(fed_us)
        self._fed_us = fed_us

    def _ticked(self, fed_us: int) -> None:
        if self._due_us < 0:
            self._due_us = 0  # the watchdog was started, which counts as fed
            return
        if self._due_us == 0:
            self._due_us = fed_us  # the first tick of a start: the others follow it second by second
        self.late_us.append(fed_us - self._due_us)
        self._due_us += 1_000_000 * (1 + max(0, fed_us - self._due_us) // 1_000_000)

