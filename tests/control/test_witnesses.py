"""Who is believed when level and floats contradict each other: the table of docs/invariants.md, cell by cell."""

from unit.control.basics import FAILURE, GOOD, NONE
from unit.control.signals import CONTRADICTED, FINE
from unit.control.witnesses import HIGH_LEVEL, HIGH_LOW, LEVEL_LOW, Well

from tests.control.judge import Judge

L_OUT = (20, 1, 1)  # level against both floats
H_OUT = (120, 1, 0)  # high float against level and low float
LOW_OUT = (1050, 1, 0)  # low float against level and high float
FINE_400 = (400, 0, 1)  # nobody contradicts


def test_new_witnesses_are_all_believed():
    w = Well()
    for name, value in (
        ("level_mm", 0), ("level_ok", 0), ("level_drifts", 0), ("level_out", 0), ("high_out", 0), ("low_out", 0),
        ("high_up", NONE), ("low_wet", NONE), ("odds", 0), ("tie", 0), ("dry", 0), ("dry_level_mm", 0),
        ("high_mark_mm", 0), ("low_mark_mm", 0), ("spill_level_mm", 20000), ("high_fitted", 0), ("low_fitted", 0),
        ("doubt_high", 0), ("budget_s", 180), ("rate_ks", 1), ("stands_s", 240), ("_times", [0, 0, 0]),
        ("_high_tipped", 0), ("_since_s", 0), ("_ref_mm", 0), ("_stands_s", 0), ("_stands_mm", 0), ("_stood_s", 0),
        ("_stands", 0), ("_was_high", NONE), ("_was_low", NONE), ("_spent_s", 0),
        ("_spent_last_s", -1800), ("_floor_mm", NONE), ("_floor_until_s", 0),
    ):  # fmt: skip
        assert getattr(w, name) == value, name
    assert (w.course.rise_mm, w.course.lifted, w.course.falls) == (0, NONE, 0)


def test_a_float_that_bounces_is_read_after_two_seconds():
    w = Well()
    w.high_fitted = w.low_fitted = 1
    for t, high, low, up, wet in ((0, 0, 1, 0, 1), (1, 1, 0, 0, 1), (2, 1, 0, 0, 1), (3, 1, 0, 1, 0), (4, 0, 1, 1, 0),
                                  (5, 0, 1, 1, 0), (6, 0, 1, 0, 1)):  # fmt: skip
        w.step(t, NONE, high, low, 0)
        assert (w.float_high.value, w.float_low.value) == (up, wet)


def test_two_witnesses_contradict_each_other_from_the_millimetre_that_no_tolerance_explains():
    for level, high, low, odds in (
        (800, 1, 1, 0), (799, 1, 1, HIGH_LEVEL), (1200, 0, 1, 0), (1201, 0, 1, HIGH_LEVEL),
        (350, 0, 0, 0), (351, 0, 0, LEVEL_LOW), (50, 0, 1, 0), (49, 0, 1, LEVEL_LOW),
        (1000, 1, 1, 0), (1000, 0, 1, 0), (150, 0, 0, 0), (1300, 1, 1, 0), (20, 0, 0, 0),
        (20, 1, 1, HIGH_LEVEL | LEVEL_LOW), (1300, 0, 0, HIGH_LEVEL | LEVEL_LOW), (120, 1, 0, HIGH_LEVEL | HIGH_LOW),
        (800, 1, 0, LEVEL_LOW | HIGH_LOW), (1300, 1, 0, LEVEL_LOW | HIGH_LOW),
        (400, 1, 0, HIGH_LEVEL | LEVEL_LOW | HIGH_LOW),
        (NONE, 1, 0, HIGH_LOW), (NONE, 0, 1, 0), (NONE, 1, 1, 0), (NONE, 0, 0, 0),
        (20, NONE, NONE, 0), (1300, NONE, NONE, 0), (1300, NONE, 0, LEVEL_LOW), (400, 1, NONE, HIGH_LEVEL),
    ):  # fmt: skip
        assert Judge().feed(1, level, high, low).odds == odds, (level, high, low)


