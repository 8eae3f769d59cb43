"""The lift well's two pumps: duty and standby, assist, takeover, run-on, anti-seize, and the high float as backup.

A pump is judged by what it does to the level (effect.py): one that lifts nothing gives way to the other.
"""

from ..basics import NONE, const
from ..claims import BACKUP, HAND, PROCESS, REMOTE
from ..effect import LIFTS, NOTHING, Effect
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
from ..witnesses import Well

BY_STARTS = const(0)
BY_HOURS = const(1)
FIXED = const(2)
_LEASE_S = const(2)  # a claim of the process ends unless the next second renews it
_EXERCISE_ABOVE_STOP_MM = const(50)
_BLIND_PERIOD_S = const(1800)
_BLIND_REST_S = const(300)
_HOUR_S = const(3600)
_HOLD_S = const(60)  # a level signal that is gone for a moment does not stop the pumps ...
_HOLD_FULL_S = const(900)  # ... nor does one that the water drowned
_FLAT_S = const(30)  # a level that stands still so long under a pump, and nobody knows what flows in ...
_LOOK_S = const(60)  # ... so the pump rests so long and the level tells
_UNKNOWN_S = const(1800)  # a pump has run alone for so long, and nobody can tell what it lifts
_USELESS_STARTS = const(3)  # in a row: the pump is clogged
_TRY_PAUSE_S = const(60)
_FLOAT_MARGIN_MM = const(200)
_STANDS_S = const(240)  # pumps turn so long and the level has not moved at all ...
_STANDS_MM = const(30)  # ... though a sound pump would have moved it by this


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
        self.effect: Effect = Effect()
        self.full: int = 0  # 1 while float or level say that the well is full
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
        self.backup_run_s: int = 60
        self.backup_pumps: int = 1
        self.high_level_mm: int = 0
        self.float_most_s: int = 0  # sound pumps draw the well down from where it spills in this
        self.effect_s: int = 90
        self.retry_s: int = 600
        self._useless: int = 0  # bits: pumps that lifted nothing since the well was last empty
        self._judged_s: int = -1  # the start that has been judged
        self._useless_starts: list[int] = [0, 0]
        self._look_until_s: int = 0
        self._hold_until_s: int = 0
        self._was_ok: int = 0
        self._was_high: int = 0
        self._high_since_s: int = 0
        self._fell_s: int = -1  # when the high float fell
        self._try_next_s: int = 0
        self._starts_to_run_on: int = 0
        self._run_on_until_s: int = -1
        self._dry_rest_until_s: int = 0
        self._exercise_pump: int = -1
        self._exercise_until_s: int = 0
        self._backup_until_s: int = -1
        self._backup_both_s: int = 0
        self._backup_n: int = 0
        self._backup_by_level: int = 0  # 1 when the level may end the run: it agreed as the float rose
        self._blind_next_s: int = 0
        self._was_max_run: int = 0

    def step(self, now_s: int) -> None:
        """Lodge this second's claims on both pumps."""
        well = self.well
        before: int = self.wanted
        self._watch_high(now_s)
        if well.dry and well.low_wet == 0 and (well.odds or not well.level_ok):
            # Or else, by a level that lies or by the timer, the pumps would flutter around the low float until their
            # starts are used up, and none would be left when the well is full.
            self._dry_rest_until_s = now_s + self._pace_s()
        self._judge_effect(now_s)
        held: int = 1 if well.level_ok or now_s < self._hold_until_s else 0
        self.full = 1 if self._was_high or held and well.level_mm >= self.high_level_mm else 0
        pause: int = 1 if well.dry or now_s < self._dry_rest_until_s or now_s < self._look_until_s else 0
        if not held or pause and not self.full:
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

    def lifts(self, k: int, now_s: int) -> int:
        """What the water says of pump `k`: 1 it works, 0 it does not or nobody can tell, NONE wait."""
        pump = self.pumps[k]
        other = self.pumps[1 - k]
        if not pump.on or other.on and other.running != 0:
            return 0
        effect = self.effect
        if self._fell_s - pump.guard.since_s > 10:
            return 1  # the high float fell under it
        if not self.level_tells():
            return 0
        if effect.falls:
            return 1
        if effect.verdict == NOTHING:
            return 0
        return NONE if now_s - pump.guard.since_s < self.effect_s + _FLAT_S else 0

    def level_tells(self) -> int:
        """1 while a level that nobody contradicts shows what the pumps do."""
        well = self.well
        return 1 if well.level_ok and not well.odds and not well.spilling() else 0

    def _watch_high(self, now_s: int) -> None:
        well = self.well
        high: int = well.high()
        if high and not self._was_high:
            self._high_since_s = now_s
        elif self._was_high and well.float_high.value == 0:
            self._fell_s = now_s
        self._was_high = high
        # A float that is up for longer than sound pumps need, with no other witness, may hang.
        blind: int = 1 if high and not well.level_ok and well.low_wet == NONE else 0
        well.doubt_high = 1 if blind and now_s - self._high_since_s > self.float_most_s else 0
        if self._was_ok and not well.level_ok and self.wanted and well.level.lost(now_s):
            most_s: int = _HOLD_FULL_S if well.level_mm >= self.high_level_mm else _HOLD_S
            hold_s: int = max(0, well.level_mm - self.stop_level_mm) * 1000 // self.effect.rate_ks
            self._hold_until_s = now_s + (hold_s if hold_s < most_s else most_s)
        self._was_ok = well.level_ok

    def _judge_effect(self, now_s: int) -> None:
        """A pump that lifts nothing gives way; where both do, the well has no water or the level lies."""
        effect = self.effect
        well = self.well
        turning: int = effect.turning
        if turning == 0:
            if effect.inflow_ks * 2 > effect.rate_ks:
                well.forget_floor()  # so much flows in that a pump which lifts it finds no air
            return
        if not self.level_tells():
            return
        if effect.verdict == LIFTS:
            if turning < 3:
                if effect.other_idle:
                    self._useless |= 3 - turning
                    effect.other_idle = 0
                self._has_lifted(turning >> 1)
            return
        ran_s: int = now_s - effect.since_s
        if ran_s < self.effect_s or self._judged_s == effect.since_s:
            return
        if effect.verdict == NONE:
            if ran_s >= _UNKNOWN_S and effect.inflow_ks == NONE and self._other_can(now_s, turning):
                self._judged_s = effect.since_s
                self.duty = 2 - turning  # the other pump, to compare
            elif effect.flat_s >= _FLAT_S and effect.inflow_ks == NONE and not self.full and not well.wet():
                self._judged_s = effect.since_s
                self._look_until_s = now_s + _LOOK_S
            return
        if turning < 3 and not effect.lifted and not well.near_floor():
            self._useless |= turning
        if not effect.flat_s or well.wet() or not self._any_turns(turning):
            return  # what rises is no dry well
        if effect.lifted and well.level_mm >= self.start_level_mm:
            return  # as much flows in as they lift
        self._judged_s = effect.since_s
        well.spend(now_s, self.effect_s)
        if effect.lifted or self._useless == 3 or turning == 3 or well.near_floor() or well.left_s() < self.effect_s:
            well.found_floor(now_s, self.start_level_mm)

    def _any_turns(self, turning: int) -> int:
        """0 when the feedback of all these pumps says that they stand still: then none runs dry."""
        return 1 if turning & 1 and self.pumps[0].running != 0 or turning & 2 and self.pumps[1].running != 0 else 0

    def _lame(self, k: int) -> int:
        """1 for a pump that lifts nothing, as far as one knows."""
        return 1 if self.inflow.pumps[k].clogged or self._useless & k + 1 else 0

    def _other_can(self, now_s: int, turning: int) -> int:
        other: int = 1 - (turning >> 1)
        return 1 if turning < 3 and not self._lame(other) and self.pumps[other].guard.available(now_s) else 0

    def _has_lifted(self, k: int) -> None:
        """Pump `k` lifts: it is useful, and one that gave way to it is not."""
        self._useless_starts[k] = 0
        other: int = 1 - k
        if self._useless & 1 << other:
            self._useless_starts[other] += 1
            if self._useless_starts[other] >= _USELESS_STARTS:
                self.inflow.pumps[other].clogged = 1
        self._useless = 0

    def expect(self, area_m2_100: int, spill_level_mm: int) -> None:
        """What sound pumps do to the level follows from their flow and the well's area."""
        well = self.well
        effect = self.effect
        effect.expect((self.inflow.pumps[0].usual_l_min + self.inflow.pumps[1].usual_l_min) // 2, area_m2_100)
        rise_mm: int = spill_level_mm - well.high_mark_mm + _FLOAT_MARGIN_MM
        self.float_most_s = 300 + (rise_mm * 3000 // effect.rate_ks if rise_mm > 0 else 0)
        slow_s: int = _STANDS_MM * 1000 // effect.rate_ks
        well.stands_s = max(_STANDS_S, slow_s)
        well.rate_ks = effect.rate_ks

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
        self._useless = 0
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
        if self._useless == duty + 1:
            return other
        if self._useless != other + 1 and self.inflow.pumps[duty].clogged and not self.inflow.pumps[other].clogged:
            return other
        if self.pumps[duty].claims.holds(HAND, now_s) and not self.pumps[duty].claims.by_source[HAND].on:
            return other
        return duty

    def _claim(self, now_s: int) -> None:
        first: int = self._first(now_s)
        second: int = 1 - first
        until_s: int = now_s + _LEASE_S
        one = self.pumps[first].claims
        two = self.pumps[second].claims
        wait: int = DRY_REST if now_s < self._dry_rest_until_s else LEVEL_WAIT
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
        wet: int = (
            1
            if self.well.level_ok and self.well.level_mm > self.stop_level_mm + _EXERCISE_ABOVE_STOP_MM
            else 0
        )
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
        """The high float runs the pumps for a fixed time, by turns; without level and float a timer does."""
        well = self.well
        if self._was_high:
            if now_s >= self._backup_until_s:
                # The pumps take turns; when the float is still up after a run's time, both run.
                self._backup_n = self.backup_pumps if self._backup_until_s < 0 else 2
                self.duty = 1 - self.duty
                self._backup_both_s = now_s + self.backup_run_s
                self._backup_until_s = self._backup_both_s
                if well.low_wet == 1:
                    # The low float guards against dry running: the run may be so long that starts always suffice.
                    run_s: int = min(self._pace_s(), self.pumps[0].guard.max_run_s - 1)
                    self._backup_until_s = max(self._backup_both_s, now_s + run_s)
                self._backup_by_level = 0 if well.odds else well.level_ok
            elif now_s >= self._backup_both_s:
                self._backup_n = 2
            self._lodge_backup(now_s, FLOAT_BACKUP)
        elif now_s < self._backup_until_s and not well.dry and not (self._backup_by_level and self._empty()):
            # A run that has begun lasts its time: a pump that follows a bouncing float uses up its starts.
            self._lodge_backup(now_s, FLOAT_BACKUP)
        elif well.level_ok and self.full and well.high_up == NONE:
            self._backup_n = 2
            self._lodge_backup(now_s, ASSIST)
        elif not well.level_ok and now_s >= self._hold_until_s and well.high_up != 0:
            self._backup_until_s = -1
            if now_s >= self._blind_next_s:
                self._blind_next_s = now_s + _BLIND_PERIOD_S
                self.duty = 1 - self.duty
            # With a low float the pump may run until the float stops it, else only a fixed time.
            rest_s: int = _BLIND_REST_S
            if well.low_wet == NONE:
                rest_s = _BLIND_PERIOD_S - min(self.backup_run_s, well.budget_s)
            rested: int = 1 if now_s >= self._dry_rest_until_s else 0
            self.backup = 1 if rested and self._blind_next_s - now_s > rest_s else 0
            if self.backup:
                self._backup_n = 1
                self._lodge_backup(now_s, BLIND_BACKUP)
        else:
            self._backup_until_s = -1
            self.backup = 0

    def _empty(self) -> int:
        return 1 if self.well.level_ok and self.well.level_mm <= self.stop_level_mm else 0

    def _lodge_backup(self, now_s: int, reason: int) -> None:
        self.backup = 1
        first: int = self._first(now_s)
        self.pumps[first].claims.lodge(BACKUP, 1, now_s + _LEASE_S, reason)
        if self._backup_n > 1 or self.no_pump:
            self.pumps[1 - first].claims.lodge(BACKUP, 1, now_s + _LEASE_S, reason)

    def _tell_guards(self, now_s: int) -> None:
        """What each pump's protection has to know of the well and of the other pump."""
        full: int = self.full
        locked: int = 0
        k: int = 0
        while k < 2:
            guard = self.pumps[k].guard
            guard.urgent = full
            other = self.pumps[1 - k].guard
            both: int = k & other.on & other.max_run_hit  # at once: one of them rests
            spare: int = other.available(now_s) if not self._lame(1 - k) else 0
            if not spare and self.pumps[k].on:  # nobody to hand over to: it rests where it may start again
                spare = 0 if guard.starts_used_up(now_s + guard.rest_s, guard.reserve) else 1
            guard.may_rest = 1 if spare and now_s >= other.rest_until_s and not both else 0
            locked += guard.failed(now_s)
            k += 1
        if full and self.no_pump and locked and now_s >= self._try_next_s:
            # A machine that shows no current is harmed by no command; a full well is.
            self._try_next_s = now_s + self.retry_s
            for pump in self.pumps:
                pump.guard.try_until_s = now_s + self.retry_s - _TRY_PAUSE_S

    def _count_swaps(self) -> None:
        hit: int = self.pumps[0].guard.max_run_hit + self.pumps[1].guard.max_run_hit
        if hit > self._was_max_run:
            self.swaps += 1
        self._was_max_run = hit

    def _end_hands(self, now_s: int) -> None:
        """A pump switched on by hand or from afar falls back to auto at the stop level."""
        if not self._empty():
            return
        for pump in self.pumps:
            if pump.claims.by_source[HAND].on:
                pump.claims.release(HAND)
            if pump.claims.by_source[REMOTE].on:
                pump.claims.release(REMOTE)
