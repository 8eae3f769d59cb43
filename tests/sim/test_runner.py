"""A run from end to end, through the real command: results, exit codes, one truth, memory, an interrupted run."""

import cProfile
import csv
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from host_tools.unitkit import unitfile
from sim.runner import Options, run
from sim.scenario.scenario import load
from tests import patience

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = sorted((ROOT / "sim/scenarios").glob("*.toml"))
UNIT = ROOT / "boards/esp32/units/qiaotou.toml"
COMMAND = [sys.executable, "-m", "host_tools.main"]

SMALL = """\
name = "small"
start = 2026-06-15T00:00:00+08:00
days = 1
[inflow]
population = 420
[[fault]]
at = "10:00"
for = "30s"
kind = "power_cut"
target = "board"
[[fault]]
at = "11:00"
for = "2h"
kind = "down"
target = "network"
[[fault]]
at = "14:00"
for = "1h"
kind = "dead"
target = "blower"
[[visit]]
at = "15:10"
[[expect]]
quantity = "overflow_m3"
max = 0.0
"""


def qingxi(*args: object, cwd: Path = ROOT) -> subprocess.CompletedProcess:
    env = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'firmware'}"}
    command = [*COMMAND, *map(str, args)]
    return patience.run(command, 600, cwd=cwd, env=env)


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    """Results of the small scenario."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "small.toml").write_text(SMALL, encoding="utf-8")
    done = qingxi("sim", "run", folder / "small.toml", "--out", folder / "out", "--junit", folder / "junit.xml")
    assert done.returncode == 0, done.stderr
    return folder


def summary(out: Path) -> dict:
    return json.loads((out / "summary.json").read_text(encoding="utf-8"))


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# --- the results folder


def test_summary_has_the_keys_that_others_rely_on(small):
    s = summary(small / "out")
    wanted = """scenario unit seed simulated_s wall_s steps inflow_m3 lifted_m3 discharged_m3 overflow_m3 stored_m3
        mass_error_m3 energy_kwh energy_kwh_per_m3 actuators effluent readings alarms expectations events_sha256"""
    assert set(wanted.split()) <= set(s)
    assert set(s["actuators"]) == {"p1", "p2", "blower", "return"}
    for actuator in s["actuators"].values():
        assert set(actuator) == {"starts", "run_s", "max_starts_per_h", "min_run_s", "min_off_s", "dry_run_s"}
    assert set(s["effluent"]) >= {"turbidity_ntu_mean", "turbidity_ntu_p95"}
    assert set(s["readings"]) == {"recorded", "delivered", "lost", "duplicated"}
    assert all(set(alarm) == {"code", "raised_s", "cleared_s"} for alarm in s["alarms"])
    assert s["expectations"] == [{"quantity": "overflow_m3", "min": None, "max": 0.0, "value": 0.0, "ok": True}]
    assert (s["scenario"], s["unit"], s["simulated_s"], s["interrupted"]) == ("small", "qiaotou", 86_400, False)


def test_the_water_balance_closes(small):
    s = summary(small / "out")
    gone = s["discharged_m3"] + s["overflow_m3"] + s["stored_m3"]
    assert s["inflow_m3"] > 20
    assert abs(s["inflow_m3"] - gone) < 1e-6 * s["inflow_m3"]
    assert abs(s["mass_error_m3"]) < 1e-6 * s["inflow_m3"]


def test_events(small):
    path = small / "out/events.csv"
    assert summary(small / "out")["events_sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    events = rows(path)
    assert list(events[0]) == ["time_s", "source", "event", "detail"]
    times = [int(event["time_s"]) for event in events]
    assert times == sorted(times) and times[-1] <= 86_400
    told = [(int(e["time_s"]), e["source"], e["event"], e["detail"]) for e in events]
    assert (36_000, "board", "loses_power", "") in told
    assert (36_030, "board", "starts", "") in told
    assert (39_600, "fault", "begin", "network down") in told
    assert (54_600, "crew", "visit", "") in told
    assert any(e[2:] == ("alarm", "blower_trip unacknowledged") and 50_400 <= e[0] <= 54_000 for e in told)


def test_actuators_agree_with_the_events(small):
    """Measured at the plant, told by the controller: without welded contacts both count the same starts."""
    events = rows(small / "out/events.csv")
    starts = [e["detail"].split()[0] for e in events if e["event"] == "output_on"]
    for name in ("p1", "p2", "return"):
        assert summary(small / "out")["actuators"][name]["starts"] == starts.count(name) > 0


def test_readings(small):
    readings = rows(small / "out/readings.csv")
    s = summary(small / "out")
    # The board lost its power at 10:00 and counts the minutes from its start half a minute later.
    assert len(readings) == s["readings"]["recorded"] == s["readings"]["delivered"] == 599 + 839
    assert [row["time_s"] for row in readings[598:600]] == ["35940", str(36_030 + 60)]
    assert list(readings[0])[:4] == ["time_s", "time", "quality", "level_mm"]
    assert readings[0]["time_s"] == "60" and readings[0]["time"] == "2026-06-15T00:01:00"
    assert readings[-1]["time"] == "2026-06-15T23:59:30"
    assert all(150 < int(row["level_mm"]) < 1500 for row in readings)
    ran = sum(int(row["p1_run_s"]) for row in readings)
    assert abs(ran - s["actuators"]["p1"]["run_s"]) <= 60


def test_the_outage_is_in_the_alarms(small):
    trips = [alarm for alarm in summary(small / "out")["alarms"] if alarm["code"] == "blower_trip"]
    assert trips and trips[0]["raised_s"] >= 50_400 and trips[0]["cleared_s"]


def test_junit(small):
    suite = ElementTree.parse(small / "junit.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("failures")) == ("1", "0")
    assert suite[0].get("name") == "overflow_m3 .. 0"


# --- one truth


def test_same_input_same_bytes(small, tmp_path):
    again = qingxi("sim", "run", small / "small.toml", "--out", tmp_path / "out", "--json")
    first = summary(small / "out")
    second = json.loads(again.stdout)
    for s in (first, second):
        s.pop("wall_s")
    assert first == second
    for name in ("events.csv", "readings.csv"):
        assert (small / "out" / name).read_bytes() == (tmp_path / "out" / name).read_bytes()


def test_another_seed_is_another_week(small, tmp_path):
    path = tmp_path / "other.toml"
    path.write_text(SMALL.replace("days = 1", "days = 1\nseed = 2"), encoding="utf-8")
    qingxi("sim", "run", path, "--out", tmp_path / "out")
    assert summary(tmp_path / "out")["events_sha256"] != summary(small / "out")["events_sha256"]


def test_plain_decides_the_same(small, tmp_path):
    qingxi("sim", "run", small / "small.toml", "--out", tmp_path / "out", "--plain")
    for name in ("events.csv", "readings.csv"):
        assert (small / "out" / name).read_bytes() == (tmp_path / "out" / name).read_bytes()


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_every_story_ends_well(path, tmp_path):
    done = qingxi("sim", "run", path, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "out/report.html").stat().st_size < 1_500_000


# --- exit codes


def test_an_expectation_that_fails_is_exit_1(tmp_path):
    path = tmp_path / "s.toml"
    path.write_text(SMALL.replace("max = 0.0", "min = 1.0"), encoding="utf-8")
    done = qingxi("sim", "run", path, "--out", tmp_path / "out", "--junit", tmp_path / "j.xml")
    assert done.returncode == 1
    assert "FAILED" in done.stdout
    assert (tmp_path / "out/report.html").exists()
    failure = ElementTree.parse(tmp_path / "j.xml").getroot().find(".//failure")
    assert failure is not None and failure.get("message") == "overflow_m3 is 0.0, allowed 1 .."


@pytest.mark.parametrize(
    "args, says",
    [
        (("--days", "0"), "--days"),
        (("--days", "nan"), "--days"),
        (("--speed", "fast"), "--speed"),
        (("--speed", "-1"), "--speed"),
        (("--unit", "nowhere.toml"), "nowhere.toml"),
        (("--broker", "nohost"), "--broker: must be HOST:PORT"),
    ],
)
def test_bad_arguments_are_exit_2_and_write_nothing(tmp_path, args, says):
    path = tmp_path / "s.toml"
    path.write_text(SMALL, encoding="utf-8")
    done = qingxi("sim", "run", path, "--out", tmp_path / "out", *args)
    assert done.returncode == 2 and says in done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["s.toml"]


def test_mistakes_of_scenario_and_unit_are_told_together(tmp_path):
    scenario, unit = tmp_path / "s.toml", tmp_path / "u.toml"
    scenario.write_text(SMALL.replace("population", "people"), encoding="utf-8")
    unit.write_text(UNIT.read_text(encoding="utf-8").replace("stop_level_mm = 250", "stop_level_mm = 700"), "utf-8")
    done = qingxi("sim", "run", scenario, "--unit", unit, "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "s.toml:5: inflow.people" in done.stderr and "stop_level_mm" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_place_that_cannot_be_written_is_exit_3(tmp_path):
    path = tmp_path / "s.toml"
    path.write_text(SMALL, encoding="utf-8")
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    done = qingxi("sim", "run", path, "--out", tmp_path / "out")
    assert done.returncode == 3 and "is a file" in done.stderr


def test_files_of_others_in_the_folder_stay(tmp_path):
    path = tmp_path / "s.toml"
    path.write_text(SMALL, encoding="utf-8")
    (tmp_path / "out").mkdir()
    (tmp_path / "out/notes.txt").write_text("mine", encoding="utf-8")
    (tmp_path / "out/summary.json").write_text("old", encoding="utf-8")
    assert qingxi("sim", "run", path, "--out", tmp_path / "out", "--days", "0.1").returncode == 0
    assert (tmp_path / "out/notes.txt").read_text(encoding="utf-8") == "mine"
    assert summary(tmp_path / "out")["simulated_s"] == 8640
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out", "s.toml"]


# --- interrupted, paced, long


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_run_stays_readable(tmp_path, number):
    path = tmp_path / "s.toml"
    path.write_text(SMALL.replace("days = 1", "days = 3000"), encoding="utf-8")
    env = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'firmware'}"}
    command = [*COMMAND, "sim", "run", str(path), "--out", str(tmp_path / "out")]
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as process:
        while not any(p.stat().st_size > 100_000 for p in tmp_path.glob(".out.*/readings.csv")):
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(number)
        said, _ = patience.output(process, 60)
    assert process.returncode == 130
    assert "interrupted" in said
    s = summary(tmp_path / "out")
    assert s["interrupted"] is True and 0 < s["simulated_s"] < 3000 * 86_400
    assert len(rows(tmp_path / "out/readings.csv")) == s["readings"]["recorded"] > 0
    events = (tmp_path / "out/events.csv").read_bytes()
    assert s["events_sha256"] == hashlib.sha256(events).hexdigest()
    assert "interrupted" in (tmp_path / "out/report.html").read_text(encoding="utf-8")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out", "s.toml"]


def test_paced_run_takes_its_time(tmp_path):
    path = tmp_path / "s.toml"
    path.write_text(SMALL, encoding="utf-8")
    done = qingxi("sim", "run", path, "--out", tmp_path / "out", "--days", "0.01", "--speed", "864", "--json")
    assert json.loads(done.stdout)["wall_s"] >= 0.99  # 864 s at 864 times real time


_PEAK = """
import resource, sys
from host_tools.main import main
main(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
"""


def test_memory_is_flat(tmp_path):
    """60 days may not need more than a few MB above 7 days: a reading kept in memory would cost 8 MB a month."""
    env = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'firmware'}"}
    peaks = {}
    for days in (7, 60):
        args = ["sim", "run", SCENARIOS[0], "--days", days, "--out", tmp_path / str(days)]
        command = [sys.executable, "-c", _PEAK, *map(str, args)]
        done = patience.run(command, 600, cwd=ROOT, env=env)
        peaks[days] = int(done.stderr.splitlines()[-1])
    assert peaks[60] - peaks[7] < 6_000, peaks


def test_cost_grows_with_the_days_alone(tmp_path):
    """Counted in calls of functions, which other work on the machine does not change."""
    story = load(SCENARIOS[0])
    calls = []
    for tenths in (1, 2, 3):
        profile = cProfile.Profile()
        profile.runcall(
            run, replace(story, days=tenths / 10), unitfile.load(UNIT), tmp_path / str(tenths), Options(plain=True)
        )
        calls.append(sum(entry.callcount for entry in profile.getstats()))
    second, third = calls[1] - calls[0], calls[2] - calls[1]
    assert 8640 * 20 < third < 1.15 * second, calls  # were it to grow with the square, 1.67


def test_a_listener_hears_every_reading(small, tmp_path):
    heard = []
    run(
        load(small / "small.toml"),
        unitfile.load(UNIT),
        tmp_path / "out",
        Options(reading=lambda unix_s, quality, values: heard.append((unix_s, quality, values[0]))),
    )
    readings = rows(small / "out/readings.csv")
    assert [level for _, _, level in heard] == [int(row["level_mm"]) for row in readings]
    assert heard[0][0] == 1_781_452_800 + 60  # 2026-06-15T00:00:00+08:00
