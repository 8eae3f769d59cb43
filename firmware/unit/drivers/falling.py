"""The TS-300B, a turbidity sensor whose voltage falls with turbidity."""

from ..control.basics import NONE
from . import RANGE, Driver


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
            return NONE
        lost_mv = self._clear_mv - (uv // 1000) * self._divider_permille // 1000
        if lost_mv > self._most_lost_mv:
            return self.fail(RANGE)
        return self._curve(lost_mv)
