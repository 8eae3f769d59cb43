"""Whether the pumps have water: which witness says dry, a tie's budget, the floor, a level that stands still."""

from unit.control.basics import FAILURE, GOOD, NONE
from unit.control.signals import FINE, FLAT

from tests.control.judge import Judge

TIE = (700, 0, 0)  # a level clearly above a low float that says dry


def test_either_witness_of_a_dry_well_is_enough_unless_the_two_others_outvote_it():
    for level, high, low, dry, tie in (
        (400, 0, 1, 0, 0), (400, NONE, NONE, 0, 0), (180, 0, 1, 0, 0), (NONE, NONE, NONE, 0, 0), (NONE, 0, 1, 0, 0),
        (NONE, 1, NONE, 0, 0), (NONE, 1, 1, 0, 0), (900, 1, 1, 0, 0),
        # the level says dry
        (179, 0, 1, 1, 0), (179, 0, 0, 1, 0), (179, 0, NONE, 1, 0), (179, NONE, NONE, 1, 0), (179, NONE, 0, 1, 0),
        (179, 1, 0, 1, 0), (179, 1, 1, 0, 0), (179, 1, NONE, 0, 1), (179, NONE, 1, 0, 1),
        # the low float does, and the high float says full
        (800, 1, 0, 0, 0), (799, 1, 0, 0, 1), (351, 1, 0, 0, 1), (350, 1, 0, 1, 0), (NONE, 1, 0, 0, 1),
        # the low float does
        (350, 0, 0, 1, 0), (351, 0, 0, 0, 1), (350, NONE, 0, 1, 0), (351, NONE, 0, 0, 1), (NONE, 0, 0, 1, 0),
        (NONE, NONE, 0, 1, 0),
    ):  # fmt: skip
        w = Judge().feed(1, level, high, low)
        assert (w.dry, w.tie) == (dry, tie), (level, high, low)


def test_a_witness_that_is_out_does_not_say_dry():
    assert Judge(level_out=1, _times=[2, 0, 0]).feed(1, 100, 0, NONE).dry == 0
    assert Judge(level_out=1, _times=[2, 0, 0]).feed(1, 400, 0, 0).dry == 1  # nor that there is water
    assert Judge(_stands=1, _stands_mm=100).feed(1, 100, 0, NONE).dry == 0
    assert Judge(_stands=1, _stands_mm=900).feed(1, 900, 1, 0).tie == 1
    assert Judge(low_out=1, _times=[0, 0, 2]).feed(1, 400, 0, 0).dry == 0
    assert Judge(high_out=1, _times=[0, 2, 0]).feed(1, 179, 1, NONE).dry == 1


def test_a_high_float_that_is_up_for_too_long_alone_has_a_budget_too():
    j = Judge(doubt_high=1, budget_s=30)
    assert j.feed(1, NONE, 1, NONE).tie == 1
    assert j.until(lambda w: w.dry, 100, NONE, 1, NONE, 1) == 30
    assert Judge(doubt_high=1).feed(1, 179, NONE, NONE).dry == 1


def test_in_a_tie_pumps_run_for_the_budget_and_again_half_an_hour_after_they_last_did():
    for signals in ((NONE, 1, 0), (179, NONE, 1), (179, 1, NONE), (350 + 400, 1, 0)):
        for budget_s in (30, 180):
            j = Judge(budget_s=budget_s, rate_ks=0)
            j.feed(100, *signals)
            assert j.w.left_s() == budget_s and not j.w.dry  # who does not pump spends nothing
            for _ in range(3):
                assert j.until(lambda w: w.dry, 1000, *signals, 1) == budget_s
                assert j.w.left_s() == 0 and j.w.tie == 1
                assert j.until(lambda w: not w.dry, 4000, *signals, 0) == 1800 - 2
                assert j.w.left_s() == budget_s
    j = Judge(t=1799)
    j.w.spend(0, 180)
    assert j.feed(1, NONE, 1, 0).dry == 1 and j.feed(1, NONE, 1, 0).dry == 0
    j = Judge(t=0)
    assert j.until(lambda w: w.dry, 1000, NONE, 1, 0, 1) == 180


