"""`config check` on units that come to no good: each rule has a unit that breaks it and a mended twin."""

import json
import re

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from unit.catalogue import settings as catalogue
from unit.catalogue import settings_words

from host_tools import main
from host_tools.records.fleet_file import edited
from host_tools.records.unitdocs import new_file
from host_tools.unitkit import advice, boards, unitfile
from host_tools.unitkit.figures import KEPT_STARTS, Figures
from tests.host_tools.paper_well import worst_of

EXAMPLE = boards.BOARDS_DIR / "units" / "qiaotou.toml"
TEXT = edited(EXAMPLE.read_text(encoding="utf-8"), {"mqtt.tls": "false", "mqtt.port": "1883"})
KNOWN = {"return_unseen"}  # the example's board has no input left for it

NO_LOW = {"float_low.fitted": "false", "wiring.float_low": ""}
NO_HIGH = {"float_high.fitted": "false", "wiring.float_high": ""}
LOW = {"float_low.fitted": "true", "wiring.float_low": "in2"}
HIGH = {"float_high.fitted": "true", "wiring.float_high": "in1"}
ULTRASONIC = {
    "unit.board": "esp32-relay-x8",
    "level.signal": "direct",
    "wiring.level": "uart",
    "wiring.turbidity": "",
    "wiring.p1_running": "ai1",
    "wiring.p2_running": "ai2",
    "wiring.blower_running": "",
    "level.mount_height_mm": "1800",
}
RS485 = {"level.signal": "direct", "wiring.level": "rs485"}
NONE_TIMES = {f"aeration.{part}_on_min": "0" for part in ("day", "night", "low")}

# code -> what breaks the rule; what its twin changes besides, or in place of, the value that the sentence calls right
CASES = [
    ("fast_well", {"lift.well_area_m2": "0.10", "level.max_rate_mm_s": "100"}, {}),
    ("short_well", {"lift.well_area_m2": "0.22"}, {}),
    ("starts_of_both", {"lift.max_starts_per_h": "3"}, {"lift.max_starts_per_h": "9", "lift.start_level_mm": "600"}),
    ("starts_of_both", {"lift.start_level_mm": "300"}, {}),
    ("starts_of_one", {"lift.max_starts_per_h": "4"}, {"lift.max_starts_per_h": "6", "lift.start_level_mm": "600"}),
    ("run_too_short", {"lift.max_run_s": "200", "lift.rest_s": "100", "lift.max_starts_per_h": "20"}, {}),
    ("run_short", {"lift.max_run_s": "300", "lift.rest_s": "100"}, {}),
    ("run_starts", {"lift.max_run_s": "500", "lift.max_starts_per_h": "6", "lift.rest_s": "100"}, {}),
    ("min_run", {"lift.min_run_s": "300"}, {}),
    ("min_off", {"lift.min_off_s": "850", "lift.max_starts_per_h": "4"}, {}),
    ("long_off", {"lift.min_off_s": "360", "lift.max_starts_per_h": "10"}, {}),
    ("stop_level", {"lift.stop_level_mm": "182"}, {}),
    ("run_on", {"lift.run_on_s": "60"}, {}),
    ("exercise", {"lift.exercise_s": "100"}, {}),
    ("assist_late", {"lift.assist_level_mm": "1480"}, {}),
    ("assist_after_alarm", {"lift.assist_level_mm": "951"}, {}),
    ("alarm_late", {"lift.high_level_mm": "1450", "float_high.level_mm": "1460"}, {}),
    ("effect", {"lift.pump_flow_m3_h": "0.7"}, {}),
    ("effect_never", {"lift.pump_flow_m3_h": "0.5"}, {"lift.pump_flow_m3_h": "0.8"}),
    ("float_late", {"float_high.level_mm": "1480"}, {}),
    ("float_early", {"float_high.level_mm": "940"}, {}),
    ("backup_dry", NO_LOW | {"lift.backup_run_s": "540"}, {}),
    ("backup_dry", NO_LOW | {"lift.backup_run_s": "300", "lift.backup_pumps": "2"}, {}),
    ("backup_dry", NO_LOW | NO_HIGH | {"lift.backup_run_s": "200"}, {}),
    ("backup_starts", NO_LOW | {"lift.backup_run_s": "100"}, {}),
    ("backup_late", {"lift.backup_run_s": "400"}, {}),
    ("height_missing", ULTRASONIC | {"level.mount_height_mm": "0"}, {}),
    ("height_blind", ULTRASONIC | {"level.mount_height_mm": "900"}, {}),
    ("height_low", ULTRASONIC | {"level.mount_height_mm": "1500"}, {}),
    ("height_far", ULTRASONIC | {"level.mount_height_mm": "5000"}, {}),
    ("membrane", RS485 | {"level.mount_height_mm": "200"}, {}),
    ("range_short", {"level.high_mm": "1400"}, {}),
    ("max_rate", {"level.max_rate_mm_s": "3"}, {}),
    ("flat", {"level.flat_s": "600"}, {}),
    ("stale_dry", NO_LOW | {"level.stale_s": "60"}, {}),
    ("stale_spill", NO_HIGH | {"level.stale_s": "600"}, {}),
    ("one_witness", NO_LOW | NO_HIGH, LOW | HIGH),
    ("no_high_float", NO_HIGH, HIGH),
    ("no_low_float", NO_LOW, LOW),
    (
        "pumps_unseen",
        NO_HIGH | {"wiring.p1_running": "", "wiring.p2_running": ""},
        {"wiring.p1_running": "in4", "wiring.p2_running": "in5"},
    ),
    ("p1_unseen", {"wiring.p1_running": ""}, {"wiring.p1_running": "in4"}),
    ("p2_unseen", {"wiring.p2_running": ""}, {"wiring.p2_running": "in5"}),
    ("blower_unseen", {"wiring.blower_running": ""}, {"wiring.blower_running": "in6"}),
    ("return_unseen", {}, {"wiring.turbidity": "", "wiring.return_running": "ai2"}),
    ("no_mains", {"mains.sensed": "false", "wiring.mains": ""}, {"mains.sensed": "true", "wiring.mains": "in3"}),
    ("restart_wait", {"mains.restart_delay_s": "550"}, {}),
    ("steady_wait", {"mains.steady_s": "600"}, {}),
    ("never_aerates", NONE_TIMES, {"aeration.night_on_min": "30", "aeration.low_on_min": "15"}),
    ("return_starts", {"return.on_min": "2", "return.off_min": "2"}, {}),
    ("return_rest", {"return.min_off_s": "360", "return.on_min": "55", "return.off_min": "5"}, {}),
    ("never_returned", {"return.ratio_pct": "0"}, {"return.ratio_pct": "100"}),
    ("timer_never", {"return.on_min": "0"}, {"return.on_min": "10"}),
]
for _part in ("day", "night", "low", "holiday"):
    _on, _off = f"aeration.{_part}_on_min", f"aeration.{_part}_off_min"
    if _part != "holiday":
        CASES.append((f"{_part}_no_air", {_on: "0"}, {_on: "15"}))
    CASES += [
        (f"{_part}_starts", {_on: "5", _off: "4"}, {}),
        (f"{_part}_rest", {_on: "45", _off: "5", "aeration.min_off_s": "600"}, {}),
        (f"{_part}_pause", {_off: "600"}, {}),
    ]


