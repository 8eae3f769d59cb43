"""Which of two pumps gives way, and where neither lifts: each rule by facts that are set by hand."""

from unit.control.basics import NONE
from unit.control.effect import LIFTS, NOTHING
from unit.control.inflow import Inflow
from unit.control.output import Output
from unit.control.process.pump_check import PumpCheck
from unit.control.witnesses import HIGH_LEVEL, Well

from tests.control.judge import Exact


class Facts:
    """Two pumps over a well with 400 mm of water; the first has turned alone since second 1000."""

    def __init__(self, turning=1, verdict=NOTHING, flat_s=60, ran_s=90, **more):
        w = Well()
        w.level = Exact()
        w.level.value = 400
        w.level_mm = 400
        w.level_ok = 1
        w.dry_level_mm = 180
        c = PumpCheck([Output(0, "p1", 0), Output(1, "p2", 0)], w, Inflow())
        c.start_level_mm = 600
        c.floor_most_mm = 425
        e = c.effect
        e.rate_ks = 1500
        e.since_s = 1000
        e.told_s = 1000
        e.turning = turning
        e.verdict = verdict
        e.flat_s = flat_s
        e.inflow_ks = 500
        self.w = w
        self.c = c
        self.e = e
        self.forgot = []
        c.inflow.forget_run = lambda: self.forgot.append(1)
        for name in more:
            place = self.place(name)
            setattr(place, name, more[name])
        self.t = 1000 + ran_s
        self.full = 0

    def place(self, name):
        return next(place for place in (self.e, self.c, self.w) if hasattr(place, name))

    def step(self):
        self.c.step(self.t, self.full)
        self.t += 1
        return self

    def useless(self):
        return self.c._useless

    def floor(self):
        """1 when the well counts as empty here."""
        return self.w.near_floor()


def test_a_new_check_knows_nothing():
    c = PumpCheck([Output(0, "p1", 0), Output(1, "p2", 0)], Well(), Inflow())
    for name, value in (
        ("effect_s", 90), ("start_level_mm", 0), ("floor_most_mm", 0), ("look_until_s", 0), ("high_fell_s", -1),
        ("compare", 0), ("_useless", 0), ("_judged_s", -1), ("_useless_starts", [0, 0]),
    ):  # fmt: skip
        assert getattr(c, name) == value, name


def test_what_pumps_do_to_the_level_follows_from_their_mean_flow_and_the_area():
    for flows, area_m2_100, rate_ks, stands_s in (
        ((120, 120), 100, 2000, 240), ((60, 180), 100, 2000, 240), ((6, 6), 100, 100, 300), ((7, 8), 100, 116, 258),
        ((0, 0), 100, 1, 30000), ((7, 7), 93, 125, 240), ((1, 1), 13, 128, 240),
    ):  # fmt: skip
        f = Facts()
        for pump, flow in zip(f.c.inflow.pumps, flows):
            pump.usual_l_min = flow
        f.c.expect(area_m2_100)
        assert (f.e.rate_ks, f.w.rate_ks, f.w.stands_s) == (rate_ks, rate_ks, stands_s), flows


def test_a_pump_that_lifts_nothing_is_useless_after_its_time():
    for turning, ran_s, effect_s, useless in (
        (1, 89, 90, 0), (1, 90, 90, 1), (2, 90, 90, 2), (3, 90, 90, 0), (1, 59, 60, 0), (1, 60, 60, 1),
        (1, 119, 120, 0),
    ):  # fmt: skip
        f = Facts(turning=turning, ran_s=ran_s, effect_s=effect_s, flat_s=0).step()
        assert f.useless() == useless, (turning, ran_s)
        assert f.w.left_s() == 180 and not f.floor() and f.c.look_until_s == 0 and f.c.compare == 0


def test_a_pump_that_has_lifted_or_turns_near_the_floor_is_not_useless():
    assert Facts(lifted=1, flat_s=0).step().useless() == 0
    assert Facts(_floor_mm=430, flat_s=0).step().useless() == 0
    # And where the level does not tell.
    for fact in ({"level_ok": 0}, {"disputed": HIGH_LEVEL}, {"spill_level_mm": 400}):
        f = Facts(**fact).step()
        assert f.useless() == 0 and f.c.level_tells() == 0, fact
    assert Facts().c.level_tells() == 1


def test_a_pump_that_lifts_nothing_over_water_that_nobody_proves_spends_of_the_budget_once_a_start():
    f = Facts().step()
    assert (f.useless(), f.w.left_s(), f.floor()) == (1, 90, 0) and f.w._spent_last_s == 1090
    f.step()
    assert f.w.left_s() == 90
    f.e.since_s = 1001
    f.step()
    assert f.w.left_s() == 0


