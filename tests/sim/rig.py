"""A world on a test bench: the example unit under a plain two-level switch, in place of the control core."""

from datetime import datetime
from pathlib import Path
from typing import Any

from unit.control.io import Inputs

from host_tools.unitkit import unitfile
from sim.scenario.faults import BY_KIND
from sim.scenario.scenario import FOREVER, Fault, Inflow, Scenario
from sim.world.world import World

UNIT = Path(__file__).parents[2] / "boards/esp32/units/qiaotou.toml"
SETTINGS = unitfile.load(UNIT).control_settings() | {"wired.return_running": 1}  # every machine tells whether it turns
HOUR_S = 3600
DAY_S = 86400


def scenario(inflow: Inflow | None = None, **more: Any) -> Scenario:
    """A scenario from midnight; 420 people unless told otherwise."""
    return Scenario(
        name="bench",
        seed=more.pop("seed", 1),
        start=datetime.fromisoformat(more.pop("start", "2026-06-15T00:00:00+08:00")),
        days=1,
        inflow=inflow or Inflow(population=420),
        **more,
    )


def fault(
    kind: str, target: str, at_s: int = 0, until_s: int = FOREVER, amount: float | None = None, every_s: int = 0,
    lasts_s: int = 0,
) -> Fault:  # fmt: skip
    """A fault with its default amount unless told otherwise."""
    if amount is None:
        amount = BY_KIND[kind].default or 0.0
    return Fault(at_s, until_s, kind, target, amount, every_s, int(amount) if BY_KIND[kind].pulsed else lasts_s)


class Rig:
    """`p1`, `p2`, `blower`, `back` are the commands; None leaves p1 to the two-level switch, the blower to 45 minutes
    in the hour and the return to 20."""

    def __init__(self, plan: Scenario | None = None, **settings: int):
        self.world = World(SETTINGS | settings, plan or scenario())
        self.inputs = Inputs()
        self.t_s = 0
        self.p1: int | None = None
        self.p2: int = 0
        self.blower: int | None = None
        self.back: int | None = None
        self._lifting = 0

    def run(self, seconds: int) -> "Rig":
        """Let time pass."""
        for _ in range(seconds):
            self.t_s += 1
            level_mm = self.world.plant.level_mm()
            if level_mm > 600:
                self._lifting = 1
            elif level_mm < 250:
                self._lifting = 0
            minute = self.t_s // 60 % 60
            self.world.advance(
                self.t_s,
                self.inputs,
                self._lifting if self.p1 is None else self.p1,
                self.p2,
                int(minute < 45) if self.blower is None else self.blower,
                int(minute < 20) if self.back is None else self.back,
            )
        return self

    def fill(self, level_mm: float) -> "Rig":
        """Put the well at a level; the balance counts it as stored from the start."""
        plant = self.world.plant
        before_m3 = plant.well_m3
        plant.well_m3 = level_mm / 1000 * plant.well_area_m2
        plant.stored_at_start_m3 += plant.well_m3 - before_m3
        return self

    def level_shown_mm(self) -> float:
        """What the level signal says, by the settings' scale."""
        span_mm = SETTINGS["level.high_mm"] - SETTINGS["level.low_mm"]
        return SETTINGS["level.low_mm"] + (self.inputs.level - 4000) / 16000 * span_mm