BASE = unitfile.parse(TEXT, EXAMPLE).settings


def with_(changes: dict[str, str], base=BASE) -> dict[str, int | str]:
    """Settings with these changed, written as in a unit file."""
    return dict(base) | {key: catalogue.decode(catalogue.find(key), written) for key, written in changes.items()}


def said_of(values: dict[str, int | str]) -> dict[str, advice.Finding]:
    """What advice says, by code, of settings that the catalogue takes."""
    board = boards.load(str(values["unit.board"]))
    assert list(catalogue.check(values, board.compact())) == []
    return {finding.code: finding for finding in advice.found(values, board.terminals)}


def test_every_rule_has_words_a_setting_and_a_case():
    codes = [row[0] for row in advice.table()]
    assert sorted(codes) == sorted(set(codes)) == sorted(advice.RULES)
    assert {case[0] for case in CASES} == set(codes)
    for code, key, level, zh, en in advice.table():
        assert catalogue.find(key) and level in ("error", "warning"), code
        assert re.search("[一-鿿]", zh) and not re.search("[一-鿿]", en), code
        shown = "{right}" in zh, "{free}" in zh
        assert shown == ("{right}" in en, "{free}" in en), code


def test_the_example_is_warned_of_what_its_board_has_no_input_for():
    assert set(said_of(BASE)) == KNOWN


