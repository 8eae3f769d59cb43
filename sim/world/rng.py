"""Pseudo-random numbers that are the same compiled and uncompiled: 32-bit xorshift, integers within 62 bits.

Source: G. Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8(14), 2003, shifts 13, 17, 5.
"""

from unit.control.basics import const

_MASK = const(0xFFFFFFFF)
_WARM_UP = const(8)

BELL_SCALE = 1.0 / 147.7994  # standard deviation of the sum of four bytes: sqrt(4 * (256**2 - 1) / 12)
UNIT_SCALE = 2.0 / 4294967295.0


class Rng:
    """One stream of numbers. Streams of one seed are independent for all practical ends: a fault in one sensor must
    not change the noise of another, nor the inflow."""

    def __init__(self, seed: int, stream: int) -> None:
        self._x: int = ((seed % 2147483647) * 48271 + stream * 1812433 + 2463534242) & _MASK
        if self._x == 0:
            self._x = 1  # zero is the one state that xorshift never leaves
        for _ in range(_WARM_UP):
            self.bits()

    def bits(self) -> int:
        """The next 32 bits, never 0."""
        x = self._x
        x = x ^ ((x << 13) & _MASK)
        x = x ^ (x >> 17)
        x = x ^ ((x << 5) & _MASK)
        self._x = x
        return x

    def bell(self) -> float:
        """Nearly normal, mean 0, standard deviation 1, never beyond 3.5: the sum of the four bytes."""
        x = self.bits()
        return float((x & 255) + ((x >> 8) & 255) + ((x >> 16) & 255) + (x >> 24) - 510) * BELL_SCALE

    def even(self) -> float:
        """Even over -1..1."""
        return float(self.bits()) * UNIT_SCALE - 1.0