def test_a_float_that_is_not_fitted_says_nothing():
    w = Judge(high_fitted=0).feed(30, *L_OUT)
    assert (w.float_high.value, w.high_up, w.low_wet, w.odds) == (NONE, NONE, 1, LEVEL_LOW)
    w = Judge(low_fitted=0).feed(30, *H_OUT)
    assert (w.float_low.value, w.low_wet, w.high_up, w.odds) == (NONE, NONE, 1, HIGH_LEVEL)


def test_who_stands_alone_against_two_is_out_after_five_seconds_and_nobody_in_a_tie():
    for level, high, low, out in (
        (20, 1, 1, "L"), (1300, 0, 0, "L"), (120, 1, 0, "h"), (350, 1, 0, "h"), (800, 1, 0, "l"), (1300, 1, 0, "l"),
        (1300, 0, 1, ""), (400, 1, 1, ""), (400, 0, 0, ""), (20, 0, 1, ""), (400, 1, 0, ""), (NONE, 1, 0, ""),
        (400, 0, 1, ""),
    ):  # fmt: skip
        j = Judge()
        j.feed(30, *FINE_400)
        j.feed(5, level, high, low)
        assert j.out() == "", (level, high, low)
        j.feed(1, level, high, low)
        assert j.out() == out, (level, high, low)
        j.feed(600, level, high, low)
        assert j.out() == out, (level, high, low)


def test_another_contradiction_begins_its_five_seconds_anew():
    j = Judge()
    for _ in range(5):
        j.feed(4, *L_OUT)
        j.feed(4, *H_OUT)
        j.feed(4, *LOW_OUT)
        j.feed(4, *FINE_400)
    assert j.out() == ""


def test_who_is_out_counts_as_unknown_and_the_others_are_heard():
    for signals, level_ok, high_up, low_wet in (
        (FINE_400, 1, 0, 1), (L_OUT, 0, 1, 1), (H_OUT, 1, NONE, 0), (LOW_OUT, 1, 1, NONE),
    ):  # fmt: skip
        w = Judge().feed(10, *signals)
        assert (w.level_ok, w.high_up, w.low_wet) == (level_ok, high_up, low_wet)
        assert w.level_mm == signals[0]
        assert (w.level.quality, w.level.why) == ((GOOD, FINE) if level_ok else (FAILURE, CONTRADICTED))
    j = Judge()
    j.feed(10, *L_OUT)
    w = j.feed(1, NONE, 1, 1)
    assert w.level_ok == 0 and w.level_mm == 20 and w.level.why != CONTRADICTED  # of two reasons the wire's


def test_the_level_is_believed_again_when_it_has_moved_and_agrees_for_a_minute():
    for false, true, back in (
        (L_OUT, (70, 0, 1), 0), (L_OUT, (71, 0, 1), 1), ((1300, 0, 0), (1250, 1, 1), 0), ((1300, 0, 0),
        (1249, 1, 1), 1),
        (L_OUT, (71, 1, 1), 0),  # it has moved and does not agree
        (L_OUT, (351, 0, 0), 0), (L_OUT, (20, 0, 1), 0),
    ):  # fmt: skip
        j = Judge(low_mark_mm=130)
        j.feed(10, *false)
        assert j.out() == "L"
        j.feed(60, *true)
        assert j.out() == "L"
        j.feed(1, *true)
        assert j.out() == ("" if back else "L"), true
        j.feed(1000, *true)
        assert j.out() == ("" if back else "L"), true


def test_a_level_that_was_out_is_measured_from_where_it_was_found_to_be_wrong():
    j = Judge()
    j.feed(30, *FINE_400)
    j.feed(3, 40, 1, 1)
    j.feed(3, *L_OUT)
    assert j.out() == "L"
    j.feed(100, 70, 0, 1)
    assert j.out() == "L"  # 50 mm from 20
    j.feed(10, *L_OUT)  # while it is out, another contradiction measures nothing anew
    j.feed(100, 71, 0, 1)
    assert j.out() == ""


def test_a_contradiction_of_the_floats_alone_does_not_keep_the_level_out():
    j = Judge(low_mark_mm=700)
    j.feed(10, 300, 1, 1)
    assert j.out() == "L"
    assert j.feed(1, 850, 1, 0).odds == HIGH_LOW
    j.feed(60, 850, 1, 0)
    assert j.out() == ""


