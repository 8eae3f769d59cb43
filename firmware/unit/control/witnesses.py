"""Who is believed: the three witnesses of the lift well, level, high float and low float, re-judged each second.

Two of them contradict each other, or not. The table, which an electrician finds in docs/invariants.md:

    high float up, level far below it      and the low float dry -> the high float is out
                                           and the low float wet, the level dry -> the level is out
    high float down, level far above it    and the low float dry -> the level is out
    high float up, low float dry           and the level as high as the high float -> the low float is out
    anything else                          a tie: the pumps may run `budget_s` in half an hour to find out

Who is out counts as unknown, never as its opposite, and comes back when it has moved and agrees. In a tie the level
that has moved as water does outweighs a float that hangs, and a float that tips outweighs a level that does not move.
"""

from .basics import FAILURE, NONE, const
from .course import TRY_S, Course
from .signals import CONTRADICTED, FLAT, Analog, Often, Switch

_TOLERANCE_MM = const(200)  # a float tips somewhere around its mark
_BELOW_MM = const(100)  # ... and below a low float there is less room to be wrong
_LASTS_S = const(5)  # a contradiction that is one
_BACK_S = const(60)  # agreement that counts
_TIMES = const(2)  # who was out so often waits for a person
_MOVED_MM = const(50)  # a level that was out has moved by itself
_WATER_MM = const(200)  # a level that moved so far in a tie moves as water does
_LIFTED_MM = const(100)  # a level that fell so far in a tie under a pump has water below it
_DRIFT_MM = const(120)  # level against a float's mark at the moment it tips
_FLOOR_MM = const(30)  # pumps that have drawn air stop so far above that level ...
_FLOOR_S = const(7200)  # ... for so long, then they look anew
_BRIM_MM = const(50)
_FALLS = const(3)
OVERRIDE_S = const(180)  # two witnesses against each other: pump so long ...
OVERRIDE_REST_S = const(1800)  # ... and not again before this

# A pair that contradicts each other, a bit each (`odds`).
HIGH_LEVEL = const(1)
LEVEL_LOW = const(2)
HIGH_LOW = const(4)


