"""Sensors and actuators of a unit: what turns pins, counts and bytes into the raw signals of `control.io.Inputs`.

Every driver has the same shape. `read(now_ms)` returns the newest signal as an int in the scale of `Inputs`
(microampere, mm, 0.1 NTU, Wh; 1 or 0 for a switch), or NONE when there is nothing new. It does bounded work,
waits for nothing, allocates nothing in a steady state, and garbage on the wire never makes it raise: `errors` counts,
and `last_error` says which of the codes below came last. What `machine` raises goes through: `io.Io`, where all drivers
are called, counts it. A driver that is left in the middle like that works again with its next call.

`now_ms` is a millisecond counter that may wrap at 2^30, as the ESP32's `ticks_ms` does.
"""

from ..control.basics import NONE, const

# What may be wrong with a device, in `Driver.last_error`.
OK = const(0)
NO_DEVICE = const(1)  # nobody answers on the bus, or `machine` raised
TIMEOUT = const(2)  # no answer, or only half of one, in time
CHECKSUM = const(3)  # bytes came, but not those that were sent
RANGE = const(4)  # a value that this sensor cannot measure
REFUSED = const(5)  # a Modbus exception: the probe knows no such register

_COUNT_MAX = const(0xFFFFFF)
_TICKS = const(0x3FFFFFFF)


def elapsed_ms(now_ms: int, then_ms: int) -> int:
    """Milliseconds from `then_ms` to `now_ms`, right across one wrap of the counter."""
    return (now_ms - then_ms) & _TICKS


class Driver:
    """What all drivers share; by itself the driver of an input that is not fitted, which never has a value."""

    def __init__(self) -> None:
        self.errors: int = 0
        self.last_error: int = OK

    def fail(self, code: int) -> int:
        """Count an error; NONE, so that `read` can end with it."""
        if self.errors < _COUNT_MAX:
            self.errors += 1
        self.last_error = code
        return NONE

    def poll(self, now_ms: int) -> None:
        """Called between reads as often as the program can: collect bytes, sample a contact."""

    def read(self, now_ms: int) -> int:
        return NONE
