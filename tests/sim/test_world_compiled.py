"""The compiled world equals the plain one, to the last bit."""

from typing import Any

from unit.control.io import Inputs

from sim import fast
from sim.scenario.faults import KINDS
from sim.scenario.scenario import Fault, Holiday, Inflow, Rain
from sim.world.world import World
from tests.sim.rig import HOUR_S, SETTINGS, scenario

PLANTS = (
    scenario(
        Inflow(population=900, infiltration_m3_d=5.0),
        seed=2**31 - 1,
        rain=(Rain(600, 3 * HOUR_S, 20.0), Rain(2 * HOUR_S, 900, 60.0)),
        holidays=(Holiday(HOUR_S, HOUR_S, 2.0),),
        faults=tuple(
            Fault(300 + 97 * i, 2000 + 111 * i, kind.kind, target, min(0.4, kind.high), 40 * (i % 3), 17)
            for i, (kind, target) in enumerate((k, t) for k in KINDS for t in k.targets)
        ),
        start="2026-06-15T06:00:00+08:00",
    ),
    scenario(Inflow(rows=((0, 20.0, 180.0), (45, 90.0, -1.0), (400, 5.0, 90.0)), scale=1.7), seed=0),
)


def life(world: Any, inputs: Any, seconds: int) -> list[Any]:
    """Everything that shows, once in 7 seconds, under commands that take turns."""
    seen: list[Any] = []
    for t_s in range(1, seconds + 1):
        turn = t_s // 50
        world.advance(t_s, inputs, turn & 1, turn >> 1 & 1, int(turn % 5 > 0), int(turn % 7 < 3))
        if t_s % 7 == 0:
            seen.append([getattr(inputs, name) for name in vars(Inputs())])
            plant, water = world.plant, world.treatment
            seen.append((plant.level_mm(), plant.energy_j, plant.stored_m3(), water.turbidity_ntu(), water.o2_g_m3))
    return [*seen, *world.events]


HARD_WIRED = SETTINGS | {"plant.float_low_breaks": 1, "plant.float_high_starts": 3}
LOOKS_DOWN = SETTINGS | {"level.signal": 1, "level.mount_height_mm": 1000, "plant.level_blind_mm": 300}


def test_the_compiled_world_equals_the_plain_one():
    compiled = fast.load("sim.world.world").World
    compiled_inputs = fast.load("unit.control.io").Inputs
    for plan, settings in ((PLANTS[0], HARD_WIRED), (PLANTS[1], SETTINGS), (PLANTS[1], LOOKS_DOWN)):
        plain = life(World(settings, plan), Inputs(), 3 * HOUR_S)
        assert life(compiled(settings, plan), compiled_inputs(), 3 * HOUR_S) == plain
        assert life(World(settings, plan), Inputs(), 3 * HOUR_S) == plain
