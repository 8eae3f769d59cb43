"""docs/how-to-add.md keeps its word: its edits, made in a copy of the product, are all that an addition takes."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from unit.catalogue import tables

from tests.vm import ROOT

PAGE = ROOT / "docs/how-to-add.md"
UNIT = "boards/esp32/units/qiaotou.toml"
HOUR = """
name = "hour"
start = 2026-06-15T08:00:00+08:00
days = 0.0417

[inflow]
population = 420
litres_per_person_day = 70
"""
# What the console and MQTT say of them, and the journal's rows; prints one JSON object.
LOOK = """
import csv, io, json
from unit.catalogue import tables
from unit.uplink import meta, payloads
from unit.uplink.json_out import JsonOut
from unit.uplink.state import state
from host_tools.verbs import journal
from tests.console.rig import Unit

found = {}
unit = Unit("en", settings={"lift.notice_level_mm": 150}, level_mm=300)
unit.seconds(120)
unit.unlock()
found["alarms"] = unit.say("alarms")
found["log"] = unit.say("log 50")
found["show"] = unit.say("show lift.notice_level_mm")
found["set"] = unit.say("set lift.notice_level_mm 5000")
found["trend"] = unit.say("trend well_l 1h")

class Identity:
    firmware = firmware_sha256 = config_sha256 = nonce = ""
    boot = 1

out = JsonOut(bytearray(8192), 0)
meta.meta(out, Identity, 0)
found["meta"] = json.loads(out.bytes())

class Newest:
    outputs, alarms = unit.control.outputs, unit.control.alarms
    values = [0] * tables.count("points")
    quality = unit.control.look(values)
    uptime_s = t = 0

state(out, 1, payloads.points(), Newest)
found["state"] = json.loads(out.bytes())
text = io.StringIO()
journal.read(unit.journal, csv.writer(text))
found["journal"] = list(csv.DictReader(io.StringIO(text.getvalue())))
print(json.dumps(found))
"""


def edits() -> list[tuple[str, str, str]]:
    """(file, old text, new text) of every edit on the page, in its order; no old text: at the end of the file."""
    found = []
    for path, body in re.findall(r"^```diff (\S+)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.S | re.M):
        lines = body.splitlines(keepends=True)
        assert all(line[0] in " +" for line in lines), body
        old = "".join(line[1:] for line in lines if line[0] == " ")
        found.append((path, old, "".join(line[1:] for line in lines)))
    return found


class Copy:
    """The product with the page's edits in it."""

    def __init__(self, folder: Path):
        self.folder = folder
        for name in ("firmware", "host_tools", "sim", "boards"):
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        for path, old, new in edits():
            file = folder / path
            text = file.read_text(encoding="utf-8")
            assert text.count(old) == 1 or not old, f"{PAGE.name}: {path} has not once the lines\n{old}"
            file.write_text(text.replace(old, new) if old else text + new, encoding="utf-8")
        shutil.copy(ROOT / "pyproject.toml", folder)
        (folder / "hour.toml").write_text(HOUR, encoding="utf-8")

    def run(self, *args: str, code: int = 0) -> str:
        """What `python ARGS` prints there."""
        places = (self.folder / "firmware", self.folder, ROOT)  # tests come from here, all else from the copy
        env = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, places))}
        done = subprocess.run(
            [sys.executable, *args],
            cwd=self.folder,
            env=env,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr if code else done.stdout

    def qingxi(self, *args: str, code: int = 0) -> str:
        return self.run("-c", "import sys; from host_tools.main import main; sys.exit(main())", *args, code=code)


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    return Copy(tmp_path_factory.mktemp("product"))


def test_the_numbers_on_the_page_are_the_next_ones():
    texts = {path: new for path, _, new in edits() if "const(" in new}
    assert f"WELL_L = const({tables.count('points')})" in texts["firmware/unit/control/points.py"]
    alarm = [new for _, _, new in edits() if "LEVEL_NOTICE = " in new]
    assert f"LEVEL_NOTICE = const({tables.count('alarms')})" in alarm[0]


def test_the_setting_is_in_every_verb_of_config(copy):
    copy.qingxi("config", "check", UNIT)
    assert "notice_level_mm" in copy.qingxi("config", "show", UNIT)
    lift = json.loads(copy.qingxi("config", "schema"))["properties"]["lift"]["properties"]
    assert lift["notice_level_mm"]["maximum"] == 20000
    page = copy.qingxi("config", "reference")
    assert "| `notice_level_mm` | `200` | 80..20000 mm | 提示液位 | level at which a notice is given |" in page
    bad = copy.folder / "bad.toml"
    text = (copy.folder / UNIT).read_text(encoding="utf-8")
    bad.write_text(text.replace("[lift]", "[lift]\nnotice_level_mm = 5000"), encoding="utf-8")
    assert "a notice must come before the alarm" in copy.qingxi("--lang", "en", "config", "check", str(bad), code=2)


def test_the_simulator_records_the_point_and_raises_the_alarm(copy):
    out = copy.qingxi("sim", "run", "hour.toml", "--unit", UNIT, "--plain", "--out", "out", "--json")
    assert "level_notice" in {alarm["code"] for alarm in json.loads(out)["alarms"]}
    with (copy.folder / "out/readings.csv").open(encoding="utf-8") as f:
        rows = list(csv.DictReader(f))
    assert len(rows) == 60
    assert all(float(row["well_l"]) > 0 for row in rows)
    assert ",alarm,level_notice unacknowledged" in (copy.folder / "out/events.csv").read_text(encoding="utf-8")
    assert "Level rather high" in (copy.folder / "out/report.html").read_text(encoding="utf-8")


def test_console_mqtt_and_journal_have_all_three(copy):
    found = json.loads(copy.run("-c", LOOK))
    assert "Level rather high" in found["alarms"] and "Keep an eye on the pumps" in found["alarms"]
    assert "alarm Level rather high: new" in found["log"]
    assert "lift.notice_level_mm = 150 mm  level at which a notice is given" in found["show"]
    assert "a notice must come before the alarm" in found["set"]
    assert "water in the well, L" in found["trend"]
    assert {"id": "well_l", "unit": "L", "low": 0, "high": 1000000}.items() <= found["meta"]["points"][-1].items()
    assert found["state"]["values"]["well_l"] > 0
    assert {"code": "level_notice", "state": "unacknowledged"} in found["state"]["alarms"]
    assert any(row["well_l"] not in ("", "0") for row in found["journal"])