@pytest.mark.parametrize(("code", "broken", "besides"), CASES, ids=[case[0] for case in CASES])
def test_each_rule_finds_its_unit_and_leaves_the_mended_one_alone(code, broken, besides):
    values = with_(broken)
    found = said_of(values)
    assert code in found
    finding = found[code]
    mended = dict(values)
    if finding.right != "":
        mended[finding.key] = finding.right
        shown = settings_words.show(catalogue.find(finding.key), finding.right)
        assert f" {shown}" in str(finding.text) and f" {shown}" in finding.text.zh
    after = said_of(with_(besides, mended))
    assert code not in after
    assert set(after) <= set(found) | KNOWN | {"short_well", "starts_of_one", "run_short", "long_off"}, (
        "a milder word is allowed"
    )
    for text in (str(finding.text), finding.text.zh):
        assert "{" not in text and text.startswith(finding.key + " = ")


@pytest.mark.parametrize("board", boards.names())
def test_a_new_unit_has_no_errors_and_its_warnings_are_true(board):
    unit = unitfile.parse(new_file(boards.load(board), "u"), "new.toml", "zh")
    assert len(unit.warnings) == 4 and all("运行反馈" in warning for warning in unit.warnings)
    inputs = [name for name, terminal in unit.board.terminals.items() if terminal[0] == "input"]
    told = [name for name in inputs if any(f"（如 {name}）" in warning for warning in unit.warnings)]
    assert told == inputs[3:7]  # after both floats and the mains, a terminal each


# --- the command


def checked(capsys, path, *options: str) -> tuple[int, str, str]:
    code = main.main(["config", "check", str(path), *options])
    out, err = capsys.readouterr()
    return code, out, err


def written(tmp_path, changes: dict[str, str]):
    path = tmp_path / "unit.toml"
    path.write_text(edited(TEXT, changes), encoding="utf-8")
    return path


def test_a_warning_is_a_sentence_with_file_and_line_and_exit_0(capsys, tmp_path):
    path = written(tmp_path, {"level.flat_s": "600", "mains.restart_delay_s": "550"})
    code, out, err = checked(capsys, path)
    lines = path.read_text(encoding="utf-8").splitlines()
    place = next(n for n, line in enumerate(lines, 1) if line.startswith("flat_s"))
    assert code == 0 and "good. Unit qiaotou" in out and out.splitlines()[0].endswith("warnings: 3")
    assert f"{path}:{place}: warning: level.flat_s = 600 s: " in err and "better 14400 s or longer" in err
    _, out, err = checked(capsys, path, "--lang", "zh")
    assert "；3 条提醒" in out and f"{path}:{place}: 提醒：level.flat_s = 600 s：" in err
    code, out, _ = checked(capsys, path, "--json")
    result = json.loads(out)
    assert code == 0 and result["ok"] and result["problems"] == [] and len(result["warnings"]) == 3
    assert result["warnings"][0].startswith(f"{path}:{place}: warning: level.flat_s")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_an_error_is_exit_2_with_the_value_that_is_right(capsys, tmp_path, lang):
    path = written(tmp_path, NONE_TIMES | {"lift.min_run_s": "300", "level.flat_s": "600"})
    code, out, err = checked(capsys, path, "--lang", lang)
    assert code == 2 and out == "" and len(err.splitlines()) == 2
    assert "lift.min_run_s = 300 s" in err and " 226 s" in err and "aeration.day_on_min = 0 min" in err
    code, out, _ = checked(capsys, path, "--lang", lang, "--json")
    result = json.loads(out)
    assert code == 2 and not result["ok"] and len(result["problems"]) == 2 and result["warnings"] == []


def test_what_is_wrong_alone_is_told_alone_where_figures_need_it(capsys, tmp_path):
    _, _, err = checked(capsys, written(tmp_path, NONE_TIMES | {"lift.min_run_s": "-1"}))
    assert len(err.splitlines()) == 1 and "lift.min_run_s" in err
    _, _, err = checked(capsys, written(tmp_path, NONE_TIMES | {"mqtt.port": "0"}))
    assert len(err.splitlines()) == 2 and "aeration.day_on_min" in err


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"lift.max_run_s": "120", "lift.rest_s": "86400"},
            "lift.rest_s = 86400 s: must be at most lift.max_run_s = 120",
        ),
        ({"aeration.rest_s": "86400"}, "aeration.rest_s = 86400 s: must be at most aeration.max_run_s = 14400"),
        ({"return.rest_s": "7201"}, "return.rest_s = 7201 s: must be at most return.max_run_s = 7200"),
        (
            {"inputs.debounce_ms": "5000", "protection.feedback_s": "4"},
            "inputs.debounce_ms = 5000 ms: must be less than",
        ),
        (ULTRASONIC | {"level.low_mm": "200"}, "level.low_mm = 200 mm: must be at most lift.dry_level_mm = 180 mm"),
        (ULTRASONIC | {"level.high_mm": "900"}, "lift.high_level_mm = 950 mm: must be less than level.high_mm = 900"),
    ],
)
def test_rules_that_the_board_knows_too(capsys, tmp_path, changes, sentence):
    code, _, err = checked(capsys, written(tmp_path, changes))
    assert code == 2 and sentence in err


