"""The scenario file: what it means, and every way it can be wrong, named by file, line and key."""

from pathlib import Path

import pytest

from host_tools.unitkit.errors import BadInput
from sim.scenario import scenario
from sim.scenario.durations import parse_duration
from sim.scenario.scenario import FOREVER, Expect, Fault, Rain

GOOD = """\
name = "storm-and-clog"
seed = 1
start = 2026-06-15T00:00:00+08:00
days = 7

[inflow]
population = 420
litres_per_person_day = 70
peak_factor = 3.5

[[rain]]
at = "2d04:00"
for = "6h"
mm_h = 12.0

[[fault]]
at = "3d09:00"
for = "5h"
kind = "clogged"
target = "p1"
amount = 0.6

[[fault]]
at = "4d"
kind = "stuck"
target = "level"

[[expect]]
quantity = "overflow_m3"
max = 0.0
"""
SERIES = "time_s,flow_m3_d\n0,20\n900,30\n1800,25\n2700,22\n3600,21\n"


def write(folder: Path, text: str, series: str = SERIES) -> Path:
    (folder / "dry.csv").write_text(series, encoding="utf-8")
    path = folder / "s.toml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(path: Path) -> list[str]:
    with pytest.raises(BadInput) as caught:
        scenario.load(path)
    return caught.value.problems


def test_good_file(tmp_path):
    s = scenario.load(write(tmp_path, GOOD))
    assert (s.name, s.seed, s.days, s.seconds) == ("storm-and-clog", 1, 7, 604800)
    assert s.start.isoformat() == "2026-06-15T00:00:00+08:00"
    assert s.inflow.population == 420
    assert s.rain == (Rain(187200, 21600, 12.0),)
    assert s.faults[0] == Fault(291600, 309600, "clogged", "p1", 0.6)
    assert s.faults[1].until_s == FOREVER
    assert s.faults[1].amount != s.faults[1].amount  # NaN: stuck at what it showed
    assert s.expects == (Expect("overflow_m3", None, 0.0),)


@pytest.mark.parametrize(
    "text, seconds",
    [("2d04:00", 187200), ("6h", 21600),
     ("90min", 5400), ("30s", 30), ("1d6h", 108000), ("04:00:05", 14405), ("3d", 259200),
     ("1.5h", 5400), ("1h30min", 5400), ("0d00:00", 0)],
)  # fmt: skip
def test_durations(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "6", "6 hours", "25:00", "1d24:00", "-6h", "6h6h", "12:60", 6,
    6.0, True, None, "４h"])
def test_durations_refused(text):
    with pytest.raises(ValueError, match=r"must be|hours go"):
        parse_duration(text)


@pytest.mark.parametrize(
    "old, new, line, key, says",
    [
        ("days = 7", "dayz = 7", 4, "dayz", "did you mean days"),
        ("days = 7", 'days = "7"', 4, "days", "must be a number"),
        ("days = 7", "days = 0", 4, "days", "to 3660"),
        ("days = 7", "days = nan", 4, "days", "to 3660"),
        ("days = 7", "days = true", 4, "days", "must be a number"),
        ("seed = 1", "seed = 1.5", 2, "seed", "whole number"),
        ("seed = 1", "seed = -1", 2, "seed", "from 0"),
        ('name = "storm-and-clog"', "name = 7", 1, "name", "must be a text"),
        ("+08:00", "", 3, "start", "offset"),
        ("2026-06", "1926-06", 3, "start", "2000 to 2099"),
        ("population = 420", "population = -420", 7, "inflow.population", "0 to 100000"),
        ("population = 420", "people = 420", 7, "inflow.people", "unknown key"),
        ("population = 420", 'file = "dry.csv"', 8, "inflow.litres_per_person_day", "is for a population"),
        ("population = 420", "population = 420\nscale = 2", 8, "inflow.scale", "is for a file"),
        ("peak_factor = 3.5", "peak_factor = 0.5", 9, "inflow.peak_factor", "1 to 10"),
        ('at = "2d04:00"', 'at = "2d"\nmm = 3', 13, "rain 1, mm", "unknown key"),
        ('at = "2d04:00"', 'at = "two days"', 12, "rain 1, at", "2d04:00"),
        ('for = "6h"', "for = 6", 13, "rain 1, for", "90min"),
        ('for = "6h"', 'for = "0s"', 13, "rain 1, for", "from 1 s"),
        ("mm_h = 12.0", "mm_h = -1", 14, "rain 1, mm_h", "0 to 500"),
        ("mm_h = 12.0", "", 11, "rain 1, mm_h", "missing"),
        ('kind = "clogged"', 'kind = "cloged"', 19, "fault 1, kind", "clogged"),
        ('target = "p1"', 'target = "level"', 20, "fault 1, target", "p1, p2, blower, return"),
        ("amount = 0.6", "amount = 60", 21, "fault 1, amount", "0 to 1"),
        ('kind = "stuck"', 'kind = "drift"', 23, "fault 2, amount", "missing"),
        ('kind = "clogged"', 'kind = "welded"', 21, "fault 1, amount", "takes no amount"),
        ('kind = "stuck"', 'kind = "open"\namount = 1', 26, "fault 2, amount", "takes no amount"),
        ('"overflow_m3"', '"overfow_m3"', 29, "expect 1, quantity", "did you mean overflow_m3"),
        ("max = 0.0", "", 28, "expect 1, min", "min, max or both"),
        ("max = 0.0", "max = 0\nmin = 1", 31, "expect 1, min", "not be above max"),
        ("[[rain]]", "[rain]", 11, "rain", "[[rain]]"),
    ],
)  # fmt: skip
def test_each_mistake_is_named(tmp_path, old, new, line, key, says):
    assert old in GOOD
    found = problems(write(tmp_path, GOOD.replace(old, new, 1)))
    where = f"s.toml:{line}: {key}: "
    assert any(where in problem and says in problem for problem in found), found
    # A misspelt key is also a missing one, a file beside a population spoils three keys; nothing else is said.
    assert len(found) == 1 or "people" in key or "days" in old or "file" in new, found


