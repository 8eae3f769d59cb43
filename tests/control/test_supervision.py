"""Which fact raises which alarm: each alarm of the catalogue by its own fact, and what explains what."""

from unit.catalogue.tables import rows
from unit.control.alarms import ACKNOWLEDGED, NORMAL, UNACKNOWLEDGED
from unit.control.basics import FAILURE, GOOD, NONE, OUT_OF_SPEC
from unit.control.io import OUTPUT_NAMES

from tests.control.rig import Rig

NAMES = [row[0] for row in rows("alarms")]
DELAYS_S = {row[0]: (int(row[2]), int(row[3])) for row in rows("alarms")}
LATCHED = {row[0]: row[4] == "y" for row in rows("alarms")}


class Facts:
    """A unit of which nothing is known but facts. A fact is set by hand, and `run` tells what was raised."""

    def __init__(self):
        control = Rig().ctrl
        self.events = control.events
        self.book = control.alarms
        self.outputs = control.outputs
        self.well = control.well
        self.inflow = control.inflow
        self.lift = control.process.lift
        self.turbidity = control.turbidity
        self.watch = control.supervision
        self.watch.high_level_mm = 950
        self.watch.spill_level_mm = 1100
        self.watch.turbidity_limit = 300
        self.watch.pump_service_s = self.watch.blower_service_s = 3600
        self.lift.start_level_mm = 600
        self.well.level.quality = self.turbidity.quality = GOOD
        self.well.level_ok = 1
        self.well.level_mm = 400
        self.tod_s = 0
        self.mains = 1
        self.dry = self.no_air = self.unsteady = 0
        self.t = 0

    def run(self, seconds):
        """Names of the alarms that were told in these seconds."""
        told = []
        for _ in range(seconds):
            self.watch.step(
                self.t, self.tod_s, self.turbidity, self.lift, self.mains, self.dry, self.no_air, self.unsteady
            )
            self.t += 1
            e = self.events
            told += [NAMES[e.a[k]] for k in range(e.count) if e.b[k] == UNACKNOWLEDGED]
            e.clear()
        return told

    def below(self, name):
        """Names of what this alarm explains now."""
        root = NAMES.index(name)
        active = self.book.active
        return [n for i, n in enumerate(NAMES) if i != root and active[i] and self.book.belongs(i, root)]

    def ack(self, name):
        index = NONE if name == "all" else NAMES.index(name)
        self.watch.acknowledged(index)
        n = self.book.acknowledge(index, self.t)
        self.events.clear()
        return n


def put(place, name, value):
    """Set a fact; returns what takes it back."""
    before = getattr(place, name)
    setattr(place, name, value)
    return lambda: setattr(place, name, before)


def facts_of(f):
    """For each alarm: (object, attribute, value that is just not enough, value that is)."""
    found = {
        "level_failed": (f.well.level, "quality", GOOD, FAILURE),
        "level_suspect": (f.well.level, "quality", GOOD, OUT_OF_SPEC),
        "level_drift": (f.well, "level_drifts", 0, 1),
        "turbidity_failed": (f.turbidity, "quality", GOOD, FAILURE),
        "turbidity_suspect": (f.turbidity, "quality", GOOD, OUT_OF_SPEC),
        "turbidity_high": (f.turbidity, "value", 300, 301),
        "high_level": (f.well, "level_mm", 949, 950),
        "high_float": (f.well, "high_up", NONE, 1),
        "high_float_stays": (f.well, "high_up", 0, 1),
        "spill": (f.well, "level_mm", 1099, 1100),
        "float_high_wrong": (f.well, "high_out", 0, 1),
        "float_low_wrong": (f.well, "low_out", 0, 1),
        "dry_stop": (f, "dry", 0, 1),
        "no_pump": (f.lift, "no_pump", 0, 1),
        "cannot_keep_up": (f.lift, "swaps", 2, 3),
        "backflow": (f.inflow, "backflow", 0, 1),
        "mains_off": (f, "mains", 1, 0),
        "clock_unset": (f, "tod_s", 0, -1),
        "no_inflow": (f.inflow, "stopped", 0, 1),
        "no_air": (f, "no_air", 0, 1),
        "mains_dips": (f, "unsteady", 0, 1),
        "key_lost": (f.watch, "key_lost", 0, 1),
    }
    for k in range(2):
        pump = f.inflow.pumps[k]
        found[OUTPUT_NAMES[k] + "_clogged"] = (pump, "clogged", 0, 1)
        found[OUTPUT_NAMES[k] + "_worn"] = (pump, "worn", 0, 1)
    for output in f.outputs:
        guard = output.guard
        found[output.name + "_trip"] = (guard, "fails_to_run", 0, 1)
        found[output.name + "_uncommanded"] = (guard, "runs_uncommanded", 0, 1)
        found[output.name + "_max_run"] = (guard, "max_run_hit", 0, 1)
        found[output.name + "_starts"] = (guard, "starts_limited", 0, 1)
        found[output.name + "_no_feedback"] = (guard, "feedback_lost", 0, 1)
        found[output.name + "_service"] = (output, "run_s", 3599, 3600)
    return found


