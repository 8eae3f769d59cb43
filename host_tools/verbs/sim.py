"""The verb `sim`: `sim run` simulates a scenario; `sim board` runs the firmware on a virtual board."""

import argparse
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

from sim.report import summary as summaries
from sim.report import words
from sim.runner import Options, run
from sim.scenario import scenario as scenarios

from ..unitkit import unitfile
from ..unitkit.broker_address import address
from ..unitkit.errors import Problems, writing
from ..unitkit.places import EXAMPLE_UNIT
from ..unitkit.progress import show
from . import sim_board
from .arguments import add_group, add_verb

INTERRUPTED = 130  # what a shell expects after Ctrl-C
LONG_RUN_S = 1.0  # a progress bar is shown from here on


def add_parser(verbs: argparse._SubParsersAction) -> None:
    """Add `sim` with its sub-verbs."""
    subs = add_group(verbs, "sim", "simulate a unit")
    p = add_verb(subs, "run", sim_run, "run a scenario on the real control logic")
    p.add_argument("scenario", type=Path, metavar="SCENARIO.toml")
    p.add_argument("--unit", type=Path, default=EXAMPLE_UNIT, metavar="FILE", help="unit file (default: the example)")
    p.add_argument("--days", type=float, metavar="N", help="simulate so many days instead of the scenario's")
    p.add_argument("--out", type=Path, metavar="DIR", help="results folder (default: out/<scenario file>)")
    p.add_argument("--plain", action="store_true", help="decide in the uncompiled source, the reference")
    p.add_argument("--speed", default="max", metavar="max|N", help="N times real time (default: as fast as it goes)")
    p.add_argument("--junit", type=Path, metavar="FILE", help="write the expectations as JUnit test cases")
    p.add_argument("--broker", metavar="HOST:PORT", help="publish what the unit records, without TLS")
    p.add_argument("--json", action="store_true", help="print the summary as JSON")
    sim_board.add_parser(subs)


def sim_run(args: argparse.Namespace) -> int:
    """Check all input, simulate, write the results, print the summary. Returns the exit code."""
    problems = Problems()
    speed = _speed(args.speed, problems)
    if args.days is not None and not 0 < args.days <= scenarios.MAX_DAYS:
        problems.append(f"--days: must be above 0 and at most {scenarios.MAX_DAYS:g}, not {args.days:g}")
    at = problems.of(lambda: address(args.broker)) if args.broker is not None else None
    scenario = problems.of(lambda: scenarios.load(args.scenario))
    unit = problems.of(lambda: unitfile.load(args.unit, args.lang))
    problems.refuse()
    if args.days is not None:
        scenario = replace(scenario, days=args.days)
    for i, fault in enumerate(scenario.faults, 1):
        if fault.at_s >= scenario.seconds:
            show(f"note: fault {i} ({fault.target} {fault.kind}) begins after the end of the run", aside=True)
    out = args.out or Path("out") / args.scenario.stem
    stop = _Stop()
    progress = _Progress()
    publisher = None
    if at:
        from sim.publish import Publisher  # with the firmware's uplink, which a run without a broker need not load

        publisher = Publisher(unit, at, Path("out") / f"{unit.id}.journal")
    options = Options(args.plain, speed, progress.tell, stop.asked, publisher=publisher)
    try:
        summary = run(scenario, unit, out, options)
    finally:
        stop.restore()
        progress.clear()
    if publisher:
        done, waiting = publisher.published, publisher.waiting
        text = {"zh": "已上传 {} 条记录，{} 条留在 {}", "en": "published: {} records, {} wait in {}"}[args.lang]
        show(text.format(done, waiting, publisher.path), aside=True)
    if args.junit:
        with writing(f"--junit {args.junit}"):
            args.junit.parent.mkdir(parents=True, exist_ok=True)
            args.junit.write_bytes(summaries.as_junit(summary))
    if args.json:
        print(summaries.as_json(summary), end="")
    else:
        show(_shown(summary, args.lang))
        show({"zh": "报告", "en": "report"}[args.lang] + f": {out / 'report.html'}")
    if summary["interrupted"]:
        return INTERRUPTED
    return 0 if all(e["ok"] for e in summary["expectations"]) else 1


