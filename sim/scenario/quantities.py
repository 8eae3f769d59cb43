"""What an expectation may be about: the numbers of summary.json by their dotted paths."""

import re
from difflib import get_close_matches
from functools import cache
from typing import Any

from unit.catalogue import tables
from unit.control.io import OUTPUT_NAMES

TOTALS = (
    "simulated_s", "wall_s", "steps",
    "inflow_m3", "lifted_m3", "discharged_m3", "overflow_m3", "stored_m3", "mass_error_m3",
    "energy_kwh", "energy_kwh_per_m3",
)  # fmt: skip
ACTUATOR = ("starts", "run_s", "max_starts_per_h", "min_run_s", "min_off_s", "dry_run_s")
EFFLUENT = ("turbidity_ntu_mean", "turbidity_ntu_p95")
READINGS = ("recorded", "delivered", "lost", "duplicated")
# Additions to the contract's list: what a scenario must be able to ask for.
EXTRA = (
    "level_max_mm", "overflow_s", "alarms_total", "effluent.ammonia_g_m3_end",
    "energy_recorded_kwh", "energy_nominal_readings",
    "worst.alarms_in_a_day", "worst.dry_s_in_30_min", "worst.starts_at_once",
)  # fmt: skip


@cache
def alarm_codes() -> tuple[str, ...]:
    """Codes of the alarm catalogue, in its order."""
    return tuple(row[0] for row in tables.rows("alarms"))


def known() -> tuple[str, ...]:
    """Every path that every summary has, besides the list `alarms`."""
    return (
        *TOTALS,
        *(f"actuators.{name}.{key}" for name in OUTPUT_NAMES for key in ACTUATOR),
        *(f"effluent.{key}" for key in EFFLUENT),
        *(f"readings.{key}" for key in READINGS),
        *EXTRA,
        *(f"alarm_counts.{code}" for code in alarm_codes()),
    )


def why_unknown(path: str) -> str:
    """What is wrong with the path of an expectation, in a sentence; "" if nothing."""
    if path in known() or re.fullmatch(r"alarms\.\d+\.(raised_s|cleared_s)", path):
        return ""
    near = get_close_matches(path, known(), 3, 0.5)
    hint = f"; did you mean {' or '.join(near)}?" if near else f"; allowed are {', '.join(known())}"
    return f'"{path}" is no number of summary.json{hint}'


def look_up(summary: dict[str, Any], path: str) -> float | None:
    """The number at `path`; None where the run has none, such as the first alarm of a run without alarms."""
    value: Any = summary
    for part in path.split("."):
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value if isinstance(value, (int, float)) else None