# What the same fact raises besides.
BESIDES = {"high_float_stays": ["high_float"], "spill": ["high_level"]}


def test_every_alarm_is_raised_by_its_fact_after_its_delay_and_not_before():
    assert sorted(facts_of(Facts())) == sorted(NAMES)
    for name in NAMES:
        f = Facts()
        if name == "dry_stop":
            f.well.level_mm = 600  # a dry well that is full
        place, attribute, short, enough = facts_of(f)[name]
        take_back = put(place, attribute, short)
        on_s, off_s = DELAYS_S[name]
        besides = BESIDES.get(name, [])
        assert [n for n in f.run(on_s + 100) if n not in besides] == [], name
        setattr(place, attribute, enough)
        assert [n for n in f.run(on_s) if n not in besides] == [], name
        assert [n for n in f.run(1) if n not in besides] == [name], name
        take_back()
        assert f.run(off_s) == []
        assert f.book.active[NAMES.index(name)] or not off_s
        f.run(1)
        assert not f.book.active[NAMES.index(name)], name
        assert bool(f.book.state[NAMES.index(name)]) == LATCHED[name]


def test_a_witness_that_is_out_is_an_alarm_though_its_signal_is_good():
    f = Facts()
    f.well.level_out = 1
    assert f.run(60) == ["level_failed"]


def test_what_takes_more_than_one_fact():
    f = Facts()
    f.dry = 1
    assert f.run(200) == []  # a well that is dry and not full is no news
    f.lift.backup = 1
    assert f.run(200) == ["dry_stop"]
    f = Facts()
    f.well.level_ok = 0
    f.well.level_mm = 2000
    assert f.run(200) == []  # an old level raises nothing
    f = Facts()
    f.watch.turbidity_wired = 0
    f.turbidity.quality = FAILURE
    f.turbidity.value = 9999
    assert f.run(4000) == []


def test_nothing_explains_what_calls_for_another_action_at_once():
    for row in rows("alarms"):
        if row[0] == "spill" or row[0].endswith("_uncommanded"):
            assert row[6] == "", row[0]
    for row in rows("alarms"):
        for root in row[6].replace("+", " ").split():
            assert root in NAMES and root != row[0]
            assert DELAYS_S[root][0] <= 300, "a root hides what is below it while its own delay runs"


def test_a_failed_level_explains_the_float_that_runs_the_pumps():
    f = Facts()
    f.well.level.quality = FAILURE
    f.well.level_ok = 0
    told = f.run(60)
    for _ in range(69):
        f.well.high_up = 1
        told += f.run(100)
        f.well.high_up = 0
        told += f.run(1000)
    assert told == ["level_failed"]
    f.well.high_up = 1
    assert f.run(3700) == ["high_float_stays"]  # the pumps do not lower the well: another thing
    assert f.below("level_failed") == ["high_float"]


def test_a_storm_is_told_once_and_its_spill_besides():
    f = Facts()
    f.well.level_mm = 1000
    told = f.run(60)
    f.well.high_up = 1
    told += f.run(60)
    f.outputs[0].guard.max_run_hit = 1
    told += f.run(600)
    assert told == ["high_level"] and f.below("high_level") == ["high_float", "p1_max_run"]
    f.lift.swaps = 3
    assert f.run(60) == ["cannot_keep_up"]
    assert f.below("cannot_keep_up") == ["high_level", "high_float", "p1_max_run"]
    f.well.level_mm = 1100
    assert f.run(60) == ["spill"]


