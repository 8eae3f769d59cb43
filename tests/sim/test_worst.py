"""What `worst` in summary.json says: the most alarms of a day, dry seconds of half an hour, starts at once."""

from dataclasses import replace

import pytest

from host_tools.unitkit import unitfile
from sim import runner
from sim.report.summary import AlarmList
from sim.scenario.quantities import known, look_up
from sim.scenario.scenario import Fault, Inflow
from tests.sim.rig import UNIT, Rig, fault, scenario


@pytest.mark.parametrize("times", [(0, 10, 86_399, 86_400), (86_399, 86_400, 90_000, 172_799, 200_000)])
def test_alarms_are_counted_by_the_day_from_the_start(times):
    alarms = AlarmList()
    for t_s in times:
        alarms.raised("p1_clogged", t_s)
        alarms.cleared("p1_clogged", t_s)
    assert max(alarms.of_days.values()) == 3


def test_dry_seconds_are_those_of_the_worst_half_hour():
    rig = Rig(scenario(Inflow(population=0))).fill(95)
    rig.p1 = 1
    rig.run(600)
    pump = rig.world.plant.p1
    once_s = pump.most_dry_s
    assert 580 <= once_s == pump.dry_run_s
    rig.p1 = 0
    rig.run(900)
    rig.p1 = 1
    rig.run(300)
    assert pump.most_dry_s == once_s + 300
    rig.run(900)  # the first 597 s lie more than half an hour back
    assert pump.dry_run_s == once_s + 1200 == pump.most_dry_s + once_s
    rig.run(1000)
    assert pump.most_dry_s == 1800
    assert rig.world.plant.p2.most_dry_s == 0


def run(faults: tuple[Fault, ...], folder, plain: bool) -> dict:
    story = replace(scenario(faults=faults), days=0.2)
    return runner.run(story, unitfile.load(UNIT), folder, runner.Options(plain=plain))


def test_the_summary_has_them_and_an_expectation_may_ask_for_them(tmp_path):
    stuck = [fault("welded", name, 8000) for name in ("p1", "p2", "blower")]
    welded = (fault("dips", "mains", 9000, 9100, 1, 20), *stuck)
    summary = run(welded, tmp_path / "plain", plain=True)
    assert summary["worst"]["dry_s_in_30_min"] == 1800
    assert summary["worst"]["alarms_in_a_day"] == summary["alarms_total"] > 2
    assert summary["worst"]["starts_at_once"] == 3
    paths = [path for path in known() if path.startswith("worst.")]
    assert len(paths) == 3 and all(look_up(summary, path) is not None for path in paths)
    assert run(welded, tmp_path / "fast", plain=False)["worst"] == summary["worst"]
    without = run(welded[1:], tmp_path / "mains", plain=True)["worst"]
    assert without["dry_s_in_30_min"] == 1800 and without["starts_at_once"] == 0  # together, but by no outage
