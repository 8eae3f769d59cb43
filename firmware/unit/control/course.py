"""How fast a level rises while its pumps rest, and how far they lower it in half a minute."""

from .basics import NONE, const

TRY_S = const(30)


class Course:
    """Of the lift well's level, second by second."""

    def __init__(self) -> None:
        self.rise_mm: int = 0  # while the pumps rested the level rose by so much in `TRY_S`
        self.lifted: int = NONE  # um that the pumps have lowered it by in the last `TRY_S`, what flows in added
        self.falls: int = 0  # so often in a row a sound pump's fall was seen
        self._rest_s: int = 0
        self._rest_mm: int = 0
        self._try_s: int = 0
        self._try_mm: int = 0

    def step(self, level_mm: int, pump_turns: int, rate_ks: int) -> None:
        """Take the level of this second. `rate_ks`: mm in 1000 s that one pump lowers it by."""
        if pump_turns:
            self._rest_s = 0
            if self._try_s == 0:
                self._try_mm = level_mm
            self._try_s += 1
            if self._try_s > TRY_S:
                self._try_s = 0
                fell_mm: int = self._try_mm - level_mm
                self.lifted = (self.rise_mm + fell_mm) * 1000
                self.falls = self.falls + 1 if fell_mm * 4000 > rate_ks * TRY_S else 0
            return
        self._try_s = 0
        self.lifted = NONE
        if self._rest_s == 0:
            self._rest_mm = level_mm
        self._rest_s += 1
        if self._rest_s > TRY_S:
            self._rest_s = 0
            self.rise_mm = level_mm - self._rest_mm
            if self.rise_mm < 0 or self.rise_mm * 1000 > 2 * rate_ks * TRY_S:
                self.rise_mm = 0  # no inflow does that