def repeated(folder: Path, kind: str, target: str, *lines: str) -> Path:
    """The good file whose second fault is another."""
    table = "\n".join((f'kind = "{kind}"', f'target = "{target}"', *lines, ""))
    return write(folder, GOOD.replace('kind = "stuck"\ntarget = "level"\n', table))


@pytest.mark.parametrize(
    ("kind", "target", "lines", "means"),
    [
        ("dropout", "level", ["amount = 5", 'every = "20s"'], (5.0, 20, 5)),
        ("dropout", "p1_running", ["amount = 1.0", 'every = "2s"'], (1.0, 2, 1)),
        ("dips", "mains", ["amount = 1", 'every = "1min"'], (1.0, 60, 1)),
        ("open", "float_high", ['every = "10min"', 'lasts = "30s"'], (0.0, 600, 30)),
        ("power_cut", "board", ['every = "25min"', 'lasts = "5s"'], (0.0, 1500, 5)),
        ("stuck_on", "return_running", [], (0.0, 0, 0)),
        ("offset", "level", ["amount = -300"], (-300.0, 0, 0)),
        ("error_value", "turbidity", ["amount = 65535"], (65535.0, 0, 0)),
    ],
)  # fmt: skip
def test_faults_that_come_and_go(tmp_path, kind, target, lines, means):
    fault = scenario.load(repeated(tmp_path, kind, target, *lines)).faults[1]
    assert (fault.kind, fault.target) == (kind, target)
    assert (fault.amount, fault.every_s, fault.lasts_s) == means


@pytest.mark.parametrize(
    ("kind", "target", "lines", "line", "key", "says"),
    [
        ("dropout", "level", ["amount = 5"], 23, "every", 'missing; how often the fault dropout comes, such as "20s"'),
        ("dips", "mains", ['every = "20s"'], 23, "amount", "missing"),
        ("dips", "mains", ["amount = 0.5", 'every = "20s"'], 27, "amount", "nothing shorter than a second is"),
        ("dips", "mains", ["amount = 0", 'every = "20s"'], 27, "amount", "from 1 to 86400"),
        ("dips", "mains", ["amount = 1.5", 'every = "20s"'], 27, "amount", "whole seconds"),
        ("dips", "mains", ["amount = 20", 'every = "20s"'], 27, "amount", "shorter than every, which is 20 s, not"),
        ("dips", "mains", ["amount = 1", "every = 20"], 28, "every", 'such as "2d04:00"'),
        ("dips", "mains", ["amount = 1", 'every = "0.5s"'], 28, "every", "must be a text"),
        ("dips", "mains", ["amount = 1", 'every = "1s"'], 28, "every", "from 2 s"),
        ("dips", "mains", ["amount = 1", 'every = "9s"', 'lasts = "2s"'], 29, "lasts", "as long as its amount says"),
        ("dips", "board", ["amount = 1", 'every = "9s"'], 26, "target", "one of mains"),
        ("stuck_on", "p1", [], 26, "target", "p1_running"),
        ("stuck_on", "p1_running", ["amount = 1"], 27, "amount", "takes no amount"),
        ("open", "level", ['every = "20s"'], 27, "every", 'only beside lasts = "30s"'),
        ("open", "level", ['lasts = "20s"'], 23, "every", "missing"),
        ("open", "level", ['every = "20s"', 'lasts = "20s"'], 28, "lasts", "shorter than every"),
        ("replaced", "energy", ['every = "20s"'], 27, "every", "comes once and takes no every"),
        ("error_value", "level", ["amount = nan"], 27, "amount", "a driver makes no value of it, which is missing"),
        ("error_value", "level", [], 23, "amount", "missing"),
        ("scale", "level", ["amount = -1"], 27, "amount", "factor"),
    ],
)  # fmt: skip
def test_mistakes_in_faults_that_come_and_go(tmp_path, kind, target, lines, line, key, says):
    found = problems(repeated(tmp_path, kind, target, *lines))
    assert len(found) == 1 and f"s.toml:{line}: fault 2, {key}: " in found[0] and says in found[0], found