def test_the_budget_is_one_for_all_that_is_pumped_in_half_an_hour():
    j = Judge(rate_ks=0)
    j.feed(60, *TIE, 1)
    j.feed(600, 400, 0, 1, 1)  # no tie: that costs nothing
    assert j.w.left_s() == 120
    j.w.spend(j.t, 90)
    assert j.w.left_s() == 30
    j.feed(1, *TIE, 0)  # the leap from 400 is no part of a try
    assert j.until(lambda w: w.dry, 100, *TIE, 1) == 30


def test_a_level_that_stands_still_above_a_dry_low_float_while_pumps_turn_is_out_after_half_a_minute():
    for rate_ks, fell_mm, out in ((1500, 11, "L"), (1500, 12, ""), (1600, 11, "L"), (1600, 12, ""), (1601, 12, "L"),
                                  (1500, 0, "L"), (1500, -50, "L")):  # fmt: skip
        j = Judge(rate_ks=rate_ks)
        j.feed(5, *TIE)
        j.feed(30, *TIE, 1)
        assert j.out() == ""
        j.feed(1, 700 - fell_mm, 0, 0, 1)
        assert j.out() == out, (rate_ks, fell_mm)


def test_in_a_tie_what_flows_in_is_reckoned_by_the_rise_of_the_last_rest():
    for rise_mm, fell_mm, out in (
        (12, 0, ""),
        (11, 0, "L"),
        (30, -18, ""),
        (30, -19, "L"),
        (90, -79, "L"),  # twice what a pump lifts
        (90, -78, ""),
        (91, 11, "L"),  # more than that flows in nowhere
        (91, 12, ""),
        (-5, 11, "L"),
        (-5, 12, ""),
    ):
        j = Judge(rate_ks=1500)
        j.feed(1, 700, 0, 1)
        j.feed(29, 900, 0, 1)
        j.feed(1, 700 + rise_mm, 0, 1)
        j.feed(31, 712 + rise_mm, 0, 1)  # each half minute anew
        j.feed(30, 712 + rise_mm, 0, 1)
        j.feed(1, 712 + 2 * rise_mm, 0, 1)
        j.feed(30, 800, 0, 1)  # not whole
        j.feed(30, *TIE, 1)
        assert j.out() == ""
        j.feed(1, 700 - fell_mm, 0, 0, 1)
        assert j.out() == out, (rise_mm, fell_mm)
    j = Judge(rate_ks=1500)
    for level in (700, 900):
        j.feed(29, level, 0, 1)
        j.feed(1, level, 0, 1, 1)  # a pump that turns begins a rest anew
    j.feed(29, 700, 0, 1)
    j.feed(31, *TIE, 1)
    assert j.out() == "L"


def test_a_rest_is_measured_from_its_first_second():
    for first_mm, out in ((700, "L"), (688, "")):
        j = Judge(rate_ks=1500)
        j.feed(5, 600, 0, 1)
        j.feed(1, 600, 0, 1, 1)
        j.feed(1, first_mm, 0, 1)
        j.feed(30, 700, 0, 1)
        j.feed(31, *TIE, 1)
        assert j.out() == out


def test_each_half_minute_of_a_tie_is_compared_by_itself():
    j = Judge(rate_ks=1500)
    j.feed(30, 700, 0, 0, 1)
    j.feed(1, 680, 0, 0, 1)
    j.feed(30, 679, 0, 0, 1)
    assert j.out() == ""
    j.feed(1, 679, 0, 0, 1)
    assert j.out() == "L"
    j = Judge(rate_ks=1500)
    j.feed(1, 700, 0, 0, 1)
    j.feed(30, 688, 0, 0, 1)  # from its first second
    assert j.out() == ""
    for _ in range(5):
        j.feed(30, *TIE, 1)
        j.feed(1, *TIE)  # a pump that rests begins anew
    assert j.out() == ""
    for signals in ((NONE, 1, 0), (179, NONE, 1)):  # a level that is not heard, or that says dry, is not tried
        j = Judge(rate_ks=1500)
        j.feed(100, *signals, 1)
        assert j.out() == ""


def test_where_pumps_drew_air_is_dry_for_two_hours_or_half_an_hour_where_that_leaves_no_room():
    for most_mm, lasts_s in ((431, 7200), (430, 1800)):
        j = Judge(high_fitted=0, low_fitted=0)
        j.feed(5, 400, NONE, NONE)
        j.w.found_floor(j.t, most_mm)
        assert j.feed(1, 430, NONE, NONE).dry == 0
        assert j.feed(1, 429, NONE, NONE).dry == 1
        assert j.until(lambda w: not w.dry, 9000, 429, NONE, NONE) == lasts_s - 2
        assert j.feed(10, 400, NONE, NONE).dry == 0
        assert j.out() == ""


