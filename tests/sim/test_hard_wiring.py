"""Floats that act on contactors past the controller: a stop wins, a start needs no command, and feedback tells."""

import pytest
from unit.control.basics import NONE

from sim.scenario.scenario import Fault, Inflow
from tests.sim.rig import Rig, fault, scenario

NAMES = {"none": 0, "p1": 1, "p2": 2, "both": 3}  # as the catalogue keeps them


def cabinet(
    level_mm: float, *faults: Fault, low: str = "none", high: str = "none", p1: int = 0, **settings: int
) -> Rig:
    """A well in which nothing flows, p2 without command, after five seconds."""
    wired = {"plant.float_low_breaks": NAMES[low], "plant.float_high_starts": NAMES[high]}
    rig = Rig(scenario(Inflow(population=0), faults=faults), **wired | settings).fill(level_mm)
    rig.p1, rig.p2, rig.blower, rig.back = p1, 0, 0, 0
    return rig.run(5)


def turns(rig: Rig) -> tuple[int, int]:
    return rig.inputs.p1_running, rig.inputs.p2_running


@pytest.mark.parametrize("pumps", NAMES)
def test_the_low_float_stops_what_it_is_wired_to(pumps):
    dry = cabinet(100, low=pumps, p1=1)
    dry.p2 = 1
    assert turns(dry.run(1)) == (int(pumps not in ("p1", "both")), int(pumps not in ("p2", "both")))
    assert turns(dry.fill(500).run(3)) == (1, 1)


@pytest.mark.parametrize("pumps", NAMES)
def test_the_high_float_starts_what_it_is_wired_to(pumps):
    wet = cabinet(1200, high=pumps)
    assert turns(wet) == (int(pumps in ("p1", "both")), int(pumps in ("p2", "both")))
    assert turns(wet.fill(500).run(3)) == (0, 0)


def test_nothing_is_wired_unless_told():
    assert turns(cabinet(1200)) == (0, 0)
    assert turns(cabinet(100, p1=1)) == (1, 0)


def test_a_stop_wins_over_a_start_and_neither_moves_a_welded_contactor():
    assert turns(cabinet(100, fault("stuck", "float_high", amount=1), low="p1", high="both")) == (0, 1)
    assert turns(cabinet(100, fault("welded", "p1"), low="both")) == (1, 0)


def test_a_start_needs_neither_board_nor_controller_but_mains():
    cut = fault("power_cut", "board")
    assert turns(cabinet(1200, cut, high="p1")) == (1, 0)
    assert turns(cabinet(1200, fault("off", "mains"), high="both")) == (0, 0)
    assert turns(cabinet(1200, fault("tripped", "p1"), high="both")) == (0, 1)


@pytest.mark.parametrize("kind", ["missing", "dropout"])
def test_what_only_the_controller_does_not_see_still_acts(kind):
    unread = fault(kind, "float_high", amount=1)
    rig = cabinet(1200, unread, high="p1")
    assert (rig.inputs.float_high, turns(rig)) == (NONE, (1, 0))


@pytest.mark.parametrize(
    ("kind", "amount", "level_mm", "starts"),
    [("open", None, 1200, 0), ("short", None, 500, 1), ("stuck", 0, 1200, 0), ("stuck", 1, 500, 1),
     ("offset", 500, 1200, 0), ("scale", 0.4, 500, 1), ("error_value", 65535, 500, 1)],
)  # fmt: skip
def test_what_moves_the_float_or_its_cable_moves_the_contactor(kind, amount, level_mm, starts):
    assert turns(cabinet(level_mm, fault(kind, "float_high", amount=amount), high="p1")) == (starts, 0)


def test_a_float_may_be_the_cabinets_alone():
    rig = cabinet(1200, high="p2", **{"float_high.fitted": 0})
    assert (rig.inputs.float_high, turns(rig)) == (NONE, (0, 1))
    rig = cabinet(100, low="p1", p1=1, **{"float_low.fitted": 0})
    assert (rig.inputs.float_low, turns(rig)) == (NONE, (0, 0))


def test_the_floats_start_a_pump_once_and_not_each_second():
    rig = cabinet(1100, high="p1")
    seen = [rig.run(1).inputs.p1_running for _ in range(300)]
    assert seen.index(0) > 20 and not any(seen[seen.index(0) :])
