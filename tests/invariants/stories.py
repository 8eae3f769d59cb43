"""Random stories for one unit: plants, faults, commands, power cuts and clock jumps, drawn by hypothesis."""

from dataclasses import dataclass, field

from hypothesis import strategies as st
from unit.control.basics import NONE
from unit.control.claims import HAND, REMOTE

from tests.control.rig import Rig


@dataclass(frozen=True)
class Story:
    """Settings of a unit, its start, and what happens to it: (second, action, arguments) in order of time."""

    seconds: int
    settings: dict
    level_mm: float
    inflow_l_min: float
    feedback: bool
    acts: list = field(default_factory=list)


def limits():
    """Settings that move the protection's limits over their useful range."""
    values = {}
    for section in ("lift", "aeration", "return"):
        values[f"{section}.min_run_s"] = st.integers(0, 90)
        values[f"{section}.min_off_s"] = st.integers(5, 120)
        values[f"{section}.max_run_s"] = st.integers(120, 1200)
        values[f"{section}.rest_s"] = st.integers(30, 900)
        values[f"{section}.max_starts_per_h"] = st.integers(2, 20)
    values |= {
        "lift.alternate": st.integers(0, 2),
        "lift.run_on_every_starts": st.integers(0, 3),
        "lift.exercise_after_h": st.integers(1, 3),
        "lift.backup_pumps": st.integers(1, 2),
        "return.mode": st.integers(0, 1),
        "aeration.day_on_min": st.integers(1, 30),
        "aeration.day_off_min": st.integers(1, 30),
        "mains.restart_delay_s": st.integers(0, 60),
        "mains.restart_spread_s": st.integers(0, 60),
    }
    return st.fixed_dictionaries({}, optional=values)


LIES = [
    *[("level", ua) for ua in (0, 22000, NONE, *range(4400, 9600, 800))],
    *[("float_high", value) for value in (1, 1, 0, NONE)],
    *[("float_low", value) for value in (1, 1, 0, NONE)],
]


def acts(seconds, *, commands=True, machines=True, mains=True, boards=True, clock=True, inflow=200.0):
    """A list of things that happen, each at a random second."""
    at = st.integers(0, seconds - 1)
    kinds = [st.tuples(at, st.just("inflow"), st.floats(0, inflow))]
    k = st.integers(0, 3)
    if commands:
        source = st.sampled_from([REMOTE, HAND])
        kinds += [
            st.tuples(at, st.just("command"), k, st.integers(0, 1), st.integers(1, 1800), source),
            st.tuples(at, st.just("command"), k, st.integers(0, 1), st.integers(1, 1800), source),
            st.tuples(at, st.just("auto"), k, source),
            st.tuples(at, st.just("acknowledge")),
        ]
    if machines:
        kinds += [
            st.tuples(at, st.just("dead"), k, st.booleans()),
            st.tuples(at, st.just("welded"), k, st.booleans()),
            st.tuples(at, st.just("flow"), st.integers(0, 1), st.floats(20, 400)),
        ]
    if mains:
        kinds.append(st.tuples(at, st.just("mains"), st.integers(1, 600)))
    if boards:
        kinds.append(st.tuples(at, st.just("power_cut"), st.integers(0, 3600), st.booleans()))
    if clock:
        kinds.append(st.tuples(at, st.just("clock"), st.one_of(st.none(), st.integers(0, 86399))))
    return st.lists(st.one_of(kinds), max_size=12).map(lambda found: sorted(found, key=lambda a: a[0]))


def one_broken_witness(seconds):
    """One of level, high float and low float lies, from some second on."""
    return st.builds(lambda t, lie: [(t, *lie)], st.integers(0, seconds // 2), st.sampled_from(LIES))


def _alone(act):
    return [act]


def one_dead_pump(seconds):
    """At most one lift pump stops turning, from some second on."""
    act = st.tuples(st.integers(0, seconds // 2), st.just("dead"), st.integers(0, 1), st.just(True))
    return st.one_of(st.just([]), act.map(_alone))


def one_power_cut(seconds):
    at = st.integers(seconds // 4, seconds // 2)
    return st.tuples(at, st.just("power_cut"), st.just(1), st.booleans()).map(_alone)


def power_cuts(seconds):
    """Some in a row, each of known length, as brown-outs take the board along."""
    cut = st.tuples(st.integers(60, seconds - 1), st.just("power_cut"), st.integers(1, 600), st.just(True))
    return st.lists(cut, min_size=1, max_size=5)


def dips(seconds):
    """The mains are gone for some seconds, several times, minutes apart."""
    return st.builds(
        lambda t, apart_s, n, out_s: [(t + k * apart_s, "mains", out_s) for k in range(n)],
        st.integers(60, seconds // 2),
        st.integers(20, 300),
        st.integers(1, 6),
        st.integers(1, 4),
    )


def lying_feedback(seconds):
    """The running feedback of one lift pump is lost while the pump works."""
    act = st.tuples(st.integers(0, seconds // 2), st.just("says_running"), st.integers(0, 1), st.just(0))
    return act.map(_alone)


def switched_on_then_off_by_hand(seconds):
    """Somebody starts a machine and at once thinks better of it."""
    return st.builds(
        lambda t, k, after_s: [(t, "command", k, 1, 600, REMOTE), (t + after_s, "command", k, 0, 600, HAND)],
        st.integers(60, seconds - 120),
        st.integers(0, 3),
        st.integers(1, 40),
    )


def stories(seconds=5400, settings=None, extra=None, level=(100, 1100), feedback=None, **kinds):
    """Stories of `seconds`; `kinds` as in acts(), `extra` a strategy of further acts."""
    return st.builds(
        lambda s, mm, l_min, fb, a, b: Story(seconds, s, mm, l_min, fb, sorted(a + b, key=lambda act: act[0])),
        limits() if settings is None else settings,
        st.floats(*level),
        st.floats(0, min(kinds.get("inflow", 120.0), 120.0)),
        st.booleans() if feedback is None else st.just(feedback),
        acts(seconds, **kinds),
        st.just([]) if extra is None else extra,
    )


def tell(story, watch):
    """Play the story on a rig; `watch` (watch.py) sees every second and every act. Returns the rig."""
    rig = Rig(dict(story.settings), story.level_mm, story.inflow_l_min)
    rig.feedback = story.feedback
    mains_back = -1
    pending = list(story.acts)
    for t in range(story.seconds):
        while pending and pending[0][0] <= t:
            _, kind, *args = pending.pop(0)
            if kind == "inflow":
                rig.inflow_l_min = args[0]
            elif kind == "command":
                watch.commanded(rig, args, rig.ctrl.command(*args))
            elif kind == "auto":
                rig.ctrl.auto(*args)
                watch.freed(*args)
            elif kind == "acknowledge":
                rig.ctrl.acknowledge(NONE)
                watch.acknowledged()
            elif kind == "dead":
                rig.dead[args[0]] = args[1]
            elif kind == "says_running":
                rig.says_running[args[0]] = args[1]
            elif kind == "welded":
                rig.welded[args[0]] = args[1]
            elif kind == "flow":
                rig.pump_l_min[args[0]] = args[1]
            elif kind == "mains":
                rig.power = False
                mains_back = t + args[0]
            elif kind == "power_cut":
                outage_s, known = args
                rig.power_cut(outage_s, known)
                watch.restarted()
            elif kind == "clock":
                rig.tod_s = args[0]
            else:
                setattr(rig, {"level": "level_raw"}.get(kind, kind), args[0])
        if t == mains_back:
            rig.power = True
        rig.run(1)
        watch.second(rig)
    return rig
