"""The blower: on/off cycles by day and night, fewer when little flows in, more after an outage."""

from ..basics import const
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
_HYSTERESIS_PCT = const(120)  # a mode is left at this share of the inflow at which it was entered


class Aeration:
    """A cycle counts seconds of its own, so it needs no wall clock; the clock only tells day from night."""

    def __init__(self, blower: Output, inflow: Inflow, events: Events) -> None:
        self.blower: Output = blower
        self.inflow: Inflow = inflow
        self.events: Events = events
        self.mode: int = DAY
        self.phase_s: int = 0  # seconds since the cycle began
        self.debt_s: int = 0  # aeration missed, still to be made up
        self.no_air: int = 0  # 1 when the blower has not run for a day
        self.day_from_s: int = 0
        self.day_to_s: int = 0
        self.on_s: list[int] = [0, 0, 0, 0]  # by mode
        self.off_s: list[int] = [60, 60, 60, 60]
        self.low_load_l: int = 0  # inflow of a day
        self.holiday_l: int = 0
        self.most_debt_s: int = 0

    def left_s(self) -> int:
        """Seconds until the cycle turns the blower off, or on again."""
        on_s: int = self.on_s[self.mode]
        return (on_s if self.phase_s < on_s else on_s + self.off_s[self.mode]) - self.phase_s

    def missed(self, outage_s: int) -> None:
        """After a power cut that lasted `outage_s`: owe the share of it that would have been aerated."""
        on_s: int = self.on_s[self.mode]
        hours: int = outage_s // 3600
        owed: int = self.most_debt_s if hours > 48 else outage_s * on_s // (on_s + self.off_s[self.mode])
        self._owe(owed)

    def went_on(self, ran_s: int) -> None:
        """After a snapshot that is `ran_s` older than the end of that run: where the cycle had come to."""
        self.phase_s = (self.phase_s + ran_s) % (self.on_s[self.mode] + self.off_s[self.mode])

    def step(self, now_s: int, tod_s: int, mains: int) -> None:
        """`tod_s`: local second of the day, -1 unknown."""
        mode: int = self._choose_mode(tod_s)
        if mode != self.mode:
            self.events.add(AERATION_MODE, mode, self.mode)
            self.mode = mode
        on_s: int = self.on_s[mode]
        self.phase_s += 1
        if self.phase_s >= on_s + self.off_s[mode]:
            self.phase_s = 0
        claims = self.blower.claims
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

    def _choose_mode(self, tod_s: int) -> int:
        inflow = self.inflow
        if inflow.hours_known >= 24:
            day_l: int = inflow.day_l
            leave: int = _HYSTERESIS_PCT if self.mode == HOLIDAY else 100
            if day_l * 100 < self.holiday_l * leave:
                return HOLIDAY
            leave = _HYSTERESIS_PCT if self.mode == LOW_LOAD else 100
            if day_l * 100 < self.low_load_l * leave:
                return LOW_LOAD
        if tod_s < 0:
            return DAY
        if self.day_from_s <= self.day_to_s:
            return DAY if self.day_from_s <= tod_s < self.day_to_s else NIGHT
        return NIGHT if self.day_to_s <= tod_s < self.day_from_s else DAY