def test_a_float_that_says_wet_ends_the_floor_and_so_does_whoever_forgets_it():
    for high, low, dry in ((0, 1, 0), (1, NONE, 0), (0, NONE, 1), (NONE, NONE, 1)):
        j = Judge(high_mark_mm=500)
        j.feed(5, 400, 0, NONE)
        j.w.found_floor(j.t, 600)
        assert j.feed(1, 429, 0, NONE).dry == 1
        assert j.feed(1, 429, high, low).dry == dry
        assert j.feed(1, 429, 0, NONE).dry == dry
    j = Judge()
    j.feed(5, 400, 0, NONE)
    j.w.found_floor(j.t, 600)
    assert j.w.near_floor() == 1
    j.w.forget_floor()
    assert j.w.near_floor() == 0
    assert j.feed(1, 429, 0, NONE).dry == 0
    j.w.found_floor(j.t, 600)
    assert j.feed(1, NONE, 0, NONE).dry == 0  # a level that nobody hears


def test_near_the_floor_is_as_far_again():
    j = Judge()
    j.feed(5, 400, 0, NONE)
    assert j.w.near_floor() == 0
    j.w.found_floor(j.t, 600)
    for level, near in ((400, 1), (459, 1), (460, 0)):
        assert j.feed(1, level, 0, NONE).near_floor() == near


def test_a_floor_far_above_the_dry_level_is_a_level_that_drifts():
    for level, drifts in ((300, 0), (301, 1)):
        j = Judge()
        j.feed(5, level, 0, NONE)
        j.w.found_floor(j.t, 600)
        assert (j.w.level_drifts, j.out()) == (drifts, "")


def test_a_floor_that_leaves_no_room_convicts_the_level_where_a_float_takes_over():
    for most_mm, high_fitted, low_fitted, out in (
        (430, 1, 0, "L"), (430, 0, 1, "L"), (430, 1, 1, "L"), (431, 1, 1, ""), (430, 0, 0, ""),
    ):  # fmt: skip
        j = Judge(high_fitted=high_fitted, low_fitted=low_fitted)
        j.feed(5, 400, 0, NONE)
        j.w.found_floor(j.t, most_mm)
        assert j.out() == out


def test_a_level_that_stood_at_rest_and_stands_under_pumps_is_not_believed():
    for rested_s, stands_s in ((61, 240), (61, 300)):
        j = Judge(stands_s=stands_s)
        j.feed(rested_s, 400, 0, 1)
        w = j.feed(stands_s - 1, 400, 0, 1, 1)
        assert w.level_ok == 1 and w.level.why == FINE
        w = j.feed(1, 400, 0, 1, 1)
        assert (w.level_ok, w.level.quality, w.level.why) == (0, FAILURE, FLAT)
        assert j.out() == "" and w.level_mm == 400
        assert j.feed(1000, 400, 0, 1).level_ok == 0  # until it moves
        w = j.feed(1, 404, 0, 1)
        assert (w.level_ok, w.level.quality) == (1, GOOD)
        assert j.feed(1000, 404, 0, 1, 1).level_ok == 1  # it has not stood at rest
    j = Judge()
    j.feed(60, 400, 0, 1)
    assert j.feed(1000, 400, 0, 1, 1).level_ok == 1  # as much may flow in as they lift
    j = Judge(t=0)
    j.feed(61, 400, 0, 1)
    assert j.until(lambda w: not w.level_ok, 1000, 400, 0, 1, 1) == 239


def test_a_level_that_moves_by_more_than_its_noise_does_not_stand():
    for moves, ok in (((3, -3), 0), ((4,), 1), ((-4,), 1)):
        j = Judge()
        j.feed(61, 400, 0, 1)
        j.feed(100, 400, 0, 1, 1)
        for away in moves:
            j.feed(1, 400 + away, 0, 1, 1)
        assert j.feed(300, 400, 0, 1, 1).level_ok == ok, moves
    j = Judge()
    j.w.level.rough = 20
    j.feed(61, 400, 0, 1)
    for n in range(240):
        j.feed(1, 400 + n % 3 * 20 - 20, 0, 1, 1)
    assert j.w.level_ok == 0
    j = Judge()
    j.feed(61, 400, 0, 1)
    j.feed(239, 400, 0, 1, 1)
    j.feed(1, NONE, 0, 1, 1)  # a signal that is gone begins anew
    assert j.feed(300, 400, 0, 1, 1).level_ok == 1


