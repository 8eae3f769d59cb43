"""Water and electricity: lift well, pumps, rising main, three tanks behind weirs, sludge return. One step is a second.

Every step moves volumes from one store to another, so the balance closes but for rounding. Equations, figures and
their sources: docs/plant-model.md.
"""

import math
from typing import Any

from .machine import DRY_POWER, Machine

TANK_DEPTH_M = 2.0  # of the anoxic and the oxic tank
DESIGN_HEAD_M = 0.04  # over a weir at the flow of both lift pumps and the return pump
RATED_OVER_STATIC = 1.25  # head at the rated point over the static head: the rest is friction
SHUT_OFF_OVER_RATED = 1.5  # head at no flow over the head at the rated point
MAIN_LENGTH_PER_HEAD = 5.0  # length of the rising main over the static head
MAIN_SPEED_M_S = 1.0  # in the rising main at the rated flow of one pump
SUCTION_SHARE = 0.6  # the pump inlets lie at this share of the lower of dry level and low float
SUCTION_LEAST_MM = 20.0
START_LEVEL_SHARE = 0.5  # of the way from stop to start level: where the well stands at the start
RETURN_LOWEST_SHARE = 0.2  # the return pump draws air below this share of the settling tank


class Plant:
    """Stores in m3 (`well_m3`, `main_m3`, `anoxic_m3`, `oxic_m3`, `settling_m3`), totals in m3 and J, and the flows of
    the last second for the treatment model."""

    def __init__(self, settings: dict[str, Any]) -> None:
        """`settings`: by key as in settings.txt, integers on the catalogue's scale."""
        self.p1: Machine = Machine(float(settings["lift.pump_power_w"]))
        self.p2: Machine = Machine(float(settings["lift.pump_power_w"]))
        self.blower: Machine = Machine(float(settings["aeration.blower_power_w"]))
        self.back: Machine = Machine(float(settings["return.power_w"]))
        self.machines: dict[str, Machine] = {"p1": self.p1, "p2": self.p2, "blower": self.blower, "return": self.back}

        # Lift well
        stop_mm = float(settings["lift.stop_level_mm"])
        start_mm = float(settings["lift.start_level_mm"])
        suction_mm = float(settings["lift.dry_level_mm"])
        if settings["float_low.fitted"]:
            suction_mm = min(suction_mm, float(settings["float_low.level_mm"]))
        suction_mm = max(suction_mm * SUCTION_SHARE, SUCTION_LEAST_MM)
        self.well_area_m2: float = float(settings["lift.well_area_m2"]) / 100.0
        self.spill_m3: float = float(settings["lift.spill_level_mm"]) / 1000.0 * self.well_area_m2
        self.suction_m3: float = suction_mm / 1000.0 * self.well_area_m2
        self.well_m3: float = (stop_mm + START_LEVEL_SHARE * (start_mm - stop_mm)) / 1000.0 * self.well_area_m2

        # Pump curve H = shut_off - curve * q^2 against static head + friction * Q^2; heads in m, flows in m3/s
        self.rated_m3_s: float = float(settings["lift.pump_flow_m3_h"]) / 10.0 / 3600.0
        static_m = float(settings["plant.static_head_m"]) / 10.0
        rated_m = static_m * RATED_OVER_STATIC
        self.shut_off_m: float = rated_m * SHUT_OFF_OVER_RATED
        self.curve: float = (self.shut_off_m - rated_m) / (self.rated_m3_s * self.rated_m3_s)
        self.friction: float = (rated_m - static_m) / (self.rated_m3_s * self.rated_m3_s)
        self.outfall_m: float = static_m + (stop_mm + start_mm) / 2000.0  # above the well's floor
        self.main_full_m3: float = self.rated_m3_s / MAIN_SPEED_M_S * static_m * MAIN_LENGTH_PER_HEAD
        self.main_m3: float = self.main_full_m3

        # Tanks: full to the crest of their weirs at the start
        self.anoxic_crest_m3: float = float(settings["plant.anoxic_m3"]) / 10.0
        self.oxic_crest_m3: float = float(settings["plant.oxic_m3"]) / 10.0
        self.settling_crest_m3: float = float(settings["plant.settling_m3"]) / 10.0
        self.settling_area_m2: float = float(settings["plant.settling_area_m2"]) / 10.0
        self.anoxic_m3: float = self.anoxic_crest_m3
        self.oxic_m3: float = self.oxic_crest_m3
        self.settling_m3: float = self.settling_crest_m3
        self.return_m3_s: float = float(settings["return.flow_m3_h"]) / 10.0 / 3600.0
        design_m3_s = 2.0 * self.rated_m3_s + self.return_m3_s
        self.weir: float = design_m3_s / (DESIGN_HEAD_M * math.sqrt(DESIGN_HEAD_M))  # 2/3 Cd b sqrt(2 g), m^1.5/s

        # Totals since the start
        self.stored_at_start_m3: float = self.stored_m3()
        self.inflow_m3: float = 0.0
        self.lifted_m3: float = 0.0  # delivered by the lift pumps into the anoxic tank
        self.discharged_m3: float = 0.0  # left through the outlet
        self.overflow_m3: float = 0.0  # spilt from the lift well
        self.energy_j: float = 0.0  # electricity of the four machines
        # Of the last second, m3
        self.spilled_m3: float = 0.0
        self.delivered_m3: float = 0.0
        self.returned_m3: float = 0.0
        self.to_oxic_m3: float = 0.0
        self.to_settling_m3: float = 0.0
        self.out_m3: float = 0.0

    def stored_m3(self) -> float:
        """Water in all stores now."""
        return self.well_m3 + self.main_m3 + self.anoxic_m3 + self.oxic_m3 + self.settling_m3

    def mass_error_m3(self) -> float:
        """What came in and is neither here nor gone: rounding, or a fault of this model."""
        return self.inflow_m3 - self.discharged_m3 - self.overflow_m3 - (self.stored_m3() - self.stored_at_start_m3)

    def level_mm(self) -> float:
        """Level in the lift well above its floor."""
        return self.well_m3 / self.well_area_m2 * 1000.0

    def step(self, inflow_m3: float) -> None:
        """One second; the machines have been told whether they run."""
        self.inflow_m3 += inflow_m3
        self.well_m3 += inflow_m3
        self._lift()
        self.spilled_m3 = 0.0
        if self.well_m3 > self.spill_m3:
            self.spilled_m3 = self.well_m3 - self.spill_m3
            self.overflow_m3 += self.spilled_m3
            self.well_m3 = self.spill_m3
        self._flow_down()
        if self.blower.running:
            self.energy_j += self.blower.power_w(1.0)

    def _lift(self) -> None:
        """Pumps against the static head and the common main; what leaks back through the check valves."""
        p1 = self.p1
        p2 = self.p2
        pumped_m3 = 0.0
        if p1.running or p2.running:
            shares = 0.0
            if p1.running:
                shares += p1.flow_share
            if p2.running:
                shares += p2.flow_share
            each_m3 = 0.0
            spare_m = self.shut_off_m - (self.outfall_m - self.well_m3 / self.well_area_m2)
            if spare_m > 0.0:
                each_m3 = math.sqrt(spare_m / (self.curve + self.friction * shares * shares))
            pumped_m3 = shares * each_m3
            reachable_m3 = max(self.well_m3 - self.suction_m3, 0.0)
            dry = 0
            if pumped_m3 > reachable_m3:
                pumped_m3 = reachable_m3
                dry = 1
            if p1.running:
                self._draw(p1, each_m3, dry)
            if p2.running:
                self._draw(p2, each_m3, dry)
        leak_share = (0.0 if p1.running else p1.leak_share) + (0.0 if p2.running else p2.leak_share)
        if pumped_m3 == 0.0 and leak_share == 0.0:
            self.delivered_m3 = 0.0
            return
        # The head of the main drives the leak, so it slows as the main runs empty.
        leaked_m3 = 0.0
        if leak_share > 0.0:
            leaked_m3 = leak_share * self.rated_m3_s * math.sqrt(self.main_m3 / self.main_full_m3)
            leaked_m3 = min(leaked_m3, self.main_m3)
        self.well_m3 += leaked_m3 - pumped_m3
        main_m3 = self.main_m3 + pumped_m3 - leaked_m3
        self.delivered_m3 = max(main_m3 - self.main_full_m3, 0.0)
        self.main_m3 = main_m3 - self.delivered_m3
        self.anoxic_m3 += self.delivered_m3
        self.lifted_m3 += self.delivered_m3

    def _draw(self, pump: Machine, each_m3: float, dry: int) -> None:
        """Energy of a running lift pump and whether it runs dry."""
        if dry:
            pump.dry = 1
            pump.dry_run_s += 1
            self.energy_j += pump.rated_w * DRY_POWER
        else:
            self.energy_j += pump.power_w(pump.flow_share * each_m3 / self.rated_m3_s)

    def _flow_down(self) -> None:
        """Gravity from tank to tank over the weirs, and the sludge return against it."""
        self.returned_m3 = 0.0
        back = self.back
        if back.running:
            wanted_m3 = self.return_m3_s * back.flow_share
            reachable_m3 = max(self.settling_m3 - RETURN_LOWEST_SHARE * self.settling_crest_m3, 0.0)
            if wanted_m3 > reachable_m3:
                back.dry = 1
                back.dry_run_s += 1
            self.energy_j += back.power_w(back.flow_share)
            self.returned_m3 = min(wanted_m3, reachable_m3)
            self.settling_m3 -= self.returned_m3
            self.anoxic_m3 += self.returned_m3
        self.to_oxic_m3 = self._over(self.anoxic_m3 - self.anoxic_crest_m3, self.anoxic_crest_m3 / TANK_DEPTH_M)
        self.anoxic_m3 -= self.to_oxic_m3
        self.oxic_m3 += self.to_oxic_m3
        self.to_settling_m3 = self._over(self.oxic_m3 - self.oxic_crest_m3, self.oxic_crest_m3 / TANK_DEPTH_M)
        self.oxic_m3 -= self.to_settling_m3
        self.settling_m3 += self.to_settling_m3
        self.out_m3 = self._over(self.settling_m3 - self.settling_crest_m3, self.settling_area_m2)
        self.settling_m3 -= self.out_m3
        self.discharged_m3 += self.out_m3

    def _over(self, above_m3: float, area_m2: float) -> float:
        """Volume over a weir in a second: Poleni, Q = weir * h^1.5, never more than stands above the crest."""
        if above_m3 <= 0.0:
            return 0.0
        head_m = above_m3 / area_m2
        return min(self.weir * head_m * math.sqrt(head_m), above_m3)