def test_all_mistakes_at_once(tmp_path):
    text = GOOD.replace("days = 7", "dayz = 7").replace("peak_factor = 3.5", "peak_factor = 99").replace("clogged", "x")
    text = text.replace("population = 420\nlitres_per_person_day = 70\npeak", 'file = "dry.csv"\npeak')
    found = problems(write(tmp_path, text, "time_s,flow_m3_d\n0,-1\n900,x\n"))
    said = "\n".join(found)
    for part in ("dayz", "days", "peak_factor", "fault 1, kind", "dry.csv:2", "dry.csv:3"):
        assert part in said


@pytest.mark.parametrize("text", ["days = ", "[[fault]\n", "name = 'a'\nname = 'b'\n"])
def test_not_toml(tmp_path, text):
    assert "not a TOML file" in problems(write(tmp_path, text))[0]


def test_not_utf8_and_not_there(tmp_path):
    path = tmp_path / "s.toml"
    assert "cannot be read" in problems(path)[0]
    path.write_bytes(b"name = '\xff'")
    assert "UTF-8" in problems(path)[0]


def series_file(folder: Path, series: str) -> Path:
    head = GOOD.split("[inflow]")[0]
    return write(folder, head + '[inflow]\nfile = "dry.csv"\nscale = 0.5\n', series)


def test_series(tmp_path):
    inflow = scenario.load(series_file(tmp_path, "time_s,flow_m3_d,tss_g_m3\n0,20,200\n900,30,210\n")).inflow
    assert inflow.rows == ((0, 20.0, 200.0), (900, 30.0, 210.0))
    assert inflow.scale == 0.5


def test_series_with_steps_of_its_own_is_no_gap(tmp_path):
    rows = scenario.load(series_file(tmp_path, "time_s,flow_m3_d\n0,5\n21600,30\n28800,12\n72000,20\n")).inflow.rows
    assert len(rows) == 4 and rows[0] == (0, 5.0, -1.0)


@pytest.mark.parametrize(
    "series, line, says",
    [
        (SERIES.replace("1800,25\n", ""), 4, "gap of 1800 s"),
        (SERIES.replace("1800,25", "1800,"), 4, "field is empty"),
        (SERIES.replace("1800,25", "1800,-25"), 4, "between 0 and"),
        (SERIES.replace("1800,25", "1800,nan"), 4, "between 0 and"),
        (SERIES.replace("1800,25", "1800,2 5"), 4, 'not "2 5"'),
        (SERIES.replace("1800,25", "1800"), 4, "1 fields"),
        (SERIES.replace("1800,25", "900,25"), 4, "later than the row before"),
        (SERIES.replace("time_s,", "time,"), 1, "header"),
        ("", 1, "header"),
    ],
)
def test_series_mistakes(tmp_path, series, line, says):
    found = problems(series_file(tmp_path, series))
    assert f"dry.csv:{line}: " in found[0] and says in found[0], found


def test_series_with_no_rows(tmp_path):
    assert "no rows" in problems(series_file(tmp_path, "time_s,flow_m3_d\n"))[0]


def test_series_that_is_not_there(tmp_path):
    path = series_file(tmp_path, SERIES)
    (tmp_path / "dry.csv").unlink()
    found = problems(path)
    assert len(found) == 1 and "inflow.file" in found[0]
