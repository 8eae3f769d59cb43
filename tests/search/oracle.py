"""The judge: looks at the true plant each second and keeps the worst figure of every rule. It asks control nothing.

What counts as fair stands in one place, the constants below.
"""

from unit.control.basics import const

from tests.search.ideal import Hand
from tests.search.plant import Motor, Plant
from tests.search.senses import Contact, Probe

_HOUR_S = const(3600)
_SETTLE_S = const(300)  # after everything that changes control may look round before it is measured
_REPAIRED_S = const(1000)  # a repaired pump that nobody has acknowledged is tried again within this
_SINGLE_S = const(2700)  # so long after too few witnesses told the truth nothing is held against control
_SPILT_S = const(7200)  # nor after even the slow hand has spilt: starts of two hours ago still count
_LATE_S = const(60)  # from the mark to the start, at best
_FIND_OUT_S = const(240)  # more, while one pump is bad: some tries of it
_COUNTS = 0.9  # share of the best pump's flow that an inflow must stay below, or it is a flood
_SLACK_MM = 30.0  # above a mark, waves and hysteresis
_TOLERANCE_MM = 200.0  # so far from its mark a float that hangs contradicts nobody
_RETRY_S = const(960)  # with all pumps locked out one is tried at least this often

# Rules: the place of each worst figure.
SPILL = const(0)  # litres that need not have been spilt
DRY = const(1)  # most dry seconds of a pump in half an hour, two witnesses telling the truth
DRY_LIED = const(2)  # the same while fewer do
STARTS = const(3)  # starts in an hour beyond the limit
OVERRUN = const(4)  # seconds beyond the longest run, the well not high
STAND = const(5)  # seconds in which a good pump stood still in a high well
UNTRIED = const(6)  # seconds without a try in a high well, all pumps locked out
ALARMS = const(7)  # raises of one alarm in a day
ALL_ALARMS = const(8)  # raises of any alarm in a day
N_RULES = const(9)


