"""The blower: on/off cycles by day and night, fewer when little flows in, more after an outage."""

from ..basics import NONE, const
from ..claims import PROCESS
from ..events import AERATION_MODE, Events
from ..inflow import Inflow
from ..output import Output
from ..reasons import CATCH_UP, CYCLE_OFF, CYCLE_ON

DAY = const(0)
NIGHT = const(1)
LOW_LOAD = const(2)
HOLIDAY = const(3)
_LEASE_S = const(2)
_OLD_S = const(5400)  # a mode of little inflow ends so long after the last measurement
_DAY_S = const(86400)


class Aeration:
    """A cycle counts seconds of its own, so it needs no wall clock; the clock only tells day from night."""

    def __init__(self, blower: Output, inflow: Inflow, events: Events) -> None:
        self.blower: Output = blower
        self.inflow: Inflow = inflow
        self.events: Events = events
        self.mode: int = DAY
        self.phase_s: int = 0  # seconds since the cycle began
        self.debt_s: int = 0  # aeration missed, still to be made up
        self.day_from_s: int = 0
        self.day_to_s: int = 0
        self.on_s: list[int] = [0, 0, 0, 0]  # by mode
        self.off_s: list[int] = [60, 60, 60, 60]
        self.low_load_l: int = 0  # inflow of a day
        self.holiday_l: int = 0
        self.most_debt_s: int = 0
        self.no_air: int = 0  # 1 when the blower has not turned for a day although it should have, whatever the reason
        self._turned_s: int = 0
        self._wanted: int = 0  # 1 when it should have since

    def left_s(self) -> int:
        """Seconds until the cycle turns the blower off, or on again."""
        on_s: int = self.on_s[self.mode]
        return (on_s if self.phase_s < on_s else on_s + self.off_s[self.mode]) - self.phase_s

    def missed(self, outage_s: int) -> None:
        """After a power cut that lasted `outage_s`, 0 unknown: owe the share of it that would have been aerated."""
        on_s: int = self.on_s[self.mode]
        cycle_s: int = on_s + self.off_s[self.mode]
        self._owe(outage_s // cycle_s * on_s + min(on_s, outage_s % cycle_s))
        # The hour of the cut was not measured to its end. After a cut of unknown length nothing is known of the day.
        self.inflow.let_pass(min(24, 1 + outage_s // 3600) if outage_s else 24, NONE)

    def went_on(self, ran_s: int) -> None:
        """After a snapshot that is `ran_s` older than the end of that run: where the cycle had come to."""
        self.phase_s = (self.phase_s + ran_s) % (self.on_s[self.mode] + self.off_s[self.mode])
        self.inflow.let_pass(min(24, ran_s // 3600), NONE)

    def step(self, now_s: int, tod_s: int, mains: int) -> None:
        """`tod_s`: local second of the day, -1 unknown."""
        mode: int = self._choose_mode(now_s, tod_s)
        if mode != self.mode:
            self.events.add(AERATION_MODE, mode, self.mode)
            self.mode = mode
        on_s: int = self.on_s[mode]
        self.phase_s += 1
        if self.phase_s >= on_s + self.off_s[mode]:
            self.phase_s = 0
        claims = self.blower.claims
        if self.blower.turns() == 1:
            self._turned_s = now_s
            self._wanted = 0
        elif self.phase_s < on_s:
            self._wanted = 1
        self.no_air = 1 if self._wanted and now_s - self._turned_s >= _DAY_S else 0
        if self.phase_s < on_s:
            claims.lodge(PROCESS, 1, now_s + _LEASE_S, CYCLE_ON)
            if not mains or self.blower.guard.locked_out(now_s):
                self._owe(1)
        elif self.debt_s > 0 and mains:
            claims.lodge(PROCESS, 1, now_s + _LEASE_S, CATCH_UP)
            if self.blower.turns() == 1:
                self.debt_s -= 1
        else:
            claims.lodge(PROCESS, 0, now_s + _LEASE_S, CYCLE_OFF)

    def _owe(self, seconds: int) -> None:
        self.debt_s += seconds
        if self.debt_s > self.most_debt_s:
            self.debt_s = self.most_debt_s

    def _choose_mode(self, now_s: int, tod_s: int) -> int:
        """Little air only while it is known that little flows in."""
        inflow = self.inflow
        day_l: int = inflow.per_day_l()
        if day_l != NONE and now_s - inflow.measured_s < _OLD_S:
            # A mode is left at a fifth more than the inflow at which it was entered.
            if day_l < self.holiday_l + (self.holiday_l // 5 if self.mode == HOLIDAY else 0):
                return HOLIDAY
            if day_l < self.low_load_l + (self.low_load_l // 5 if self.mode == LOW_LOAD else 0):
                return LOW_LOAD
        if tod_s < 0:
            return DAY
        if self.day_from_s <= self.day_to_s:
            return DAY if self.day_from_s <= tod_s < self.day_to_s else NIGHT
        return NIGHT if self.day_to_s <= tod_s < self.day_from_s else DAY