def _speed(text: str, problems: list[str]) -> float:
    if text == "max":
        return 0.0
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed <= 1e7:
        problems.append(f'--speed: must be max or a number above 0 (times real time), not "{text}"')
    return speed


class _Stop:
    """The first Ctrl-C (or SIGTERM) ends the run at the next reading with its files whole; the second one at once."""

    def __init__(self) -> None:
        self._asked = False
        self._before = {number: signal.signal(number, self._ask) for number in (signal.SIGINT, signal.SIGTERM)}

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self._asked = True
        self.restore()

    def asked(self) -> bool:
        return self._asked

    def restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


class _Progress:
    """A bar on standard error, only for people and only when it takes long."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._last = 0.0
        self._on = sys.stderr.isatty()

    def tell(self, share: float) -> None:
        now = time.monotonic()
        if not self._on or now - self._began < LONG_RUN_S or now - self._last < 0.2:
            return
        self._last = now
        left_s = (now - self._began) / max(share, 1e-6) * (1 - share)
        bar = "#" * round(share * 40)
        print(f"\r[{bar:<40}] {share:4.0%} {left_s:5.0f} s ", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        if self._last:
            print("\r" + " " * 60 + "\r", end="", file=sys.stderr, flush=True)


def _shown(summary: dict[str, Any], lang: str) -> str:
    """The summary for a terminal."""
    zh = lang == "zh"
    effluent, readings = summary["effluent"], summary["readings"]
    speed = summary["simulated_s"] / max(summary["wall_s"], 1e-3)

    def number(value: float | None, digits: int) -> str:
        return "-" if value is None else f"{value:,.{digits}f}"

    source = words.energy_source(summary)[0 if zh else 1]
    rows = [
        ("模拟", "simulated", f"{summary['simulated_s'] / 86_400:.4g} d, {summary['wall_s']:.1f} s, {speed:,.0f} x"),
        ("进水", "inflow", f"{summary['inflow_m3']:.2f} m3"),
        ("排放", "discharged", f"{summary['discharged_m3']:.2f} m3"),
        ("溢流", "overflow", f"{summary['overflow_m3']:.2f} m3"),
        ("用电", "energy", f"{summary['energy_kwh']:.1f} kWh, {number(summary['energy_kwh_per_m3'], 2)} kWh/m3"),
        ("记录用电", "energy as recorded", f"{number(summary['energy_recorded_kwh'], 1)} kWh, {source}"),
        (
            "出水浊度", "effluent turbidity",
            f"{number(effluent['turbidity_ntu_mean'], 1)} NTU, 95 %: {number(effluent['turbidity_ntu_p95'], 1)} NTU",
        ),
        ("启动次数", "starts", ", ".join(f"{name} {a['starts']}" for name, a in summary["actuators"].items())),
        ("读数", "readings", ", ".join(f"{value} {key}" for key, value in readings.items())),
        ("报警", "alarms", ", ".join(f"{c} {n}" for c, n in summary["alarm_counts"].items() if n) or "0"),
    ]  # fmt: skip
    lines = [f"{summary['scenario']} · {summary['unit']}"]
    for label_zh, label_en, value in rows:
        label = label_zh if zh else label_en
        wide = sum(ord(c) > 0x2E80 for c in label)
        lines.append(f"  {label:<{20 - wide}}{value}")
    for e in summary["expectations"]:
        mark = ("通过" if zh else "ok    ") if e["ok"] else ("未通过" if zh else "FAILED")
        value = "-" if e["value"] is None else f"{e['value']:.6g}"
        name = words.quantity(e["quantity"])[0 if zh else 1]
        lines.append(f"  {mark}  {name} ({e['quantity']}): {value}, {summaries.bounds(e)}")
    if summary["interrupted"]:
        lines.append("  中途停止" if zh else "  interrupted; the results hold what was simulated until then")
    return "\n".join(lines)
