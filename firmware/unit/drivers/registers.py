"""What a probe's registers mean: register maps as data, in `probes.txt`, and the sum from bytes to a whole number."""

from ..catalogue.tables import rows
from ..control.basics import NONE, const

_PRODUCT_MAX = const(0x1FFFFFFF)  # with as much again for rounding still a small int on a 32-bit board
_VALUE_MAX = const(0x0FFFFFFF)  # well inside NONE
_SHIFT_MAX = const(29)

# Where the bytes of a 32-bit value lie in the frame, from the most significant on.
_ORDERS = {"abcd": (0, 1, 2, 3), "cdab": (2, 3, 0, 1), "badc": (1, 0, 3, 2), "dcba": (3, 2, 1, 0)}
TYPES = ("u16", "s16", "u32", "s32", "f32")


class RegisterMap:
    """One line of `probes.txt`: how to ask a kind of probe and what its answer means."""

    def __init__(self, row) -> None:
        """From the fields of a line. ValueError or KeyError if one of them is not as the table's head says."""
        self.name: str = row[0]
        self.quantity: str = row[1]
        self.baud: int = int(row[2])
        self.function: int = int(row[3])
        self.register: int = int(row[4], 16)
        self.count: int = int(row[5])
        self._at: int = 2 * int(row[6])
        kind, _, order = row[7].partition(" ")
        if kind not in TYPES:
            raise ValueError(kind)
        self._float: bool = kind == "f32"
        self._signed: bool = kind[0] == "s"
        self._wide: bool = kind[1:] == "32"
        self._order = _ORDERS[order or "abcd"]
        top, _, bottom = row[8].partition("/")
        self._times: int = int(top)
        self._over: int = int(bottom or "1")
        last = self._at // 2 + (2 if self._wide else 1)
        if self.function not in (3, 4) or not last <= self.count <= 16 or self._times < 1 or self._over < 1:
            raise ValueError(self.name)

    def decode(self, buffer, start: int) -> int:
        """The value at the registers from buffer[start] on, in mm, 0.1 NTU or 10 Wh; NONE if none of that scale."""
        at = start + self._at
        high = 0
        low = buffer[at] << 8 | buffer[at + 1]
        if self._wide:
            order = self._order
            high = buffer[at + order[0]] << 8 | buffer[at + order[1]]
            low = buffer[at + order[2]] << 8 | buffer[at + order[3]]
        # The number is magnitude * 2^shift, and its sign; a float is taken apart, since making one would allocate.
        shift = 0
        negative = False
        if self._float:
            negative = high & 0x8000 != 0
            exponent = high >> 7 & 0xFF
            if exponent == 0xFF:
                return NONE  # infinite, or not a number
            magnitude = (high & 0x7F) << 16 | low
            if exponent:
                magnitude |= 0x800000
                shift = exponent - 150
            else:
                shift = -149
        else:
            if self._signed and (high if self._wide else low) & 0x8000:
                negative = True
                high ^= 0xFFFF if self._wide else 0
                low ^= 0xFFFF
            if high > _VALUE_MAX >> 16:
                return NONE
            magnitude = (high << 16 | low) + (1 if negative else 0)
        most = _PRODUCT_MAX // self._times
        while magnitude > most:
            magnitude >>= 1
            shift += 1
        value = magnitude * self._times
        if shift > 0:
            if value > _VALUE_MAX >> shift:
                return NONE
            value <<= shift
        elif shift < 0:
            value = (value + (1 << -shift - 1)) >> -shift if shift >= -_SHIFT_MAX else 0
        value = (value + self._over // 2) // self._over
        if value > _VALUE_MAX:
            return NONE
        return -value if negative else value


def find(name: str):
    """The register map called `name`, or None. ValueError or KeyError if its line is wrong."""
    for row in rows("probes"):
        if row[0] == name:
            return RegisterMap(row)
    return None
