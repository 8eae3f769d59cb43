"""Whether the energy meter is to be believed, second by second. Only a unit with a meter loads this."""

from .basics import NONE, const
from .io import NoMeter

_BURST_S = const(300)  # so much of the most that the machines can use may come at once, after a silence
_STILL_WH = const(200)  # what machines use by their nominal power until a meter that does not move counts as failed


class Meter(NoMeter):
    """Counts by the growth of a total that may stop, go back, jump, or be missing; then nominal power counts.

    It counts from one move of the total to the next: so nothing counts twice where it takes over from nominal power,
    and what a meter rounds away now it brings later.
    """

    def __init__(self) -> None:
        super().__init__()
        self.wired = 1
        self._limit_w: int = 0
        self._still_ws: int = 0
        self._most_ws: int = 0
        self._room_ws: int = NONE  # what may come now
        self._last_wh: int = NONE

    def configure(self, limit_w: int, pulses_per_kwh: int) -> None:
        """`limit_w`: more than what is connected can draw for long, at most 1 MW."""
        pulse_wh = 1000 // pulses_per_kwh + 1
        self._limit_w = limit_w
        self._still_ws = (_STILL_WH + 4 * pulse_wh) * 3600
        self._most_ws = limit_w * _BURST_S + pulse_wh * 3600
        if self._room_ws == NONE:
            self._room_ws = self._most_ws

    def step(self, total_wh: int, nominal_ws: int) -> int:
        self._room_ws = min(self._room_ws + self._limit_w, self._most_ws)
        grown_wh: int = 0
        if total_wh != NONE:
            if self._last_wh != NONE:
                grown_wh = total_wh - self._last_wh
            self._last_wh = total_wh
        if grown_wh == 0:
            if self.counts and nominal_ws > self._still_ws:
                self._fail()
                self._last_wh = NONE  # until it is back, nominal power counts
        elif grown_wh < 0 or grown_wh > self._room_ws // 3600:
            self._fail()
        else:
            self._room_ws -= grown_wh * 3600
            if self.counts:
                return grown_wh
            self.counts = 1
            return NONE
        return 0 if self.counts else NONE

    def _fail(self) -> None:
        self.counts = 0
        self.failures += 1