def test_a_well_is_empty_where_pumps_draw_air():
    for facts, found in (
        ({}, 0), ({"lifted": 1}, 1), ({"_useless": 2}, 1), ({"_useless": 1}, 0), ({"turning": 3}, 1),
        ({"_floor_mm": 430}, 1),
        ({"budget_s": 89 + 90}, 1), ({"budget_s": 180}, 0), ({"turning": 2, "_useless": 1}, 1),
        ({"lifted": 1, "level_mm": 599}, 1), ({"lifted": 1, "level_mm": 600}, 0),  # as much flows in as they lift
        ({"lifted": 1, "flat_s": 0}, 0), ({"lifted": 1, "low_wet": 1}, 0), ({"lifted": 1, "high_up": 1}, 0),
        ({"turning": 3, "level_mm": 700}, 1),
    ):  # fmt: skip
        f = Facts(**facts)
        before = f.w._floor_until_s
        f.step()
        assert (f.w._floor_until_s != before) == bool(found), facts
        assert f.forgot == [1] * found


def test_a_floor_lasts_two_hours_where_it_leaves_room():
    for most_mm, lasts_s in ((431, 7200), (430, 1800)):
        f = Facts(lifted=1, floor_most_mm=most_mm).step()
        assert f.w._floor_until_s == 1090 + lasts_s


def test_pumps_whose_feedback_says_that_none_turns_draw_no_air():
    for turning, running, air in (
        (1, (0, 1), 0), (1, (1, 0), 1), (1, (NONE, 0), 1), (2, (1, 0), 0), (2, (0, 1), 1), (2, (0, NONE), 1),
        (3, (0, 0), 0), (3, (1, 0), 1), (3, (0, 1), 1), (3, (NONE, NONE), 1),
    ):  # fmt: skip
        f = Facts(turning=turning, lifted=1)
        for pump, says in zip(f.c.pumps, running):
            pump.running = says
        assert f.step().floor() == air, (turning, running)


def test_a_pump_that_lifts_makes_the_one_that_gave_way_useless_and_three_times_in_a_row_clogged():
    for turning, k in ((1, 0), (2, 1)):
        f = Facts(turning=turning, verdict=LIFTS, ran_s=1)
        for _ in (1, 2, 3):
            assert not f.c.inflow.pumps[1 - k].clogged
            f.c._useless = 3 - turning
            f.step()
            assert f.useless() == 0
            f.step()  # nobody gave way
        assert f.c.inflow.pumps[1 - k].clogged == 1 and f.c.inflow.pumps[k].clogged == 0
        f = Facts(turning=turning, verdict=LIFTS)
        for n in (1, 2, 3, 4):
            f.c._useless = 3 - turning
            f.step()
            if n == 2:
                f.e.turning = 3 - turning
                f.step()  # it lifts again
                f.e.turning = turning
        assert not f.c.inflow.pumps[1 - k].clogged
        f.c._useless = 3 - turning
        f.step()
        assert f.c.inflow.pumps[1 - k].clogged
    f = Facts(turning=3, verdict=LIFTS)
    f.c._useless = 2
    assert f.step().useless() == 2  # both together prove nothing


def test_a_comparison_that_shows_the_other_idle_counts_once():
    for turning in (1, 2):
        f = Facts(turning=turning, verdict=LIFTS, other_idle=1)
        f.step()
        assert f.e.other_idle == 0 and f.c._useless_starts[2 - turning] == 1 and f.useless() == 0
        f.step()
        assert f.c._useless_starts[2 - turning] == 1
    f = Facts(turning=3, verdict=LIFTS, other_idle=1).step()
    assert f.e.other_idle == 1 and f.c._useless_starts == [0, 0]


def test_after_half_an_hour_of_which_nobody_can_tell_the_other_takes_over():
    for turning, other in ((1, 1), (2, 0)):
        for ran_s, inflow_ks, lame, failed, compare in (
            (1800, NONE, 0, 0, 1), (1799, NONE, 0, 0, 0), (1800, 0, 0, 0, 0), (1800, NONE, 1, 0, 0),
            (1800, NONE, 0, 3, 0),
        ):  # fmt: skip
            f = Facts(turning=turning, verdict=NONE, flat_s=0, ran_s=ran_s, inflow_ks=inflow_ks)
            f.c.inflow.pumps[other].clogged = lame
            f.c.pumps[other].guard.failed_starts = failed
            f.step()
            assert f.c.compare == compare, (turning, ran_s)
            if compare:
                assert f.step().c.compare == 0  # said once
    assert Facts(turning=3, verdict=NONE, flat_s=0, ran_s=1800, inflow_ks=NONE).step().c.compare == 0


