"""Healthy units through whole years: whatever they raise without a true cause is a false alarm.

python -m tests.search.healthy --units 50 --weeks 52 --jobs 2
"""

import argparse
import math
import random
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from tests.search import compiled, loop, play, show, stories, units

MOST_PER_UNIT_YEAR = 0.5
_DAY_S = 86_400
_HOUR_S = 3600
_STEP_S = 900  # the inflow is told anew as often
_VISIT_DAYS = 14
_MARGIN_MM = 60  # a float or a mark is reached by a wave before it is by the water
# Alarms of much water, with the setting of the level at which they are true.
_HIGH = {
    "high_level": "lift.high_level_mm",
    "high_float": "float_high.level_mm",
    "high_float_stays": "float_high.level_mm",
    "spill": "lift.spill_level_mm",
}
_MUCH_WATER = ("cannot_keep_up", "p1_max_run", "p2_max_run")


@dataclass
class Year:
    """What a healthy unit raised."""

    seed: int
    seconds: int
    raised: Counter
    false: list[tuple[int, str]]  # second, alarm


def _unit(rng: random.Random) -> units.Unit:
    """A unit as they are built in villages: sound machines, all witnesses, settings left as they come."""
    while True:
        people = rng.randrange(100, 1500)
        mean_l_s = people * rng.uniform(57, 89) / _DAY_S
        flow_l_s = mean_l_s * rng.uniform(6, 12)
        area_m2 = round(max(0.8, flow_l_s * rng.uniform(0.6, 1.0)), 2)
        changed = {
            "lift.well_area_m2": round(area_m2 * 100),
            "lift.pump_flow_m3_h": max(1, round(flow_l_s * 36)),
            "return.mode": rng.randrange(2),
            "return.flow_m3_h": max(1, round(flow_l_s * 18)),
            "wiring.turbidity": "ai2",
            "aeration.low_load_m3_d": round(mean_l_s * 86.4 * 0.35 * 10),
            "aeration.holiday_m3_d": round(mean_l_s * 86.4 * 0.1 * 10),
        }
        changed |= {f"wiring.{name}": "in1" for name in ("float_high", "float_low", "mains")}
        changed |= {f"wiring.{name}_running": "in4" for name in ("p1", "p2", "blower", "return")}
        full = units.control_settings(changed)
        if full is not None:
            break
    pit = units.Pit(
        area_m2=area_m2,
        spill_mm=float(full["lift.spill_level_mm"]),
        suction_mm=100.0,
        flow_l_s=flow_l_s * rng.uniform(0.95, 1.05),
        level_mm=400.0,
        head_loss=rng.uniform(0, 0.1),
        together=rng.uniform(0.85, 1.0),
        lag_s=rng.choice((1.0, 2.0, 4.0)),
        noise_mm=rng.choice((0.3, 1.0, 3.0)),
        wave_mm=rng.choice((0.0, 3.0, 8.0)),
        wave_s=rng.uniform(2.5, 8.0),
        step_mm=rng.choice((1.0, 1.0, 2.0)),
        float_hysteresis_mm=rng.choice((20.0, 40.0)),
    )
    return units.Unit(full, pit, True, mean_l_s)


def _of_day(hour: float) -> float:
    """Share of the mean: nights near nothing, peaks in the morning, at noon, in the evening."""
    return 0.12 + sum(h * math.exp(-(((hour - at) / 1.3) ** 2)) for at, h in ((7.3, 2.4), (12.3, 1.8), (19.2, 2.6)))


