"""The sentences of docs/invariants.md, each held over random plants, faults, commands and clock jumps."""

import os

import hypothesis.strategies as st
from hypothesis import HealthCheck, Phase, example, given, settings
from unit.control.basics import NONE
from unit.control.claims import HAND, REMOTE

from tests.control.rig import P1, P2, Rig
from tests.invariants.stories import (
    Story,
    dips,
    lying_feedback,
    one_broken_witness,
    one_dead_pump,
    one_power_cut,
    power_cuts,
    stories,
    switched_on_then_off_by_hand,
    tell,
)
from tests.invariants.watch import STOPPED_BY_PROTECTION, Watch, integers

SECTIONS = ("lift", "lift", "aeration", "return")


# The long campaign draws so many times as many stories, and other ones each time.
MANY = int(os.environ.get("QINGXI_STORIES", "1"))


def examples(n):
    return settings(
        max_examples=n * MANY,
        derandomize=MANY == 1,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def told(story):
    watch = Watch()
    rig = tell(story, watch)
    return rig, watch


# Whoever asks for a pump by a level that lies: only protection stands between them and a dry run.
ASKED_FOR_BY_HAND = [(100, "level", 9200), (160, "command", 0, 1, 1800, HAND)]
DEEP = {"lift.run_on_every_starts": st.integers(0, 1), "lift.run_on_s": st.just(600)}
DRY_STORIES = {"machines": False, "inflow": 60.0, "seconds": 3600, "level": (150, 600)}


@examples(60)
@given(stories(settings=st.fixed_dictionaries(DEEP | {"float_low.fitted": st.integers(0, 1)}), **DRY_STORIES))
def test_inv_01_no_pump_runs_in_a_dry_well_while_all_witnesses_agree(story):
    class Dry(Watch):
        def second(self, rig):
            super().second(rig)
            assert max(self.dry_s) <= 10

    tell(story, Dry())


@examples(80)
@example(Story(3600, {}, 300.0, 0.0, True, ASKED_FOR_BY_HAND))
@given(stories(settings=st.fixed_dictionaries(DEEP), extra=one_broken_witness(3600), **DRY_STORIES))
def test_inv_01_a_pump_runs_dry_for_three_minutes_in_half_an_hour_at_most_though_a_witness_lies(story):
    class Dry(Watch):
        def second(self, rig):
            super().second(rig)
            assert max(len(late) for late in self.dry_of_late) <= 180

    tell(story, Dry())


# More flows in than one pump lifts, and the second one starts far above: each runs to its limit, well full or not.
FLOOD = {"lift.max_run_s": 300, "lift.rest_s": 600, "lift.assist_level_mm": 1400}


@examples(40)
@example(Story(5400, FLOOD, 605.0, 175.0, True, []))
@example(Story(5400, FLOOD, 605.0, 150.0, True, [(600, "dead", 0, True)]))
@given(stories(machines=False, extra=one_dead_pump(1200)))
def test_inv_02_nothing_runs_longer_than_its_longest_run_and_then_it_rests(story):
    class Longest(Watch):
        def second(self, rig):
            super().second(rig)
            assert max(self.overrun_s) <= 5
            for k, section in enumerate(SECTIONS[2:], 2):
                run = self.runs[k][-1] if self.runs[k] else None
                assert not run or run.stop or self.t - run.start <= rig.settings[section + ".max_run_s"]

    watch = Longest()
    rig = tell(story, watch)
    for k, section in enumerate(SECTIONS):
        rest = rig.settings[section + ".rest_s"]
        for run, following in zip(watch.runs[k], watch.runs[k][1:]):
            if run.reason == "max_run" and not following.nearly_full:
                assert following.start - run.stop >= rest or watch.boot_t > run.stop


@examples(40)
@example(Story(5400, FLOOD, 605.0, 175.0, True, []))
@given(stories(machines=False, mains=False, boards=False, commands=False))
def test_inv_02_two_pumps_never_rest_together(story):
    rig, watch = told(story)
    rests = [
        (run.stop, min(run.stop + rig.settings["lift.rest_s"], following.start if following else rig.t))
        for k in (P1, P2)
        for run, following in zip(watch.runs[k], [*watch.runs[k][1:], None])
        if run.reason == "max_run"
    ]
    for (_, end), (begin, _) in zip(sorted(rests), sorted(rests)[1:]):
        assert begin >= end


OFTEN = st.fixed_dictionaries(
    {
        "aeration.max_starts_per_h": st.integers(2, 10),
        "aeration.day_on_min": st.integers(1, 3),
        "aeration.day_off_min": st.integers(1, 3),
        "aeration.min_off_s": st.just(5),
        "lift.max_starts_per_h": st.integers(1, 4),
        "lift.min_run_s": st.just(0),
        "lift.alternate": st.just(2),
    }
)


@examples(40)
@given(stories(extra=one_power_cut(5400), settings=OFTEN))
def test_inv_03_nothing_starts_more_often_in_an_hour_than_its_motor_bears(story):
    rig, watch = told(story)
    for k, section in enumerate(SECTIONS):
        limit = rig.settings[section + ".max_starts_per_h"]
        starts = watch.starts(k)
        assert all(later - earlier >= 3600 for earlier, later in zip(starts, starts[limit:]))


@examples(20)
@given(stories(seconds=9000, boards=False, extra=power_cuts(9000), settings=OFTEN))
def test_inv_03_no_start_is_remembered_longer_than_its_hour_however_often_the_power_fails(story):
    class Ages(Watch):
        """An age is kept in quarters of a minute, and grows by what the cut lasted."""

        cuts = 0

        def restarted(self):
            super().restarted()
            self.cuts += 1

        def second(self, rig):
            super().second(rig)
            for k in range(4):
                hour_s = 3600 + 16 * self.cuts
                known = rig.ctrl.outputs[k].guard.starts_last_hour(rig.ctrl.now_s)
                assert known <= sum(self.t - start <= hour_s for start in self.starts(k))

    tell(story, Ages())


@examples(30)
@given(stories())
def test_inv_04_nothing_starts_before_its_shortest_rest_is_over(story):
    rig, watch = told(story)
    for k, section in enumerate(SECTIONS):
        for run, following in zip(watch.runs[k], watch.runs[k][1:]):
            if not run.cut:
                assert following.start - run.stop >= min(rig.settings[section + ".min_off_s"], following.start)


@examples(30)
@given(stories())
def test_inv_05_what_has_started_runs_for_its_shortest_run(story):
    rig, watch = told(story)
    for k, section in enumerate(SECTIONS):
        for run in watch.ended(k):
            if run.reason not in STOPPED_BY_PROTECTION:
                shortest = min(rig.settings[section + ".min_run_s"], rig.settings[section + ".max_run_s"])
                assert run.stop - run.start >= shortest


@examples(30)
@given(stories(extra=dips(5400)))
def test_inv_06_no_relay_is_closed_without_mains_and_each_waits_its_turn_after_it(story):
    class Mains(Watch):
        def second(self, rig):
            super().second(rig)
            for k in range(4):
                assert not (self.mains_off_s and rig.on(k))
                if self.runs[k] and self.runs[k][-1].start == self.t:
                    self.waited(rig, k)

        def waited(self, rig, k):
            wait_s = rig.settings["mains.restart_delay_s"] + 5 * k
            assert self.t - self.boot_t >= wait_s
            if self.mains_back_t >= 0:
                if self.dips >= 3:
                    wait_s = max(rig.settings["mains.restart_delay_s"], rig.settings["mains.steady_s"]) + 5 * k
                assert self.t - self.mains_back_t >= wait_s

    tell(story, Mains())


# The first pump always has duty and never runs.
DEAD_DUTY = {"lift.alternate": 2, "protection.lock_out_min": 10}


@examples(30)
@example(Story(9000, DEAD_DUTY, 400.0, 60.0, True, [(0, "dead", 0, True)]))
@given(stories(seconds=9000, feedback=True, extra=one_dead_pump(1200), level=(700, 1100)))
def test_inv_07_a_machine_that_does_not_run_is_locked_out_and_tried_three_times(story):
    class Locked(Watch):
        def second(self, rig):
            super().second(rig)
            assert self.faults == []
            for k in range(4):
                # The water is asked for two minutes before a lift pump is locked out, from when the other has stopped,
                # which may be as late as the feedback time; in a full well what is tried runs on for a while.
                most_s = 16 if k > P2 else 600 if self.may_try(rig) else 16 + 120
                assert self.silent_s[k] <= most_s

    tell(story, Locked())


@examples(10)
@example(Story(9000, {}, 700.0, 60.0, True, [(0, "dead", 0, True), (0, "dead", 1, True)]))
@given(
    stories(seconds=9000, feedback=True, machines=False, mains=False, boards=False, commands=False, inflow=80.0,
            extra=st.just([(0, "dead", 0, True), (0, "dead", 1, True)]), level=(700, 1100), settings=st.just({}))
)  # fmt: skip
def test_inv_07_when_all_are_locked_out_and_the_well_is_full_they_are_tried_every_ten_minutes(story):
    class Tried(Watch):
        still_s = 0

        def second(self, rig):
            super().second(rig)
            tried = rig.on(P1) or rig.on(P2) or rig.level_mm < rig.settings["float_high.level_mm"]
            self.still_s = 0 if tried else self.still_s + 1
            starts_s = 3600 // rig.settings["lift.max_starts_per_h"]
            assert self.still_s <= rig.settings["lift.retry_min"] * 60 + starts_s

    tell(story, Tried())


@examples(30)
@given(
    stories(
        feedback=True,
        machines=False,
        mains=False,
        boards=False,
        commands=False,
        settings=st.just({}),
        inflow=80.0,
        level=(200, 700),
        extra=lying_feedback(1800),
    )
)
def test_inv_07_feedback_that_the_water_contradicts_locks_nobody_out(story):
    class Lost(Watch):
        def second(self, rig):
            super().second(rig)
            assert "locked_out" not in {rig.reason(P1), rig.reason(P2)}
            assert not rig.active("p1_trip") and not rig.active("p2_trip")

    tell(story, Lost())


@examples(30)
@given(stories())
def test_inv_08_a_command_ends_by_itself_and_does_not_survive_a_restart(story):
    class Leases(Watch):
        def second(self, rig):
            super().second(rig)
            for k in range(4):
                for source, name in ((HAND, "hand"), (HAND - 1, "remote")):
                    if rig.reason(k) == name:
                        lease = self.leases.get((k, source))
                        assert lease is not None and self.t <= lease[1]

    tell(story, Leases())


# Pumps that use up their starts: around the high float while a level says dry, and around the low float while a level
# stands still, between stop and start or far up.
SAYS_DRY = [
    (0, "inflow", 90.7), (300, "level", 4400), (4784, "inflow", 7.0), (4971, "inflow", 85.6), (5137, "dead", 0, True),
]  # fmt: skip
SAYS_DRY_AND_RISES_SLOWLY = [(3397, "level", 4400), (3500, "inflow", 28.2)]
SAYS_DRY_BESIDE_A_DEAD_PUMP = [(9, "dead", 0, True), (323, "inflow", 25.5), (4844, "level", 4400)]
STANDS_STILL_AND_RISES_FAST = [(2020, "dead", 1, True), (4224, "inflow", 99.0), (4476, "level", 6000)]
STANDS_AT_STOP = [(426, "dead", 0, True), (3199, "level", 4904), (7473, "inflow", 96.1)]
HIGH_FLOAT_HANGS = [(263, "float_high", 1), (1400, "inflow", 100.0)]
DEAD_AND_UNSEEN = [(2272, "level", 9200), (2592, "dead", 1, True), (3581, "inflow", 100.0)]
STANDS_STILL = [(375, "level", 5200), (1216, "inflow", 57.7), (1296, "dead", 0, True), (3978, "inflow", 42.0)]
STANDS_HIGH = [(1230, "level", 9200), (2547, "dead", 0, True), (3855, "inflow", 50.0)]


@examples(40)
@example(Story(10800, {}, 827.1, 48.0, True, SAYS_DRY))
@example(Story(10800, {}, 400.0, 0.0, True, SAYS_DRY_AND_RISES_SLOWLY))
@example(Story(10800, {}, 814.5, 66.3, True, SAYS_DRY_BESIDE_A_DEAD_PUMP))
@example(Story(10800, {}, 362.1, 90.0, True, STANDS_STILL_AND_RISES_FAST))
@example(Story(10800, {}, 361.7, 28.8, True, STANDS_AT_STOP))
@example(Story(10800, {"lift.backup_pumps": 2, "lift.max_starts_per_h": 8}, 830.3, 45.3, True, HIGH_FLOAT_HANGS))
@example(Story(10800, {"lift.max_starts_per_h": 8}, 291.3, 24.8, False, DEAD_AND_UNSEEN))
@example(Story(10800, {}, 671.2, 28.7, False, STANDS_STILL))
@example(Story(10800, {}, 320.9, 0.0, True, STANDS_HIGH))
@given(
    stories(
        seconds=10800,
        machines=False,
        mains=False,
        boards=False,
        commands=False,
        inflow=100.0,
        level=(200, 900),
        settings=st.just({}),
        extra=st.tuples(one_broken_witness(10800), one_dead_pump(10800)).map(lambda two: two[0] + two[1]),
    )
)
def test_inv_09_no_spill_while_one_pump_works_and_one_sensor_tells_the_truth(story):
    class Spill(Watch):
        def second(self, rig):
            super().second(rig)
            assert rig.level_mm < 1400

    tell(story, Spill())


@examples(30)
@given(stories(seconds=1200, extra=one_broken_witness(600), machines=False, level=(600, 1000)))
def test_inv_10_no_pump_runs_by_a_level_that_has_failed(story):
    class Blind(Watch):
        ok_t = -1
        hold_s = 0

        def second(self, rig):
            super().second(rig)
            well = rig.ctrl.well
            if well.level_ok:
                self.ok_t = self.t
                # What it said last is true for a while: as long as sound pumps may need, and longer in a full well.
                self.hold_s = 900 if well.level_mm >= rig.settings["lift.high_level_mm"] else 60
                return
            for k in (P1, P2):
                held = self.runs[k] and self.t - self.runs[k][-1].start < rig.settings.get("lift.min_run_s", 20)
                held = held or self.t - self.ok_t <= self.hold_s
                assert held or rig.reason(k) not in ("level_start", "assist", "run_on", "exercise")

    tell(story, Blind())


@examples(30)
@given(stories(seconds=2400, extra=switched_on_then_off_by_hand(2400)))
def test_inv_11_what_a_hand_has_switched_off_stays_off(story):
    class Off(Watch):
        def second(self, rig):
            super().second(rig)
            for k in range(4):
                on, end = self.leases.get((k, HAND), (1, 0))
                if not on and self.t < end:
                    assert not rig.on(k)

    tell(story, Off())


@examples(30)
@given(stories(feedback=True))
def test_inv_12_a_machine_that_turns_without_command_is_said(story):
    _, watch = told(story)
    assert watch.faults == []


ANY = st.one_of(st.integers(-(1 << 30), (1 << 30) - 1), st.sampled_from([NONE, 0, 1, 4000, 12000, 20000]))


@examples(60)
@example(0, [([(1 << 30) - 1] * 9, 60), ([-(1 << 30)] * 9, 60)])
@example(1, [([(1 << 30) - 1] * 9, 60), ([-(1 << 30)] * 9, 60)])
@given(st.integers(0, 1), st.lists(st.tuples(st.lists(ANY, min_size=9, max_size=9), st.integers(1, 600)), max_size=8))
def test_inv_13_no_input_stops_the_tick_or_leaves_small_integers(direct, rows):
    rig = Rig({"level.signal": direct, "turbidity.signal": direct})
    c = rig.ctrl
    i = c.inputs
    now = 0
    for values, seconds in rows:
        (i.level, i.turbidity, i.float_high, i.float_low, i.mains) = values[:5]
        (i.p1_running, i.p2_running, i.blower_running, i.return_running) = values[5:]
        for _ in range(seconds):
            c.step(now, now % 86400, 9000)
            c.events.clear()
            now += 1
        assert all(output.on in (0, 1) for output in c.outputs)
        assert all(-(1 << 30) <= n < (1 << 30) for n in integers(c))


@examples(20)
@given(stories(seconds=3600))
def test_inv_14_equal_inputs_make_equal_decisions(story):
    assert told(story)[0].log == told(story)[0].log


@examples(30)
@example(Story(2400, {}, 900.0, 120.0, True, [(300, "command", k, 0, 1800, REMOTE) for k in (0, 1)]))
@example(Story(2400, {}, 500.0, 9.0, True, [(300, "command", 0, 1, 1800, REMOTE), (330, "command", 0, 0, 1800, HAND)]))
@example(Story(2400, {}, 900.0, 120.0, True, [(300, "command", k, 0, 1800, HAND) for k in (0, 1)]))
@given(stories(seconds=2400, machines=False, mains=False, boards=False, inflow=200.0, level=(900, 1200)))
def test_inv_18_only_a_hand_stands_above_a_full_well(story):
    class Heard(Watch):
        up_s = 0

        def second(self, rig):
            super().second(rig)
            self.up_s = self.up_s + 1 if rig.ctrl.inputs.float_high == 1 else 0
            if self.up_s > 10:
                assert [rig.reason(k) for k in (P1, P2) if not rig.on(k)] != ["remote", "remote"]
            for k in range(4):
                on, end = self.leases.get((k, HAND), (1, 0))
                assert on or self.t >= end or not rig.on(k)

    tell(story, Heard())


@examples(30)
@given(stories(settings=OFTEN, level=(300, 900), boards=False))
def test_inv_19_the_last_starts_of_the_hour_are_kept_for_a_full_well(story):
    class Kept(Watch):
        def _starts(self, rig, t, k):
            if k <= P2 and not self.full() and rig.reason(k) != "hand":
                assert not self.used_up(rig, k, t, kept=True)
            super()._starts(rig, t, k)

    tell(story, Kept())
