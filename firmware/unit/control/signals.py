"""From raw signals to values with a quality: the first room on the road.

Limits of 4-20 mA currents after NAMUR NE 43, classes of quality after NAMUR NE 107.
"""

from .basics import FAILURE, GOOD, MAINTENANCE, NONE, OUT_OF_SPEC, const

_FAIL_LOW_UA = const(3600)
_FAIL_HIGH_UA = const(21000)
_MEASURE_LOW_UA = const(3800)
_MEASURE_HIGH_UA = const(20500)
_FAIL_DELAY_S = const(3)  # a wire that touches for a second is not a failure
_JUMP_ACCEPT_S = const(10)  # an impossible jump that stays this long is believed
_OFTEN_S = const(600)  # a signal that fails three times in this ...
_SAME_S = const(20)
_FREED_S = const(60)
_OUT_S = const(1800)  # ... is a loose wire, and not heard for this
_ROUGH = const(30)  # by which the raw value departs from the smoothed one, on the mean: waves, so smooth it more
_SPREAD_MOST = const(1000)  # one wild value does not count for more

# Why a value is not good.
FINE = const(0)
WIRE = const(1)  # current outside NE 43: open or short
STALE = const(2)  # nothing new for too long
FLAT = const(3)  # does not move any more
JUMPY = const(4)  # jumps faster than it can
RANGE = const(5)  # at the edge of the measuring range
CONTRADICTED = const(6)  # another sensor says the opposite
LOOSE = const(7)  # comes and goes


class Often:
    """Three times in ten minutes is too often: then it is not heard for half an hour."""

    def __init__(self) -> None:
        self.out_until_s: int = 0
        self._last_s: int = -_OFTEN_S
        self._before_s: int = -_OFTEN_S

    def again(self, now_s: int) -> None:
        """It has happened at `now_s`, once more; in quick succession it is the same time still."""
        if now_s - self._last_s < _SAME_S:
            return
        if now_s - self._before_s < _OFTEN_S:
            self.out_until_s = now_s + _OUT_S
        self._before_s = self._last_s
        self._last_s = now_s

    def lately(self, now_s: int) -> int:
        """1 when the last time was not the only one in ten minutes."""
        return 1 if now_s - self._before_s < _OFTEN_S else 0