class Judge:
    """Worst figures of one story, with the second in which each was reached."""

    def __init__(self, plant: Plant, hand: Hand, level: Probe, high: Contact, low: Contact) -> None:
        self.plant: Plant = plant
        self.hand: Hand = hand
        self.level: Probe = level
        self.high: Contact = high
        self.low: Contact = low
        self.worst: list[float] = [0.0] * N_RULES
        self.at_s: list[int] = [-1] * N_RULES
        self.first_s: list[int] = [-1] * N_RULES  # when the limit was first passed
        self.limit: list[float] = [0.0] * N_RULES
        self.broke: int = 0  # 1 in a second in which a limit was passed for the first time
        # of the unit
        self.start_mm: float = 0.0
        self.high_mm: float = 0.0  # the well is high: alarm level and float
        self.either_mm: float = 0.0  # ... or one of them
        self.max_starts_per_h: int = 0
        self.max_run_s: int = 0
        self.rest_s: int = 0
        self.min_off_s: int = 0
        self.restart_wait_s: int = 0
        self.mains_sensed: int = 0
        self.feedback: list[Contact] = []
        # of this second
        self.enough: int = 1  # 1 while so many witnesses tell the truth that the water is judged
        self.held: int = 1  # 1 while it is judged
        self.good: int = 0  # pumps that control may rely on
        self.cut_s: int = -100000  # last second without mains
        self.doubt_s: list[int] = [-1, -1]  # repaired then, and nobody has acknowledged it
        self.was_bad: list[int] = [0, 0]
        self.off_until_s: list[int] = [0, 0]  # switched off by hand or from afar until then
        self.alarm: list[int] = []
        self.alarm_s: list[int] = []
        self._single_s: int = -100000
        self._stood_s: int = 0
        self._untried_s: int = 0
        self._over_s: list[int] = [0, 0]
        self._below_s: int = 0
        self._spilt_l: float = 0.0
        self._hand_spilt_s: int = -100000  # last second in which even the slow hand spilt what a pump could hold

    def changed(self, t_s: int) -> None:
        """Something is no longer as it was: time to find out."""
        self.hand.hold(t_s + _SETTLE_S)

    def acknowledged(self, t_s: int) -> None:
        if self.doubt_s[0] >= 0 or self.doubt_s[1] >= 0:
            self.changed(t_s)
        self.doubt_s[0] = -1
        self.doubt_s[1] = -1

    def _book(self, rule: int, figure: float, t_s: int) -> None:
        if figure > self.worst[rule]:
            self.worst[rule] = figure
            self.at_s[rule] = t_s
            if figure > self.limit[rule] and self.first_s[rule] < 0:
                self.first_s[rule] = t_s
                self.broke = 1

    def _is_bad(self, motor: Motor) -> int:
        return 1 if motor.dead or motor.share < 0.05 else 0

    def _witnesses(self, t_s: int) -> None:
        true: int = 0 if self.level.lie.kind else 1
        fitted: int = 1
        if self.high.fitted:
            fitted += 1
            true += 0 if self.high.lie.kind else 1
        if self.low.fitted:
            fitted += 1
            true += 0 if self.low.lie.kind else 1
        self.enough = 1 if true >= 2 or (fitted == 1 and true == 1) else 0
        if not self.enough:
            self._single_s = t_s
        held: int = 1 if t_s - self._single_s >= _SINGLE_S else 0
        if held and not self.held:
            self.hand.level_mm = self.plant.level_mm
        self.held = held

    def _usable(self, k: int, t_s: int) -> int:
        """Whether pump `k` may be relied on in this second."""
        motor = self.plant.motors[k]
        bad: int = self._is_bad(motor)
        if self.was_bad[k] and not bad:
            self.doubt_s[k] = t_s
        self.was_bad[k] = bad
        if bad:
            self.doubt_s[k] = -1
            return 0
        if t_s < self.off_until_s[k]:
            return 0
        if self.doubt_s[k] >= 0:
            other = self.plant.motors[1 - k]
            if t_s - self.doubt_s[k] < _REPAIRED_S or not self._is_bad(other):
                return 0
        return 1

    def second(self, t_s: int, board: int, relay_1: int, relay_2: int) -> None:
        """Judge this second."""
        plant = self.plant
        hand = self.hand
        self.broke = 0
        self._witnesses(t_s)
        if not plant.mains:
            self.cut_s = t_s
        if not (board and plant.mains):
            # Where mains is not sensed a cut looks like two dead pumps, of which one is tried each quarter of an hour.
            unseen: int = 1 if board and not self.mains_sensed else 0
            hand.hold(t_s + self.restart_wait_s + (_REPAIRED_S if unseen else _SETTLE_S))
        a: int = self._usable(0, t_s)
        b: int = self._usable(1, t_s)
        self.good = a + b
        flow_a: float = plant.lift_l_s(hand.level_mm, 1, 0) if a else 0.0
        flow_b: float = plant.lift_l_s(hand.level_mm, 0, 1) if b else 0.0
        blind: int = 1 if self.level.lie.kind or self.low.lie.kind else 0
        begin_mm: float = self.high.up_mm if blind and self.high.fitted else self.start_mm
        flow: float = flow_a if flow_a > flow_b else flow_b
        power: int = board & plant.mains
        hand.late_s = _LATE_S + (0 if a and b else _FIND_OUT_S) + (_LATE_S if blind else 0)
        hand.step(t_s, plant.inflow_l_s, flow, power, begin_mm)
        if not power or plant.inflow_l_s > _COUNTS * flow:
            # No pump could hold this water. Afterwards he is no better off than control.
            if hand.level_mm < plant.level_mm:
                hand.level_mm = plant.level_mm
        elif hand.spills:
            self._hand_spilt_s = t_s
        elif plant.spills and self.held and t_s - self._hand_spilt_s > _SPILT_S:
            self._spilt_l += plant.inflow_l_s
            self._book(SPILL, self._spilt_l, t_s)
        self._motor(0, t_s)
        self._motor(1, t_s)
        self._high(t_s, board, relay_1 | relay_2)

    def _motor(self, k: int, t_s: int) -> None:
        motor = self.plant.motors[k]
        if motor.dry:
            self._book(DRY if self.held else DRY_LIED, float(motor.dry_s), t_s)
        if not motor.turns:
            self._over_s[k] = 0
            return
        if motor.since_s == t_s and self._could_know(k, motor, t_s):
            beyond: int = motor.starts_in_hour(t_s) - self.max_starts_per_h
            if beyond > 0:
                self._book(STARTS, float(beyond), t_s)
        low_mm: float = self.either_mm - 2.0 * _SLACK_MM - (_TOLERANCE_MM if self.high.lie.kind else 0.0)
        low: int = 1 if self.enough and self.plant.level_mm < low_mm else 0
        other = self.plant.motors[1 - k]
        shortest_s: int = self.rest_s if self.rest_s > self.min_off_s else self.min_off_s
        if not other.turns and t_s - other.since_s < shortest_s + _LATE_S:
            low = 0  # two pumps never rest together
        if self._is_bad(other) or other.starts_in_hour(t_s) + 2 >= self.max_starts_per_h:
            low = 0  # nobody to hand over to, but at the price of starts that a full well will want
        if other.turns and self.plant.inflow_l_s > self.plant.lift_l_s(self.plant.level_mm, 1, 1):
            low = 0  # both turn and the water rises all the same
        if low and t_s - motor.since_s > self.max_run_s:
            self._over_s[k] += 1
            self._book(OVERRUN, float(self._over_s[k]), t_s)
        else:
            self._over_s[k] = 0

    def _could_know(self, k: int, motor: Motor, t_s: int) -> int:
        """Whether control could prevent this start, and know of those before it."""
        if motor.pulled_again and (motor.bounced or not self.mains_sensed):
            return 0
        feedback = self.feedback[k]
        seen: int = 1 if self.mains_sensed or (feedback.fitted and not feedback.lie.kind) else 0
        return 1 if seen or t_s - self.cut_s > _HOUR_S else 0

    def _high(self, t_s: int, board: int, relay: int) -> None:
        """A high well in which nothing is done."""
        plant = self.plant
        is_high: int = 1 if plant.level_mm > self.high_mm + _SLACK_MM else 0
        due: int = 1 if is_high and self.held and t_s >= self.hand.held_until_s and board and plant.mains else 0
        if not due or plant.motors[0].turns or plant.motors[1].turns or not self._can_start(t_s):
            self._stood_s = 0
        else:
            self._stood_s += 1
            self._book(STAND, float(self._stood_s), t_s)
        locked: int = 1 if self._is_bad(plant.motors[0]) and self._is_bad(plant.motors[1]) else 0
        off: int = 1 if t_s < self.off_until_s[0] or t_s < self.off_until_s[1] else 0
        if not due or not locked or relay or off:
            self._untried_s = 0
        else:
            self._untried_s += 1
            self._book(UNTRIED, float(self._untried_s), t_s)

    def _can_start(self, t_s: int) -> int:
        """Whether a pump that may be relied on has a start left."""
        if self._usable(0, t_s) and self.plant.motors[0].starts_in_hour(t_s) < self.max_starts_per_h:
            return 1
        if self._usable(1, t_s) and self.plant.motors[1].starts_in_hour(t_s) < self.max_starts_per_h:
            return 1
        return 0

    def raised(self, index: int, t_s: int) -> None:
        """Control has raised this alarm."""
        self.alarm.append(index)
        self.alarm_s.append(t_s)

    def limits(self) -> None:
        """How much of each is allowed."""
        limit = self.limit
        limit[SPILL] = 20.0
        limit[DRY] = 180.0
        limit[DRY_LIED] = 180.0
        limit[STARTS] = 0.0
        limit[OVERRUN] = 60.0
        limit[STAND] = float(_SETTLE_S if self.min_off_s < 180 else self.min_off_s + 120)
        limit[UNTRIED] = float(_RETRY_S)
        if self.max_starts_per_h < 6:
            limit[UNTRIED] += 3600.0 / float(self.max_starts_per_h)
