"""Random numbers of the compiled plant: small, seeded, the same on every machine."""

from unit.control.basics import const

_MASK = const(0x7FFFFFFF)


class Chance:
    """A linear congruential generator whose low bits are thrown away."""

    def __init__(self, seed: int) -> None:
        self.state: int = (seed * 2654435761 + 12345) & _MASK
        self.even()
        self.even()

    def even(self) -> float:
        """Evenly spread from 0 to 1."""
        self.state = (self.state * 1103515245 + 12345) & _MASK
        return float(self.state >> 7) / 16777216.0

    def between(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        span: int = high - low + 1
        k: int = int(self.even() * float(span))
        return low + (k if k < span else span - 1)

    def bell(self) -> float:
        """About normal, standard deviation 1: the sum of six even ones."""
        total: float = self.even() + self.even() + self.even() + self.even() + self.even() + self.even()
        return (total - 3.0) * 1.4142135623730951
