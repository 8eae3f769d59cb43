"""Sensors: from the true value to the raw signal that a driver delivers, with what sensors do wrong."""

import math

from unit.control.basics import NONE, const

from .rng import Rng

# How a sensor is broken, by rising precedence; offset, scale, drift and noise come on top of a whole one.
_WHOLE = const(0)
_STUCK = const(1)
_ERROR = const(2)
_SHORT = const(3)
_OPEN = const(4)
_MISSING = const(5)

_OPEN_UA = const(0)  # a cut loop
_SHORT_UA = const(24000)  # a shorted transmitter: the input's limiter
QUANTUM_UA = 4.0  # of the analog input
LEAST_UA = 3800.0  # NAMUR NE 43: a whole transmitter stays within 3.8 to 20.5 mA
MOST_UA = 20500.0
METER_AT_START_WH = 12345000.0
NEVER_BLIND = 1e30
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
        self.offset: float = 0.0
        self.scale: float = 1.0
        self.error: float = 0.0

    def clear(self) -> None:
        """Nothing is broken."""
        self.how = _WHOLE
        self.stuck_given = 0
        self.drift_per_h = 0.0
        self.noise = 0.0
        self.offset = 0.0
        self.scale = 1.0

    def add(self, kind: str, amount: float, since_s: int) -> None:
        """One more fault; of several breaks the worst counts, of several drifts, noises or error numbers the last."""
        if kind == "offset":
            self.offset += amount
        elif kind == "scale":
            self.scale *= amount
        elif kind == "drift":
            self.drift_per_h = amount
            self.drift_from_s = since_s
        elif kind == "noise":
            self.noise = amount
        elif kind == "stuck":
            self.how = max(self.how, _STUCK)
            if amount == amount:  # not NaN: the value is given
                self.stuck_given = 1
                self.stuck_at = amount
        elif kind == "error_value":
            self.how = max(self.how, _ERROR)
            self.error = amount
        elif kind == "short" or kind == "stuck_on":
            self.how = max(self.how, _SHORT)
        elif kind == "open" or kind == "stuck_off":
            self.how = max(self.how, _OPEN)
        elif kind == "missing" or kind == "dropout":
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
        blind_above: float = NEVER_BLIND,
    ) -> None:
        """`low`, `high`: values at 4 and 20 mA; `noise` in the unit plus `noise_share` of the value, one sigma.
        `blind_above`: what a sensor above the liquid can no longer tell, for it is too near."""
        self.broken: Broken = Broken()
        self._current: int = current
        self._low: float = low
        self._ua_per_unit: float = 16000.0 / (high - low) if current else 0.0
        self._scale: float = scale
        self._gain: float = 1.0 / (1.0 + lag_s)  # first-order lag, implicit
        self._noise: float = noise
        self._noise_share: float = noise_share
        self._rng: Rng = rng
        self._blind_above: float = blind_above
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
            if broken.how == _ERROR:
                return self._number(broken.error)
            if broken.how == _MISSING or not self._current:
                return NONE
            return _SHORT_UA if broken.how == _SHORT else _OPEN_UA
        if broken.how == _STUCK:
            if broken.stuck_given:
                return self._signal(broken.stuck_at)
            if self._held != NONE:
                return self._held
        if truth > self._blind_above:  # no echo, or one of its own face
            return NONE
        value = self._shown + bell * (self._noise + self._noise_share * self._shown + broken.noise)
        value = value * broken.scale + broken.offset
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

    def _number(self, error: float) -> int:
        """An error number as it comes out: a loop carries no more than its measuring currents, a register any."""
        if self._current:
            return self._signal(error)
        return math.floor(error * self._scale + 0.5)


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
    """A float that tips around `level_mm`: 1 lifted, 0 not. `contact` is what the cabinet's own relays see of it."""

    def __init__(self, fitted: int, level_mm: float, rng: Rng, relays: int = 0) -> None:
        """`fitted`: the controller reads it. `relays`: it acts on contactors, so that it hangs there in any case."""
        self.broken: Broken = Broken()
        self.contact: int = NONE  # until it is looked at for the first time
        self._fitted: int = fitted
        self._hangs: int = 1 if fitted or relays else 0
        self._level_mm: float = level_mm
        self._rng: Rng = rng
        self._lifted: int = NONE

    def read(self, t_s: int, level_mm: float) -> int:
        """What the controller reads at `t_s`; NONE if it is not fitted or unreadable."""
        if not self._hangs:
            return NONE
        broken = self.broken
        if broken.how != _STUCK or self._lifted == NONE:
            self._tip(t_s, level_mm)
        contact = self._lifted
        if broken.how == _STUCK and broken.stuck_given:
            contact = 1 if broken.stuck_at >= 0.5 else 0
        elif broken.how == _SHORT or broken.how == _OPEN:
            contact = 1 if broken.how == _SHORT else 0
        elif broken.how == _ERROR:
            contact = 1 if broken.error != 0.0 else 0
        self.contact = contact
        if broken.how == _MISSING or not self._fitted:
            return NONE
        return contact

    def _tip(self, t_s: int, level_mm: float) -> None:
        """Follows the liquid, around its level as faults have moved it."""
        broken = self.broken
        tips_mm = self._level_mm * broken.scale + broken.offset
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


class Feedback:
    """The contact that shows that a machine turns."""

    def __init__(self, wired: int) -> None:
        self.broken: Broken = Broken()
        self._wired: int = wired

    def read(self, running: int) -> int:
        """What the controller reads; NONE where nothing is wired. A wire that is off for a while reads 0."""
        if not self._wired:
            return NONE
        if self.broken.how == _WHOLE:
            return running
        return 1 if self.broken.how == _SHORT else 0
