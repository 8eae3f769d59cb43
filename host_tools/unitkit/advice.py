"""What `config check` says of settings that are each allowed and come to no good together: words in `advice.txt`.

A rule is a function of the figures that returns None where all is well, else the value that would be right ("" where
there is none to name). Reaction times are ours: a level is smoothed over some four seconds, contactor and pump take a
few more.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from math import ceil
from pathlib import Path

from unit.catalogue import settings as catalogue
from unit.catalogue import settings_words

from .errors import Both
from .figures import KEPT_STARTS, Figures

TABLE = Path(__file__).with_suffix(".txt")
# Where one of these is wrong by itself, figures would mislead.
SECTIONS = frozenset(
    {"level", "float_high", "float_low", "inputs", "lift", "mains", "aeration", "return", "protection"}
)

_LAG_S = 5  # a pump that is stopped by the level goes on for as long
_SPILLS_S = 40  # a well that one pump's flow fills faster cannot be controlled
_SHORT_S = 90
_ASSIST_S = 30  # until a second pump lifts
_ALARM_S = 60
_FLOAT_S = 20  # a float's delay and a pump's start
_QUIET_NIGHT_S = 14400  # nothing flows in, and the level rightly stands still
_PAUSE_MIN = 480  # longest pause of aeration that makers sell, for holidays
_SEEN_MM = 10  # a move of the level that is told from waves
_BLIND_MM = {"uart": 30, "": 250}  # A02YYUW; JSN-SR04T, and any probe of which we know no better
_ULTRASONIC_RANGE_MM = 4500
_EXERCISE_ABOVE_STOP_MM = 50  # control/process/lift.py

Right = int | str | None
Rule = Callable[[Figures], Right]


@dataclass(frozen=True)
class Finding:
    """A broken rule: its code, whether it is an error, the value that is right, the sentence."""

    code: str
    key: str
    is_error: bool
    right: Right
    text: Both

    @property
    def keys(self) -> list[str]:
        """The settings that the sentence names, the one that it is about first."""
        named = re.findall(r"[a-z]\w*\.[a-z]\w*", str(self.text))
        return [self.key, *(key for key in named if key != self.key and catalogue.find(key))]


@cache
def table() -> list[list[str]]:
    """The rows of advice.txt: code, key, error or warning, zh, en."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    return [[field.strip() for field in line.split("|")] for line in lines if line and line[0] != "#"][1:]


def found(settings: Mapping[str, int | str], terminals: Mapping[str, list]) -> Iterator[Finding]:
    """Yield every broken rule, in the order of the table, of settings whose control sections are good one by one."""
    figures = Figures(settings, terminals)
    for code, key, level, *words in table():
        right = RULES[code](figures)
        if right is not None:
            yield Finding(code, key, level == "error", right, _sentence(key, words, figures, right))


# --- the sentence


def _sentence(key: str, words: list[str], f: Figures, right: Right) -> Both:
    shown = _shown(key, f.texts[key])
    free = f.free_input(key)
    zh, en = (_filled(text, lang, f, _shown(key, right), free) for text, lang in zip(words, ("zh", "en"), strict=True))
    return Both(f"{key} = {shown}：{zh}", f"{key} = {shown}: {en}")


def _shown(key: str, value: Right) -> str:
    return settings_words.show(catalogue.find(key), value) if value not in ("", None) else '""'


def _filled(words: str, lang: str, f: Figures, right: str, free: str) -> str:
    none = "控制板没有空的输入端子" if lang == "zh" else "no input of the board is free"
    fill: dict[str, object] = {
        "right": right,
        "starts": f"{float(f.worst_starts_per_h()):.1f}",
        "both": 2 * f.starts_for_work,
        "one": f.starts_for_work,
        "limit": ceil(f.worst_starts_per_h() / 2) + KEPT_STARTS,
        "limit_one": ceil(f.worst_starts_per_h()) + KEPT_STARTS,
        "fill_s": f.seconds(f.spill - f.start),
        "empty_s": f.seconds(f.start - f.stop),
        "moved": f"{float(f.speed * f.s['lift.effect_s']):.1f}",
        "share": f.s["lift.backup_run_s"] * 100 // 1800,
        "free": (f"如 {free}" if lang == "zh" else f"{free} is free") if free else none,
    }
    words = re.sub(r"\{(\w+\.\w+)\}", lambda m: f"{m[1]} = {_shown(m[1], f.texts[m[1]])}", words)
    return re.sub(r"\{(\w+)\}", lambda m: str(fill[m[1]]), words)


# --- what many rules say


def _over(value: int, most: int) -> Right:
    return most if value > most else None


def _under(value: int, least: int) -> Right:
    return least if value < least else None


def _unless(first: Rule, then: Rule) -> Rule:
    """A milder rule, silent where the graver one speaks."""
    return lambda f: then(f) if first(f) is None else None


# --- the well and its pumps