def test_two_dead_pumps_explain_that_none_is_there():
    f = Facts()
    f.outputs[0].guard.fails_to_run = 1
    f.lift.no_pump = 1
    assert f.run(5) == ["p1_trip"]
    f.outputs[1].guard.fails_to_run = 1
    assert f.run(60) == ["p2_trip"]
    assert f.below("p1_trip") == ["no_pump"]
    f = Facts()
    f.outputs[0].guard.fails_to_run = 1
    f.lift.no_pump = 1
    assert f.run(60) == ["p1_trip", "no_pump"]  # the other is in order, and yet not there


def test_without_mains_nothing_else_is_told_but_that_the_well_is_full():
    f = Facts()
    f.mains = 0
    f.lift.no_pump = 1
    f.outputs[0].guard.fails_to_run = 1
    f.no_air = 1
    assert f.run(3600) == ["mains_off"]
    f.well.level_mm = 1000
    f.well.high_up = 1
    assert f.run(7200) == []
    assert f.below("mains_off") == [
        "high_level", "high_float", "high_float_stays", "no_pump", "p1_trip", "no_air",
    ]  # fmt: skip
    f.well.level_mm = 1100
    assert f.run(60) == ["spill"]


def test_acknowledging_lets_back_what_waits_for_it():
    for name, forgives in (
        ("level_failed", 1), ("float_high_wrong", 1), ("float_low_wrong", 1), ("level_drift", 1), ("backflow", 0),
    ):  # fmt: skip
        f = Facts()
        asked = []
        f.well.forgive = lambda asked=asked: asked.append(1)
        f.ack(name)
        assert len(asked) == forgives, name
    f = Facts()
    for output in f.outputs:
        output.guard.failed_starts = 3
    f.ack("p2_trip")
    assert [output.guard.failed_starts for output in f.outputs] == [3, 0, 3, 3]
    f.ack("all")
    assert [output.guard.failed_starts for output in f.outputs] == [0, 0, 0, 0]


def test_acknowledging_a_root_lets_back_what_it_explains():
    f = Facts()
    f.outputs[0].guard.fails_to_run = 1
    f.outputs[0].guard.failed_starts = 3
    f.mains = 0
    f.run(400)
    assert f.below("mains_off") == ["p1_trip"]
    assert f.ack("mains_off") == 1
    assert f.outputs[0].guard.failed_starts == 0
    assert f.book.state[NAMES.index("mains_off")] == ACKNOWLEDGED


def test_seconds_without_news_are_passed_over():
    f = Facts()
    f.run(10)
    looks = []
    step = f.book.step
    f.book.step = lambda now_s, causes: looks.append(now_s) or step(now_s, causes)
    f.run(100)
    assert looks == []
    f.well.high_up = 1
    f.run(12)
    assert len(looks) == 12
    f.run(10)
    assert len(looks) < 22 or f.book.restless  # high_float_stays counts its hour
    assert f.book.state[NAMES.index("high_float_stays")] == NORMAL


def test_each_machine_is_due_by_its_own_hours_since_its_last_service():
    for k, serviced_s, run_s, due in (
        (0, 0, 3599, 0), (0, 0, 3600, 1), (1, 10000, 13599, 0), (1, 10000, 13600, 1), (3, 10000, 13600, 1),
        (2, 10000, 17199, 0), (2, 10000, 17200, 1),
    ):  # fmt: skip
        f = Facts()
        f.watch.blower_service_s = 7200
        f.outputs[k].serviced_run_s = serviced_s
        f.outputs[k].run_s = run_s
        assert f.run(10) == [OUTPUT_NAMES[k] + "_service"] * due


def test_acknowledging_a_clog_lets_that_pump_show_what_it_lifts():
    for name, left in (("p1_clogged", [0, 1]), ("p2_clogged", [1, 0]), ("all", [0, 0]), ("p1_trip", [1, 1])):
        f = Facts()
        for pump in f.inflow.pumps:
            pump.clogged = 1
        f.ack(name)
        assert [pump.clogged for pump in f.inflow.pumps] == left
