"""The judge sees each rule broken, and a control that does its work is not blamed. A toy control moves the relays."""

import pytest
from unit.control.basics import NONE

from tests.search import ideal, oracle, senses
from tests.search.oracle import DRY, DRY_LIED, OVERRUN, SPILL, STAND, STARTS, UNTRIED
from tests.search.plant import Plant

FLOW_L_S = 4.0


class Bench:
    """A well of 2 m2 that spills at 1500 mm; both floats fitted; pumps start at 600 mm."""

    def __init__(self, high=1, low=1):
        self.plant = Plant(2.0, 1500.0, 100.0, FLOW_L_S)
        self.plant.level_mm = 400.0
        self.plant.swing_s = 1.0
        self.level = senses.Probe(1)
        self.floats = [senses.Contact(2, high), senses.Contact(3, low)]
        self.floats[0].up_mm = 1010.0
        hand = ideal.Hand(2.0, 1500.0, 100.0)
        hand.stop_mm, hand.max_starts_per_h, hand.level_mm = 250.0, 12, 400.0
        self.judge = oracle.Judge(self.plant, hand, self.level, *self.floats)
        self.judge.start_mm, self.judge.high_mm, self.judge.either_mm = 600.0, 1000.0, 1000.0
        self.judge.max_starts_per_h, self.judge.max_run_s, self.judge.min_off_s = 12, 3600, 30
        self.judge.mains_sensed = 1
        self.judge.feedback = [senses.Contact(4, 1), senses.Contact(5, 1)]
        self.judge.limits()
        self.t_s = 0

    def play(self, seconds, relays, inflow_l_s=2.0):
        """`relays`: a function of (second, level) that gives the two relays."""
        self.plant.target_l_s = inflow_l_s
        for _ in range(seconds):
            self.t_s += 1
            one, two = relays(self.t_s, self.plant.level_mm)
            self.plant.advance(self.t_s, one, two)
            self.judge.second(self.t_s, 1, one, two)
        return self

    def broken(self):
        return {k for k in range(oracle.N_RULES) if self.judge.worst[k] > self.judge.limit[k]}


class Toy:
    """One pump between 250 and 600 mm."""

    def __init__(self):
        self.on = 0

    def __call__(self, t_s, level_mm):
        self.on = 1 if level_mm >= 600 else 0 if level_mm <= 250 else self.on
        return self.on, 0


def never(t_s, level_mm):
    return 0, 0


def always(t_s, level_mm):
    return 1, 0


def test_a_control_that_does_its_work_is_not_blamed():
    assert Bench().play(6 * 3600, Toy()).broken() == set()


def test_a_well_that_nobody_empties():
    bench = Bench().play(3600, never)
    assert bench.broken() == {SPILL, STAND}


def test_water_that_no_pump_could_hold_is_nobodys_fault():
    assert Bench().play(3600, always, inflow_l_s=5.0).broken() == set()


def test_a_pump_that_runs_dry():
    assert DRY in Bench().play(1800, always, inflow_l_s=0.0).broken()


def test_dry_seconds_age():
    bench = Bench().play(600, always, inflow_l_s=0.0)
    before_s = bench.plant.motors[0].dry_s
    bench.play(1900, never, inflow_l_s=0.0)
    bench.play(1, always, inflow_l_s=0.0)
    assert before_s > 180
    assert bench.plant.motors[0].dry_s == 1


def test_a_motor_that_starts_too_often():
    assert Bench().play(1800, lambda t_s, mm: (t_s % 120 < 60, 0)).broken() == {STARTS}


def test_a_run_without_end_below_the_high_mark():
    assert Bench().play(4000, always, inflow_l_s=FLOW_L_S - 0.01).broken() == {OVERRUN}


def test_a_run_without_end_in_a_high_well_is_right():
    bench = Bench()
    bench.plant.level_mm = 1200.0
    assert bench.play(4000, always, inflow_l_s=FLOW_L_S).broken() == set()


@pytest.mark.parametrize(("every_s", "blamed"), [(0, {UNTRIED}), (700, set())])
def test_dead_pumps_are_tried_again_in_a_high_well(every_s, blamed):
    bench = Bench()
    bench.plant.motors[0].dead = bench.plant.motors[1].dead = 1
    bench.play(3 * 3600, lambda t_s, mm: (1 if every_s and t_s % every_s < 5 else 0, 0))
    assert bench.broken() == blamed


def test_where_too_few_witnesses_tell_the_truth_water_is_not_judged():
    bench = Bench(high=0)
    bench.level.lie.begin(0, senses.STUCK, NONE, 0, 0)
    assert bench.play(3600, never).broken() == set()
    assert bench.play(1800, always, inflow_l_s=0.0).broken() == {DRY_LIED}


@pytest.mark.parametrize("lies", ["level", "high"])
def test_two_true_witnesses_are_enough(lies):
    bench = Bench()
    (bench.level if lies == "level" else bench.floats[0]).lie.begin(0, senses.STUCK, 0, 0, 0)
    assert SPILL in bench.play(3600, never).broken()


def test_a_repaired_pump_need_not_be_believed_at_once():
    bench = Bench()
    bench.plant.motors[0].dead = bench.plant.motors[1].dead = 1
    bench.play(3600, lambda t_s, mm: (t_s % 700 < 5, 0))
    bench.plant.motors[0].dead = 0
    assert bench.play(900, never).broken() == set()
    assert bench.play(4000, never).broken() == {SPILL, STAND}


def test_a_bounce_of_one_second_cannot_be_helped_but_a_longer_one_can():
    for long_s, blamed in ((1, set()), (3, {STARTS})):
        bench = Bench()
        bench.plant.level_mm = 1200.0
        for _ in range(40):
            bench.play(20, always, inflow_l_s=FLOW_L_S)
            bench.plant.mains = 0
            bench.play(long_s, always, inflow_l_s=FLOW_L_S)
            bench.plant.mains = 1
        assert bench.broken() == blamed
