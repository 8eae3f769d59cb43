"""The lift well's two pumps: duty and standby, assist, takeover, run-on, anti-seize.

`backup.py` runs them when the well is full or the level is gone, `pump_check.py` says which of them lifts.
"""

from ..basics import NONE, const
from ..claims import BACKUP, HAND, PROCESS, REMOTE
from ..events import DUTY, Events
from ..inflow import Inflow
from ..output import Output
from ..reasons import (
    ASSIST,
    BLIND_BACKUP,
    DRY_REST,
    EXERCISE,
    FLOAT_BACKUP,
    LEVEL_START,
    LEVEL_WAIT,
    RUN_ON,
    STANDBY,
)
from ..witnesses import LEVEL_LOW, Well
from .backup import BY_LEVEL, BY_TIME, Backup
from .pump_check import PumpCheck

BY_STARTS = const(0)
BY_HOURS = const(1)
FIXED = const(2)
_LEASE_S = const(2)  # a claim of the process ends unless the next second renews it
_EXERCISE_ABOVE_STOP_MM = const(50)
_HOUR_S = const(3600)
_TRY_PAUSE_S = const(60)
_MOST_KS = const(100000)  # no well fills faster; its product with a rest fits 30 bits


class Lift:
    """Decides each second how many pumps should run, and which."""

    def __init__(self, p1: Output, p2: Output, well: Well, inflow: Inflow, events: Events) -> None:
        self.pumps: list[Output] = [p1, p2]
        self.well: Well = well
        self.inflow: Inflow = inflow
        self.events: Events = events
        self.wanted: int = 0  # pumps wanted by level: 0, 1, 2
        self.duty: int = 0  # index of the pump that starts first
        self.swaps: int = 0  # stops by the longest run since the well was last empty
        self.check: PumpCheck = PumpCheck(self.pumps, well, inflow)
        self.emergency: Backup = Backup(well)
        self.no_pump: int = 0  # 1 when pumping is wanted and neither pump is available
        self.backup: int = 0  # 1 while the high float or the blind timer runs the pumps
        self.stop_level_mm: int = 0
        self.start_level_mm: int = 0
        self.assist_level_mm: int = 0
        self.alternate: int = BY_STARTS
        self.run_on_every: int = 0
        self.run_on_s: int = 0
        self.exercise_after_s: int = 0
        self.exercise_s: int = 0
        self.retry_s: int = 600
        self._try_next_s: int = 0
        self._starts_to_run_on: int = 0
        self._run_on_until_s: int = -1
        self._dry_rest_until_s: int = 0  # by float and by time
        self._level_rest_until_s: int = 0  # by level, where that was wrong
        self._exercise_pump: int = -1
        self._exercise_until_s: int = 0
        self._was_max_run: int = 0

    def step(self, now_s: int) -> None:
        """Lodge this second's claims on both pumps."""
        well = self.well
        emergency = self.emergency
        check = self.check
        before: int = self.wanted
        emergency.watch(now_s, before)
        check.high_fell_s = emergency.fell_s
        if well.dry and well.low_wet == 0 and (well.odds or not well.level_ok or self.backup):
            # Or else, by a witness that lies or by the timer, the pumps would flutter around the low float until their
            # starts are used up, and none would be left when the well is full.
            self._dry_rest_until_s = now_s + self._pace_s()
            if well.disputed & LEVEL_LOW or not well.level_ok:
                self._level_rest_until_s = self._dry_rest_until_s
        elif well.low_wet == NONE:
            self._level_rest_until_s = 0  # it is the low float that was wrong
        check.step(now_s, emergency.full)
        if check.compare or check.keep:
            self.duty = check.keep ^ 1 ^ (check.effect.turning >> 1)
        pause: int = 1 if well.dry or now_s < self._level_rest_until_s or now_s < check.look_until_s else 0
        if not emergency.held(now_s) or (pause and not emergency.empties):
            self.wanted = 0
            self._run_on_until_s = -1
        elif well.level_ok:
            self._count_by_level(now_s)
        if before == 0 and self.wanted > 0:
            self._choose_duty()
        self._claim(now_s)
        self._exercise(now_s)
        self._back_up(now_s)
        self._tell_guards(now_s)
        self._count_swaps()
        self._end_hands(now_s)

    def _pace_s(self) -> int:
        """Seconds from start to start at which the allowed starts of one pump last for ever."""
        return _HOUR_S // self.pumps[0].guard.max_starts_per_h

    def _count_by_level(self, now_s: int) -> None:
        level_mm: int = self.well.level_mm
        if level_mm >= self.assist_level_mm:
            self.wanted = 2
        elif level_mm >= self.start_level_mm:
            if self.wanted == 0:
                self.wanted = 1
        elif level_mm > self.stop_level_mm:
            if self.wanted == 2:
                self.wanted = 1
            self._run_on_until_s = -1
        elif self.wanted > 0:
            if self._run_on_until_s < 0:
                self._run_on_until_s = now_s
                if self.run_on_every > 0 and self._starts_to_run_on >= self.run_on_every:
                    self._starts_to_run_on = 0
                    self._run_on_until_s = now_s + self.run_on_s
            if now_s >= self._run_on_until_s:
                self.wanted = 0
                self._run_on_until_s = -1
                self.swaps = 0

    def _choose_duty(self) -> None:
        p1 = self.pumps[0]
        p2 = self.pumps[1]
        before: int = self.duty
        if self.alternate == BY_STARTS:
            self.duty = 1 - self.duty
        elif self.alternate == BY_HOURS:
            self.duty = 0 if p1.run_s <= p2.run_s else 1
        else:
            self.duty = 0
        self.check.new_turn()
        self._starts_to_run_on += 1
        if self.duty != before:
            self.events.add(DUTY, self.duty, 0)

    def _first(self, now_s: int) -> int:
        """Index of the pump that runs when one is wanted: duty, unless only the other can or duty lifts nothing."""
        duty: int = self.duty
        other: int = 1 - duty
        if not self.pumps[other].guard.available(now_s):
            return duty
        if not self.pumps[duty].guard.available(now_s):
            return other
        if self.check.gives_way(duty):
            return other
        if self.pumps[duty].claims.holds(HAND, now_s) and not self.pumps[duty].claims.wants(HAND):
            return other
        return duty

    def _claim(self, now_s: int) -> None:
        first: int = self._first(now_s)
        second: int = 1 - first
        until_s: int = now_s + _LEASE_S
        one = self.pumps[first].claims
        two = self.pumps[second].claims
        wait: int = DRY_REST if now_s < self._level_rest_until_s else LEVEL_WAIT
        if self.wanted >= 1:
            one.lodge(PROCESS, 1, until_s, RUN_ON if self._run_on_until_s >= 0 else LEVEL_START)
        else:
            one.lodge(PROCESS, 0, until_s, wait)
        if self.wanted == 2:
            two.lodge(PROCESS, 1, until_s, ASSIST)
        else:
            two.lodge(PROCESS, 0, until_s, STANDBY if self.wanted else wait)
        self.no_pump = (
            1
            if (self.wanted or self.backup)
            and not self.pumps[0].guard.available(now_s)
            and not self.pumps[1].guard.available(now_s)
            else 0
        )

    def _exercise(self, now_s: int) -> None:
        """A pump that has rested too long turns for a moment, never below the stop level."""
        wet: int = 1 if self.well.level_ok and self.well.level_mm > self.stop_level_mm + _EXERCISE_ABOVE_STOP_MM else 0
        if self._exercise_pump < 0 and wet and self.wanted == 0:
            i: int = 0
            while i < 2:
                if self.pumps[i].rested_s >= self.exercise_after_s and self._exercise_pump < 0:
                    self._exercise_pump = i
                    self._exercise_until_s = now_s + self.exercise_s
                i += 1
        if self._exercise_pump < 0:
            return
        pump = self.pumps[self._exercise_pump]
        if not wet or now_s >= self._exercise_until_s:
            pump.rested_s = 0  # refused or done, it is not asked again before the next long rest
            self._exercise_pump = -1
        elif self.wanted == 0:
            pump.claims.lodge(PROCESS, 1, now_s + _LEASE_S, EXERCISE)

    def _back_up(self, now_s: int) -> None:
        emergency = self.emergency
        rested: int = 1 if now_s >= self._dry_rest_until_s else 0
        emergency.step(now_s, self._pace_s(), self.pumps[0].guard.max_run_s, rested)
        self.backup = emergency.by
        if emergency.turn:
            self.duty = 1 - self.duty
        if not emergency.by:
            return
        reason: int = FLOAT_BACKUP
        if emergency.by == BY_LEVEL:
            reason = ASSIST
        elif emergency.by == BY_TIME:
            reason = BLIND_BACKUP
        first: int = self._first(now_s)
        other: int = 1 - first
        if self._waits(first, now_s) and not self._waits(other, now_s) and not self.check.lame(other):
            self.duty = other  # a full well does not wait for a shortest rest
            first = other
        self.pumps[first].claims.lodge(BACKUP, 1, now_s + _LEASE_S, reason)
        if emergency.n > 1 or self.no_pump:
            self.pumps[1 - first].claims.lodge(BACKUP, 1, now_s + _LEASE_S, reason)

    def _waits(self, k: int, now_s: int) -> int:
        """1 when pump `k` cannot start now."""
        guard = self.pumps[k].guard
        if guard.on:
            return 0
        return 1 if now_s - guard.since_s < guard.min_off_s or not guard.available(now_s) else 0

    def _tell_guards(self, now_s: int) -> None:
        """What each pump's protection has to know of the well and of the other pump."""
        full: int = self.emergency.urgency()
        well = self.well
        # Both are wanted, and the level has come three quarters of the way to high.
        mark_mm: int = (self.emergency.high_level_mm * 3 + self.assist_level_mm) // 4
        nearly_full: int = 1 if well.level_ok and not well.disputed and well.level_mm >= mark_mm else 0
        locked: int = 0
        k: int = 0
        while k < 2:
            guard = self.pumps[k].guard
            guard.urgent = full
            if not full:
                guard.try_until_s = min(guard.try_until_s, now_s)
            if nearly_full:
                guard.rest_until_s = min(guard.rest_until_s, now_s)  # one pump does not keep up
            guard.may_rest = 0 if full and not self.emergency.doubtful else self._may_rest(k, now_s)
            locked += guard.failed(now_s)
            k += 1
        if full and locked and now_s >= self._try_next_s:
            # A machine that shows no current is harmed by no command; a full well is.
            self._try_next_s = now_s + self.retry_s
            for pump in self.pumps:
                pump.guard.try_until_s = now_s + self.retry_s - _TRY_PAUSE_S

    def _may_rest(self, k: int, now_s: int) -> int:
        """1 when pump `k`, of a well that is not full, can be spared after its longest run."""
        guard = self.pumps[k].guard
        other = self.pumps[1 - k].guard
        effect = self.check.effect
        if other.on:
            if guard.on and effect.slope_ks > 0:
                return 0  # both turn and the level rises all the same
            if k and now_s - other.since_s >= other.max_run_s:
                return 0  # both at once: one rests
        elif now_s < other.rest_until_s or now_s - other.since_s < other.min_off_s:
            return 0  # it is the other that rests
        useless: int = 1 if self.check.lame(1 - k) or other.failed_starts else 0
        if not useless and other.available(now_s):
            return 1
        if not guard.on:
            return 0
        # Nobody to hand over to: it rests where it may start again. As much may flow in as a pump lifts: the last that
        # lifts rests where there is room until its shortest rest is over.
        room_mm: int = self.emergency.high_level_mm - min(effect.rate_ks, _MOST_KS) * guard.min_off_s // 1000
        if useless and not self.check.lame(k) and self.well.level_mm > room_mm:
            return 0
        return 0 if guard.starts_used_up(now_s + guard.rest_s, guard.reserve) else 1

    def _count_swaps(self) -> None:
        hit: int = self.pumps[0].guard.max_run_hit + self.pumps[1].guard.max_run_hit
        if hit > self._was_max_run:
            self.swaps += 1
        self._was_max_run = hit

    def _end_hands(self, now_s: int) -> None:
        """A pump switched on by hand or from afar falls back to auto at the stop level."""
        if not self.emergency.empty():
            return
        for pump in self.pumps:
            if pump.claims.wants(HAND):
                pump.claims.release(HAND)
            if pump.claims.wants(REMOTE):
                pump.claims.release(REMOTE)
