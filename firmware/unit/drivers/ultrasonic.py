"""A02YYUW ultrasonic distance sensor: 9600 8N1, four bytes `FF H L SUM` some three to ten times a second.

H and L are the distance in mm, SUM the low byte of the sum of the three before it (DFRobot's page of the sensor).
"""

from ..control.basics import NONE, const
from . import CHECKSUM, RANGE, Driver

BAUD = const(9600)
_NEAREST_MM = const(30)
_FARTHEST_MM = const(4500)
_BUFFER = const(64)
_CHUNKS = const(4)  # 256 bytes, the whole receive buffer of the UART


class A02yyuw(Driver):
    """Level in mm: `mount_height_mm` of the sensor's face above the level's zero, less the newest distance.

    NONE when no good frame came since the last reading: a lost echo is not an empty well.
    """

    def __init__(self, uart, mount_height_mm: int) -> None:
        super().__init__()
        self._uart = uart
        self._mount_height_mm = mount_height_mm
        self._buffer = bytearray(_BUFFER)
        self._frame = bytearray(4)
        self._held = 0  # bytes in the frame so far
        self.distance_mm: int = NONE  # of the newest good frame since the last reading

    def poll(self, now_ms: int) -> None:
        buffer = self._buffer
        for _ in range(_CHUNKS):
            n = self._uart.readinto(buffer)
            if not n:
                return
            for i in range(n):
                self.feed(buffer[i])
            if n < _BUFFER:
                return

    def feed(self, byte: int) -> None:
        """Take one byte; after a bad frame the search goes on with the bytes already held."""
        frame = self._frame
        if self._held == 0 and byte != 0xFF:
            return
        frame[self._held] = byte
        self._held += 1
        if self._held < 4:
            return
        self._held = 0
        if frame[3] == (0xFF + frame[1] + frame[2]) & 0xFF:
            distance_mm = frame[1] << 8 | frame[2]
            if _NEAREST_MM <= distance_mm <= _FARTHEST_MM:
                self.distance_mm = distance_mm
            else:
                self.fail(RANGE)
            return
        self.fail(CHECKSUM)
        for start in (1, 2, 3):
            if frame[start] == 0xFF:
                self._held = 4 - start
                for i in range(self._held):
                    frame[i] = frame[start + i]
                return

    def read(self, now_ms: int) -> int:
        self.poll(now_ms)
        distance_mm = self.distance_mm
        self.distance_mm = NONE
        return NONE if distance_mm == NONE else self._mount_height_mm - distance_mm
