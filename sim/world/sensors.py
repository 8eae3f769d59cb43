"""Sensors: from the true value to the raw signal that a driver delivers, with what sensors do wrong."""

from unit.control.basics import NONE, const

from .rng import Rng

# How a sensor is broken, by rising precedence; drift and noise come on top of a whole one.
_WHOLE = const(0)
_STUCK = const(1)
_SHORT = const(2)
_OPEN = const(3)
_MISSING = const(4)

_OPEN_UA = const(0)  # a cut loop
_SHORT_UA = const(24000)  # a shorted transmitter: the input's limiter
QUANTUM_UA = 4.0  # of the analog input
LEAST_UA = 3800.0  # NAMUR NE 43: a whole transmitter stays within 3.8 to 20.5 mA
MOST_UA = 20500.0
METER_AT_START_WH = 12345000.0
FLOAT_HALF_MM = 20.0  # a float tips this far above its level and falls back this far below


class Broken:
    """The faults of one sensor at this moment."""

    def __init__(self) -> None:
        self.how: int = _WHOLE
        self.stuck_at: float = 0.0
        self.stuck_given: int = 0
        self.drift_per_h: float = 0.0
        self.drift_from_s: int = 0
        self.noise: float = 0.0

    def clear(self) -> None:
        """Nothing is broken."""
        self.how = _WHOLE
        self.stuck_given = 0
        self.drift_per_h = 0.0
        self.noise = 0.0

    def add(self, kind: str, amount: float, since_s: int) -> None:
        """One more fault; of several breaks the worst counts, of several drifts or noises the last."""
        if kind == "drift":
            self.drift_per_h = amount
            self.drift_from_s = since_s
        elif kind == "noise":
            self.noise = amount
        elif kind == "stuck":
            self.how = max(self.how, _STUCK)
            if amount == amount:  # not NaN: the value is given
                self.stuck_given = 1
                self.stuck_at = amount
        elif kind == "short":
            self.how = max(self.how, _SHORT)
        elif kind == "open":
            self.how = max(self.how, _OPEN)
        elif kind == "missing":
            self.how = _MISSING


class AnalogSensor:
    """A 4-20 mA transmitter (signal in microampere) or a direct reading (signal in 1/`scale` of the unit)."""

    def __init__(
        self,
        current: int,
        low: float,
        high: float,
        scale: float,
        lag_s: float,
        noise: float,
        noise_share: float,
        rng: Rng,
    ) -> None:
        """`low`, `high`: values at 4 and 20 mA; `noise` in the unit plus `noise_share` of the value, one sigma."""
        self.broken: Broken = Broken()
        self._current: int = current
        self._low: float = low
        self._ua_per_unit: float = 16000.0 / (high - low) if current else 0.0
        self._scale: float = scale
        self._gain: float = 1.0 / (1.0 + lag_s)  # first-order lag, implicit
        self._noise: float = noise
        self._noise_share: float = noise_share
        self._rng: Rng = rng
        self._shown: float = 0.0
        self._warm: int = 0
        self._held: int = NONE

    def read(self, t_s: int, truth: float) -> int:
        """The signal at `t_s`; NONE if there is none."""
        if self._warm:
            self._shown += self._gain * (truth - self._shown)
        else:
            self._warm = 1
            self._shown = truth
        bell = self._rng.bell()  # drawn in any case, so that a fault changes nothing once it is over
        broken = self.broken
        if broken.how > _STUCK:
            if broken.how == _MISSING or not self._current:
                return NONE
            return _SHORT_UA if broken.how == _SHORT else _OPEN_UA
        if broken.how == _STUCK:
            if broken.stuck_given:
                return self._signal(broken.stuck_at)
            if self._held != NONE:
                return self._held
        value = self._shown + bell * (self._noise + self._noise_share * self._shown + broken.noise)
        if broken.drift_per_h != 0.0:
            value += broken.drift_per_h * float(t_s - broken.drift_from_s) / 3600.0
        self._held = self._signal(value)
        return self._held

    def _signal(self, value: float) -> int:
        if self._current:
            ua = 4000.0 + (value - self._low) * self._ua_per_unit
            ua = min(max(ua, LEAST_UA), MOST_UA)
            return int(ua / QUANTUM_UA + 0.5) * int(QUANTUM_UA)
        return int(max(value * self._scale, 0.0) + 0.5)


class EnergyMeter:
    """A meter of the four machines: it goes on counting while nobody reads it, and its total may be that of another."""

    def __init__(self, wired: int) -> None:
        self.broken: Broken = Broken()
        self._wired: int = wired
        self._total_wh: float = METER_AT_START_WH
        self._used_wh: float = 0.0
        self._replaced_s: int = -1

    def replace(self, at_s: int, total_kwh: float) -> None:
        """From `at_s` on another meter hangs there; to be told again is no other one."""
        if at_s > self._replaced_s:
            self._replaced_s = at_s
            self._total_wh = total_kwh * 1000.0

    def read(self, used_j: float, mains_on: int) -> int:
        """The total, Wh; NONE from a meter that does not answer. `used_j`: by the machines since the start."""
        used_wh = used_j / 3600.0
        if self.broken.how != _STUCK:
            self._total_wh += used_wh - self._used_wh
        self._used_wh = used_wh
        if not self._wired or not mains_on or self.broken.how == _MISSING:
            return NONE
        return int(self._total_wh)


class FloatSwitch:
    """A float that tips around `level_mm`: 1 lifted, 0 not."""

    def __init__(self, fitted: int, level_mm: float, rng: Rng) -> None:
        self.broken: Broken = Broken()
        self._fitted: int = fitted
        self._level_mm: float = level_mm
        self._rng: Rng = rng
        self._lifted: int = NONE

    def read(self, t_s: int, level_mm: float) -> int:
        """The contact at `t_s`; NONE if it is not fitted or unreadable."""
        if not self._fitted:
            return NONE
        broken = self.broken
        if broken.how > _STUCK:
            if broken.how == _MISSING:
                return NONE
            return 1 if broken.how == _SHORT else 0
        if broken.how == _STUCK:
            if broken.stuck_given:
                return 1 if broken.stuck_at >= 0.5 else 0
            if self._lifted != NONE:
                return self._lifted
        tips_mm = self._level_mm
        if broken.drift_per_h != 0.0:  # the cable slips
            tips_mm += broken.drift_per_h * float(t_s - broken.drift_from_s) / 3600.0
        if broken.noise > 0.0:  # it bounces on the waves
            tips_mm += broken.noise * self._rng.bell()
        if level_mm > tips_mm + FLOAT_HALF_MM:
            self._lifted = 1
        elif level_mm < tips_mm - FLOAT_HALF_MM:
            self._lifted = 0
        elif self._lifted == NONE:
            self._lifted = 1 if level_mm > tips_mm else 0
        return self._lifted
