"""Random stories of 4 to 48 hours: a unit, its water, and what goes wrong. A seed gives always the same story."""

import random
from dataclasses import dataclass

from unit.control.basics import NONE
from unit.control.claims import HAND, REMOTE

from tests.search import loop, senses, units

HOUR_S = 3600
WITNESSES = ("level", "float_high", "float_low", "p1_running", "p2_running", "mains")
LIES = ("", "stuck", "offset", "scale", "drift", "noise", "dropout", "error_value", "foam", "blind", "flutter")
ERROR_NUMBERS = (32767, 65535, -9999, -32768, 0)


@dataclass
class Story:
    """A unit and its acts, each a tuple (second, what, a, b, c, d, e) as loop.py takes them."""

    seed: int
    unit: units.Unit
    seconds: int
    start_s: int
    clock: bool
    acts: list[tuple[int, ...]]
    kinds: set[str]  # what goes wrong in it, in words


def draw(seed: int) -> Story:
    """The story of this seed."""
    return _Author(seed).write()


class _Author:
    def __init__(self, seed: int):
        self.rng = random.Random(seed)
        self.seed = seed
        self.unit = units.draw(self.rng)
        self.seconds = self.rng.choice((4, 6, 8, 12, 12, 18, 24, 24, 36, 48)) * HOUR_S
        self.acts: list[tuple[int, ...]] = []
        self.kinds: set[str] = set()
        self.visited = -1

    def write(self) -> Story:
        rng = self.rng
        self.water()
        if rng.random() < 0.12:
            self.kinds.add("one pump")
            self.act(1, loop.DEAD, 1, 1)
        elif rng.random() < 0.5:
            self.pump_trouble()
        if rng.random() < 0.75:
            self.lies()
        if rng.random() < 0.3:
            self.cuts()
        if rng.random() < 0.12:
            self.dips()
        if rng.random() < 0.2:
            self.commands()
        self.acts.sort()
        return Story(
            self.seed,
            self.unit,
            self.seconds,
            rng.randrange(9000 * 86400, 9300 * 86400),
            rng.random() < 0.9,
            self.acts,
            self.kinds,
        )

    def act(self, at_s: int, what: int, a: int = 0, b: int = 0, c: int = 0, d: int = 0, e: int = 0) -> None:
        self.acts.append((at_s, what, a, b, c, d, e))

    def water(self) -> None:
        """Inflow as a share of one pump's flow, a new one now and then."""
        rng = self.rng
        t = 1
        while t < self.seconds:
            share = rng.choices(
                (0.0, rng.uniform(0.01, 0.2), rng.uniform(0.2, 0.8), rng.uniform(0.8, 1.2), rng.uniform(1.2, 2.2)),
                (10, 40, 35, 8, 7),
            )[0]
            if share > 0.8:
                self.kinds.add("much water")
            self.act(t, loop.INFLOW, int(share * self.unit.pit.flow_l_s * 1000), rng.choice((1, 60, 600)))
            t += rng.randrange(600, 6 * HOUR_S)

    def span(self, longest_s: int) -> tuple[int, int]:
        begin = self.rng.randrange(60, self.seconds)
        return begin, begin + self.rng.randrange(60, longest_s)

    def repaired(self, at_s: int, always: bool = False) -> None:
        """Mostly a crew has done it and acknowledges; else it went by itself."""
        if (always or self.rng.random() < 0.7) and at_s < self.seconds:
            self.act(at_s + self.rng.randrange(10, 600), loop.ACKNOWLEDGE)

    def pump_trouble(self) -> None:
        rng = self.rng
        t = rng.randrange(60, self.seconds)
        for _ in range(rng.choice((1, 1, 2))):
            pump = rng.randrange(2)
            kind = rng.choice(("dead", "air-locked", "worn", "comes and goes"))
            self.kinds.add(f"pump {kind}")
            end = t + rng.randrange(300, 12 * HOUR_S)
            if kind == "dead":
                self.act(t, loop.DEAD, pump, 1)
                self.act(end, loop.DEAD, pump, 0)
            elif kind == "air-locked":
                self.act(t, loop.SHARE, pump, 0)
                self.act(end, loop.SHARE, pump, 1000)
            elif kind == "worn":
                self.act(t, loop.SHARE, pump, rng.randrange(500, 900))
                self.act(end, loop.SHARE, pump, 1000)
            else:
                now = t
                while now < end:
                    self.act(now, loop.SHARE, pump, 0)
                    now += rng.randrange(60, 3600)
                    self.act(now, loop.SHARE, pump, 1000)
                    now += rng.randrange(60, 3600)
                end = now
            self.repaired(end)
            t = end + rng.randrange(1800, 6 * HOUR_S)
            if t >= self.seconds:
                return

    def lies(self) -> None:
        """One lie at a time; a second one after the first is mended, of another witness or the same."""
        rng = self.rng
        t = rng.randrange(60, self.seconds)
        if rng.random() < 0.15:
            t = 1
        fitted = [loop.LEVEL] * 4
        s = self.unit.settings
        fitted += [loop.FLOAT_HIGH] * 3 if s["float_high.fitted"] else []
        fitted += [loop.FLOAT_LOW] * 3 if s["float_low.fitted"] else []
        fitted += [loop.P1_RUNNING, loop.P2_RUNNING] if self.unit.feedback else []
        for _ in range(rng.choice((1, 1, 2, 3))):
            witness = rng.choice(fitted)
            end = t + rng.randrange(300, 24 * HOUR_S)
            kind, amount = self.level_lie() if witness == loop.LEVEL else self.contact_lie()
            on_s = off_s = 0
            if rng.random() < 0.35 and kind not in (senses.FLUTTER, senses.DRIFT):
                on_s, off_s = rng.choice(((5, 5), (30, 30), (30, 300), (120, 120), (600, 600), (60, 1800)))
            name = f"{WITNESSES[witness]} {LIES[kind]}" + (" in bursts" if on_s else "")
            self.kinds.add(name)
            self.act(t, loop.LIE, witness, kind, amount, on_s, off_s)
            self.act(end, loop.TRUTH, witness)
            # What lied in bursts was convicted often, so somebody has to say that it is mended.
            self.repaired(end, always=on_s > 0)
            t = end + rng.randrange(3600, 6 * HOUR_S)
            if t >= self.seconds:
                return

    def level_lie(self) -> tuple[int, int]:
        rng = self.rng
        s = self.unit.settings
        spill = s["lift.spill_level_mm"]
        kind = rng.choice(
            (
                *(senses.STUCK, senses.STUCK, senses.OFFSET, senses.SCALE, senses.DRIFT, senses.NOISE),
                *(senses.DROPOUT, senses.ERROR_VALUE, senses.FOAM, senses.BLIND),
            )
        )
        if kind == senses.STUCK:
            return kind, rng.choice((NONE, rng.randrange(0, spill), 0, s["level.high_mm"]))
        if kind == senses.OFFSET:
            return kind, rng.choice((-1, 1)) * rng.randrange(150, 1500)
        if kind == senses.SCALE:
            return kind, rng.choice((rng.randrange(300, 850), rng.randrange(1200, 2500)))
        if kind == senses.DRIFT:
            return kind, rng.choice((-1, 1)) * rng.choice((10, 30, 100, 500, 3000))
        if kind == senses.NOISE:
            return kind, rng.choice((50, 150, 400))
        if kind == senses.ERROR_VALUE:
            if s["level.signal"] == 0:
                return kind, rng.choice((0, 3500, 22000, 24000))
            return kind, rng.choice(ERROR_NUMBERS)
        if kind == senses.FOAM:
            return kind, rng.randrange(s["lift.stop_level_mm"], spill)
        if kind == senses.BLIND:
            return kind, rng.randrange(s["lift.stop_level_mm"], spill)
        return kind, 0

    def contact_lie(self) -> tuple[int, int]:
        rng = self.rng
        if rng.random() < 0.2:
            return senses.FLUTTER, 0
        return senses.STUCK, rng.choice((0, 0, 1, 1, NONE))

    def cuts(self) -> None:
        """Mains is gone, and with it a board that has no battery."""
        rng = self.rng
        battery = rng.random() < 0.4
        self.kinds.add("mains cuts" if battery else "power cuts")
        t = rng.randrange(60, self.seconds)
        every_s = rng.choice((0, 600, 1500, 5400))
        for _ in range(rng.choice((1, 1, 2, 30))):
            long_s = rng.choice((rng.randrange(1, 10), rng.randrange(10, 600), rng.randrange(600, 4 * HOUR_S)))
            known = 1 if rng.random() < 0.6 else 0
            self.act(t, loop.MAINS, 0)
            if not battery:
                self.act(t, loop.BOARD, 0)
                self.act(t + long_s, loop.BOARD, 1, known)
            self.act(t + long_s, loop.MAINS, 1)
            t += long_s + (every_s or rng.randrange(60, 6 * HOUR_S))
            if t >= self.seconds:
                return

    def dips(self) -> None:
        """Mains flickers; the board lives on."""
        rng = self.rng
        self.kinds.add("mains dips")
        t, end = self.span(2 * HOUR_S)
        gap_s = rng.choice((10, 20, 60, 300))
        while t < end:
            long_s = rng.choice((1, 1, 2, 3, 4, 6, 10))
            self.act(t, loop.MAINS, 0)
            self.act(t + long_s, loop.MAINS, 1)
            t += long_s + rng.randrange(5, 2 * gap_s)

    def commands(self) -> None:
        rng = self.rng
        self.kinds.add("commands")
        for _ in range(rng.choice((1, 2, 5))):
            t = rng.randrange(60, self.seconds)
            pump = rng.randrange(2)
            source = rng.choice((HAND, REMOTE))
            what = rng.randrange(5)
            if what == 4:
                self.act(t, loop.ACKNOWLEDGE)
            elif what == 3:
                self.act(t, loop.AUTO, pump, source)
            else:
                self.act(t, loop.COMMAND, pump, int(what == 1), rng.choice((60, 600, 3600, 14400)), source)
