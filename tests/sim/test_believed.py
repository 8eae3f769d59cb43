"""Stories of who is believed: a lie, a dip, a cut or a flood, and the pumps that work keep pumping.

Each is told with the units on which it is worst: with everything wired, without a low float, without feedback.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from host_tools.unitkit import unitfile
from sim import runner
from sim.report.summary import bounds
from sim.scenario.scenario import load

ROOT = Path(__file__).parents[2]
STORIES = ROOT / "sim/scenarios/believed"
UNIT = unitfile.load(ROOT / "boards/esp32/units/qiaotou.toml")
UNITS: dict[str, dict[str, int | str]] = {
    "example": {},
    "no-low-float": {"float_low.fitted": 0, "wiring.float_low": ""},
    "no-feedback": {"wiring.p1_running": "", "wiring.p2_running": "", "wiring.blower_running": ""},
}
TOLD = (
    ("flood-two-pumps", "example"),
    ("rain-two-pumps", "example"),
    ("mains-dips", "example"),
    ("probe-creeps", "example"),
    ("probe-creeps", "no-low-float"),
    ("airlocked-pump", "example"),
    ("airlocked-pump", "no-feedback"),
    ("dead-duty-pump", "no-feedback"),
    ("cut-every-25-min", "example"),
    ("loose-level-wire", "example"),
    ("lost-feedback", "example"),
)
NAMES_THE_LEVEL = ("level_failed", "level_suspect", "level_drift")


def told(story: str, unit: str, folder: Path) -> dict:
    """The summary of a story on a variant of the example unit."""
    changed = replace(UNIT, settings=UNIT.settings | UNITS[unit])
    return runner.run(load(STORIES / f"{story}.toml"), changed, folder, runner.Options())


@pytest.mark.parametrize(("story", "unit"), TOLD)
def test_the_story_ends_well(story, unit, tmp_path):
    summary = told(story, unit, tmp_path / "out")
    missed = [f"{e['quantity']} is {e['value']}, allowed {bounds(e)}" for e in summary["expectations"] if not e["ok"]]
    assert not missed, {"missed": missed, "alarms": {k: n for k, n in summary["alarm_counts"].items() if n}}


@pytest.mark.parametrize("unit", ["example", "no-low-float"])
def test_a_probe_that_creeps_is_what_the_first_alarm_names(unit, tmp_path):
    alarms = told("probe-creeps", unit, tmp_path / "out")["alarms"]
    assert alarms and alarms[0]["code"] in NAMES_THE_LEVEL, alarms[:3]


def test_every_story_is_told():
    assert {path.stem for path in STORIES.glob("*.toml")} == {story for story, _ in TOLD}
