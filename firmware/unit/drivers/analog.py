"""Analog inputs: 4-20 mA loops over a shunt, and the TS-300B, a turbidity sensor whose voltage falls with turbidity."""

from ..control.basics import NONE, const
from . import RANGE, Driver

_AT_LEAST = const(16)  # samples in a reading; the ESP32's converter has some 10 mV of noise
_AT_MOST = const(64)  # 64 samples of 3.3 V in uV are still a small int on a 32-bit board
_PER_POLL = const(4)


class PinVolts(Driver):
    """Voltage at a pin of the ESP32's own converter, mean of the samples since the last reading.

    `read_uv` uses the calibration burnt into the chip, which holds up to 2450 mV at 11 dB of attenuation (ESP32
    datasheet); choose shunt and divider to stay below.
    """

    def __init__(self, adc) -> None:
        super().__init__()
        self._read_uv = adc.read_uv
        self._sum_uv: int = 0
        self._n: int = 0

    def poll(self, now_ms: int) -> None:
        if self._n <= _AT_MOST - _PER_POLL:
            for _ in range(_PER_POLL):
                self._sum_uv += self._read_uv()
            self._n += _PER_POLL

    def read_uv(self, now_ms: int) -> int:
        """Microvolt at the pin, mean of at least 16 samples."""
        while self._n < _AT_LEAST:
            self.poll(now_ms)
        uv = self._sum_uv // self._n
        self._sum_uv = self._n = 0
        return uv


class Current(Driver):
    """Loop current in microampere, from the voltage over a shunt of `shunt_ohm`.

    An open loop reads 0 and a short one its full current: what that means is for the control core to say (NAMUR NE 43).
    """

    def __init__(self, volts, shunt_ohm: int) -> None:
        super().__init__()
        self._volts = volts
        self._shunt_ohm = shunt_ohm

    def poll(self, now_ms: int) -> None:
        self._volts.poll(now_ms)

    def read(self, now_ms: int) -> int:
        uv = self._volts.read_uv(now_ms)
        self.errors = self._volts.errors
        self.last_error = self._volts.last_error
        return NONE if uv == NONE else uv // self._shunt_ohm


class Curve:
    """A line through points (x, y) with x rising, both ints; outside the points the first and last y hold."""

    def __init__(self, points) -> None:
        self._points = points

    def __call__(self, x: int) -> int:
        points = self._points
        if x <= points[0][0]:
            return points[0][1]
        i = 1
        while i < len(points):
            x1 = points[i][0]
            if x <= x1:
                x0 = points[i - 1][0]
                y0 = points[i - 1][1]
                return y0 + ((points[i][1] - y0) * (x - x0) + (x1 - x0) // 2) // (x1 - x0)
            i += 1
        return points[i - 1][1]


class FallingTurbidity(Driver):
    """Turbidity in 0.1 NTU from a sensor that gives `clear_mv` in clear water and less the more turbid it is.

    `curve` is the turbidity over the voltage lost; `divider_permille` is sensor volts per pin volt, times 1000. A
    sensor that is unplugged reads near 0 V: more than the curve's end by half is an error, not dirty water.
    """

    def __init__(self, volts, curve, clear_mv: int, divider_permille: int) -> None:
        super().__init__()
        self._volts = volts
        self._curve = Curve(curve)
        self._clear_mv = clear_mv
        self._divider_permille = divider_permille
        self._most_lost_mv = curve[-1][0] + clear_mv // 2

    def poll(self, now_ms: int) -> None:
        self._volts.poll(now_ms)

    def read(self, now_ms: int) -> int:
        uv = self._volts.read_uv(now_ms)
        if uv == NONE:
            self.errors = self._volts.errors
            self.last_error = self._volts.last_error
            return NONE
        lost_mv = self._clear_mv - (uv // 1000) * self._divider_permille // 1000
        if lost_mv > self._most_lost_mv:
            return self.fail(RANGE)
        return self._curve(lost_mv)