def test_what_pumps_turn_in_pieces_adds_up_and_whoever_forgives_begins_anew():
    j = Judge()
    j.feed(61, 400, 0, 1)
    for _ in range(3):
        j.feed(60, 400, 0, 1, 1)
        j.feed(10, 400, 0, 1)
    assert j.feed(59, 400, 0, 1, 1).level_ok == 1
    j.w.forgive()
    assert j.feed(239, 400, 0, 1, 1).level_ok == 1
    assert j.feed(1, 400, 0, 1, 1).level_ok == 0
    j.w.forgive()
    assert j.feed(239, 400, 0, 1, 1).level_ok == 1
    assert j.feed(1, 400, 0, 1, 1).level_ok == 0


def test_a_level_may_stand_where_there_is_nothing_to_lift_or_the_high_float_agrees_or_the_well_is_full():
    for level, high, low, ok in (
        (180, 0, 1, 0), (179, 0, NONE, 1), (179, 0, 1, 1),
        (800, 1, 1, 1), (799, 1, 1, 0), (1000, 0, 1, 0), (1000, NONE, 1, 0),
        (1449, NONE, 1, 0), (1450, NONE, 1, 1), (1449, 1, 1, 1), (1450, 0, 1, 1),
        (1449, 0, 1, 0), (1450, 0, NONE, 0), (1450, NONE, NONE, 1), (1600, NONE, 1, 1),
    ):  # fmt: skip
        j = Judge()
        j.feed(100, level, high, low)
        w = j.feed(300, level, high, low, 1)
        assert (w.level.why != FLAT) == ok, (level, high, low)


def test_the_brim_is_the_spill_or_where_a_loop_ends():
    for current, high_mm, level, full in (
        (0, 0, 1449, 0), (0, 0, 1450, 1), (1, 4000, 1449, 0), (1, 4000, 1450, 1), (1, 1449, 1448, 0),
        (1, 1449, 1449, 1),
        (1, 1200, 1199, 0), (1, 1200, 1200, 1), (0, 1200, 1200, 0), (1, 1450, 1449, 0), (1, 1450, 1450, 1),
    ):  # fmt: skip
        j = Judge()
        j.w.level.current = current
        j.w.level.high = high_mm
        assert j.feed(1, level, 0, 1).spilling() == full


def test_a_level_that_falls_a_minute_and_a_half_under_a_pump_has_water_whatever_a_low_float_says():
    for fell_mm, out in ((23, "l"), (22, "")):  # of 45 in half a minute: a large well, too slow for its budget
        j = Judge(rate_ks=1500, high_fitted=0)
        j.feed(60, 900, NONE, 1)
        level = 900
        for _ in range(3):
            j.feed(30, level, NONE, 0, 1)
            assert j.out() == ""
            level -= fell_mm
            j.feed(1, level, NONE, 0, 1)
        assert j.out() == out, fell_mm
    for high, pumps in ((NONE, (1, 1, 0, 1, 1)), (0, (1, 1, 1, 1, 1))):  # not in one go; a high float that will tell
        j = Judge(rate_ks=1500, high_fitted=high == 0)
        level = 900
        for pump in pumps:
            j.feed(30, level, high, 0, pump)
            level -= 27
            j.feed(1, level, high, 0, pump)
        assert j.out() == "", high


def test_a_level_that_has_stood_still_under_a_pump_before_the_low_float_says_dry_is_out_at_once():
    j = Judge(rate_ks=1500)
    j.feed(60, 700, 0, 1)
    j.feed(31, 700, 0, 1, 1)
    j.feed(5, 700, 0, 0, 1)
    assert j.out() == "L" and j.w.dry
    j = Judge(rate_ks=1500)
    j.feed(60, 700, 0, 1)
    j.feed(30, 700, 0, 1, 1)
    j.feed(1, 650, 0, 1, 1)  # it fell
    j.feed(5, 650, 0, 0, 1)
    assert j.out() == "" and not j.w.dry