class Well:
    """Level and floats of the lift well; `level_mm` may be decided on while `level_ok` is 1."""

    def __init__(self) -> None:
        self.level: Analog = Analog()
        self.float_high: Switch = Switch(2, 2)
        self.float_low: Switch = Switch(2, 2)
        self.level_mm: int = 0
        self.level_ok: int = 0
        self.level_drifts: int = 0  # 1 when the level disagreed with a float that tipped, or with the well's floor
        self.level_out: int = 0  # 1 while it is not believed
        self.high_out: int = 0
        self.low_out: int = 0
        self.high_up: int = NONE  # the high float, as far as it is to be believed: 1, 0, NONE unknown
        self.low_wet: int = NONE  # the low float likewise
        self.odds: int = 0  # bits: the pairs that contradict each other
        self.disputed: int = 0  # those of them of which both are believed
        self.tie: int = 0  # 1 while nobody can say whether the well is dry
        self.dry: int = 0
        self.dry_level_mm: int = 0
        self.high_mark_mm: int = 0  # the levels at which the floats tip
        self.low_mark_mm: int = 0
        self.spill_level_mm: int = 20000
        self.high_fitted: int = 0  # 0 makes a float's signal ignored
        self.low_fitted: int = 0
        self.doubt_high: int = 0  # 1 while the high float alone says "full", for longer than pumps need to draw it down
        self.budget_s: int = OVERRIDE_S
        self.rate_ks: int = 1  # mm in 1000 s that one pump lowers the level by
        self.stands_s: int = 240  # pumps turn so long and the level has not moved at all
        self.course: Course = Course()
        self._high_often: Often = Often()
        self._low_often: Often = Often()
        self._since_s: int = 0  # the same pairs contradict each other, or none does
        self._times: list[int] = [0, 0, 0]  # how often level, high float and low float were out since somebody looked
        self._high_tipped: int = 0  # 1 when the high float has tipped up since it was out
        self._up_s: int = 0  # the high float says so for so long: none that comes and goes does
        self._ref_mm: int = 0  # the level when they began, or when it was found to be wrong
        self._stands_s: int = 0
        self._stands_mm: int = 0
        self._stood_s: int = 0
        self._stands: int = 0
        self._was_high: int = NONE
        self._was_low: int = NONE
        self._tip_mm: int = NONE  # the level when the low float last said dry far below it
        self._spent_s: int = 0  # of the budget
        self._spent_last_s: int = -OVERRIDE_REST_S
        self._floor_mm: int = NONE  # pumps lift nothing at this level
        self._floor_until_s: int = 0

    def step(self, now_s: int, level_raw: int, high_raw: int, low_raw: int, pump_turns: int) -> None:
        """Take the signals of this second. `pump_turns`: 1 while at least one lift pump turns."""
        self.level.step(now_s, level_raw)
        self.float_high.step(now_s, high_raw if self.high_fitted else NONE)
        self.float_low.step(now_s, low_raw if self.low_fitted else NONE)
        self.course.step(self.level.value, pump_turns, self.rate_ks)
        self._judge_stands(pump_turns)
        self._judge_tips(now_s, pump_turns)
        self._judge_pairs(now_s)
        if self.level.electrical:
            if self.level_out:
                self.level.contradict(CONTRADICTED)
            elif self._stands:
                self.level.contradict(FLAT)
        self.level_mm = self.level.value
        self.level_ok = 0 if self.level.quality == FAILURE else 1
        self._up_s = self._up_s + 1 if self.float_high.value == 1 else 0
        loose: int = 1 if now_s < self._high_often.out_until_s and not self.high_steady() else 0
        self.high_up = NONE if self.high_out or loose else self.float_high.value
        self.low_wet = NONE if self.low_out or now_s < self._low_often.out_until_s else self.float_low.value
        self.disputed = self.odds
        if self.high_up == NONE:
            self.disputed &= LEVEL_LOW
        if self.low_wet == NONE:
            self.disputed &= HIGH_LEVEL
        self.dry = self._is_dry(now_s, pump_turns)

    def forgive(self) -> None:
        """Somebody has looked at the sensors: each is believed again."""
        self.level_drifts = 0
        self.level_out = 0
        self.high_out = 0
        self.low_out = 0
        self._stands = 0
        self._stands_s = 0
        self._times[0] = 0
        self._times[1] = 0
        self._times[2] = 0

    def high(self) -> int:
        """1 while the high float says that the well is full, or one that was out and has tipped up since says so.

        The latter is not heard against a level that is believed.
        """
        if self.high_up == 1:
            return 1
        if not self.high_out or not self._high_tipped or (self.level_ok and self.odds & HIGH_LEVEL):
            return 0
        return 1 if self.float_high.value == 1 and self.low_wet == 1 else 0

    def high_steady(self) -> int:
        """1 when the high float says that for a minute."""
        return 1 if self._up_s >= _BACK_S else 0

    def wet(self) -> int:
        """1 when a float says that the pumps have water."""
        return 1 if self.low_wet == 1 or self.high_up == 1 else 0

    def spilling(self) -> int:
        """1 where the level stands still because the well is full to its brim."""
        level = self.level
        top_mm: int = self.spill_level_mm - _BRIM_MM
        if level.current and level.high < top_mm:
            top_mm = level.high  # a loop says no more than 20 mA
        return 1 if level.value >= top_mm else 0

    def left_s(self) -> int:
        """Of the budget."""
        return self.budget_s - self._spent_s

    def spend(self, now_s: int, seconds: int) -> None:
        """The pumps ran so long without a proof that they had water."""
        self._spent_s += seconds
        self._spent_last_s = now_s

    def regain(self) -> None:
        """A pump lifts: it has water, and the budget is whole again."""
        self._spent_s = 0

    def found_floor(self, now_s: int, most_mm: int) -> None:
        """The pumps lift nothing at this level and no float says that they have water: they draw air.

        Above `most_mm` that leaves no room to work in: then a float takes over, where there is one.
        """
        mm: int = self.level_mm + _FLOOR_MM
        self._floor_mm = mm
        self._floor_until_s = now_s + (_FLOOR_S if mm < most_mm else OVERRIDE_REST_S)
        if self.level_mm > self.dry_level_mm + _DRIFT_MM:
            self.level_drifts = 1
        if mm >= most_mm and (self.high_fitted or self.low_fitted):
            self._convict_level()

    def forget_floor(self) -> None:
        self._floor_mm = NONE

    def near_floor(self) -> int:
        """1 where the pumps have drawn air of late."""
        return 1 if self._floor_mm != NONE and self.level_mm < self._floor_mm + _FLOOR_MM else 0

    def _judge_stands(self, pump_turns: int) -> None:
        """Pumps move a level; only one that says "dry" may stand still, for there is nothing to lift."""
        level = self.level
        value: int = level.value
        away: int = value - self._stands_mm
        if not level.electrical or away > level.roughness() or away < -level.roughness():
            if away < 0:
                level.jumped = 0  # as water does
            self._stands_mm = value
            self._stands_s = 0
            self._stood_s = 0
            self._stands = 0
        elif not pump_turns:
            self._stood_s += 1  # under a pump alone it may stand because as much flows in as it lifts
        elif (level.jumped or self._stood_s >= _BACK_S) and value >= self.dry_level_mm and not self._agrees(value):
            self._stands_s += 2 if level.jumped else 1
            if self._stands_s >= self.stands_s:
                self._stands = 1

    def _agrees(self, value: int) -> int:
        """1 where a level that stands still is no wonder: the high float says full too, or it has risen to the brim.

        A high float that hangs is no reason to doubt a level at the brim while a low float guards the pumps.
        """
        high: int = self.float_high.value
        if high == 1 and value >= self.high_mark_mm - _TOLERANCE_MM:
            return 1
        if not self.spilling():
            return 0
        return 1 if self.low_wet == 1 or (high != 0 and not self.level.jumped) else 0

    def _judge_tips(self, now_s: int, pump_turns: int) -> None:
        """A float that tips has measured the level in that second."""
        level = self.level
        high: int = self.float_high.value
        low: int = self.float_low.value
        if level.electrical and not self.level_out:
            if self._was_high != NONE and high != NONE and high != self._was_high:
                self._compare(self.high_mark_mm)
                if self.odds & HIGH_LEVEL and high == 0 and level.value < self.dry_level_mm and self._stood(pump_turns):
                    self._convict_level()  # it said "dry" and stood still while pumps drew the well down to the float
            elif self._was_low != NONE and low != NONE and low != self._was_low:
                self._compare(self.low_mark_mm)
                if low == 0 and level.value > self.low_mark_mm + _TOLERANCE_MM:
                    away: int = level.value - self._tip_mm
                    if away > level.roughness() or away < -level.roughness():
                        self._low_often.again(now_s)  # a level that stands still is no reason to doubt the float
                    self._tip_mm = level.value
        if self._was_high == 0 and high == 1:
            self._high_tipped = 1
            if self.high_out or (level.electrical and level.value < self.high_mark_mm - _TOLERANCE_MM):
                self._high_often.again(now_s)
        self._was_high = high
        self._was_low = low

    def _stood(self, pump_turns: int) -> int:
        """1 when the level has not moved since pairs contradict each other, and pumps turn."""
        away: int = self.level.value - self._ref_mm
        return 1 if pump_turns and -self.level.roughness() < away < self.level.roughness() else 0

    def _compare(self, mark_mm: int) -> None:
        off: int = self.level.value - mark_mm
        self.level_drifts = 1 if off > _DRIFT_MM or off < -_DRIFT_MM else 0

    def _convict_level(self) -> None:
        if not self.level_out:
            self.level_out = 1
            self._ref_mm = self.level.value
            self._times[0] += 1

    def _convict_high(self) -> None:
        if not self.high_out:
            self.high_out = 1
            self._times[1] += 1
            self._high_tipped = 0

    def _convict_low(self) -> None:
        if not self.low_out:
            self.low_out = 1
            self._times[2] += 1

    def _contradictions(self) -> int:
        """The pairs of this second that contradict each other."""
        value: int = self.level.value
        high: int = self.float_high.value
        low: int = self.float_low.value
        odds: int = HIGH_LOW if high == 1 and low == 0 else 0
        if not self.level.electrical:
            return odds
        above_high_mm: int = value - self.high_mark_mm
        if (high == 1 and above_high_mm < -_TOLERANCE_MM) or (high == 0 and above_high_mm > _TOLERANCE_MM):
            odds |= HIGH_LEVEL
        above_low_mm: int = value - self.low_mark_mm
        if (low == 0 and above_low_mm > _TOLERANCE_MM) or (low == 1 and above_low_mm < -_BELOW_MM):
            odds |= LEVEL_LOW
        return odds

    def _judge_pairs(self, now_s: int) -> None:
        """The table."""
        value: int = self.level.value
        odds: int = self._contradictions()
        if odds != self.odds:
            self.odds = odds
            self._since_s = now_s
            if not self.level_out:
                self._ref_mm = value
        if now_s - self._since_s < _LASTS_S:
            return
        if odds == HIGH_LEVEL | LEVEL_LOW:
            self._convict_level()
        elif odds == HIGH_LEVEL | HIGH_LOW:
            self._convict_high()
        elif odds == LEVEL_LOW | HIGH_LOW:
            self._convict_low()
        elif not self.level_out and not self._stands:
            self._judge_tie(odds, self._ref_mm - value)
        if now_s - self._since_s >= _BACK_S:
            self._come_back(odds, value)

    def _judge_tie(self, odds: int, fell_mm: int) -> None:
        """Level against one float, nobody else knows: the level has fallen by `fell_mm` since."""
        high: int = self.float_high.value
        low: int = self.float_low.value
        if odds == HIGH_LEVEL:
            if high == 0 and fell_mm > _WATER_MM:
                self._convict_high()  # from far above a float that stays down
            elif high == 1 and low == NONE and fell_mm > _MOVED_MM and self.level.value < self.dry_level_mm:
                self._convict_high()  # down to the bottom under a float that stays up
        elif odds == LEVEL_LOW:
            if low == 0 and fell_mm > max(_LIFTED_MM, self.low_mark_mm):
                self._convict_low()  # no pump can lower water by more than there is below the float
            elif low == 1 and high == NONE and fell_mm > _LIFTED_MM:
                self._convict_level()

    def _come_back(self, odds: int, value: int) -> None:
        """Who has moved by himself and agrees for a minute is believed again; whoever was wrong twice, by a person.

        Whoever is out himself is not asked.
        """
        moved: int = value - self._ref_mm
        has_moved: int = 1 if moved > _MOVED_MM or moved < -_MOVED_MM else 0
        pairs: int = (0 if self.high_out else HIGH_LEVEL) | (0 if self.low_out else LEVEL_LOW)
        if has_moved and not odds & pairs and self._times[0] < _TIMES:
            self.level_out = 0
        pairs = (0 if self.level_out else HIGH_LEVEL) | (0 if self.low_out else HIGH_LOW)
        if self.high_out and not odds & pairs and self._times[1] < _TIMES:
            self.high_out = 0
        pairs = (0 if self.level_out else LEVEL_LOW) | (0 if self.high_out else HIGH_LOW)
        if self.low_out and not odds & pairs and self._times[2] < _TIMES:
            self.low_out = 0

    def _is_dry(self, now_s: int, pump_turns: int) -> int:
        """1 when no pump may run. Either witness of a dry well is enough, unless the two others outvote it."""
        level = self.level
        high: int = self.high_up
        low: int = self.low_wet
        if self._floor_mm != NONE and (now_s >= self._floor_until_s or self.wet()):
            self._floor_mm = NONE
        if now_s - self._spent_last_s >= OVERRIDE_REST_S:
            self._spent_s = 0
        heard: int = 1 if level.electrical and not self.level_out and not self._stands else 0
        level_dry: int = 1 if heard and level.value < self.dry_level_mm else 0
        low_dry: int = 1 if low == 0 else 0
        if not self.tie:
            self.course.falls = 0
        self.tie = 0
        if not level_dry and not low_dry:
            if not self.doubt_high:
                return 1 if heard and level.value < self._floor_mm else 0
        elif level_dry and (low_dry or (low == NONE and high != 1)):
            return 1
        elif level_dry:
            if high == 1 and low == 1:
                return 0
            if high == 0:
                return 1  # the high float will tell
        elif high == 1:
            if heard and level.value >= self.high_mark_mm - _TOLERANCE_MM:
                return 0
            if heard and level.value <= self.low_mark_mm + _TOLERANCE_MM:
                return 1
        elif not heard or level.value <= self.low_mark_mm + _TOLERANCE_MM:
            return 1
        self.tie = 1
        if self._spent_s >= self.budget_s:
            return 1
        if pump_turns:
            self.spend(now_s, 1)
            if low_dry and heard:
                self._judge_try()
        else:
            self.course.falls = 0
        return 0

    def _judge_try(self) -> None:
        """Pumps turn in spite of a dry low float: where the level stands still they draw air, where it falls water.

        A large well falls slower than the budget lasts, and without a high float nobody would tell that it fills.
        """
        course = self.course
        usual: int = self.rate_ks * TRY_S
        if course.lifted == NONE:
            return
        if course.lifted < usual // 4:
            self._convict_level()
        elif course.lifted <= usual // 2 or self.high_up != NONE:
            course.falls = 0
        elif course.falls >= _FALLS:
            self._convict_low()
