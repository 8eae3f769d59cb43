"""Storms: what control spills against the best that the same well and pumps allow, both pumps on as early as can be.

python -m tests.search.storms --storms 500 --seed 0 --jobs 2
"""

import argparse
import random
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from tests.search import compiled, loop, play, show, stories, units

MOST_RATIO = 1.1


@dataclass
class Storm:
    """What one storm spilt, in litres."""

    seed: int
    spilt_l: float
    best_l: float
    # A storm finds the well as full as an ordinary day may leave it: the best has emptied it to the pumps' inlets, and
    # has both pumps on below the level at which control may first start the second. So much is not held against it.
    allowed_l: float

    def ratio(self) -> float:
        """Spilt beyond the allowance, as a multiple of the best; 1 where nothing of it need have been kept."""
        beyond_l = self.spilt_l - self.allowed_l
        return max(0.0, beyond_l) / self.best_l if self.best_l > 1.0 else 1.0 + max(0.0, beyond_l)


def draw(seed: int) -> stories.Story:
    """A unit whose machines and sensors are sound, a day before, a storm of 1 to 12 hours, and its end."""
    rng = random.Random(f"storm {seed}")
    unit = units.draw(rng)
    flow_ml_s = unit.pit.flow_l_s * 1000
    calm = int(rng.uniform(0.0, 0.5) * flow_ml_s)
    acts = [(1, loop.INFLOW, calm, 60, 0, 0, 0)]
    t = rng.randrange(1800, 6 * 3600)
    rise_s, fall_s = rng.randrange(300, 4 * 3600), rng.randrange(1800, 8 * 3600)
    peak = rng.uniform(1.5, 5.0) * flow_ml_s
    step_s = 300
    for k in range(0, rise_s + fall_s, step_s):
        share = k / rise_s if k < rise_s else 1 - (k - rise_s) / fall_s
        acts.append((t + k, loop.INFLOW, int(calm + share * (peak - calm)), step_s // 2, 0, 0, 0))
    end_s = t + rise_s + fall_s
    acts.append((end_s, loop.INFLOW, calm, 60, 0, 0, 0))
    return stories.Story(seed, unit, end_s + 2 * 3600, rng.randrange(9000, 9300) * 86400, True, acts, {"storm"})


def play_one(seed: int) -> Storm:
    """This storm, by control and at best."""
    story = draw(seed)
    stage = play.Stage(story)
    stage.until(story.seconds)
    best = play.plant_of(story)
    at_s, inflow, swing = ([act[k] for act in story.acts] for k in (0, 2, 3))
    best_l = compiled.load("tests.search.ideal").best_spill_l(best, at_s, inflow, swing, story.seconds)
    s = story.unit.settings
    allowed_l = story.unit.pit.area_m2 * (s["lift.assist_level_mm"] - story.unit.pit.suction_mm)
    return Storm(seed, stage.loop.plant.spilt_l, best_l, allowed_l)


def run(first_seed: int, count: int, jobs: int = 1) -> list[Storm]:
    """Many storms, the worst first."""
    compiled.load("tests.search.loop")
    seeds = range(first_seed, first_seed + count)
    if jobs > 1:
        with ProcessPoolExecutor(jobs) as pool:
            found = list(pool.map(play_one, seeds, chunksize=4))
    else:
        found = [play_one(seed) for seed in seeds]
    return sorted(found, key=Storm.ratio, reverse=True)


def table(storms: list[Storm]) -> list[str]:
    """Storms tried and the worst of them."""
    wet = [storm for storm in storms if storm.best_l > 1.0]
    over = [storm for storm in storms if storm.ratio() > MOST_RATIO]
    lines = [f"{len(storms)} storms, {len(wet)} spill at best; {len(over)} spill more than {MOST_RATIO} times the best"]
    lines.append(f"{'seed':>6} {'spilt m3':>10} {'best m3':>10} {'allowed m3':>10} {'ratio':>8}")
    for storm in storms[:8]:
        litres = (storm.spilt_l, storm.best_l, storm.allowed_l)
        lines.append(f"{storm.seed:6} " + " ".join(f"{x / 1000:10.2f}" for x in litres) + f" {storm.ratio():8.3f}")
    return lines


def _first_spill_s(story: stories.Story) -> int:
    stage = play.Stage(story)
    while not stage.loop.plant.spilt_l and stage.loop.t_s < story.seconds:
        stage.until(stage.loop.t_s + 10)
    return stage.loop.t_s


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.search.storms", description=__doc__.splitlines()[0])
    parser.add_argument("--storms", type=int, default=500, metavar="N")
    parser.add_argument("--seed", type=int, default=0, help="of the first storm")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--show", type=int, metavar="SEED", help="tell one storm from its first spill on")
    given = parser.parse_args()
    if given.show is not None:
        story = draw(given.show)
        for line in show.show(story, max(1, _first_spill_s(story) - 120), 600, False):
            print(line)
        return 0
    found = run(given.seed, given.storms, given.jobs)
    print("\n".join(table(found)))
    return 1 if found[0].ratio() > MOST_RATIO else 0


if __name__ == "__main__":
    sys.exit(main())
