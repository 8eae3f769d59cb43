"""Random units: settings over the range that the check calls good, and a plant that such settings were made for."""

import random
from dataclasses import dataclass
from functools import cache

from unit import assembly
from unit.catalogue import alarms, settings

from host_tools.unitkit import advice

_TERMINALS = {"ai1": ["analog"]}
_REQUIRED = {
    "unit.id": "a",
    "unit.name_zh": "甲",
    "unit.name_en": "a",
    "unit.board": "b",
    "wiring.level": "ai1",
    "wiring.p1": "relay1",
    "wiring.p2": "relay2",
    "wiring.blower": "relay3",
    "wiring.return": "relay4",
}


@dataclass
class Pit:
    """The well and its sensors as they truly are; see plant.py and senses.py for the units."""

    area_m2: float
    spill_mm: float
    suction_mm: float
    flow_l_s: float
    level_mm: float
    head_loss: float = 0.0
    together: float = 1.0
    lag_s: float = 2.0
    noise_mm: float = 0.0
    wave_mm: float = 0.0
    wave_s: float = 5.0
    step_mm: float = 1.0
    float_hysteresis_mm: float = 20.0


@dataclass
class Unit:
    """Settings as control takes them, and the truth behind them."""

    settings: dict[str, int]
    pit: Pit
    feedback: bool
    mean_l_s: float = 0.0  # inflow of an ordinary day, where the unit serves a village


@cache
def _defaults() -> dict:
    return settings.defaults() | _REQUIRED


@cache
def alarm_rows() -> list:
    return alarms.definitions()


def control_settings(changed: dict) -> dict[str, int] | None:
    """`changed` with every default, as control takes it; None where the check finds something wrong."""
    full = _defaults() | changed
    return assembly.control_settings(full) if _is_good(full) else None


def _is_good(full: dict) -> bool:
    """What `qingxi config check` says of these settings, whatever the board."""
    return not any(True for _ in settings.check(full)) and not any(
        finding.is_error for finding in advice.found(full, _TERMINALS)
    )


def draw(rng: random.Random) -> Unit:
    """One unit that the check calls good."""
    while True:
        unit = _try(rng)
        if unit is not None:
            return unit


def _spread(rng: random.Random, low: float, high: float) -> float:
    """Evenly spread over orders of magnitude."""
    return low * (high / low) ** rng.random()


def _try(rng: random.Random) -> Unit | None:
    area_m2 = round(_spread(rng, 0.5, 50.0), 2)
    dry = rng.randrange(60, 400, 10)
    stop = dry + rng.randrange(20, 300, 10)
    start = stop + rng.randrange(100, 1500, 10)
    assist = start + rng.randrange(50, 500, 10)
    spill = assist + rng.randrange(100, 1500, 10)
    high = rng.randrange(start + 50, spill, 10)
    fitted = rng.choices(((1, 1), (1, 0), (0, 1), (0, 0)), (60, 15, 15, 10))[0]
    volume_l = area_m2 * (start - stop)
    flow_l_s = _spread(rng, max(0.05, volume_l / 3600), max(0.1, volume_l / 60))
    flow_m3_h = max(1, round(flow_l_s * 36)) / 10
    sensed = rng.random() < 0.8
    feedback = rng.random() < 0.75
    max_starts = rng.choice((2, 3, 4, 6, 8, 10, 12, 12, 15, 20, 30, 60))
    direct = rng.random() < 0.35
    s: dict = {
        "lift.well_area_m2": round(area_m2 * 100),
        "lift.dry_level_mm": dry,
        "lift.stop_level_mm": stop,
        "lift.start_level_mm": start,
        "lift.assist_level_mm": assist,
        "lift.spill_level_mm": spill,
        "lift.high_level_mm": high,
        "float_high.fitted": fitted[0],
        "float_high.level_mm": rng.randrange(start + 50, spill - 30, 10),
        "float_low.fitted": fitted[1],
        "float_low.level_mm": rng.randrange(max(60, dry - 60), stop, 5),
        "lift.pump_flow_m3_h": round(flow_m3_h * 10),
        "level.signal": 1 if direct else 0,
        "level.low_mm": 0,
        "level.high_mm": rng.randrange(spill if direct and not fitted[0] else high + 60, spill + 1000, 10),
        "mains.sensed": int(sensed),
        "lift.max_starts_per_h": max_starts,
        "lift.min_off_s": rng.choice((5, 10, 30, 30, 60, 120, 300)),
        "lift.min_run_s": rng.choice((0, 10, 20, 20, 40, 90)),
        "lift.max_run_s": rng.choice((600, 900, 1800, 3600, 3600, 7200, 14400)),
        "lift.rest_s": rng.choice((0, 300, 600, 600, 1800)),
        "lift.alternate": rng.choice((0, 0, 1, 2)),
        "lift.run_on_every_starts": rng.choice((0, 5, 20)),
        "lift.exercise_after_h": rng.choice((4, 24, 72)),
        "lift.backup_pumps": rng.choice((1, 2)),
        "mains.restart_delay_s": rng.choice((0, 10, 10, 60)),
        "mains.restart_spread_s": rng.choice((0, 60)),
        "return.mode": 1,  # by its clock: the search is about the lift well
    }
    # A run on the high float alone must end before the well is empty: what a technician works out with a stop watch.
    to_empty_s = area_m2 * (s["float_high.level_mm"] - dry) / flow_l_s
    s["lift.backup_run_s"] = max(10, min(150, s["lift.max_run_s"], int(to_empty_s / s["lift.backup_pumps"] / 2)))
    for name, wired in (("float_high", fitted[0]), ("float_low", fitted[1]), ("mains", sensed)):
        s["wiring." + name] = "in1" if wired else ""
    for pump in ("p1", "p2"):
        s[f"wiring.{pump}_running"] = "in4" if feedback else ""
    # The fastest rise or fall that is true must be credible.
    s["level.max_rate_mm_s"] = max(rng.choice((20, 50, 50, 100)), round(4 * flow_l_s / area_m2) + 10)
    if s["lift.min_off_s"] * max_starts > 3600:
        return None
    full = control_settings(s)
    if full is None:
        return None
    # The pumps lose their water below both marks of a dry well, however late the float tips.
    hysteresis = rng.choice((10, 20, 40))
    lowest = min(dry, s["float_low.level_mm"] - hysteresis) if fitted[1] else dry
    suction = max(5, lowest - rng.randrange(10, 60, 5))
    pit = Pit(
        area_m2=area_m2,
        spill_mm=float(spill),
        suction_mm=float(suction),
        flow_l_s=flow_l_s * rng.uniform(0.9, 1.1),
        level_mm=float(rng.randint(dry, start)),
        head_loss=rng.choice((0.0, 0.0, rng.uniform(0, 0.25))),
        together=rng.uniform(0.8, 1.0),
        lag_s=rng.choice((1.0, 2.0, 5.0)),
        noise_mm=rng.choice((0.0, 0.5, 1.0, 3.0)),
        wave_mm=rng.choice((0.0, 0.0, 3.0, 10.0)),
        wave_s=rng.uniform(2.5, 8.0),
        step_mm=rng.choice((1.0, 1.0, 2.0, 5.0)),
        float_hysteresis_mm=float(hysteresis),
    )
    return Unit(full, pit, feedback)
