"""What the sensors make of the true world, and their lies: what control is told."""

import math

from unit.control.basics import NONE, const

from tests.search.chance import Chance

# Lies of the level; the number that goes with each.
STUCK = const(1)  # mm, NONE: where it stands
OFFSET = const(2)  # mm
SCALE = const(3)  # thousandths
DRIFT = const(4)  # mm an hour
NOISE = const(5)  # mm, standard deviation
DROPOUT = const(6)  # no value
ERROR_VALUE = const(7)  # the raw number that the probe or the loop sends
FOAM = const(8)  # mm: reads at least this
BLIND = const(9)  # mm: no value where the water stands higher
# Lies of floats and feedback: STUCK with 0, 1 or NONE, and
FLUTTER = const(10)  # any value each second


class Lie:
    """Whether a signal lies in this second: all the time, or in bursts."""

    def __init__(self, seed: int) -> None:
        self.kind: int = 0  # 0: it tells the truth
        self.amount: int = 0
        self.since_s: int = 0
        self.now: int = 0  # 1: this very second is a lie
        self.chance: Chance = Chance(seed)
        self._on_s: int = 0  # mean length of a burst; 0: without gaps
        self._off_s: int = 0
        self._until_s: int = 0

    def begin(self, t_s: int, kind: int, amount: int, on_s: int, off_s: int) -> None:
        self.kind = kind
        self.amount = amount
        self.since_s = t_s
        self.now = 1
        self._on_s = on_s
        self._off_s = off_s
        self._until_s = t_s + self.chance.between(1, 2 * on_s) if on_s else 0

    def end(self) -> None:
        self.kind = 0
        self.now = 0

    def step(self, t_s: int) -> None:
        if self.kind and self._on_s and t_s >= self._until_s:
            self.now = 1 - self.now
            self._until_s = t_s + self.chance.between(1, 2 * (self._on_s if self.now else self._off_s))


class Probe:
    """A level probe: lag, noise, waves, quantisation, a 4-20 mA loop or the number itself."""

    def __init__(self, seed: int) -> None:
        self.lie: Lie = Lie(seed)
        self.chance: Chance = Chance(seed + 1)
        self.lag_s: float = 2.0
        self.noise_mm: float = 0.0
        self.wave_mm: float = 0.0  # while a pump turns; a third of it else
        self.wave_s: float = 5.0
        self.step_mm: float = 1.0
        self.current: int = 1
        self.low_mm: float = 0.0
        self.high_mm: float = 4000.0
        self.shown_mm: float = 0.0  # the water that it follows, with its lag
        self.said_mm: float = 0.0  # what it says, as mm; -9999 for no value
        self._stuck_mm: float = 0.0

    def settle(self, level_mm: float) -> None:
        """It has seen this level for long."""
        self.shown_mm = level_mm

    def read(self, t_s: int, level_mm: float, turning: int) -> int:
        """The raw signal of this second, as the drivers deliver it."""
        self.shown_mm += (level_mm - self.shown_mm) / self.lag_s
        lie = self.lie
        lie.step(t_s)
        kind: int = lie.kind if lie.now else 0
        mm: float = self.shown_mm + self.noise_mm * self.chance.bell()
        if self.wave_mm > 0.0:
            swing: float = self.wave_mm if turning else self.wave_mm / 3.0
            mm += swing * math.sin(float(t_s) * 6.283185307179586 / self.wave_s)
        if kind == 0:
            self._stuck_mm = mm
        elif kind == STUCK:
            mm = self._stuck_mm if lie.amount == NONE else float(lie.amount)
        elif kind == OFFSET:
            mm += float(lie.amount)
        elif kind == SCALE:
            mm = mm * float(lie.amount) / 1000.0
        elif kind == DRIFT:
            mm += float(lie.amount) * float(t_s - lie.since_s) / 3600.0
        elif kind == NOISE:
            mm += float(lie.amount) * self.chance.bell()
        elif kind == FOAM:
            if mm < float(lie.amount):
                mm = float(lie.amount)
        elif kind == DROPOUT or (kind == BLIND and mm > float(lie.amount)):
            self.said_mm = -9999.0
            return NONE
        elif kind == ERROR_VALUE:
            self.said_mm = -9999.0
            return lie.amount
        mm = math.floor(mm / self.step_mm + 0.5) * self.step_mm
        self.said_mm = mm
        if not self.current:
            return int(mm)
        ua: int = 4000 + int(16000.0 * (mm - self.low_mm) / (self.high_mm - self.low_mm) + 0.5)
        return 3800 if ua < 3800 else 20500 if ua > 20500 else ua


class Contact:
    """A float, with hysteresis around its mark, or any other contact."""

    def __init__(self, seed: int, fitted: int) -> None:
        self.lie: Lie = Lie(seed)
        self.fitted: int = fitted
        self.up_mm: float = 0.0
        self.down_mm: float = 0.0
        self.true: int = 0
        self.said: int = NONE

    def float_on(self, level_mm: float) -> int:
        """Follow the water."""
        if level_mm >= self.up_mm:
            self.true = 1
        elif level_mm <= self.down_mm:
            self.true = 0
        return self.true

    def read(self, t_s: int, true: int) -> int:
        """The raw input of this second."""
        self.said = NONE
        if self.fitted:
            self.said = true
            lie = self.lie
            lie.step(t_s)
            if lie.now and lie.kind == STUCK:
                self.said = lie.amount
            elif lie.now and lie.kind == FLUTTER:
                self.said = 1 if lie.chance.even() < 0.5 else 0
        return self.said