def test_a_float_is_believed_again_when_it_agrees_for_a_minute_with_whoever_else_quarrels():
    for false, true in (
        (H_OUT, FINE_400), (H_OUT, (20, 0, 1)), (LOW_OUT, (1050, 1, 1)), (LOW_OUT, (1300, 0, 1)), (LOW_OUT,
        (100, 0, 0)),
    ):  # fmt: skip
        j = Judge()
        j.feed(10, *false)
        assert j.out() in ("h", "l")
        j.feed(60, *true)
        assert j.out() in ("h", "l"), true
        j.feed(1, *true)
        assert j.out() == "", true
    for false, still in ((H_OUT, (400, 1, 1)), (H_OUT, (NONE, 1, 0)), (LOW_OUT, (400, 0, 0)), (LOW_OUT, (NONE, 1, 0))):
        j = Judge()
        j.feed(10, *false)
        out = j.out()
        j.feed(3000, *still)
        assert j.out() == out, still


def test_who_comes_back_does_not_ask_whoever_is_out_himself():
    for out, held, signals, left in (
        ("Lh", "h", (400, 1, 1), "h"), ("Lh", "h", (400, 0, 0), "Lh"), ("Ll", "l", (400, 0, 0), "l"), ("Ll", "l",
        (400, 1, 1), "Ll"),
        ("Lh", "L", (400, 1, 1), "L"), ("Lh", "L", (NONE, 1, 0), "Lh"), ("hl", "l", (900, 1, 0), "l"), ("hl", "l",
        (400, 1, 1), "hl"),
        ("Ll", "L", (400, 0, 0), "L"), ("Ll", "L", (NONE, 1, 0), "Ll"), ("hl", "h", (300, 1, 0), "h"), ("hl", "h",
        (400, 0, 0), "hl"),
        ("Lhl", "hl", (400, 1, 1), "hl"), ("Lhl", "Ll", (400, 1, 1), "Ll"), ("Lhl", "Lh", (400, 1, 1), "Lh"),
    ):  # fmt: skip
        times = [2 if letter in held else 1 for letter in "Lhl"]
        outs = [1 if letter in out else 0 for letter in "Lhl"]
        j = Judge(t=0, level_out=outs[0], high_out=outs[1], low_out=outs[2], _times=times, level_mm=0)
        j.feed(60, *signals)
        assert j.out() == out
        j.feed(1, *signals)
        assert j.out() == left, (out, held, signals)


def test_who_was_out_twice_waits_for_a_person():
    for false, true, out in ((L_OUT, FINE_400, "L"), (H_OUT, FINE_400, "h"), (LOW_OUT, FINE_400, "l")):
        j = Judge()
        for _ in range(3):
            j.feed(10, *false)
            assert j.out() == out
            j.feed(100, *true)
            assert j.out() == ""
            j.feed(10, *false)
            assert j.out() == out
            j.feed(5000, *true)
            assert j.out() == out
            j.feed(10, *false)
            j.feed(5000, *true)
            assert j.out() == out
            j.w.forgive()
            assert j.out() == ""
            j.feed(100, *true)
            assert j.out() == ""


def test_one_wrong_witness_is_no_mark_against_the_others():
    j = Judge()
    for false in (L_OUT, H_OUT, LOW_OUT):
        j.feed(10, *false)
        assert len(j.out()) == 1
        j.feed(100, *FINE_400)
        assert j.out() == ""


def test_whoever_looks_at_the_sensors_lets_all_of_them_back():
    j = Judge()
    w = j.feed(10, *L_OUT)
    w.high_out = w.low_out = w.level_drifts = 1
    w.forgive()
    assert (j.out(), w.level_drifts) == ("", 0)
    w = j.feed(1, *FINE_400)
    assert (w.level_ok, w.high_up, w.low_wet) == (1, 0, 1)