class Analog:
    """One analog signal: scaled, checked, smoothed over some four seconds, over sixteen when it is rough."""

    def __init__(self) -> None:
        self.value: int = 0  # in the point's integer scale; the last credible one
        self.quality: int = FAILURE
        self.why: int = STALE
        self.changed_s: int = 0  # when the value last moved by more than the flat band
        self.raw_value: int = 0  # the unfiltered value of this second
        self.electrical: int = 0  # 1: the signal itself is alive, whatever its plausibility
        self.jumped: int = 0  # 1 since it has risen faster than it can; who has seen it fall again clears it
        self.current: int = 0  # 1: microampere, 4..20 mA are `low`..`high`; 0: the value itself, credible there
        self.low: int = 0
        self.high: int = 0
        self.max_rate: int = 1
        self.stale_s: int = 10
        self.flat_s: int = 3600
        self.flat_band: int = 2
        self._fresh_s: int = -1000000
        self._wire_bad_s: int = -1
        self._rejected_s: int = -1
        self._freed_s: int = -_FREED_S  # it leaps from where it hung
        self.loose: Often = Often()
        self._noise: int = 0
        self._spread: int = 0  # mean distance of the raw value from the smoothed one, times 16
        self._acc: int = 0  # value times 8
        self._seen: int = 0
        self._flat_value: int = NONE

    def step(self, now_s: int, raw: int) -> None:
        """Take the raw signal of this second, NONE for nothing new."""
        if not self.current and raw != NONE and (raw < self.low or raw > self.high):
            raw = NONE  # an error number, or a place where no water can be: no value, and never the nearest one
        if raw == NONE:
            if now_s - self._fresh_s >= self.stale_s:
                self._fail(now_s, STALE)
            return
        value: int = raw
        edge: int = 0
        if self.current:
            if raw < _FAIL_LOW_UA or raw > _FAIL_HIGH_UA:
                if self._wire_bad_s < 0:
                    self._wire_bad_s = now_s
                if now_s - self._wire_bad_s >= _FAIL_DELAY_S:
                    self._fail(now_s, WIRE)
                self._fresh_s = now_s
                return
            edge = 1 if raw < _MEASURE_LOW_UA or raw > _MEASURE_HIGH_UA else 0
            value = self.low + (raw - 4000) * (self.high - self.low) // 16000
        if now_s < self.loose.out_until_s:
            self._fail(now_s, LOOSE)
            return
        self._wire_bad_s = -1
        away: int = value - self.value if value > self.value else self.value - value
        if self._seen:
            self._spread += min(away, _SPREAD_MOST) - (self._spread >> 4)
            if away > self.max_rate * (now_s - self._fresh_s + 1) + (self._spread >> 3):
                if self._noise < 60:
                    self._noise += 4
                if self._rejected_s < 0:
                    self._rejected_s = now_s
                    if self.why == FLAT:
                        self._freed_s = now_s
                if now_s - self._rejected_s < _JUMP_ACCEPT_S:
                    if self._noise > 20 and self.quality < OUT_OF_SPEC:
                        self._degrade(OUT_OF_SPEC, JUMPY)
                    return
                self._acc = value * 8
                self.loose.again(now_s)
        else:
            self._acc = value * 8
            self._flat_value = NONE
        if self._rejected_s >= 0:
            freed: int = 1 if now_s - self._freed_s < _FREED_S else 0
            self.jumped = 1 if not freed and value - self.value > 2 * self.max_rate else 0
        self._rejected_s = -1
        if self._noise > 0:
            self._noise -= 1
        self._seen = 1
        self.electrical = 1
        self._fresh_s = now_s
        self.raw_value = value
        self._acc += (value * 8 - self._acc) // (16 if self._spread >> 4 > _ROUGH else 4)
        self.value = (self._acc + 4) >> 3
        away = value - self._flat_value
        if away > self.flat_band or away < -self.flat_band:
            self._flat_value = value
            self.changed_s = now_s
        if edge:
            self._degrade(OUT_OF_SPEC, RANGE)
        elif self._noise > 20:
            self._degrade(OUT_OF_SPEC, JUMPY)
        elif now_s - self.changed_s >= self.flat_s:
            self._degrade(MAINTENANCE, FLAT)
        else:
            self.quality = GOOD
            self.why = FINE

    def roughness(self) -> int:
        """What the smoothed value may move by noise and waves alone."""
        return 3 + (self._spread * 3 >> 5)

    def lost(self, now_s: int) -> int:
        """1 when the signal is gone that was steady for ten minutes: what it said last was true."""
        return 1 if not self.electrical and not self.loose.lately(now_s) else 0

    def contradict(self, why: int) -> None:
        """Another room has found this second's value to be wrong (FLAT while a pump runs, CONTRADICTED by a float)."""
        self.quality = FAILURE
        self.why = why

    def _degrade(self, quality: int, why: int) -> None:
        self.quality = quality
        self.why = why

    def _fail(self, now_s: int, why: int) -> None:
        if self.electrical:
            self.loose.again(now_s)
        self.quality = FAILURE
        self.why = why
        self.electrical = 0
        self.jumped = 0
        self._seen = 0


class Switch:
    """A switch input with delays against bounce; `value` is 1, 0, or NONE while it cannot be read."""

    def __init__(self, on_delay_s: int, off_delay_s: int) -> None:
        self.value: int = NONE
        self._on_delay_s: int = on_delay_s
        self._off_delay_s: int = off_delay_s
        self._differs_s: int = -1

    def step(self, now_s: int, raw: int) -> None:
        if raw == self.value:
            self._differs_s = -1
            return
        if self.value == NONE:
            self.value = raw
            return
        if self._differs_s < 0:
            self._differs_s = now_s
        delay_s: int = self._on_delay_s if raw == 1 else self._off_delay_s
        if now_s - self._differs_s >= delay_s:
            self.value = raw
            self._differs_s = -1
