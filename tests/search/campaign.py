"""Many stories, on as many processes as there are jobs, and the table of what was found."""

from collections import Counter
from concurrent.futures import ProcessPoolExecutor

from tests.search import compiled, play, stories


def _one(seed: int) -> play.Outcome:
    return play.play(stories.draw(seed))


def run(first_seed: int, count: int, jobs: int = 1):
    """Yield the outcome of each story, in order of the seeds."""
    compiled.load("tests.search.loop")  # once, before the processes want it all at once
    seeds = range(first_seed, first_seed + count)
    if jobs <= 1:
        yield from map(_one, seeds)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(_one, seeds, chunksize=4)


def table(outcomes: list[play.Outcome], worst: int = 5) -> list[str]:
    """Stories tried, worst figure of each rule, seeds of the worst, and what goes along with each broken rule."""
    seconds = sum(outcome.seconds for outcome in outcomes)
    failed = [outcome for outcome in outcomes if outcome.broken()]
    lines = [f"{len(outcomes)} stories, {seconds / 3600:,.0f} unit-hours; {len(failed)} break a rule"]
    lines.append(f"{'rule':<13} {'broken':>6} {'worst':>12} {'limit':>6}  seeds of the worst")
    for k, rule in enumerate(play.RULES):
        by_excess = sorted(outcomes, key=lambda o: o.worst[k] - o.limit[k], reverse=True)
        broken = [o for o in by_excess if o.worst[k] > o.limit[k]]
        top = by_excess[0] if by_excess else None
        figures = f"{top.worst[k]:12,.0f} {top.limit[k]:6.0f}" if top else ""
        lines.append(f"{rule:<13} {len(broken):6} {figures}  {' '.join(str(o.seed) for o in broken[:worst])}")
    for k, rule in enumerate(play.RULES):
        kinds: Counter[str] = Counter()
        whys: Counter[str] = Counter()
        example: dict[str, int] = {}
        for outcome in outcomes:
            if outcome.worst[k] > outcome.limit[k]:
                kinds.update(outcome.kinds or {"nothing"})
                whys[outcome.why[k]] += 1
                example.setdefault(outcome.why[k], outcome.seed)
        if kinds:
            lines.append(f"{rule} goes with: " + ", ".join(f"{kind} {n}" for kind, n in kinds.most_common(8)))
        said = [f"{why} {n} (seed {example[why]})" for why, n in whys.most_common(8) if why]
        if said:
            lines.append(f"{rule}, what control said of its pumps: " + ", ".join(said))
    alarms: Counter[str] = Counter()
    for outcome in outcomes:
        alarms.update(outcome.raised)
    lines.append("alarms raised: " + ", ".join(f"{name} {n}" for name, n in alarms.most_common(12)))
    return lines
