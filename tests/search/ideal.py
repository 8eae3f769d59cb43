"""What could be done at best: the measures for a spill that need not be.

`Hand` is a pump hand beside the well with one good pump.

He is given the same water, mains, board and limits of motor starts, and one pump, the better of those that may be used,
of which nine tenths count. He is slow on purpose: after everything that changes he stands still for a fair time in
which control may find out, and each start comes late. Where even he spills, nothing is held against control.
"""

from unit.control.basics import const

from tests.search.plant import Plant

_HOUR_S = const(3600)
_COUNTS = 0.9  # share of the pump's flow that he uses


class Hand:
    """The slow pump hand."""

    def __init__(self, area_m2: float, spill_mm: float, suction_mm: float) -> None:
        self.area_m2: float = area_m2
        self.spill_mm: float = spill_mm
        self.suction_mm: float = suction_mm
        self.stop_mm: float = 0.0
        self.start_mm: float = 0.0
        self.late_s: int = 60  # from the start level to the start
        self.max_starts_per_h: int = 1
        self.min_off_s: int = 5
        self.level_mm: float = 0.0
        self.spills: int = 0  # 1 in a second in which he spills
        self.on: int = 0
        self.held_until_s: int = 0
        self._since_s: int = -100000
        self._reached_s: int = -1
        self._started_s: list[int] = [-100000] * 60
        self._next: int = 0

    def hold(self, until_s: int) -> None:
        """He stands still until then."""
        if until_s > self.held_until_s:
            self.held_until_s = until_s

    def step(self, t_s: int, inflow_l_s: float, flow_l_s: float, power: int, start_mm: float) -> None:
        """One second. `flow_l_s`: of the pump that he may use, 0 for none; `start_mm`: where he begins today."""
        may: int = 1 if power and flow_l_s > 0.0 and t_s >= self.held_until_s else 0
        if self.level_mm < start_mm:
            self._reached_s = -1
        elif self._reached_s < 0:
            self._reached_s = t_s
        if self.on:
            if not may or self.level_mm <= self.stop_mm:
                self.on = 0
                self._since_s = t_s
        elif may and self._reached_s >= 0 and t_s - self._reached_s >= self.late_s:
            oldest: int = self._started_s[(self._next - self.max_starts_per_h) % 60]
            if t_s - oldest >= _HOUR_S and t_s - self._since_s >= self.min_off_s:
                self._started_s[self._next] = t_s
                self._next = (self._next + 1) % 60
                self.on = 1
                self._since_s = t_s
        lifted: float = flow_l_s * _COUNTS if self.on else 0.0
        self.level_mm += (inflow_l_s - lifted) / self.area_m2
        if self.level_mm < self.suction_mm:
            self.level_mm = self.suction_mm
        self.spills = 0
        if self.level_mm > self.spill_mm:
            self.level_mm = self.spill_mm
            self.spills = 1


def best_spill_l(plant: Plant, at_s: list[int], inflow_ml_s: list[int], swing_s: list[int], seconds: int) -> float:
    """Litres that spill though both pumps run whenever they have water, as if the storm were foreseen."""
    k: int = 0
    t_s: int = 0
    while t_s < seconds:
        t_s += 1
        while k < len(at_s) and at_s[k] <= t_s:
            plant.target_l_s = float(inflow_ml_s[k]) / 1000.0
            plant.swing_s = float(swing_s[k])
            k += 1
        wet: int = 1 if plant.level_mm > plant.suction_mm + 5.0 else 0
        plant.advance(t_s, wet, wet)
    return plant.spilt_l
