"""Does a pump move the level? Slopes, noise and verdicts, block by block."""

from unit.control.basics import NONE
from unit.control.effect import LIFTS, NOTHING, Effect


class Trace:
    """A level that goes by given slopes; a sound pump lowers it by 2000 mm in 1000 s."""

    def __init__(self, rate_ks=2000):
        self.e = Effect()
        self.e.rate_ks = rate_ks
        self.t = 1000
        self.mm_1000 = 1000 * 1000

    def go(self, seconds, slope_ks, p1=0, p2=0, usable=1, noise=0):
        for _ in range(seconds):
            self.mm_1000 += slope_ks
            self.e.step(self.t, self.mm_1000 // 1000 + (self.t // 5 % 2) * noise, usable, p1, p2)
            self.t += 1
        return self.e

    def until(self, sign, most_s, slope_ks, p1=0, p2=0, noise=0):
        for n in range(most_s):
            if sign(self.go(1, slope_ks, p1, p2, 1, noise)):
                return n + 1
        return 0


def test_a_new_effect_knows_nothing():
    e = Effect()
    for name, value in (
        ("verdict", NONE), ("falls", 0), ("lifted", 0), ("flat_s", 0), ("turning", 0), ("since_s", 0),
        ("slope_ks", NONE), ("inflow_ks", NONE), ("rate_ks", 1), ("other_idle", 0), ("_inflow_s", -900),
        ("_other_ks", NONE), ("_best_pct", 0), ("_noise_8", 8), ("_n", 0), ("_at", 0), ("_sum", 0), ("_in_block", 0),
        ("_mean_8", [0] * 24),
    ):  # fmt: skip
        found = getattr(e, name)
        assert (list(found) if name == "_mean_8" else found) == value, name


def test_a_sound_pump_lowers_a_small_well_fast_and_a_large_one_slowly():
    for l_min, area_m2_100, rate_ks in (
        (166, 180, 1537), (60, 100, 1000), (1, 20000, 1), (0, 100, 1), (16666, 10, 2777666), (7, 20000, 1),
        (12, 20000, 1),
        (24, 20000, 2),
    ):  # fmt: skip
        e = Effect()
        e.expect(l_min, area_m2_100)
        assert e.rate_ks == rate_ks


def test_the_slope_is_told_after_seven_blocks_and_is_that_of_the_level():
    assert abs(Trace().go(300, -9000).slope_ks + 9000) <= 30
    for slope_ks, inflow_ks in ((1, 1), (0, 0), (-1, 0)):
        assert judged(slope_ks, turning=0).inflow_ks == inflow_ks
    for slope_ks in (1000, 0, -1000, -5000, 333):
        x = Trace()
        assert x.until(lambda e: e.slope_ks != NONE, 100, slope_ks) == 35
        assert -40 <= x.e.slope_ks - slope_ks <= 40
        for _ in range(60):
            assert -40 <= x.go(5, slope_ks).slope_ks - slope_ks <= 40
        assert x.e.inflow_ks == max(0, x.e.slope_ks)


def test_the_slope_follows_within_a_minute_and_a_half():
    x = Trace()
    x.go(300, 0)
    x.go(45, 2000)
    assert 700 <= x.e.slope_ks <= 1300
    x.go(45, 2000)
    assert 1960 <= x.e.slope_ks <= 2040


def test_what_flows_in_is_the_rise_without_a_pump_and_is_forgotten_after_a_quarter_of_an_hour():
    x = Trace()
    x.go(100, 800)
    assert 780 <= x.e.inflow_ks <= 820
    known = x.e.inflow_ks
    assert x.until(lambda e: e.inflow_ks == NONE, 2000, -1000, 1) == 900
    x = Trace()
    assert x.go(100, -800).inflow_ks == 0
    x.go(100, 800)
    x.go(100, -1000, 1)
    assert x.e.inflow_ks == known
    assert x.go(1, 0, 1, usable=0).inflow_ks == NONE


def test_a_pump_that_lifts_two_fifths_of_what_it_should_lifts_and_a_fifth_is_nothing():
    for inflow_ks, share_pct, verdict in (
        (1000, 100, LIFTS), (1000, 45, LIFTS), (1500, 38, NONE), (1000, 23, NONE), (1000, 18, NOTHING),
        (1000, 0, NOTHING),
        (1000, -50, NOTHING), (2500, 45, LIFTS), (2500, 25, NONE), (2500, 15, NOTHING), (300, 18, NOTHING),
        (300, 8, NOTHING),
    ):  # fmt: skip
        x = Trace()
        x.go(120, inflow_ks)
        x.go(120, inflow_ks - 20 * share_pct, 1)
        assert x.e.verdict == verdict, (inflow_ks, share_pct, x.e.slope_ks)
        assert x.e.lifted == (1 if verdict == LIFTS else 0)


def test_a_verdict_takes_a_minute_and_less_where_it_is_plain():
    x = Trace()
    x.go(120, 1000)
    assert x.until(lambda e: e.verdict == LIFTS, 200, -1000, 1) == 35
    x = Trace()
    x.go(120, 1000)
    assert x.until(lambda e: e.verdict == NOTHING, 200, 1000, 1) == 35
    x = Trace(rate_ks=200)
    x.go(120, 100)
    assert x.until(lambda e: e.verdict == NOTHING, 200, 100, 1) == 60  # 5 mm
    x = Trace(rate_ks=100)
    x.go(120, 50)
    assert x.until(lambda e: e.verdict == NOTHING, 1000, 50, 1) == 0  # 4.5 mm


def test_both_pumps_are_to_lift_twice_as_much():
    for slope_ks, verdict in ((-3000, LIFTS), (-900, LIFTS), (-400, NONE), (300, NOTHING)):
        x = Trace()
        x.go(120, 1000)
        assert x.go(120, slope_ks, 1, 1).verdict == (LIFTS if slope_ks < -60 else verdict)
        assert x.e.falls == (1 if slope_ks < -1000 else 0)


def test_noise_hides_a_verdict_until_the_pump_has_moved_three_times_as_much():
    for noise, seconds in ((0, 35), (5, 40), (10, 70), (14, 100)):
        x = Trace()
        x.go(300, 1000, noise=noise)
        n = x.until(lambda e: e.verdict != NONE, 300, -1000, 1, 0, noise)
        assert n == seconds, (noise, n, x.e._noise_8)
    x = Trace()
    x.go(300, 1000, noise=400)
    assert x.until(lambda e: e.verdict != NONE, 300, -1000, 1, 0, 400) == 0
    assert x.e.flat_s == 0
    x.go(400, -1000, 1)
    assert x.e.verdict == LIFTS  # the noise is over


def test_a_level_falls_from_a_quarter_of_what_pumps_do():
    for slope_ks, falls in ((-460, 0), (-540, 1)):
        assert Trace().go(120, slope_ks, 1).falls == falls
    x = Trace()
    x.go(120, -2000, 1)
    assert x.e.falls == 1
    assert x.go(1, -2000).falls == 0
    x = Trace()
    x.go(120, -2000, 1)
    assert x.go(1, -2000, 1, usable=0).falls == 0


def test_a_level_stands_still_within_an_eighth_of_what_pumps_do_and_its_seconds_are_counted():
    for slope_ks, flat in ((0, 1), (200, 1), (-200, 1), (300, 0), (-300, 0)):
        x = Trace()
        x.go(120, slope_ks, 1)
        assert x.e.flat_s == (90 if flat else 0), slope_ks
        x.go(60, slope_ks, 1)
        assert x.e.flat_s == (150 if flat else 0)
        x.go(5, slope_ks, 1, usable=0)
        assert x.e.flat_s == 0
    x = Trace()
    x.go(120, 0, 1)
    assert x.go(1, 0, 0, 1).flat_s == 0
    x.go(120, 0, 0, 1)
    x.go(100, -2000, 0, 1)
    assert x.e.flat_s == 0


def test_a_level_that_stands_still_is_lifted_where_so_much_flows_in():
    x = Trace()
    x.go(120, 2000)
    assert x.go(120, 0, 1).verdict == LIFTS
    x = Trace()
    x.go(120, 0)
    assert x.go(120, 0, 1).verdict == NOTHING
    assert Trace().go(120, 0, 1).verdict == NONE  # nobody knows what flows in


def test_a_pump_that_has_lifted_and_does_no_longer_draws_air():
    for inflow_ks, verdict in ((1000, NOTHING), (1900, LIFTS)):
        x = Trace()
        x.go(120, inflow_ks)
        assert x.go(120, inflow_ks - 2000, 1).verdict == LIFTS
        x.go(120, 0, 1)
        assert x.e.verdict == verdict and x.e.lifted == 1


def test_a_level_that_sinks_is_lifted_though_nobody_knows_what_flows_in():
    for slope_ks, verdict in ((-130, LIFTS), (-100, NONE), (100, NONE)):
        x = Trace()
        x.go(200, slope_ks, 1)
        assert x.e.verdict == verdict, slope_ks
    x = Trace()
    x.go(300, 0, 0, 0, 1, 8)
    x.go(300, -200, 1, 0, 1, 8)
    assert x.e.verdict == NOTHING  # by less than three times its noise


def test_from_one_pump_to_the_other_their_slopes_are_compared_whatever_flows_in():
    for first_ks, second_ks, verdict, other_idle in (
        (2000, 600, LIFTS, 1), (2000, 900, NONE, 0), (600, 2000, NOTHING, 0), (900, 2000, NONE, 0),
        (2000, 2000, NONE, 0),
    ):  # fmt: skip
        for p1, p2 in ((1, 0), (0, 1)):
            x = Trace()
            x.go(120, first_ks, p1, p2)
            assert x.e.verdict == NONE
            x.go(120, second_ks, p2, p1)
            assert (x.e.verdict, x.e.other_idle) == (verdict, other_idle), (first_ks, second_ks)
            assert x.e.lifted == (1 if verdict == LIFTS else 0)
            assert x.e.turning == p2 + 2 * p1
            x.go(5, second_ks, 1, 1)
            assert x.e.other_idle == 0 and x.e.lifted == 0
    x = Trace()
    x.go(120, 4000, 1, 0)
    assert x.go(120, 1000, 1, 1).verdict == NONE  # nor both with one
    for between in ((0, 0), (1, 1)):  # not from both, nor after a rest
        x = Trace()
        x.go(120, 2000, 1, 0)
        x.go(10, 2000, *between)
        x.go(120, 600, 0, 1)
        assert x.e.verdict == NONE and x.e.other_idle == 0


def test_other_pumps_and_a_signal_that_is_gone_begin_anew():
    x = Trace()
    x.go(120, 1000)
    x.go(120, -1000, 1)
    assert x.e.since_s == 1120 and x.e.turning == 1
    e = x.go(1, -1000, 1, 1)
    assert (e.verdict, e.slope_ks, e.lifted, e.since_s, e.turning) == (NONE, NONE, 0, 1240, 3)
    assert x.until(lambda e: e.slope_ks != NONE, 100, -1000, 1, 1) == 34
    e = x.go(1, -1000, 1, 1, 0)
    assert (e.verdict, e.slope_ks, e.since_s) == (NONE, NONE, 1240)
    assert x.until(lambda e: e.slope_ks != NONE, 100, -1000, 1, 1) == 35


def test_what_the_level_did_before_a_feedback_was_gone_says_nothing():
    x = Trace()
    x.go(120, 1000)
    e = x.go(120, -1000, 3)
    assert e.falls and e.verdict == LIFTS and e.told_s == 1120
    e = x.go(1, -1000, 1)
    assert (e.falls, e.verdict, e.lifted, e.since_s, e.told_s) == (0, NONE, 1, 1120, 1240)
    assert x.until(lambda e: e.falls, 100, -1000, 1) == 34
    e = x.go(1, -1000, 3)
    assert (e.falls, e.told_s) == (0, 1275)
    assert x.until(lambda e: e.falls, 100, -1000, 3) == 34


def test_a_block_is_the_mean_of_five_seconds_in_eighths_of_a_millimetre():
    x = Trace()
    x.go(15, 0)
    assert list(x.e._mean_8)[:4] == [8000, 8000, 8000, 0]
    x.go(15, 0, 1)
    assert list(x.e._mean_8)[3:7] == [8000, 8000, 8000, 0]
    x.e.step(x.t, 1001, 1, 1, 0)
    for n in range(1, 5):
        x.e.step(x.t + n, 1000, 1, 1, 0)
    assert x.e._mean_8[6] == 8001


def test_a_slope_is_the_difference_of_the_two_halves_of_its_window():
    x = Trace()
    assert x.go(300, 0).slope_ks == 0
    x.e.step(x.t, 1001, 1, 0, 0)  # a millimetre for one second: 1/8 mm in a block
    x.go(4, 0)
    slopes = []
    for _ in range(18):
        slopes.append(x.e.slope_ks)
        x.go(5, 0)
    assert slopes == [0] * 9 + [-3] * 9 and x.e.slope_ks == 0
    x.mm_1000 += 100000
    for _ in range(17):
        assert x.go(5, 0).slope_ks > 0
    assert x.go(5, 0).slope_ks == 0


def test_noise_is_what_a_block_departs_from_its_neighbours():
    x = Trace()
    assert x.go(25, 0, noise=100)._noise_8 == 8  # not while the surface swings
    assert x.go(5, 0, noise=100)._noise_8 == 207  # an eighth of the way to 1600
    assert x.go(5, 0, noise=100)._noise_8 == 381
    x = Trace()
    assert x.go(600, 0, noise=1000)._noise_8 == 3993  # one wild block counts for no more
    x = Trace()
    x.go(20, 0)
    for _ in range(2):
        x.e.step(x.t, 1001, 1, 0, 0)
        x.go(4, 0)
    assert x.e._noise_8 == 7


def judged(slope_ks, moved_8=0, rate_ks=10400, apart_s=45, **fields):
    """What is said of the first pump; a hundredth of its rate counts as 105 mm in 1000 s."""
    e = Effect()
    e.rate_ks = rate_ks
    e.turning = 1
    e.slope_ks = slope_ks
    for name in fields:
        setattr(e, name, fields[name])
    e._judge(5000, moved_8, apart_s)
    return e


def test_a_verdict_turns_in_its_very_hundredth():
    for slope_ks, inflow_ks, verdict in (
        (1800, 6000, LIFTS), (1801, 6000, NONE), (3795, 6000, NONE), (3796, 6000, NOTHING),
        (-4200, NONE, LIFTS), (-4199, NONE, NONE), (1299, 5000, NOTHING), (1300, 5000, NONE), (-1299, 2000, NOTHING),
        (-1300, 2000, NONE),
    ):  # fmt: skip
        assert judged(slope_ks, inflow_ks=inflow_ks).verdict == verdict, (slope_ks, inflow_ks)
    for slope_ks, other_ks, verdict, other_idle in (
        (1500, 7905, LIFTS, 1), (1500, 7904, NONE, 0), (7801, 1500, NOTHING, 0), (7800, 1500, NONE, 0),
        (1500, NONE, NONE, 0),
    ):  # fmt: skip
        e = judged(slope_ks, _other_ks=other_ks)
        assert (e.verdict, e.other_idle) == (verdict, other_idle), (slope_ks, other_ks)


def test_the_edges_of_what_falls_stands_and_sinks():
    for slope_ks, falls, flat_s in (
        (-2600, 0, 0), (-2601, 1, 0), (1299, 0, 5), (1300, 0, 0), (-1299, 0, 5), (-1300, 0, 0),
    ):  # fmt: skip
        e = judged(slope_ks)
        assert (e.falls, e.flat_s) == (falls, flat_s), slope_ks
    for moved_8, noise_8, verdict in (
        (-40, 8, NONE),
        (-41, 8, LIFTS),
        (-60, 20, NONE),
        (-61, 20, LIFTS),
        (41, 8, NONE),
    ):
        assert judged(-1300, moved_8, _noise_8=noise_8).verdict == verdict, (moved_8, noise_8)
    for rate_ks, noise_8, verdict in ((1000, 8, NOTHING), (975, 8, NONE), (3000, 40, NOTHING), (3000, 41, NONE)):
        e = judged(5000, 0, rate_ks, 5, inflow_ks=5000, _noise_8=noise_8, flat_s=7)
        assert e.verdict == verdict and e.flat_s == 0, (rate_ks, noise_8)


def test_a_level_that_begins_to_stand_still_is_air_below_three_quarters_of_the_best():
    for share_pct, lifted, slope_ks, verdict in (
        (60, 1, 0, LIFTS), (59, 1, 0, NOTHING), (59, 0, 0, LIFTS), (59, 1, 1300, LIFTS),
    ):  # fmt: skip
        e = judged(slope_ks, inflow_ks=slope_ks + 105 * share_pct, lifted=lifted, _best_pct=80)
        assert e.verdict == verdict, (share_pct, lifted, slope_ks)
    e = judged(0, inflow_ks=105 * 90, lifted=1, _best_pct=80)
    assert e._best_pct == 90
    assert judged(0, inflow_ks=105 * 70, lifted=1, _best_pct=80)._best_pct == 80


def test_every_number_stays_small_at_the_extremes_of_the_settings():
    for l_min, area_m2_100 in ((16666, 10), (1, 20000), (16666, 20000), (1, 10)):
        e = Effect()
        e.expect(l_min, area_m2_100)
        for raws in ((-1000, 20000), (20000, -1000), (20000, 20000)):
            for t in range(600):
                p1 = t // 200 & 1
                e.step(t, raws[0] if t % 200 < 100 else raws[1], 1, p1, t // 400)
                for name in ("slope_ks", "inflow_ks", "_noise_8", "_best_pct", "_sum", "flat_s"):
                    assert getattr(e, name) == NONE or -(1 << 27) < getattr(e, name) < 1 << 27, name
        assert 1 <= e.rate_ks < 1 << 22  # twice that times 125 is small still
