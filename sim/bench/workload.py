"""One-minute readings of the example unit, from the simulator: the workload of the benches that store or send them."""

import tempfile
from pathlib import Path

from host_tools.unitkit import unitfile
from host_tools.unitkit.places import EXAMPLE_UNIT

from .. import runner
from ..scenario import scenario

_WEEK = """
name = "bench-week"
seed = 1
start = 2026-06-15T00:00:00+08:00
days = {days}
[inflow]
population = 420
litres_per_person_day = 70
peak_factor = 3.5
[[rain]]
at = "2d04:00"
for = "6h"
mm_h = 12.0
"""


def readings(days: int) -> list[tuple[int, int, list[int]]]:
    """Some days of (seconds since 2020-01-01, quality, values in the order of points.txt)."""
    taken: list[tuple[int, int, list[int]]] = []

    def take(unix_s: int, quality: int, values: list[int]) -> None:
        taken.append((unix_s - 1577836800, quality, list(values)))

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "week.toml"
        path.write_text(_WEEK.format(days=days), encoding="utf-8")
        runner.run(scenario.load(path), unitfile.load(EXAMPLE_UNIT), Path(folder) / "out", runner.Options(reading=take))
    return taken
