"""What a tick of the firmware costs on the virtual machine, and how fast virtual time goes.

`python -m sim.bench tick` runs a day of the example unit's week; with `--for 30d` that long. It prints the
time on the clock for the whole board (machine, plant and host) and what of it was computing, on a busy PC the better
figure; of one tick (sensors, control, relays, journal and bookkeeping) the median, the 99th and the 99.9th percentile
as the machine itself measures it; and how much memory control and journal take in an hour of steady ticks.
"""

import re
import resource
import tempfile
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path

from sim.scenario import scenario

from . import duration_s
from .heap import MAKE_UNIT, board_with, shown

BUDGET_MS = 5.0
BUDGET_S = 600  # for 30 days
_SHORT_S = 3660  # ticks are told by whole hours
_BIN_US = 20
_N_BINS = 1000
_WEEK = Path(__file__).resolve().parents[1] / "scenarios/week.toml"

# Runs in place of main.py. `host.real_time` is the computer's clock; the machine's own stands still within a tick.
_MEASURE = MAKE_UNIT + """
import array
from host import real_time
bins = array.array("I", bytes(4 * N_BINS))
one = App.tick
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
App.tick = tick
app.run()
""".replace("N_BINS", str(_N_BINS)).replace("BIN_US", str(_BIN_US))

# The same, with what stands on the heap counted before and after control and journal had their turn, the collector off.
# What the first hour takes are buffers that stay.
_COUNT = MAKE_UNIT + """
grown = [0, 0]
step = app.control.step
second = app.recorder.second
def counted_step(now_s, tod_s, day):
    gc.disable()
    before = gc.mem_alloc()
    step(now_s, tod_s, day)
    grown[0] += gc.mem_alloc() - before
    gc.enable()
def counted_second(now_s, utc_s):
    gc.disable()
    before = gc.mem_alloc()
    second(now_s, utc_s)
    grown[1] += gc.mem_alloc() - before
    gc.enable()
    if now_s == 3600:
        grown[0] = grown[1] = 0
    if now_s == 7200:
        print("grown", grown[0], grown[1])
app.control.step = counted_step
app.recorder.second = counted_second
app.run()
"""


def allocations() -> tuple[int, int]:
    """Bytes that control and journal have taken from the heap in the second hour of a unit's life."""
    with tempfile.TemporaryDirectory() as folder:
        text = shown(board_with(_COUNT, Path(folder), story=scenario.load(_WEEK)), 7210)
    found = re.search(r"grown (-?\d+) (-?\d+)", text)
    if found is None:
        raise RuntimeError(text)
    return int(found[1]), int(found[2])


def _computed_s() -> float:
    """Seconds of a processor that this process and its machines have used."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def measure(seconds: int) -> tuple[dict[int, int], float, float]:
    """(ticks by cost, in steps of `_BIN_US`, of all whole hours; seconds on the clock; seconds computed) of a life."""
    with tempfile.TemporaryDirectory() as folder:
        board = board_with(_MEASURE, Path(folder), story=scenario.load(_WEEK))
        begun, computed_s = time.monotonic(), _computed_s()
        text = shown(board, seconds)
        wall_s, computed_s = time.monotonic() - begun, _computed_s() - computed_s
    bins: dict[int, int] = {}
    for line in text.splitlines():
        if line.startswith("bin "):
            _, at, n = line.split()
            bins[int(at)] = bins.get(int(at), 0) + int(n)
    if not bins:
        raise RuntimeError(text)
    return bins, wall_s, computed_s


def percentile_us(bins: dict[int, int], share: float) -> int:
    """The cost that `share` of the ticks do not exceed: the upper end of its step."""
    left = sum(bins.values()) * share
    for at in sorted(bins):
        left -= bins[at]
        if left <= 0:
            return (at + 1) * _BIN_US
    return _N_BINS * _BIN_US


def add_options(p: ArgumentParser) -> None:
    p.add_argument("--for", dest="life_s", type=duration_s, default=86400, metavar="DURATION", help="such as 30d")


def main(args: Namespace) -> None:
    seconds = _SHORT_S if args.short else args.life_s
    bins, wall_s, computed_s = measure(seconds)
    n = sum(bins.values())
    times = 30 * 86400 / seconds
    print(f"{seconds} s of virtual time in {wall_s:.1f} s, {computed_s:.1f} s of them computing")
    print(f"30 days would take {wall_s * times:.0f} s, {computed_s * times:.0f} s of them computing; budget {BUDGET_S}")
    shares = ", ".join(f"{share * 100:g} % {percentile_us(bins, share) / 1000:.2f}" for share in (0.5, 0.99, 0.999))
    longest_ms = percentile_us(bins, 1) / 1000
    print(f"{n} ticks, ms each: {shares}, longest {longest_ms:.2f}; budget at 99.9 %: {BUDGET_MS:g}")
    if not args.short:
        control, journal = allocations()
        taken = f"control {control} bytes, journal and the stand-in for its flash {journal}"
        print(f"memory taken in 3600 steady ticks: {taken}")