class _Village:
    """A year of water, mains and visits."""

    def __init__(self, seed: int, days: int):
        self.rng = random.Random(f"village {seed}")
        self.seed = seed
        self.days = days
        self.unit = _unit(self.rng)
        self.acts: list[tuple[int, ...]] = []

    def story(self) -> stories.Story:
        """The acts of the year, and when it begins."""
        first_day = self.rng.randrange(9000, 9365)
        self.water()
        self.cuts()
        for day in range(_VISIT_DAYS, self.days, _VISIT_DAYS):
            self.act(day * _DAY_S + self.rng.randrange(8 * _HOUR_S, 17 * _HOUR_S), loop.ACKNOWLEDGE)
        self.slow()
        self.acts.sort()
        return stories.Story(self.seed, self.unit, self.days * _DAY_S, first_day * _DAY_S, True, self.acts, set())

    def act(self, at_s: int, what: int, a: int = 0, b: int = 0) -> None:
        self.acts.append((max(1, at_s), what, a, b, 0, 0, 0))

    def water(self) -> None:
        rng = self.rng
        mean = self.unit.mean_l_s
        festival = rng.randrange(0, 365)
        feast = rng.choice((0.03, rng.uniform(1.5, 3.0)))  # an empty village, or everybody is at home
        rain = [0.0] * (self.days * _DAY_S // _STEP_S + 500)
        for _ in range(self.days * 60 // 365):
            begin = rng.randrange(0, self.days * _DAY_S // _STEP_S)
            peak = mean * rng.uniform(0.2, 1.5) * rng.choice((1, 1, 1, 3))
            rise, fall = rng.randrange(2, 16), rng.randrange(8, 100)
            for k in range(rise + fall):
                rain[begin + k] += peak * (k / rise if k < rise else 1 - (k - rise) / fall)
        infiltration = mean * rng.uniform(0.0, 0.4)
        share = 1.0
        for k in range(self.days * _DAY_S // _STEP_S):
            day, hour = k * _STEP_S // _DAY_S, k * _STEP_S % _DAY_S / _HOUR_S
            if hour == 0.0:
                share = rng.uniform(0.85, 1.15) * (1.2 if day % 7 >= 5 else 1.0)
                share *= feast if festival <= day % 365 < festival + 15 else 1.0
            flow = mean * share * _of_day(hour) * rng.uniform(0.6, 1.4) + rain[k] + infiltration
            self.act(k * _STEP_S, loop.INFLOW, int(min(flow, 1.6 * self.unit.pit.flow_l_s) * 1000), 300)

    def cuts(self) -> None:
        rng = self.rng
        battery = rng.random() < 0.5
        for _ in range(max(1, rng.randrange(2, 9) * self.days // 365)):
            t = rng.randrange(_HOUR_S, self.days * _DAY_S - 8 * _HOUR_S)
            long_s = rng.randrange(1800, 6 * _HOUR_S)
            self.act(t, loop.MAINS, 0)
            self.act(t + long_s, loop.MAINS, 1)
            if not battery:
                self.act(t, loop.BOARD, 0)
                self.act(t + long_s, loop.BOARD, 1, 1)

    def slow(self) -> None:
        """Impellers wear and foul within what is normal, effluent goes up and down below its limit."""
        rng = self.rng
        ntu_10 = 60.0
        worn = [rng.uniform(0.0, 0.12), rng.uniform(0.0, 0.12)]
        for day in range(self.days):
            for pump in (0, 1):
                self.act(day * _DAY_S, loop.SHARE, pump, int(1000 * (1 - worn[pump] * day / self.days)))
            for hour in (0, 6, 12, 18):
                ntu_10 = min(200.0, max(20.0, ntu_10 + rng.uniform(-15, 15)))
                self.act(day * _DAY_S + hour * _HOUR_S, loop.TURBIDITY, int(ntu_10))


class _Truth:
    """What was truly so in a story, looked up once an alarm is raised."""

    def __init__(self, story: stories.Story, flow_l_s: float):
        self.story = story
        self.flow_l_s = flow_l_s
        self.off: list[tuple[int, int]] = []
        for at_s, what, a, *_ in story.acts:
            if what == loop.MAINS and not a:
                self.off.append((at_s, story.seconds))
            elif what == loop.MAINS:
                self.off[-1] = (self.off[-1][0], at_s)

    def is_cause(self, name: str, t_s: int, highest_mm: float, most_inflow_l_s: float, clock: bool) -> bool:
        """Whether the plant, or the crew's calendar, gives cause for this alarm at this second."""
        if name == "mains_off":
            return any(begin <= t_s <= end + 120 for begin, end in self.off)
        if name in _HIGH:
            return highest_mm >= self.story.unit.settings[_HIGH[name]] - _MARGIN_MM
        if name in _MUCH_WATER:
            return most_inflow_l_s > 0.8 * self.flow_l_s
        if name == "clock_unset":
            return not clock
        return name.endswith("_service")


def play_one(seed: int, days: int) -> Year:
    """A healthy unit for so many days."""
    story = _Village(seed, days).story()
    stage = play.Stage(story)
    stage.judge.hand.hold(1 << 30)  # nobody measures spills here
    loop_ = stage.loop
    s = story.unit.settings
    loop_.machines = 1
    sensor = loop_.turbidity
    sensor.noise_mm, sensor.lag_s = 3.0, 30.0
    sensor.low_mm, sensor.high_mm = float(s["turbidity.low_ntu"]), float(s["turbidity.high_ntu"])
    truth = _Truth(story, story.unit.pit.flow_l_s)
    names = show.words("alarms")
    year = Year(seed, story.seconds, Counter(), [])
    told = 0
    levels: list[float] = []  # of the last hour, a value a minute
    inflows: list[float] = []
    for t in range(60, story.seconds + 1, 60):
        stage.until(t)
        levels = [*levels[-60:], loop_.plant.level_mm]
        inflows = [*inflows[-60:], loop_.plant.inflow_l_s]
        new = list(stage.judge.alarm)[told:]
        times = list(stage.judge.alarm_s)[told:]
        told += len(new)
        for index, at_s in zip(new, times):
            year.raised[names[index]] += 1
            if not truth.is_cause(names[index], at_s, max(levels), max(inflows), bool(loop_.clock)):
                year.false.append((at_s, names[index]))
    return year


def run(first_seed: int, count: int, days: int, jobs: int = 1) -> list[Year]:
    """Many units."""
    compiled.load("tests.search.loop")
    seeds = list(range(first_seed, first_seed + count))
    if jobs > 1:
        with ProcessPoolExecutor(jobs) as pool:
            return list(pool.map(play_one, seeds, [days] * count))
    return [play_one(seed, days) for seed in seeds]


def rate(years: list[Year]) -> float:
    """False alarms a unit-year."""
    return sum(len(year.false) for year in years) / (sum(year.seconds for year in years) / (365 * _DAY_S))


def table(years: list[Year], most: int = 40) -> list[str]:
    """The rate, what was raised, and each false alarm."""
    unit_years = sum(year.seconds for year in years) / (365 * _DAY_S)
    total: Counter = Counter()
    false: Counter = Counter()
    for year in years:
        total += year.raised
        false.update(name for _, name in year.false)
    lines = [f"{len(years)} healthy units, {unit_years:.2f} unit-years: {rate(years):.2f} false alarms a unit-year"]
    lines.append("raised: " + (", ".join(f"{name} {n}" for name, n in total.most_common()) or "nothing"))
    lines.append("false: " + (", ".join(f"{name} {n}" for name, n in false.most_common()) or "none"))
    each = [(year.seed, at_s, name) for year in years for at_s, name in year.false]
    lines += [
        f"  unit {seed} day {at_s // _DAY_S} {show.clock(at_s % _DAY_S)} {name}" for seed, at_s, name in each[:most]
    ]
    if len(each) > most:
        lines.append(f"  and {len(each) - most} more")
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.search.healthy", description=__doc__.splitlines()[0])
    parser.add_argument("--units", type=int, default=50, metavar="N")
    parser.add_argument("--weeks", type=int, default=52)
    parser.add_argument("--seed", type=int, default=0, help="of the first unit")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    given = parser.parse_args()
    years = run(given.seed, given.units, given.weeks * 7, given.jobs)
    print("\n".join(table(years)))
    return 1 if rate(years) > MOST_PER_UNIT_YEAR else 0


if __name__ == "__main__":
    sys.exit(main())