def test_a_pump_over_a_level_that_stands_still_rests_a_minute_so_that_it_tells_what_flows_in():
    for flat_s, inflow_ks, full, low_wet, look in (
        (30, NONE, 0, 0, 1), (29, NONE, 0, 0, 0), (30, 0, 0, 0, 0), (30, NONE, 1, 0, 0), (30, NONE, 0, 1, 0),
    ):  # fmt: skip
        f = Facts(verdict=NONE, flat_s=flat_s, inflow_ks=inflow_ks, low_wet=low_wet)
        f.full = full
        f.step()
        assert f.c.look_until_s == (1150 if look else 0), (flat_s, inflow_ks)
        if look:
            f.step()
            assert f.c.look_until_s == 1150


def test_what_flows_in_faster_than_half_a_pump_lifts_proves_water():
    for turning, inflow_ks, floor in ((0, 751, 0), (0, 750, 1), (0, NONE, 1), (1, 751, 1)):
        f = Facts(turning=turning, inflow_ks=inflow_ks, _floor_mm=430, verdict=NONE, flat_s=0)
        assert f.step().floor() == floor, (turning, inflow_ks)


def test_what_the_water_says_of_a_pump():
    for facts, on, other_on, other_running, now_s, k, said in (
        ({"verdict": NOTHING}, 0, 0, NONE, 1050, 0, 0),
        ({"falls": 1}, 0, 0, NONE, 1050, 0, 0),
        ({"falls": 1}, 1, 0, NONE, 1050, 0, 1),
        ({"falls": 1, "turning": 2}, 1, 0, NONE, 1050, 1, 1),
        ({"falls": 1}, 1, 0, NONE, 1050, 1, 0),  # under the other one
        ({"falls": 1}, 1, 1, NONE, 1050, 0, 0),
        ({"falls": 1}, 1, 1, 1, 1050, 0, 0),
        ({"falls": 1}, 1, 1, 0, 1050, 0, 1),
        ({"falls": 1, "disputed": HIGH_LEVEL}, 1, 0, NONE, 1050, 0, 0),
        ({"high_fell_s": 1010, "level_ok": 0}, 1, 0, NONE, 1050, 0, 0),
        ({"high_fell_s": 1011, "level_ok": 0}, 1, 0, NONE, 1050, 0, 1),
        ({"high_fell_s": 1011}, 1, 1, NONE, 1050, 0, 0),
        ({"verdict": NOTHING}, 1, 0, NONE, 1050, 0, 0),
        ({"verdict": LIFTS}, 1, 0, NONE, 1050, 0, NONE),
        ({"verdict": NONE}, 1, 0, NONE, 1119, 0, NONE),
        ({"verdict": NONE}, 1, 0, NONE, 1120, 0, 0),
        ({"verdict": NONE, "effect_s": 60}, 1, 0, NONE, 1089, 1, NONE),
        ({"verdict": NONE, "effect_s": 60}, 1, 0, NONE, 1090, 1, 0),
    ):  # fmt: skip
        f = Facts(**facts)
        f.c.pumps[k].on = on
        f.c.pumps[k].guard.since_s = 1000
        f.c.pumps[1 - k].on = other_on
        f.c.pumps[1 - k].running = other_running
        assert f.c.lifts(k, now_s) == said, (facts, now_s)


def test_a_pump_gives_way_that_is_worse_than_the_other():
    for useless, clogged, gives_way, lame in (
        (0, (0, 0), (0, 0), (0, 0)), (1, (0, 0), (1, 0), (1, 0)), (2, (0, 0), (0, 1), (0, 1)), (3, (0, 0), (0, 0),
        (1, 1)),
        (0, (1, 0), (1, 0), (1, 0)), (0, (0, 1), (0, 1), (0, 1)), (0, (1, 1), (0, 0), (1, 1)),
        (1, (0, 1), (1, 0), (1, 1)), (2, (1, 0), (0, 1), (1, 1)), (3, (1, 0), (0, 0), (1, 1)),
    ):  # fmt: skip
        f = Facts()
        f.c._useless = useless
        for pump, is_clogged in zip(f.c.inflow.pumps, clogged):
            pump.clogged = is_clogged
        assert (f.c.gives_way(0), f.c.gives_way(1)) == gives_way, (useless, clogged)
        assert (f.c.lame(0), f.c.lame(1)) == lame, (useless, clogged)
        f.c.new_turn()
        assert f.useless() == 0
