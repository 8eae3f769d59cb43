"""The verb `sim board`: the files of a board on a real MicroPython, with flash, serial port and plant."""

import argparse
import signal
from pathlib import Path
from typing import Any

from sim.board.chips import CHIPS
from sim.board.plant import ScenarioPlant
from sim.board.virtual_board import VirtualBoard
from sim.board.vm import DEFAULT_HEAP_BYTES, HEAP_WITH_BROKER_BYTES
from sim.scenario import scenario as scenarios
from sim.scenario.durations import parse_duration

from ..unitkit import unitfile
from ..unitkit.broker_address import address
from ..unitkit.errors import Problems
from ..unitkit.places import EXAMPLE_UNIT, ROOT
from ..unitkit.progress import show
from .arguments import add_verb, print_json

EXAMPLE_SCENARIO = ROOT / "sim/scenarios/week.toml"
_HEAP_HELP = f"heap (default: {DEFAULT_HEAP_BYTES}, with a broker {HEAP_WITH_BROKER_BYTES})"
_LEAST_HEAP = 64 * 1024
_MOST_HEAP = 64 * 1024 * 1024


def add_parser(subs: argparse._SubParsersAction) -> None:
    p = add_verb(subs, "board", sim_board, "run the firmware on a virtual board")
    p.add_argument("--unit", type=Path, default=EXAMPLE_UNIT, metavar="FILE", help="unit file (default: the example)")
    p.add_argument("--scenario", type=Path, default=EXAMPLE_SCENARIO, metavar="FILE", help="what surrounds the unit")
    p.add_argument("--flash", type=Path, default=Path("out/board.flash"), metavar="FILE", help="its flash, kept")
    p.add_argument("--port", default="out/board.tty", metavar="LINK", help="where its serial port appears")
    p.add_argument("--broker", metavar="HOST:PORT", help="have the unit talk to this MQTT broker, without TLS")
    p.add_argument("--heap", type=int, metavar="BYTES", help=_HEAP_HELP)
    p.add_argument("--chip", choices=sorted(CHIPS), help="live in the memory of this chip (default: as --heap says)")
    p.add_argument("--no-vref", action="store_true", help="the chip holds no reference voltage: ADC.read_uv() raises")
    p.add_argument("--for", dest="duration", metavar="DURATION", help="end after so much virtual time: 30d, 2h")
    p.add_argument("--speed", default="1", metavar="max|N", help="max: virtual time; N: N times real time (default: 1)")
    p.add_argument("--json", action="store_true", help="print a summary as JSON when it ends")


def sim_board(args: argparse.Namespace) -> int:
    """Live until the time is up or a signal comes. Returns the exit code."""
    problems = Problems()
    if args.heap is not None and not _LEAST_HEAP <= args.heap <= _MOST_HEAP:
        problems.append(f"--heap: must be {_LEAST_HEAP} to {_MOST_HEAP} bytes, not {args.heap}")
    if args.heap is not None and args.chip:
        problems.append("--heap: not with --chip, whose heap is the chip's")
    until_s = None
    if args.duration is not None:
        try:
            until_s = parse_duration(args.duration)
        except ValueError as e:
            problems.append(f"--for: {e}")
    speed = None
    if args.speed != "max":
        try:
            speed = float(args.speed)
            if not 0.1 <= speed <= 1000:
                raise ValueError
        except ValueError:
            problems.append(f"--speed: must be max or a number from 0.1 to 1000, not {args.speed!r}")
    unit = problems.of(lambda: unitfile.load(args.unit, args.lang))
    scenario = problems.of(lambda: scenarios.load(args.scenario))
    if unit is not None and args.chip and unit.board.chip != "esp32":
        problems.append(f"--chip: {args.chip} is no chip of the unit's board, which has an {unit.board.chip}")
    at = None
    if args.broker is not None:
        if speed is None:
            problems.append("--broker: real messages need real time: give --speed a number, not max")
        at = problems.of(lambda: address(args.broker))
    problems.refuse()
    usual_heap = HEAP_WITH_BROKER_BYTES if at or unit.settings["mqtt.broker"] else DEFAULT_HEAP_BYTES
    board = VirtualBoard(
        unit,
        args.flash,
        args.port,
        ScenarioPlant(unit.control_settings(), scenario),
        speed,
        args.heap or usual_heap,
        log=lambda line: show(line, aside=True),
        chip=args.chip or "",
        vref=not args.no_vref,
    )
    if at is not None:
        board.connect(at)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: board.stop())
    show(f"serial port: {args.port} ({board.serial.path})", aside=True)
    board.run(until_s)
    if args.json:  # virtual time lived, starts of the machine, and what the flash has borne in its life
        flash = board.flash
        result: dict[str, Any] = {"simulated_s": board.now_us / 1e6, "starts": board.starts}
        if args.chip:
            result["chip"] = board.memory.chip_figures()._asdict()
        print_json(result | {"flash_programmed_bytes": flash.programmed_bytes, "flash_erases": flash.erases})
    return 0
