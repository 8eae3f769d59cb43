"""Simulated time over real time: a year of the example unit beside PySWMM and the plain run; how cost grows with days.

Every row is a process of its own, from its start to its end, with its highest memory. `core s` is the time for which it
had a core, `x real time` and `ratio` go by it, so that a busy machine does not change them; on an idle one it is the
time on the clock. PySWMM routes a lift station of
the same size at a step of 5 s; it decides nothing but its pumps' two levels.
"""

import os
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

from host_tools.unitkit.places import EXAMPLE_UNIT

_DAY_S = 86_400
YEAR_D = 365
WEEK_D = 7
_YEAR = """
name = "bench-year"
seed = 1
start = 2026-01-01T00:00:00+08:00
days = 365
[inflow]
population = 420
""" + "".join(
    f"""
[[rain]]
at = "{day}d04:00"
for = "6h"
mm_h = {4 + day % 11}.0
[[fault]]
at = "{day + 3}d09:00"
for = "5h"
kind = "clogged"
target = "p{1 + day % 2}"
amount = 0.6
[[visit]]
at = "{day + 3}d15:00"
"""
    for day in range(5, YEAR_D, 14)
)

_SWMM = """
[OPTIONS]
FLOW_UNITS CMS
FLOW_ROUTING {routing}
START_DATE 01/01/2026
END_DATE {end}
REPORT_STEP {report}
ROUTING_STEP 5
VARIABLE_STEP 0
[STORAGE]
WELL 0 1.5 0.4 FUNCTIONAL 0 0 1.8
[JUNCTIONS]
TANK 4.0 1.0
[OUTFALLS]
OUT 3.9 FREE NO
[PUMPS]
P1 WELL TANK LIFT ON 0.6 0.25
P2 WELL TANK LIFT OFF 0.8 0.25
[CONDUITS]
WEIR TANK OUT 10 0.013 0 0
[XSECTIONS]
WEIR CIRCULAR 0.3 0 0 0
[CURVES]
LIFT PUMP3 0.0 0.0048
LIFT 1.9 0.00417
LIFT 5.0 0.00278
LIFT 6.9 0.00139
LIFT 7.5 0.0
[DWF]
WELL FLOW 0.00034 "DAY"
[PATTERNS]
DAY HOURLY 0.05 0.05 0.05 0.05 0.3 1.2 2.6 3.5 2.4 1.2 1.0 2.0
DAY 2.6 1.6 0.8 0.4 0.5 1.2 2.3 3.0 2.0 0.9 0.3 0.1
[REPORT]
NODES ALL
LINKS ALL
"""
_SWMM_D = 59  # to the first of March
_SWMM_PROGRAM = "import sys; from pyswmm import Simulation\nwith Simulation(sys.argv[1]) as run: run.execute()"


class Cost(NamedTuple):
    """What a process took."""

    wall_s: float
    core_s: float
    peak_mb: float
    days: float

    @property
    def times(self) -> float:
        """Simulated over real time."""
        return self.days * _DAY_S / self.core_s


def main(args: Namespace) -> None:
    year_d, week_d, swmm_d, plain_d = (2, 1, 1, 0.02) if args.short else (YEAR_D, WEEK_D, _SWMM_D, 1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scenario = folder / "year.toml"
        scenario.write_text(_YEAR, encoding="utf-8")
        _simulate(scenario, 0.01)  # compiles, if that is still to be done
        print(f"{'':42}{'days':>6}{'seconds':>9}{'core s':>8}{'x real time':>13}{'peak MB':>9}{'ratio':>7}")
        year = _row("Qingxi, control logic, a record a minute", _simulate(scenario, year_d), None)
        swmm = _row("PySWMM, kinematic wave, a record a day", _route(folder, "KINWAVE", "24:00:00", swmm_d), year)
        _row("PySWMM, dynamic wave, a record a day", _route(folder, "DYNWAVE", "24:00:00", swmm_d), year)
        _row("PySWMM, dynamic wave, a record a minute", _route(folder, "DYNWAVE", "00:01:00", swmm_d), year)
        _row("Qingxi --plain", _simulate(scenario, plain_d, "--plain"), year)
        week = _row("Qingxi, a week", _simulate(scenario, week_d), year)
    a_day = (year.core_s - week.core_s) / (year_d - week_d)
    start_s = week.core_s - week_d * a_day
    print(f"PySWMM at its fastest over Qingxi: {swmm.times / year.times:.2f}")
    growth = year.core_s / year_d / (week.core_s / week_d)
    print(f"{year_d} days over {week_d}, core s a day: {growth:.2f}; the program's start takes {start_s:.1f} s of both")
    print(f"{year_d} days over {week_d}, peak memory: {year.peak_mb / week.peak_mb:.2f}")


def _row(name: str, cost: Cost, first: Cost | None) -> Cost:
    ratio = "1" if first is None else f"{cost.times / first.times:.2f}"
    print(f"{name:42}{cost.days:6.4g}{cost.wall_s:9.2f}{cost.core_s:8.2f}", end="")
    print(f"{cost.times:13,.0f}{cost.peak_mb:9.0f}{ratio:>7}", flush=True)
    return cost


def _simulate(scenario: Path, days: float, *options: str) -> Cost:
    """`qingxi sim run` of the first `days` of the scenario."""
    command = ["-m", "host_tools.main", "sim", "run", str(scenario), "--unit", str(EXAMPLE_UNIT), "--days", str(days)]
    return _cost([*command, *options, "--out", str(scenario.parent / "out")], days)


def _route(folder: Path, routing: str, report: str, days: int) -> Cost:
    path = folder / "station.inp"
    end = (date(2026, 1, 1) + timedelta(days)).strftime("%m/%d/%Y")
    path.write_text(_SWMM.format(routing=routing, report=report, end=end), encoding="utf-8")
    return _cost(["-c", _SWMM_PROGRAM, str(path)], days)


def _cost(arguments: list[str], days: float) -> Cost:
    """Run this Python with `arguments`; SystemExit with its output when it fails."""
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    said = process.stderr.read().decode(errors="replace")
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(arguments)}\nended with {process.returncode}\n{said}")
    return Cost(time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, days)