def test_in_a_tie_a_level_that_moves_as_water_does_outweighs_a_float_that_hangs():
    for begin, end, high, low, out, marks in (
        (1500, 1300, 0, 1, "", {}), (1500, 1299, 0, 1, "h", {}),  # high float stays down
        (230, 180, 1, NONE, "", {}), (229, 179, 1, NONE, "", {}), (230, 179, 1, NONE, "h", {}),  # ... or up
        (700, 180, 1, NONE, "", {}), (230, 100, 1, 1, "", {}),
        (700, 550, 0, 0, "", {}), (700, 549, 0, 0, "l", {}), (700, 549, 0, 0, "l", {}),  # low float stays down
        (700, 600, 0, 0, "", {"low_mark_mm": 60}), (700, 599, 0, 0, "l", {"low_mark_mm": 60}),
        (700, 599, NONE, 0, "l", {"low_mark_mm": 60}),
        (49, -51, NONE, 1, "", {}), (49, -52, NONE, 1, "L", {}), (49, -80, 0, 1, "", {}),  # ... or up
        (1300, 1600, 0, 1, "", {}), (400, 900, 0, 0, "", {}),  # what rises proves nothing
    ):  # fmt: skip
        j = Judge(**marks)
        j.feed(6, begin, high, low)
        assert j.out() == ""
        j.feed(1, end, high, low)
        assert j.out() == out, (begin, end, high, low)
        j.feed(60, end, high, low)
        assert j.out() == out, (begin, end, high, low)
    j = Judge()
    j.feed(1, 1500, 0, 1)
    j.feed(4, 1290, 0, 1)
    assert j.out() == ""
    j.feed(1, 1290, 0, 1)
    assert j.out() == "h"


def test_in_a_tie_nothing_is_learnt_from_a_level_that_is_out():
    j = Judge(low_fitted=0, level_out=1, _times=[2, 0, 0], _ref_mm=230)
    j.feed(30, 100, 1, NONE)
    assert j.out() == "L"


def test_in_a_tie_a_level_that_stood_still_under_pumps_is_not_judged_twice():
    j = Judge(low_mark_mm=500)
    j.feed(10, 390, 0, 1)
    j.feed(100, 280, 0, 1)
    w = j.feed(240, 280, 0, 1, 1)
    assert w.level_ok == 0 and j.out() == ""
    j.feed(100, 280, NONE, 1)
    assert j.out() == ""


def test_a_float_that_tips_measures_the_level():
    for level, before, after, drifts in (
        (1120, (0, 1), (1, 1), 0), (1121, (0, 1), (1, 1), 1), (880, (0, 1), (1, 1), 0), (879, (0, 1), (1, 1), 1),
        (1121, (1, 1), (0, 1), 1), (1120, (1, 1), (0, 1), 0), (879, (1, 1), (0, 1), 1), (1000, (1, 1), (0, 1), 0),
        (270, (0, 1), (0, 0), 0), (271, (0, 1), (0, 0), 1), (30, (0, 1), (0, 0), 0), (29, (0, 1), (0, 0), 1),
        (271, (0, 0), (0, 1), 1), (270, (0, 0), (0, 1), 0), (29, (0, 0), (0, 1), 1),
        (271, (NONE, 1), (NONE, 0), 1), (271, (NONE, NONE), (0, 0), 0), (400, (NONE, NONE), (1, 1), 0),
        (1121, (0, 0), (1, 1), 1), (1000, (0, 0), (1, 1), 0), (400, (0, 1), (0, 1), 0),
        (1121, (0, 1), (NONE, 1), 0), (400, (0, 1), (0, NONE), 0),
    ):  # fmt: skip
        j = Judge()
        j.feed(2, level, *before)
        assert j.feed(1, level, *after).level_drifts == drifts, (level, before, after)
        assert j.feed(9, level, *after).level_drifts == drifts


def test_the_next_tip_measures_anew_and_a_level_that_is_out_or_gone_is_not_measured():
    j = Judge()
    j.feed(2, 1121, 0, 1)
    assert j.feed(1, 1121, 1, 1).level_drifts == 1
    assert j.feed(1, 1000, 0, 1).level_drifts == 0
    j = Judge(level_out=1, _times=[2, 0, 0])
    j.feed(2, 1121, 0, 1)
    assert j.feed(1, 1121, 1, 1).level_drifts == 0
    j = Judge()
    j.feed(2, 1121, 0, 1)
    j.feed(1, NONE, 0, 1)
    assert j.feed(1, NONE, 1, 1).level_drifts == 0


