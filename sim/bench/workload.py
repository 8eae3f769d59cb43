"""What the example unit of the benches lives through, and its one-minute readings for those that store or send them."""

import tempfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from host_tools.unitkit import unitfile
from host_tools.unitkit.places import EXAMPLE_UNIT

from .. import runner
from ..scenario.scenario import Inflow, Rain, Scenario

_START = datetime.fromisoformat("2026-06-15T00:00:00+08:00")
QUIET = Scenario("quiet", 1, _START, 40, Inflow(population=420))
_RAIN = Rain(at_s=187_200, for_s=21_600, mm_h=12.0)  # in the third night


def readings(days: int) -> list[tuple[int, int, list[int]]]:
    """Some days of (seconds since 2020-01-01, quality, values in the order of points.txt)."""
    taken: list[tuple[int, int, list[int]]] = []

    def take(unix_s: int, quality: int, values: list[int]) -> None:
        taken.append((unix_s - 1577836800, quality, list(values)))

    with tempfile.TemporaryDirectory() as folder:
        story = replace(QUIET, days=days, rain=(_RAIN,))
        runner.run(story, unitfile.load(EXAMPLE_UNIT), Path(folder) / "out", runner.Options(reading=take))
    return taken