def _area(within_s: int) -> Rule:
    """The area, on the catalogue's scale, at which one pump's flow takes so long from start to spill."""

    def right(f: Figures) -> Right:
        room_mm = f.spill - f.start
        return _under(f.s["lift.well_area_m2"], ceil(f.speed * within_s * f.s["lift.well_area_m2"] / room_mm))

    return right


def _start_level(pumps: int) -> Rule:
    return lambda f: _under(f.start, f.lowest_start_mm(pumps * f.starts_for_work))


def _longest_run(times: int) -> Rule:
    return lambda f: _under(f.s["lift.max_run_s"], ceil(times * (f.start - f.stop) / f.speed))


def _off_time(mark: str) -> Rule:
    """The longest rest of the only pump in which an inflow of its size does not fill the well from a mark on."""
    return lambda f: _over(f.s["lift.min_off_s"], max(5, f.seconds(f.spill - f.s[f"lift.{mark}_level_mm"]) - _LAG_S))


def _stop_level(f: Figures) -> Right:
    lowest = max(f.dry, f.s["float_low.level_mm"]) if f.has_low else f.dry
    return _under(f.stop, lowest + f.mm(_LAG_S))


def _run_on(f: Figures) -> Right:
    return _over(f.s["lift.run_on_s"], f.seconds(f.stop - f.dry)) if f.s["lift.run_on_every_starts"] else None


def _exercise(f: Figures) -> Right:
    return _over(f.s["lift.exercise_s"], max(2, f.seconds(f.stop + _EXERCISE_ABOVE_STOP_MM - f.dry)))


def _before_spill(key: str, seconds: int) -> Rule:
    """A mark from which one pump's flow fills the well too soon; where even the start level does, that is said."""

    def right(f: Figures) -> Right:
        most = f.spill - f.mm(seconds)
        return _over(f.s[key], most) if most > f.start else None

    return right


def _effect(f: Figures) -> Right:
    least = ceil(_SEEN_MM / f.speed)
    return _under(f.s["lift.effect_s"], least) if least <= 120 else None


# --- floats and the level sensor


