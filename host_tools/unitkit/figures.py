"""What a unit's settings come to: how fast its pumps move the level, how often they start, what its board has left.

Everything is exact (fractions), so that a limit which is named as right is right when it is written into the file.
"""

from collections.abc import Mapping
from fractions import Fraction
from math import ceil

from unit.catalogue.tables import rows

KEPT_STARTS = 2  # of an hour, which control spends only above the high mark


class Figures:
    """Figures of the checked settings `s`, as the board keeps them; `terminals` of the board: name -> [kind, ...].

    `speed` is mm/s by which one pump at its rated flow moves the level, which is also what an inflow of that size does.
    """

    def __init__(self, s: Mapping[str, int | str], terminals: Mapping[str, list]):
        self.texts = s
        self.s: dict[str, int] = {key: value for key, value in s.items() if isinstance(value, int)}
        self.terminals = terminals
        # m3/h times 10 over m2 times 100; 1 m3/h on 1 m2 is 1000/3600 mm/s.
        self.speed = Fraction(self.s["lift.pump_flow_m3_h"] * 25, self.s["lift.well_area_m2"] * 9)
        self.dry: int = self.s["lift.dry_level_mm"]
        self.stop: int = self.s["lift.stop_level_mm"]
        self.start: int = self.s["lift.start_level_mm"]
        self.assist: int = self.s["lift.assist_level_mm"]
        self.high: int = self.s["lift.high_level_mm"]
        self.spill: int = self.s["lift.spill_level_mm"]
        self.high_float: int = self.s["float_high.level_mm"]
        self.has_high: bool = self.s["float_high.fitted"] == 1
        self.has_low: bool = self.s["float_low.fitted"] == 1
        self.starts_for_work: int = max(1, self.s["lift.max_starts_per_h"] - KEPT_STARTS)

    def seconds(self, mm: int) -> int:
        """Whole seconds in which one pump lifts `mm` of the well, or such an inflow fills them."""
        return int(mm / self.speed)

    def mm(self, seconds: int) -> int:
        """Millimetres, rounded up, by which one pump or such an inflow moves the level in that time."""
        return ceil(self.speed * seconds)

    def worst_starts_per_h(self) -> Fraction:
        """Starts of all pumps together at half a pump's flow, the most there are: a fill and a run of 2 V/q each."""
        return 900 * self.speed / (self.start - self.stop)

    def lowest_start_mm(self, starts_per_h: int) -> int:
        """The lowest start level at which so many starts an hour are enough."""
        return self.stop + ceil(900 * self.speed / starts_per_h)

    def kind_at(self, key: str) -> str:
        """The kind of the terminal that `key` names, "" for none."""
        terminal = self.terminals.get(str(self.texts.get(key, "")))
        return str(terminal[0]) if terminal else ""

    def measures_distance(self) -> bool:
        """Whether the level sensor hangs over the water and tells how far down it is."""
        if self.s["level.signal"] == 0:
            return False
        probe = self.texts.get("level.probe")
        by_probe = any(row[0] == probe and row[1] == "distance" for row in rows("probes"))
        return self.kind_at("wiring.level") == "uart" or by_probe

    def free_input(self, key: str) -> str:
        """An input terminal of the board for a `key` of [wiring] that has none, "" if there are too few for it."""
        taken = {value for at, value in self.texts.items() if at.startswith("wiring.")}
        free = [name for name, terminal in self.terminals.items() if terminal[0] == "input" and name not in taken]
        wanting = [at for at in self.texts if at.endswith("_running") and self.texts[at] == ""]
        place = wanting.index(key) if key in wanting else len(wanting)
        return free[place] if place < len(free) else ""
