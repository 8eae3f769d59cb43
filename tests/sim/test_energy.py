"""A unit with an energy meter in the simulator: what it records, and what it says of it."""

import csv
import json

import pytest
from unit.control.basics import NONE

from host_tools.unitkit import unitfile
from sim.report import words
from sim.runner import Options, run
from sim.scenario import scenario
from sim.world.sensors import METER_AT_START_WH

from .rig import UNIT, Rig, fault
from .rig import scenario as plan

WIRED = {"pulses": ('blower_running = "in6"', 'energy = "in6"'), "modbus": ("[plant]", 'energy = "rs485"\n[plant]')}
NOMINAL = 128
HEAD = 'name = "x"\nseed = 3\nstart = 2026-06-15T00:00:00+08:00\ndays = {days}\n[inflow]\npopulation = 420\n'
FAULT = '[[fault]]\nat = "{at}"\nkind = "{kind}"\ntarget = "energy"\n{more}\n'


def story(tmp_path, wired, *faults, days=2):
    """(summary, rows of readings.csv, report) of a unit whose meter has these faults."""
    text = UNIT.read_text(encoding="utf-8")
    assert text.count(wired[0]) == 1
    unit = unitfile.parse(text.replace(*wired), tmp_path / "unit.toml")
    path = tmp_path / "story.toml"
    path.write_text(HEAD.format(days=days) + "".join(FAULT.format(**one) for one in faults), encoding="utf-8")
    summary = run(scenario.load(path), unit, tmp_path / "out", Options())
    with (tmp_path / "out/readings.csv").open(encoding="utf-8") as f:
        rows = [(int(row["time_s"]), int(row["quality"]), int(row["energy_wh"])) for row in csv.DictReader(f)]
    assert json.loads((tmp_path / "out/summary.json").read_text(encoding="utf-8")) == summary
    return summary, rows, (tmp_path / "out/report.html").read_text(encoding="utf-8")


def nominal(rows):
    return [t for t, quality, _ in rows if quality & NOMINAL]


@pytest.mark.parametrize("wired", WIRED.values(), ids=WIRED)
def test_a_meter_that_works_is_what_readings_tell(tmp_path, wired):
    summary, rows, report = story(tmp_path, wired)
    assert summary["energy_source"] == "metered"
    assert summary["energy_recorded_kwh"] == pytest.approx(summary["energy_kwh"], abs=0.05)
    assert nominal(rows)[1:] == [] and summary["energy_nominal_readings"] == len(nominal(rows))  # until its first move
    assert "电表计量 metered" in report and "by nominal power" not in report.split("metered")[1][:20]


def test_a_unit_without_one_says_nominal(tmp_path):
    summary, rows, report = story(tmp_path, ("[plant]", "[plant]"), days=1)
    assert summary["energy_source"] == "nominal"
    assert summary["energy_nominal_readings"] == summary["readings"]["recorded"] == 1440
    assert nominal(rows) == [] and "按额定功率 by nominal power" in report
    assert words.energy_source(summary) == "按额定功率 by nominal power"


@pytest.mark.parametrize("kind", ["missing", "stuck"])
def test_the_meter_goes_missing_and_comes_back(tmp_path, kind):
    summary, rows, report = story(tmp_path, WIRED["modbus"], {"at": "0d12:00", "kind": kind, "more": 'for = "12h"'})
    assert summary["energy_recorded_kwh"] == pytest.approx(summary["energy_kwh"], rel=0.02)
    assert summary["energy_source"] == "metered"
    from_s, to_s = 43200, 86400
    during = [t for t in nominal(rows) if t > 3600]
    assert from_s < during[0] < from_s + 3600 and to_s - 3600 < during[-1] < to_s + 3600
    assert len(during) > 300  # machines do not run in every minute
    assert max(wh for _, _, wh in rows) < 400  # what was in doubt, and never the twelve hours at once
    assert min(wh for _, _, wh in rows) == 0
    assert f"{summary['energy_nominal_readings']} 条 按额定功率 by nominal power" in report


@pytest.mark.parametrize("shows_kwh", [0, 3, 900_000])
def test_the_meter_is_replaced(tmp_path, shows_kwh):
    summary, rows, _ = story(
        tmp_path, WIRED["modbus"], {"at": "1d06:00", "kind": "replaced", "more": f"amount = {shows_kwh}"}
    )
    assert summary["energy_recorded_kwh"] == pytest.approx(summary["energy_kwh"], abs=0.05)
    assert 0 <= min(wh for _, _, wh in rows) <= max(wh for _, _, wh in rows) < 200
    after = [t for t in nominal(rows) if t > 3600]
    assert len(after) <= 2 and all(108_000 <= t < 110_000 for t in after)


def test_a_power_cut_of_the_board_loses_what_it_did_before(tmp_path):
    """The meter goes on; what was used while the board was off is in no reading, as with nominal power."""
    text = FAULT.replace("energy", "board")
    cut = text.format(at="0d12:00", kind="power_cut", more='for = "2h"')
    (tmp_path / "both").mkdir()
    path = tmp_path / "cut.toml"
    path.write_text(HEAD.format(days=1) + cut, encoding="utf-8")
    kwh = []
    for wired in (WIRED["modbus"], ("[plant]", "[plant]")):
        unit = unitfile.parse(UNIT.read_text(encoding="utf-8").replace(*wired), tmp_path / "unit.toml")
        summary = run(scenario.load(path), unit, tmp_path / "both", Options())
        kwh.append(summary["energy_recorded_kwh"])
        assert summary["energy_recorded_kwh"] <= summary["energy_kwh"] + 0.1
    assert kwh[0] == pytest.approx(kwh[1], rel=0.01)


def test_the_meter_of_the_world():
    rig = Rig(plan(faults=(fault("stuck", "energy", 100, 200), fault("replaced", "energy", 300, amount=7))))
    assert rig.run(1).inputs.energy_wh == NONE  # none is wired
    replaced = fault("replaced", "energy", 300, amount=7)
    faults = (fault("missing", "energy", 10, 20), fault("off", "mains", 30, 40), replaced, fault("down", "broker", 500))
    rig = Rig(plan(faults=faults), **{"wired.energy": 1})
    assert rig.run(1).inputs.energy_wh == METER_AT_START_WH
    assert rig.run(10).inputs.energy_wh == NONE
    assert rig.run(10).inputs.energy_wh >= METER_AT_START_WH
    assert rig.run(10).inputs.energy_wh == NONE  # a meter lives on what it measures
    rig.run(268)
    assert rig.inputs.energy_wh == int(METER_AT_START_WH + rig.world.plant.energy_j / 3600)
    used_j = rig.world.plant.energy_j
    rig.run(300)
    assert rig.inputs.energy_wh == pytest.approx(7000 + (rig.world.plant.energy_j - used_j) / 3600, abs=2)
