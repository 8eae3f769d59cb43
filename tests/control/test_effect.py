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
        (166, 180, 1537), (60, 100, 1000), (1, 20000, 1), (0, 100, 1), (16666, 10, 2777666), (7, 20000, 1), (12, 20000, 1),
        (24, 20000, 2),
    ):  # fmt: skip
        e = Effect()
        e.expect(l_min, area_m2_100)
        assert e.rate_ks == rate_ks


def test_the_slope_is_told_after_seven_blocks_and_is_that_of_the_level():
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
        (1000, 100, LIFTS), (1000, 45, LIFTS), (1500, 38, NONE), (1000, 23, NONE), (1000, 18, NOTHING), (1000, 0, NOTHING),
        (1000, -50, NOTHING), (2500, 45, LIFTS), (2500, 25, NONE), (2500, 15, NOTHING), (300, 18, NOTHING), (300, 8, NOTHING),
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
        (2000, 600, LIFTS, 1), (2000, 900, NONE, 0), (600, 2000, NOTHING, 0), (900, 2000, NONE, 0), (2000, 2000, NONE, 0),
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
