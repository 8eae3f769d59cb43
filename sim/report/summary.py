"""The summary of a run: the keys of summary.json, and whether the expectations hold."""

import json
from collections import Counter
from typing import Any
from xml.etree import ElementTree

from unit.control.basics import NONE

from ..scenario.durations import DAY_S
from ..scenario.quantities import READINGS, alarm_codes, look_up
from ..scenario.scenario import Expect, Scenario
from ..world.loop import Loop, Meter
from .outbox import Outbox
from .readings_book import ReadingsBook

ALARMS_LISTED = 2000  # the list stays readable and memory flat; alarm_counts and alarms_total count them all


class AlarmList:
    """Alarms as they were raised and cleared, in the order of raising."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self.counts = dict.fromkeys(alarm_codes(), 0)
        self.of_days: Counter[int] = Counter()  # raised on each day, counted from the start
        self._open: dict[str, dict[str, Any]] = {}

    def raised(self, code: str, t_s: int) -> bool:
        """Whether this is news: an alarm that sounds again is not raised again."""
        if code in self._open:
            return False
        self.counts[code] += 1
        self.of_days[t_s // DAY_S] += 1
        entry = {"code": code, "raised_s": t_s, "cleared_s": None}
        self._open[code] = entry
        if len(self.entries) < ALARMS_LISTED:
            self.entries.append(entry)
        return True

    def cleared(self, code: str, t_s: int) -> bool:
        """Whether it stood until now."""
        entry = self._open.pop(code, None)
        if entry:
            entry["cleared_s"] = t_s
        return entry is not None

    def left(self, codes: set[str], t_s: int) -> None:
        """A start remembers these alarms: of the others nothing was left when the power went at `t_s`."""
        for code in tuple(self._open):
            if code not in codes:
                self.cleared(code, t_s)


def build(
    scenario: Scenario, unit_id: str, loop: Loop, outbox: Outbox, book: ReadingsBook, alarms: AlarmList, wall_s: float,
    interrupted: bool,
) -> dict[str, Any]:  # fmt: skip
    """Everything but the digest and the expectations. `stored_m3` is the growth of what wells, main and tanks hold, so
    that inflow = discharged + overflow + stored + error. Turbidity is weighted by the volume discharged. `energy_kwh`
    is what machines used, `energy_recorded_kwh` what the unit counted of it. `worst`: the most of the run; dry
    seconds of either lift pump, machines that start in the same second within ten minutes of a mains outage."""
    world = loop.world
    plant = world.plant
    discharged_m3 = sum(loop.effluent_m3)
    p95 = loop.effluent_percentile(0.95)
    lifted_m3 = plant.lifted_m3
    energy_kwh = plant.energy_j / 3.6e6
    nominal = book.nominal if loop.ctrl.meter.wired else outbox.recorded
    error_m3 = plant.mass_error_m3()
    return {
        "scenario": scenario.name,
        "unit": unit_id,
        "seed": scenario.seed,
        "simulated_s": loop.t_s,
        "wall_s": round(wall_s, 3),
        "steps": loop.steps,
        "interrupted": interrupted,
        "inflow_m3": plant.inflow_m3,
        "lifted_m3": lifted_m3,
        "discharged_m3": plant.discharged_m3,
        "overflow_m3": plant.overflow_m3,
        "overflow_s": loop.overflow_s,
        "stored_m3": plant.inflow_m3 - plant.discharged_m3 - plant.overflow_m3 - error_m3,
        "mass_error_m3": error_m3,
        "level_max_mm": max(loop.level_max_mm, loop.bin.level_hi_mm),
        "energy_kwh": energy_kwh,
        "energy_kwh_per_m3": energy_kwh / lifted_m3 if lifted_m3 > 0 else None,
        "energy_source": "nominal" if nominal == outbox.recorded else "metered",
        "energy_recorded_kwh": book.energy_wh / 1000,
        "energy_nominal_readings": nominal,
        "actuators": {name: _actuator(meter) for name, meter in loop.meters.items()},
        "effluent": {
            "turbidity_ntu_mean": loop.effluent_ntu_m3 / discharged_m3 if discharged_m3 > 0 else None,
            "turbidity_ntu_p95": round(p95, 1) if p95 >= 0 else None,
            "ammonia_g_m3_end": world.treatment.clear.nh4,
        },
        "readings": {key: getattr(outbox, key) for key in READINGS},
        "worst": {
            "alarms_in_a_day": max(alarms.of_days.values(), default=0),
            "dry_s_in_30_min": max(plant.p1.most_dry_s, plant.p2.most_dry_s),
            "starts_at_once": loop.most_started_at_once,
        },
        "alarms": alarms.entries,
        "alarms_total": sum(alarms.counts.values()),
        "alarm_counts": alarms.counts,
    }


def _actuator(meter: Meter) -> dict[str, int | None]:
    return {
        "starts": meter.starts,
        "run_s": meter.machine.run_s,
        "max_starts_per_h": meter.max_starts_per_h,
        "min_run_s": None if meter.min_run_s == NONE else meter.min_run_s,
        "min_off_s": None if meter.min_off_s == NONE else meter.min_off_s,
        "dry_run_s": meter.machine.dry_run_s,
    }


def check(expects: tuple[Expect, ...], summary: dict[str, Any]) -> list[dict[str, Any]]:
    """The expectations with their values; one whose quantity the run does not have (no run ended, nothing was
    discharged) is not met."""
    checked = []
    for expect in expects:
        value = look_up(summary, expect.quantity)
        ok = (
            value is not None
            and (expect.min is None or value >= expect.min)
            and (expect.max is None or value <= expect.max)
        )
        checked.append(
            {"quantity": expect.quantity, "min": expect.min, "max": expect.max, "value": value, "ok": ok}
        )
    return checked


def as_json(summary: dict[str, Any]) -> str:
    """summary.json."""
    return json.dumps(summary, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def bounds(expectation: dict[str, Any]) -> str:
    """What was allowed: "0 .. 12", ".. 12" or "0 .."."""
    low, high = expectation["min"], expectation["max"]
    return f"{'' if low is None else f'{low:g} '}..{'' if high is None else f' {high:g}'}"


def as_junit(summary: dict[str, Any]) -> bytes:
    """The expectations as a JUnit test suite, a test case each."""
    expectations = summary["expectations"]
    failures = sum(not e["ok"] for e in expectations)
    suite = ElementTree.Element(
        "testsuite",
        name=f"qingxi.{summary['scenario']}",
        tests=str(len(expectations)),
        failures=str(failures),
        errors="0",
        skipped="0",
        time=str(summary["wall_s"]),
    )
    for e in expectations:
        case = ElementTree.SubElement(
            suite, "testcase", classname=f"qingxi.{summary['scenario']}", name=f"{e['quantity']} {bounds(e)}", time="0"
        )
        if not e["ok"]:
            message = f"{e['quantity']} is {e['value']}, allowed {bounds(e)}"
            ElementTree.SubElement(case, "failure", message=message).text = message
    suites = ElementTree.Element("testsuites")
    suites.append(suite)
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="utf-8", xml_declaration=True) + b"\n"