# --- what is called good lifts


LEVELS = ("dry", "stop", "start", "assist", "high")
drawn_wells = st.fixed_dictionaries(
    {
        "steps_mm": st.tuples(*[st.integers(20, most) for most in (300, 300, 900, 300, 300, 1500)]),
        "fill_s": st.integers(30, 3000),  # by one pump's flow from start to spill
        "lift.well_area_m2": st.integers(40, 600),
        "lift.max_starts_per_h": st.integers(3, 40),
        "min_run_pct": st.integers(0, 200),  # of the time from start to stop
        "min_off_pct": st.integers(1, 110),  # of the time from stop to spill
        "max_run_pct": st.integers(90, 1000),  # of an hour shared by the starts
        "rest_pct": st.integers(0, 100),  # of the longest run
    }
)


@given(drawn_wells)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
def test_what_is_called_good_lifts_what_one_pump_lifts_with_either_pump_alone(drawn):
    values = dict(BASE) | {"lift.run_on_every_starts": 0, "lift.exercise_s": 2, "lift.backup_pumps": 2}
    values |= {"mains.restart_spread_s": 0, "mains.steady_s": 5}
    mm = 0
    for name, step_mm in zip((*LEVELS, "spill"), drawn["steps_mm"], strict=True):
        mm += step_mm
        values[f"lift.{name}_level_mm"] = mm
    values |= {key: value for key, value in drawn.items() if key.startswith("lift.")}
    fill_mm, empty_mm = mm - values["lift.start_level_mm"], values["lift.start_level_mm"] - values["lift.stop_level_mm"]
    values["lift.pump_flow_m3_h"] = fill_mm * values["lift.well_area_m2"] * 9 // (25 * drawn["fill_s"])
    per_mm = drawn["fill_s"] / fill_mm
    values["lift.min_run_s"] = int(per_mm * empty_mm * drawn["min_run_pct"] / 100)
    min_off_s = int(per_mm * (fill_mm + empty_mm) * drawn["min_off_pct"] / 100)
    values["lift.min_off_s"] = max(5, min(min_off_s, 3600 // values["lift.max_starts_per_h"]))
    values["lift.max_run_s"] = 36 * drawn["max_run_pct"] // values["lift.max_starts_per_h"]
    values["lift.rest_s"] = values["lift.max_run_s"] * drawn["rest_pct"] // 100
    values["float_low.level_mm"] = values["lift.dry_level_mm"]
    values["float_high.level_mm"] = (values["lift.high_level_mm"] + mm) // 2
    values["level.high_mm"] = max(2000, mm)
    board = boards.load(str(values["unit.board"]))
    assume(not list(catalogue.check(values, board.compact())))
    assume({finding.code for finding in advice.found(values, board.terminals)} <= KNOWN)
    for pumps in (2, 1):
        for inflow in (0.05, 0.5, 0.95):
            highest_mm, lowest_mm = worst_of(values, pumps, inflow)
            assert highest_mm < values["lift.spill_level_mm"], (pumps, inflow)
            assert lowest_mm >= values["lift.dry_level_mm"] - 1, (pumps, inflow)


def test_the_paper_well_spills_and_runs_dry_where_rules_say_so():
    """The model is no yes-man: too few starts spill in it, too long a shortest run dries the well."""
    both = with_({"lift.start_level_mm": "300", "lift.assist_level_mm": "320", "lift.high_level_mm": "340"})
    both |= with_({"lift.max_starts_per_h": "4", "lift.spill_level_mm": "380", "float_high.level_mm": "360"}, both)
    assert "starts_of_both" in {f.code for f in advice.found(both, {})}
    assert worst_of(both, 2)[0] >= 380
    long = with_({"lift.min_run_s": "600"})
    assert "min_run" in said_of(long)
    assert worst_of(long, 2)[1] < 180


def test_figures_are_exact():
    figures = Figures(BASE, {})
    assert figures.speed == pytest.approx(10 / 3600 / 1.8 * 1000)
    assert figures.seconds(350) == 226 and figures.mm(60) == 93
    assert float(figures.worst_starts_per_h()) == pytest.approx(10 / (4 * 0.35 * 1.8))
    assert figures.starts_for_work == 12 - KEPT_STARTS
