"""What a tick of the firmware costs on the virtual machine, and how fast virtual time goes.

`python -m sim.bench.tick` runs a day of the example unit's week; with a duration such as `30d` that long. It prints the
time on the clock for the whole board (machine, plant and host), and of one tick (sensors, control, relays, journal and
bookkeeping) the median, the 99th and the 99.9th percentile as the machine itself measures it.
"""

import sys
import tempfile
import time
from pathlib import Path

from sim import scenario
from sim.durations import parse_duration

from .heap import board_with, shown

BUDGET_MS = 5.0
_BIN_US = 20
_N_BINS = 1000
_WEEK = Path(__file__).resolve().parents[1] / "scenarios/week.toml"

# Runs in place of main.py. `host.real_time` is the computer's clock; the machine's own stands still within a tick.
_MEASURE = """
import gc, array
from host import real_time
gc.threshold(4096)
from unit import config
loaded = config.load()
del config
from unit import app as road
unit = road.App(*loaded)
loaded = None
bins = array.array("I", bytes(4 * N_BINS))
one = road.App.tick
def tick(self):
    begun = real_time.ticks_us()
    one(self)
    us = real_time.ticks_diff(real_time.ticks_us(), begun)
    bins[min(us // BIN_US, N_BINS - 1)] += 1
    if self.now_s % 3600 == 3599:
        for i in range(N_BINS):
            if bins[i]:
                print("bin", i, bins[i])
                bins[i] = 0
road.App.tick = tick
unit.run()
""".replace("N_BINS", str(_N_BINS)).replace("BIN_US", str(_BIN_US))


def measure(seconds: int) -> tuple[dict[int, int], float]:
    """(ticks by cost, in steps of `_BIN_US`, of all whole hours; seconds on the clock) of so much virtual time."""
    with tempfile.TemporaryDirectory() as folder:
        board = board_with(_MEASURE, Path(folder), story=scenario.load(_WEEK))
        begun = time.monotonic()
        text = shown(board, seconds)
        wall_s = time.monotonic() - begun
    bins: dict[int, int] = {}
    for line in text.splitlines():
        if line.startswith("bin "):
            _, at, n = line.split()
            bins[int(at)] = bins.get(int(at), 0) + int(n)
    if not bins:
        raise RuntimeError(text)
    return bins, wall_s


def percentile_us(bins: dict[int, int], share: float) -> int:
    """The cost that `share` of the ticks do not exceed: the upper end of its step."""
    left = sum(bins.values()) * share
    for at in sorted(bins):
        left -= bins[at]
        if left <= 0:
            return (at + 1) * _BIN_US
    return _N_BINS * _BIN_US


def main() -> int:
    seconds = parse_duration(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1][:1].isdigit() else 86400
    bins, wall_s = measure(seconds)
    n = sum(bins.values())
    print(f"{seconds} s of virtual time in {wall_s:.1f} s; 30 days would take {wall_s * 30 * 86400 / seconds:.0f} s")
    shares = ", ".join(f"{share * 100:g} % {percentile_us(bins, share) / 1000:.2f}" for share in (0.5, 0.99, 0.999))
    longest_ms = percentile_us(bins, 1) / 1000
    print(f"{n} ticks, ms each: {shares}, longest {longest_ms:.2f}; budget at 99.9 %: {BUDGET_MS:g}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