def test_a_float_that_falls_under_pumps_convicts_a_level_that_said_dry_and_stood_still():
    for level, end, pump, out in (
        (100, 100, 1, "L"), (100, 102, 1, "L"), (100, 98, 1, "L"), (100, 103, 1, ""), (100, 97, 1, ""),
        (100, 100, 0, ""), (179, 179, 1, "L"), (180, 180, 1, ""),
    ):  # fmt: skip
        j = Judge(_stood_s=-100000)
        j.feed(3, level, 1, 1, 1)
        j.feed(1, end, 0, 1, pump)
        assert j.out() == out, (level, end, pump)
    j = Judge()
    j.feed(3, 100, 0, 1, 1)
    j.feed(1, 100, 1, 1, 1)  # one that rises does not
    assert j.out() == ""
    j = Judge(high_mark_mm=250)
    j.feed(3, 100, 1, 1, 1)
    j.feed(1, 100, 0, 1, 1)  # nor one that agreed
    assert j.out() == ""
    j = Judge(high_mark_mm=250, low_mark_mm=250)
    assert j.feed(3, 100, 1, 1, 1).odds == LEVEL_LOW
    j.feed(1, 100, 0, 1, 1)  # whoever else does not
    assert j.out() == ""
    j = Judge()
    j.feed(30, 170, 0, 1, 1)
    j.feed(3, 100, 1, 1, 1)  # stood still since they contradict each other
    j.feed(1, 100, 0, 1, 1)
    assert j.out() == "L"


def flap(j, level, up, down, times, every_s=60, moved_mm=0):
    for k in range(times):
        if k:
            level += moved_mm
        up_s = min(every_s // 2, 30)
        j.feed(every_s - up_s, level, *down)
        j.feed(up_s, level, *up)


def test_a_float_that_rises_three_times_in_ten_minutes_far_above_the_level_is_not_heard_for_half_an_hour():
    for level, times, every_s, heard in ((700, 2, 60, 1), (700, 3, 60, 0), (799, 3, 60, 0), (800, 3, 60, 1),
                                         (NONE, 3, 60, 1),
                                         (700, 3, 298, 0), (700, 3, 320, 1), (700, 20, 16, 0),
                                         (700, 2, 16, 1)):  # fmt: skip
        j = Judge()
        flap(j, level, (1, 1), (0, 1), times, every_s)
        assert j.w.high_up == (1 if heard else NONE), (level, times, every_s)
        assert j.out() == "" and j.w.low_wet == 1
    j = Judge()
    flap(j, 700, (1, 1), (0, 1), 3)
    left = j.until(lambda w: w.high_up != NONE, 4000, 700, 0, 1)
    assert left == 1800 - 30  # half of the last minute was up
    j = Judge()
    flap(j, 700, (1, 1), (0, 1), 3)
    assert j.until(lambda w: w.high_up == 1, 4000, 700, 1, 1) == 29  # half of the last minute was up


def test_a_high_float_that_is_out_and_flaps_is_not_heard_although_nobody_contradicts():
    j = Judge(high_out=1, _times=[0, 2, 0])
    flap(j, 900, (1, 1), (0, 1), 3)
    j.w.forgive()
    assert j.feed(1, 900, 1, 1).high_up == NONE
    j = Judge()
    flap(j, 900, (1, 1), (0, 1), 30)
    assert j.w.high_up == 1


def test_a_low_float_that_falls_three_times_in_ten_minutes_far_below_the_level_is_not_heard_for_half_an_hour():
    for level, moved_mm, times, heard in (
        (400, 4, 2, 1), (400, 4, 3, 0), (400, -4, 3, 0), (400, 3, 3, 1), (351, 4, 3, 0), (346, 4, 3, 1),
        (NONE, 0, 3, 1),
    ):  # fmt: skip
        j = Judge()
        flap(j, level, (0, 0), (0, 1), times, moved_mm=moved_mm)
        assert j.w.low_wet == (0 if heard else NONE), (level, times)
        assert j.w.high_up == 0
    j = Judge()
    flap(j, 400, (0, 0), (0, 1), 3, moved_mm=4)
    assert j.until(lambda w: w.low_wet != NONE, 4000, 400, 0, 1) == 1800 - 30
    j = Judge(level_out=1, _times=[2, 0, 0])
    flap(j, 400, (0, 0), (0, 1), 3, moved_mm=4)
    assert j.w.low_wet == 0  # by a level that is out nobody is judged


def test_the_well_is_full_by_a_high_float_that_is_believed_or_that_was_out_and_rose_again_over_a_wet_low_float():
    for fields, high, low, full in (
        ({}, 1, 1, 1), ({}, 1, NONE, 1), ({}, 0, 1, 0), ({}, NONE, 1, 0),
        ({"high_out": 1, "_high_tipped": 1}, 1, 1, 1), ({"high_out": 1, "_high_tipped": 1}, 0, 1, 0),
        ({"high_out": 1, "_high_tipped": 1}, 1, NONE, 0), ({"high_out": 1, "_high_tipped": 1}, 1, 0, 0),
        ({"high_out": 1, "_high_tipped": 0}, 1, 1, 0),
    ):  # fmt: skip
        w = Judge(_times=[0, 2, 0], **fields).feed(1, NONE, high, low)
        assert w.high() == full, (fields, high, low)
    j = Judge()
    j.feed(10, *H_OUT)
    assert j.w.high() == 0
    assert j.feed(10, 400, 1, 1).high() == 0  # it has hung since it was found to be wrong
    j.feed(10, 400, 0, 1)
    assert j.feed(1, 900, 1, 1).high() == 1


def test_wet_is_what_a_float_says_that_is_believed():
    for high, low, wet in ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 1), (NONE, NONE, 0), (NONE, 1, 1), (1, NONE, 1)):
        assert Judge().feed(1, NONE, high, low).wet() == wet
    assert Judge(low_out=1, _times=[0, 0, 2]).feed(1, NONE, 0, 1).wet() == 0


