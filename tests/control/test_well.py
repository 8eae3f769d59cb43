"""Who is believed when level and floats contradict each other."""

from unit.control.well import Well


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


def test_a_contradicted_level_is_not_believed_before_it_has_moved():
    w = well()
    t = feed(w, 0, 60, 400, 0, 1)
    assert w.level_ok
    t = feed(w, t, 30, 400, 1, 1)
    assert not w.level_ok
    t = feed(w, t, 600, 400, 0, 1)
    assert not w.level_ok
    feed(w, t, 30, 480, 0, 1)
    assert w.level_ok


def test_a_high_float_that_hangs_is_outvoted_by_level_and_low_float():
    w = well()
    t = feed(w, 0, 30, 400, 1, 1)
    assert w.high_up == 1
    t = feed(w, t, 10, 120, 1, 0)
    assert w.high_up == 0 and w.float_high_wrong and w.dry
    t = feed(w, t, 60, 400, 1, 1)
    assert w.high_up == 0 and w.level_ok
    feed(w, t, 10, 400, 0, 1)
    assert not w.float_high_wrong


def test_a_low_float_that_hangs_is_outvoted_by_level_and_high_float():
    w = well()
    t = feed(w, 0, 30, 700, 0, 0)
    assert w.dry and w.float_low_wrong
    for level_mm in range(700, 1050, 10):
        t = feed(w, t, 1, level_mm, 0, 0)
    t = feed(w, t, 10, 1050, 1, 0)
    assert not w.dry
    t = feed(w, t, 60, 500, 0, 0)
    assert not w.dry
    t = feed(w, t, 30, 100, 0, 0)
    assert w.dry
