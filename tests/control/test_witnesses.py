"""Who is believed when level and floats contradict each other."""

from unit.control.basics import NONE
from unit.control.witnesses import Well


def well():
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
