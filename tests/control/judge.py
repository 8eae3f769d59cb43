"""Witnesses of a lift well whose level is read exactly and whose floats tip at once, so that every edge can be met."""

from unit.control.basics import FAILURE, GOOD, NONE
from unit.control.signals import FINE, STALE, Analog, Switch
from unit.control.witnesses import Well


class Exact(Analog):
    """A level without filter or delay; `rough` is what it may move by noise alone."""

    def __init__(self):
        super().__init__()
        self.rough = 3

    def step(self, now_s, raw):
        self.electrical = 0 if raw == NONE else 1
        self.quality = GOOD if self.electrical else FAILURE
        self.why = FINE if self.electrical else STALE
        if self.electrical:
            self.value = self.raw_value = raw

    def roughness(self):
        return self.rough


class Judge:
    """The high float hangs at 1000 mm, the low float at 150 mm, and below 180 mm the level says dry."""

    def __init__(self, t=5000, **fields):
        w = Well()
        w.level = Exact()
        w.float_high = Switch(0, 0)
        w.float_low = Switch(0, 0)
        w.dry_level_mm = 180
        w.high_mark_mm = 1000
        w.low_mark_mm = 150
        w.spill_level_mm = 1500
        w.high_fitted = w.low_fitted = 1
        for name in fields:
            assert hasattr(w, name)
            setattr(w, name, fields[name])
        self.w = w
        self.t = t

    def feed(self, seconds, level, high, low, pump=0):
        """So many seconds with these signals; returns the witnesses."""
        for _ in range(seconds):
            self.w.step(self.t, level, high, low, pump)
            self.t += 1
        return self.w

    def until(self, sign, most_s, level, high, low, pump=0):
        """Seconds with these signals before `sign` of the witnesses is true, `most_s` if it never is."""
        for n in range(most_s):
            self.feed(1, level, high, low, pump)
            if sign(self.w):
                return n
        return most_s

    def out(self):
        """Who is not believed, a letter each."""
        w = self.w
        return ("", "L")[w.level_out] + ("", "h")[w.high_out] + ("", "l")[w.low_out]