def well():
    """A well with a loop, as the controller has it."""
    w = Well()
    w.level.current = 1
    w.level.high = 4000
    w.level.max_rate = 50
    w.dry_level_mm = 180
    w.high_mark_mm = 1000
    w.low_mark_mm = 150
    w.high_fitted = w.low_fitted = 1
    return w


def feed(w, t, seconds, level_mm, high, low):
    for _ in range(seconds):
        w.step(t, 4000 + 4 * level_mm, high, low, 0)
        t += 1
    return t


def test_a_level_that_says_dry_is_outvoted_by_two_floats_until_it_moves():
    w = well()
    t = feed(w, 0, 60, 20, 0, 1)
    assert w.level_ok and w.dry
    t = feed(w, t, 10, 20, 1, 1)
    assert not w.level_ok and w.level_out and not w.dry
    t = feed(w, t, 600, 20, 0, 1)
    assert not w.level_ok
    t = feed(w, t, 200, 480, 0, 1)
    assert w.level_ok


def test_a_level_that_says_full_is_outvoted_by_two_floats():
    w = well()
    feed(w, 0, 60, 1300, 0, 0)
    assert w.level_out and not w.level_ok and w.dry


def test_a_high_float_that_hangs_is_outvoted_by_level_and_low_float():
    w = well()
    t = feed(w, 0, 30, 400, 1, 1)
    assert w.high_up == 1
    t = feed(w, t, 30, 120, 1, 0)
    assert w.high_up == NONE and w.high_out and w.dry
    t = feed(w, t, 30, 400, 1, 1)
    assert w.high_up == NONE and w.level_ok
    feed(w, t, 90, 400, 0, 1)
    assert not w.high_out and w.high_up == 0


def test_a_low_float_that_hangs_is_outvoted_by_level_and_high_float():
    w = well()
    t = feed(w, 0, 30, 1050, 0, 0)
    t = feed(w, t, 10, 1050, 1, 0)
    assert w.low_out and w.low_wet == NONE and not w.dry
    t = feed(w, t, 60, 500, 0, 0)
    assert not w.dry
    t = feed(w, t, 60, 100, 0, 0)
    assert w.dry
