"""The lift well as far as the sensors can tell: level, floats, who contradicts whom, and when it is dry."""

from .basics import FAILURE, NONE, const
from .signals import CONTRADICTED, FLAT, Analog, Switch

_FLOAT_TOLERANCE_MM = const(200)  # a float tips somewhere around its mark
_CONTRADICT_S = const(15)
_MOVED_MM = const(50)
_FLAT_RUN_S = const(240)  # a pump runs this long and the level has not moved at all
_FLAT_RUN_BAND_MM = const(3)
OVERRIDE_S = const(180)  # two floats against each other and no level: pump so long ...
OVERRIDE_REST_S = const(1800)  # ... and not again before this
_DRIFT_MM = const(120)  # level against a float's mark at the moment it tips


class Well:
    """Level and floats of the lift well; `level_mm` may be decided on while `level_ok` is 1."""

    def __init__(self) -> None:
        self.level: Analog = Analog()
        self.float_high: Switch = Switch(2, 2)
        self.float_low: Switch = Switch(2, 2)
        self.level_mm: int = 0
        self.level_ok: int = 0
        self.level_drifts: int = 0  # 1 when the level disagreed with a float at the moment it tipped
        self.float_low_wrong: int = 0  # 1 while the low float says dry and the level says wet
        self.float_high_wrong: int = 0  # 1 from two witnesses against the high float until it falls
        self.level_out: int = 0  # 1 while a witness is not believed, whichever way it lies
        self.high_out: int = 0
        self.low_out: int = 0
        self.high_up: int = NONE  # the high float, as far as it is to be believed: 1, 0, NONE not fitted
        self.high_contradicts: int = 0  # 1 while the high float is lifted far above the level
        self.dry: int = 0
        self.dry_level_mm: int = 0
        self.high_mark_mm: int = 0  # the levels at which the floats tip
        self.low_mark_mm: int = 0
        self.high_fitted: int = 0  # 0 makes a float's signal ignored
        self.low_fitted: int = 0
        self._contradicted_s: int = -1
        self._void_mm: int = NONE  # the level at which it was found to be wrong
        self._low_wrong_s: int = -1
        self._low_outvoted: int = 0  # 1 from two witnesses against the low float until it moves
        self._level_outvoted: int = 0  # 1 from both floats against a dry level until the low one says dry too
        self._override_s: int = -OVERRIDE_REST_S  # start of the last override
        self._flat_failed: int = 0
        self._flat_run_s: int = 0
        self._flat_ref_mm: int = 0
        self._was_high: int = NONE
        self._was_low: int = NONE

    def step(self, now_s: int, level_raw: int, high_raw: int, low_raw: int, pump_turns: int) -> None:
        """Take the signals of this second. `pump_turns`: 1 while at least one lift pump turns."""
        self.level.step(now_s, level_raw)
        self.float_high.step(now_s, high_raw if self.high_fitted else NONE)
        self.float_low.step(now_s, low_raw if self.low_fitted else NONE)
        self._judge_flat(pump_turns)
        self._judge_high_float()
        self._judge_floats(now_s)
        self.level_mm = self.level.value
        self.level_ok = 0 if self.level.quality == FAILURE else 1
        self._judge_drift()
        self.high_out = self.float_high_wrong
        self.low_out = self.float_low_wrong
        self.dry = self._is_dry(now_s)

    def forgive(self) -> None:
        """Somebody has seen to the witnesses: one that waits for a person is believed again."""

    def _judge_flat(self, pump_turns: int) -> None:
        """A pump that runs moves the level one way or the other: a level that stands still is stuck."""
        level = self.level
        if not level.electrical:
            self._flat_run_s = 0
            self._flat_failed = 0
            return
        away: int = level.raw_value - self._flat_ref_mm
        if away > _FLAT_RUN_BAND_MM or away < -_FLAT_RUN_BAND_MM:
            self._flat_ref_mm = level.raw_value
            self._flat_run_s = 0
            self._flat_failed = 0
        elif pump_turns:
            self._flat_run_s += 1
            if self._flat_run_s >= _FLAT_RUN_S:
                self._flat_failed = 1
        if self._flat_failed:
            level.contradict(FLAT)

    def _judge_high_float(self) -> None:
        """A lifted high float is not believed once the low float and the level both say that the well is low."""
        high: int = self.float_high.value
        level_low: int = 1 if self.level.value < self.high_mark_mm - _FLOAT_TOLERANCE_MM else 0
        if high != 1:
            self.float_high_wrong = 0
        elif self.float_low.value == 0 and self.level.electrical and level_low:
            self.float_high_wrong = 1
        self.high_up = 0 if self.float_high_wrong else high

    def _judge_floats(self, now_s: int) -> None:
        """The high float lifted far above the level, or the low float wet far above it: the level is wrong."""
        level = self.level
        if not level.electrical:
            self._contradicted_s = -1
            self._void_mm = NONE
            self._low_wrong_s = -1
            self.float_low_wrong = 0
            self._level_outvoted = 0
            self.high_contradicts = 0
            return
        value: int = level.value
        low: int = self.float_low.value
        wrong: int = 1 if self.high_up == 1 and value < self.high_mark_mm - _FLOAT_TOLERANCE_MM else 0
        self.high_contradicts = wrong
        if not wrong:
            self._contradicted_s = -1
        elif self._contradicted_s < 0:
            self._contradicted_s = now_s
        elif now_s - self._contradicted_s >= _CONTRADICT_S:
            self._void_mm = value
        if self._void_mm != NONE:
            # Not believed again before the float is down and the level has moved by itself.
            moved: int = value - self._void_mm
            if not wrong and (moved > _MOVED_MM or moved < -_MOVED_MM):
                self._void_mm = NONE
            else:
                level.contradict(CONTRADICTED)
        level_dry: int = 1 if value < self.dry_level_mm else 0
        if low != 1 or not (level_dry or self.high_up == 1):
            self._level_outvoted = 0
        elif level_dry and self.high_up == 1:
            self._level_outvoted = 1
        if self._level_outvoted:
            level.contradict(CONTRADICTED)
        low_wrong: int = 1 if low == 0 and value > self.low_mark_mm + _FLOAT_TOLERANCE_MM else 0
        if not low_wrong:
            self._low_wrong_s = -1
            self.float_low_wrong = 0
        elif self._low_wrong_s < 0:
            self._low_wrong_s = now_s
        elif now_s - self._low_wrong_s >= _CONTRADICT_S:
            self.float_low_wrong = 1

    def _judge_drift(self) -> None:
        high: int = self.float_high.value
        low: int = self.float_low.value
        if self.level_ok:
            if self._was_high == 0 and high == 1:
                self._compare(self.high_mark_mm)
            elif self._was_low != NONE and low != NONE and self._was_low != low:
                self._compare(self.low_mark_mm)
        self._was_high = high
        self._was_low = low

    def _compare(self, mark_mm: int) -> None:
        off: int = self.level_mm - mark_mm
        self.level_drifts = 1 if off > _DRIFT_MM or off < -_DRIFT_MM else 0

    def _is_dry(self, now_s: int) -> int:
        """Either witness of a dry well is enough, unless the high float is up and outvotes the low one.

        The level is heard here as long as its signal is alive: stopping on a wrong level costs time until the high
        float, running on one costs a pump. Once both floats have said that the well is full, a low float that is wet
        outvotes it: else the pumps flutter around the high float until their starts are used up, and the well spills.
        """
        alive: int = self.level.electrical
        value: int = self.level.value
        low: int = self.float_low.value
        high: int = self.high_up
        level_dry: int = 1 if alive and value < self.dry_level_mm and not self._level_outvoted else 0
        if low != 0:
            self._low_outvoted = 0
        elif high == 1 and alive and value > self.low_mark_mm + _FLOAT_TOLERANCE_MM:
            self._low_outvoted = 1
        float_dry: int = 1 if low == 0 and not self._low_outvoted else 0
        if high == 1:
            if alive:
                return 1 if level_dry and float_dry else 0
            if float_dry and now_s - self._override_s >= OVERRIDE_REST_S:
                self._override_s = now_s
        if not alive and now_s - self._override_s < OVERRIDE_S:
            return 0
        return 1 if level_dry or float_dry else 0
