"""The few numbers worth keeping over a power cut, as bytes: versioned, checked by a CRC, little-endian."""


def crc16(data: bytearray, n: int) -> int:
    """CRC-16/CCITT-FALSE of the first `n` bytes (polynomial 0x1021, start 0xFFFF)."""
    crc: int = 0xFFFF
    i: int = 0
    while i < n:
        byte: int = data[i]
        crc ^= byte << 8
        bit: int = 0
        while bit < 8:
            crc = ((crc << 1) ^ 0x1021) & 0xFFFF if crc & 0x8000 else crc << 1
            bit += 1
        i += 1
    return crc


class Writer:
    """Puts integers of 1 to 4 bytes into a buffer that the caller owns."""

    def __init__(self, data: bytearray) -> None:
        self.data: bytearray = data
        self.n: int = 0

    def put(self, value: int, width: int) -> None:
        """Values out of range are held at the nearest limit: 0, or the largest of `width` bytes (30 bits at most)."""
        top: int = (1 << (8 * width)) - 1 if width < 4 else (1 << 30) - 1
        if value < 0:
            value = 0
        if value > top:
            value = top
        i: int = 0
        while i < width:
            self.data[self.n] = (value >> (8 * i)) & 255
            self.n += 1
            i += 1

    def seal(self) -> int:
        """Append the CRC; returns the length of the whole."""
        self.put(crc16(self.data, self.n), 2)
        return self.n


class Reader:
    """Takes the integers out again, in the same order."""

    def __init__(self, data: bytearray, n: int) -> None:
        self.data: bytearray = data
        self.n: int = 0
        self.end: int = n

    def intact(self) -> int:
        """1 when the CRC at the end fits the bytes before it."""
        if self.end < 3 or self.end > len(self.data):
            return 0
        low: int = self.data[self.end - 2]
        high: int = self.data[self.end - 1]
        return 1 if crc16(self.data, self.end - 2) == low + (high << 8) else 0

    def left(self) -> int:
        """Bytes before the CRC that nobody has taken yet."""
        return self.end - 2 - self.n

    def get(self, width: int) -> int:
        value: int = 0
        i: int = 0
        while i < width:
            byte: int = self.data[self.n]
            value += byte << (8 * i)
            self.n += 1
            i += 1
        return value
