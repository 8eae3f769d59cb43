"""A whole scenario through the control core on the real MicroPython virtual machine: the same events, no allocation."""

import csv
import hashlib
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from host_tools.unitkit import fsimage, unitfile
from host_tools.unitkit.shrink.fold import fold
from host_tools.unitkit.shrink.shorten import shorten
from sim import runner
from sim.report.results import EVENTS_HEADER
from sim.scenario.scenario import load
from tests import vm
from tests.micropython.record_trace import record

UNIT = unitfile.load(vm.ROOT / "boards/esp32/units/qiaotou.toml")
TABLES = sorted((fsimage.FIRMWARE_DIR / "unit/catalogue").glob("*.txt"))
PLAYER = vm.ROOT / "tests/micropython/play_trace.py"


def events_csv_with(events: list[tuple[int, str, str]], recorded: Path) -> bytes:
    """events.csv of the run, its control core's rows taken out and these put in their places."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    waiting = iter(events)
    with recorded.open(encoding="utf-8", newline="") as file:
        for row in csv.reader(file):
            if row[1] == "control":
                t_s, event, detail = next(waiting, (-1, "", "missing"))
                row = [str(t_s), "control", event, detail]
            rows.writerow(row)
    rows.writerows((t_s, "control", event, detail) for t_s, event, detail in waiting)
    assert tuple(text.getvalue().splitlines()[0].split(",")) == EVENTS_HEADER
    return text.getvalue().encode()


def firmware_as_shipped(folder: Path) -> Path:
    """The firmware as a board gets it, constants written in and names cut short, and the player beside it."""
    texts = fold(fsimage.sources() | {PLAYER.name: PLAYER.read_text(encoding="utf-8")})
    texts = shorten(texts, "")
    texts |= {path.relative_to(fsimage.FIRMWARE_DIR).as_posix(): path.read_text(encoding="utf-8") for path in TABLES}
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def play(trace: Path, settings: dict[str, int], folder: Path) -> tuple[list[tuple[int, str, str]], int]:
    """Events of the control core on the virtual machine, and how many steps ran under a heap lock."""
    (folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    shipped = firmware_as_shipped(folder / "firmware")
    words = (str(trace), str(folder / "settings.json"), str(settings["readings.interval_s"]))
    *lines, last = vm.run(shipped / PLAYER.name, *words, timeout_s=900, firmware=shipped).splitlines()
    events = []
    for line in lines:
        t_s, code, a, b = map(int, line.split())
        events.append((t_s, runner._word("events", code), runner._detail(code, a, b)))
    return events, int(last.removeprefix("locked steps "))


@pytest.mark.parametrize(("name", "days"), [("week", 7), ("board-power-cuts", 0.5)])
def test_same_events_and_no_allocation(name, days, tmp_path):
    scenario = replace(load(vm.ROOT / f"sim/scenarios/{name}.toml"), days=days)
    trace = tmp_path / "trace"
    summary = record(scenario, UNIT, tmp_path / "out", trace)
    plain = runner.run(scenario, UNIT, tmp_path / "again", runner.Options())
    assert summary["events_sha256"] == plain["events_sha256"], "recording changed the run"
    events, locked_steps = play(trace, UNIT.control_settings(), tmp_path)
    starts = 1 + sum(fault.target == "board" and fault.at_s < scenario.seconds for fault in scenario.faults)
    assert locked_steps == summary["steps"] - starts
    assert len(events) > 50
    again = events_csv_with(events, tmp_path / "out/events.csv")
    assert hashlib.sha256(again).hexdigest() == summary["events_sha256"]
