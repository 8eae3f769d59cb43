"""When the well is full by the high float, or the level is gone: the pumps run by float, by memory or by time."""

from ..basics import NONE, const
from ..witnesses import HIGH_LEVEL, Well

BY_FLOAT = const(1)
BY_LEVEL = const(2)
BY_TIME = const(3)
_BLIND_PERIOD_S = const(1800)
_BLIND_REST_S = const(300)
_HOLD_S = const(60)  # a level signal that is gone for a moment does not stop the pumps ...
_HOLD_FULL_S = const(900)  # ... nor does one that the water drowned
_FLOAT_MARGIN_MM = const(200)
_STAYS = const(4)


class Backup:
    """`run` says how many pumps; who they are is the lift's choice."""

    def __init__(self, well: Well) -> None:
        self.well: Well = well
        self.run_s: int = 60
        self.n_pumps: int = 1
        self.high_level_mm: int = 0
        self.stop_level_mm: int = 0
        self.rate_ks: int = 1  # what one sound pump takes from the level, mm in 1000 s
        self.high: int = 0  # 1 while the high float says that the well is full
        self.full: int = 0  # 1 while float or level say so
        self.empties: int = 0  # 1 from then on until half of it is gone, or the pumps would flutter around the mark
        self.doubtful: int = 0  # nonzero while a level that is believed says something else
        self.fell_s: int = -1  # when the high float fell
        self.by: int = 0  # what runs the pumps: BY_FLOAT, BY_LEVEL, BY_TIME, 0 nothing
        self.n: int = 0  # how many
        self.turn: int = 0  # 1 when the pumps change places
        self.hold_until_s: int = 0
        self._was_ok: int = 0
        self._drowned: int = 0  # 1 while a level that was lost in a full well is missing and the low float is wet
        self._since_s: int = 0
        self._until_s: int = -1
        self._stays: int = 0  # runs that the same pump begins, for the other did not do it
        self._both_s: int = 0
        self._by_level: int = 0  # 1 when the level may end the run: it agreed as the float rose
        self._blind_next_s: int = 0
        self._float_most_s: int = 0  # sound pumps draw the well down from where it spills in this

    def expect(self, rate_ks: int) -> None:
        """`rate_ks` from the pumps' flow and the well's area."""
        well = self.well
        self.rate_ks = rate_ks
        rise_mm: int = max(0, well.spill_level_mm - well.high_mark_mm + _FLOAT_MARGIN_MM)
        self._float_most_s = 300 + rise_mm * 3000 // rate_ks

    def watch(self, now_s: int, wanted: int) -> None:
        """Before the level is looked at. `wanted`: pumps that it wanted in the last second."""
        well = self.well
        high: int = well.high()
        if high and not self.high:
            self._since_s = now_s
        elif self.high and well.float_high.value == 0:
            self.fell_s = now_s
        self.high = high
        self.doubtful = well.level_ok and (well.odds if high else well.disputed) & HIGH_LEVEL
        # A float that is up for longer than sound pumps need, with no other witness, may hang.
        blind: int = 1 if high and not well.level_ok and well.low_wet == NONE else 0
        if well.level_mm >= self.high_level_mm:
            blind = 0  # the level said so too before it was lost
        well.doubt_high = 1 if blind and now_s - self._since_s > self._float_most_s else 0
        if self._was_ok and not well.level_ok and wanted and well.level.lost(now_s):
            most_s: int = _HOLD_FULL_S if well.level_mm >= self.high_level_mm else _HOLD_S
            hold_s: int = max(0, well.level_mm - self.stop_level_mm) * 1000 // self.rate_ks
            self.hold_until_s = now_s + min(hold_s, most_s)
            self._drowned = 1 if well.level_mm >= self.high_level_mm else 0
        if well.level_ok or well.low_wet != 1:
            self._drowned = 0
        self._was_ok = well.level_ok
        self.full = 1 if high or (self.held(now_s) and well.level_mm >= self.high_level_mm) else 0
        if self.full:
            self.empties = 1
        elif not well.level_ok or well.dry or well.level_mm * 2 <= self.high_level_mm + self.stop_level_mm:
            self.empties = 0

    def urgency(self) -> int:
        """0, 1 while the well is full, 2 when it is nearer to its spill than to its high mark, or nobody knows.

        A float that a believed level contradicts is no reason to spend the last starts, but for one where it stays up
        and the low float is wet.
        """
        well = self.well
        if self.doubtful and well.level_mm < self.high_level_mm:
            return 1 if well.low_wet == 1 and well.high_steady() else 0
        if self.full and well.level_ok and well.level_mm * 2 < self.high_level_mm + well.spill_level_mm:
            return 1
        return 2 if self.full else 0

    def held(self, now_s: int) -> int:
        """1 while the level may be decided on, or is remembered."""
        return 1 if self.well.level_ok or now_s < self.hold_until_s or self._drowned else 0

    def step(self, now_s: int, pace_s: int, max_run_s: int, rested: int) -> None:
        """What is to run.

        `pace_s`: from start to start, so that starts last for ever. `rested`: 1 when a dry well has had time to fill.
        """
        well = self.well
        self.by = 0
        self.turn = 0
        if self.high and (rested or not self.doubtful):
            if now_s >= self._until_s:
                # The pumps take turns; when the float is still up after a run's time, both run.
                again: int = 1 if self._until_s >= 0 else 0
                if again and self.n == 1:
                    self._stays = _STAYS  # the one that began did not do it alone: for some runs the other begins
                elif self._stays > 0 and not again:
                    self._stays -= 1
                self.turn = 1 if again or self._stays == 0 else 0
                self.n = 2 if again else self.n_pumps
                self._both_s = now_s + self.run_s
                self._until_s = self._both_s
                if well.low_wet == 1:
                    # The low float guards against dry running: the run may be so long that starts always suffice.
                    self._until_s = max(self._both_s, now_s + min(pace_s, max_run_s - 1))
                self._by_level = 0 if well.disputed else well.level_ok
            elif now_s >= self._both_s:
                self.n = 2
            self.by = BY_FLOAT
        elif now_s < self._until_s and not well.dry and not (self._by_level and self.empty()):
            self.by = BY_FLOAT  # a run that has begun lasts: a pump that follows a bouncing float uses up its starts
        elif well.level_ok and self.empties and well.high_up == NONE:
            self.n = 2
            self.by = BY_LEVEL
        elif not self.held(now_s) and well.high_up != 0:
            self._until_s = -1
            if now_s >= self._blind_next_s:
                self._blind_next_s = now_s + _BLIND_PERIOD_S
                self.turn = 1
            # With a low float the pump may run until the float stops it, else only a fixed time.
            rest_s: int = _BLIND_REST_S
            if well.low_wet == NONE:
                rest_s = _BLIND_PERIOD_S - min(self.run_s, well.budget_s)
            if rested and self._blind_next_s - now_s > rest_s:
                self.n = 1
                self.by = BY_TIME
        else:
            self._until_s = -1

    def empty(self) -> int:
        return 1 if self.well.level_ok and self.well.level_mm <= self.stop_level_mm else 0