def _backup_dry(f: Figures) -> Right:
    if f.has_low:
        return None
    if not f.has_high:
        return _over(f.s["lift.backup_run_s"], f.s["lift.dry_budget_s"])
    return _over(f.s["lift.backup_run_s"], f.seconds(f.high_float - f.dry) // f.s["lift.backup_pumps"])


def _backup_starts(f: Figures) -> Right:
    least = ceil(1800 / f.s["lift.max_starts_per_h"])
    if not f.has_high or f.has_low or least > f.seconds(f.high_float - f.dry) // f.s["lift.backup_pumps"]:
        return None
    return _under(f.s["lift.backup_run_s"], least)


def _backup_late(f: Figures) -> Right:
    late = f.s["lift.backup_run_s"] > f.seconds(f.spill - f.high_float)
    return 2 if f.has_high and f.s["lift.backup_pumps"] == 1 and late else None


def _height(f: Figures) -> tuple[int, int]:
    """(Lowest height at which the alarm is seen, and the spill) of a sensor that hangs over the water."""
    blind_mm = _BLIND_MM.get(f.kind_at("wiring.level"), _BLIND_MM[""])
    return f.high + blind_mm, f.spill + blind_mm


def _height_missing(f: Figures) -> Right:
    return _height(f)[1] if f.measures_distance() and not f.s["level.mount_height_mm"] else None


def _height_blind(f: Figures) -> Right:
    alarm, spill = _height(f)
    return spill if f.measures_distance() and 0 < f.s["level.mount_height_mm"] <= alarm else None


def _height_low(f: Figures) -> Right:
    return _under(f.s["level.mount_height_mm"], _height(f)[1]) if f.measures_distance() else None


def _height_far(f: Figures) -> Right:
    if not f.measures_distance() or f.kind_at("wiring.level") != "uart":
        return None
    return _over(f.s["level.mount_height_mm"], f.dry + _ULTRASONIC_RANGE_MM)


def _membrane(f: Figures) -> Right:
    under_water = f.s["level.signal"] == 1 and not f.measures_distance()
    return _over(f.s["level.mount_height_mm"], f.dry) if under_water else None


# --- witnesses


def _floats(high: bool, low: bool) -> Rule:
    return lambda f: "" if (f.has_high, f.has_low) == (high, low) else None


def _unseen(machine: str) -> Rule:
    return lambda f: "" if f.texts.get(f"wiring.{machine}_running") == "" else None


def _pumps_unseen(f: Figures) -> Right:
    both = all(f.texts.get(f"wiring.{pump}_running") == "" for pump in ("p1", "p2"))
    return "" if both and not f.has_high else None


# --- mains, aeration, return


def _restart_wait(f: Figures) -> Right:
    most = f.seconds(f.spill - f.start)
    spread_s = f.s["mains.restart_spread_s"]
    return max(0, most - spread_s) if f.s["mains.restart_delay_s"] + spread_s > most else None


def _never_aerates(f: Figures) -> Right:
    if any(f.s[f"aeration.{part}_on_min"] for part in ("day", "night", "low")):
        return None
    return catalogue.default(catalogue.find("aeration.day_on_min"))


def _no_air(part: str) -> Rule:
    return _unless(_never_aerates, lambda f: "" if f.s[f"aeration.{part}_on_min"] == 0 else None)


def _plan_starts(plan: str) -> Rule:
    """The shortest pause at which `plan`, such as `aeration.day_`, keeps to the starts that the machine bears."""

    def right(f: Figures) -> Right:
        on_min = f.s[f"{plan}on_min"]
        least = ceil(60 / f.s[plan.partition(".")[0] + ".max_starts_per_h"]) - on_min
        return _under(f.s[f"{plan}off_min"], least) if on_min else None

    return right


def _plan_rest(plan: str) -> Rule:
    """The shortest pause in which the machine's own rest is over."""
    return lambda f: _under(f.s[f"{plan}off_min"], ceil(f.s[plan.partition(".")[0] + ".min_off_s"] / 60))


def _pause(part: str) -> Rule:
    return lambda f: _over(f.s[f"aeration.{part}_off_min"], _PAUSE_MIN)


RULES: dict[str, Rule] = {
    "fast_well": _area(_SPILLS_S),
    "short_well": _unless(_area(_SPILLS_S), _area(_SHORT_S)),
    "starts_of_both": _start_level(2),
    "starts_of_one": _unless(_start_level(2), _start_level(1)),
    "run_too_short": _longest_run(1),
    "run_short": _unless(_longest_run(1), _longest_run(2)),
    "run_starts": lambda f: _under(f.s["lift.max_run_s"], ceil(3600 / f.s["lift.max_starts_per_h"])),
    "min_run": lambda f: _over(f.s["lift.min_run_s"], f.seconds(f.start - f.stop)),
    "min_off": _off_time("stop"),
    "long_off": _unless(_off_time("stop"), _off_time("high")),
    "stop_level": _stop_level,
    "run_on": _run_on,
    "exercise": _exercise,
    "assist_late": _before_spill("lift.assist_level_mm", _ASSIST_S),
    "assist_after_alarm": lambda f: _over(f.assist, f.high),
    "alarm_late": _before_spill("lift.high_level_mm", _ALARM_S),
    "effect": _effect,
    "effect_never": lambda f: "" if f.speed * 120 < _SEEN_MM else None,
    "float_late": lambda f: _before_spill("float_high.level_mm", _FLOAT_S)(f) if f.has_high else None,
    "float_early": lambda f: _under(f.high_float, f.high) if f.has_high else None,
    "backup_dry": _backup_dry,
    "backup_starts": _backup_starts,
    "backup_late": _backup_late,
    "height_missing": _height_missing,
    "height_blind": _height_blind,
    "height_low": _unless(_height_missing, _unless(_height_blind, _height_low)),
    "height_far": _height_far,
    "membrane": _membrane,
    "range_short": lambda f: _under(f.s["level.high_mm"], f.spill),
    "max_rate": lambda f: _under(f.s["level.max_rate_mm_s"], f.mm(2)),
    "flat": lambda f: _under(f.s["level.flat_s"], _QUIET_NIGHT_S),
    "stale_dry": lambda f: None if f.has_low else _over(f.s["level.stale_s"], f.seconds(f.stop - f.dry)),
    "stale_spill": lambda f: None if f.has_high else _over(f.s["level.stale_s"], f.seconds(f.spill - f.start)),
    "one_witness": _floats(False, False),
    "no_high_float": _floats(False, True),
    "no_low_float": _floats(True, False),
    "pumps_unseen": _pumps_unseen,
    "p1_unseen": _unless(_pumps_unseen, _unseen("p1")),
    "p2_unseen": _unless(_pumps_unseen, _unseen("p2")),
    "blower_unseen": _unseen("blower"),
    "return_unseen": _unseen("return"),
    "no_mains": lambda f: None if f.s["mains.sensed"] else "",
    "restart_wait": _restart_wait,
    "steady_wait": lambda f: _over(f.s["mains.steady_s"], max(5, f.seconds(f.spill - f.start))),
    "never_aerates": _never_aerates,
    "never_returned": lambda f: "" if f.s["return.mode"] == 0 and f.s["return.ratio_pct"] == 0 else None,
    "timer_never": lambda f: "" if f.s["return.on_min"] == 0 else None,
    "return_starts": _plan_starts("return."),
    "return_rest": _plan_rest("return."),
}
for _part in ("day", "night", "low", "holiday"):
    RULES[f"{_part}_no_air"] = _no_air(_part)
    RULES[f"{_part}_starts"] = _plan_starts(f"aeration.{_part}_")
    RULES[f"{_part}_rest"] = _plan_rest(f"aeration.{_part}_")
    RULES[f"{_part}_pause"] = _pause(_part)
del RULES["holiday_no_air"]  # its range begins at 1
