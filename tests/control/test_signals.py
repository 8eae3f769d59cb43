"""From raw signals to values with a quality (NE 43 currents, NE 107 classes)."""

from unit.control.basics import FAILURE, GOOD, MAINTENANCE, NONE, OUT_OF_SPEC
from unit.control.signals import FLAT, LOOSE, RANGE, STALE, WIRE, Analog, Switch


def loop(**changes):
    a = Analog()
    settings = {"current": 1, "low": 0, "high": 4000, "max_rate": 50, "stale_s": 10, "flat_s": 3600, "flat_band": 2}
    settings.update(changes)
    for name in settings:
        setattr(a, name, settings[name])
    return a


def feed(a, raws, t=0):
    for raw in raws:
        a.step(t, raw)
        t += 1
    return t


def test_currents_are_scaled():
    a = loop()
    feed(a, [4000 + 4 * 1234] * 40)
    assert a.value == 1234 and a.quality == GOOD


def test_currents_outside_ne43_are_failures_after_three_seconds():
    for bad in (3500, 0, 21500):
        a = loop()
        t = feed(a, [8000] * 20)
        t = feed(a, [bad] * 2, t)
        assert a.quality == GOOD
        t = feed(a, [bad] * 3, t)
        assert a.quality == FAILURE and a.why == WIRE and a.value == 1000
        feed(a, [8000] * 2, t)
        assert a.quality == GOOD


def test_currents_between_the_limits_are_out_of_specification():
    for edge in (3700, 20700):
        a = loop()
        feed(a, [edge] * 5)
        assert a.quality == OUT_OF_SPEC and a.why == RANGE


def test_nothing_new_becomes_stale():
    a = loop()
    t = feed(a, [8000] * 5)
    t = feed(a, [NONE] * 9, t)
    assert a.quality == GOOD
    feed(a, [NONE] * 2, t)
    assert a.quality == FAILURE and a.why == STALE


def test_an_impossible_jump_is_held_back_then_believed():
    a = loop()
    t = feed(a, [8000, 8004, 7996] * 10)
    t = feed(a, [16000], t)
    assert a.value == 1000
    t = feed(a, [8000] * 5, t)
    assert a.value == 1000 and a.quality == GOOD
    feed(a, [16000] * 30, t)
    assert a.value == 3000


def test_noise_is_out_of_specification():
    a = loop()
    t = feed(a, [8000] * 5)
    for k in range(60):
        t = feed(a, [8000 + (9000 if k % 3 == 0 else 0)], t)
    assert a.quality == OUT_OF_SPEC
    feed(a, [8000, 8008] * 60, t)
    assert a.quality == GOOD


def test_a_value_that_never_moves_wants_maintenance():
    a = loop()
    t = feed(a, [8000] * 3700)
    assert a.quality == MAINTENANCE and a.why == FLAT
    feed(a, [8000 + 40 * k for k in range(5)], t)
    assert a.quality == GOOD


def test_direct_values_have_a_range():
    a = loop(current=0)
    feed(a, [1500] * 30)
    assert a.value == 1500 and a.quality == GOOD


def test_what_no_water_can_be_is_no_value():
    for error in (32767, 65535, -9999, 4500, -1, 1 << 29):
        a = loop(current=0)
        t = feed(a, [1500] * 20)
        t = feed(a, [error] * 9, t)
        assert a.value == 1500 and a.quality == GOOD  # not for a moment, and not clamped
        feed(a, [error] * 3, t)
        assert a.value == 1500 and a.quality == FAILURE and a.why == STALE and not a.electrical


def test_a_signal_that_comes_and_goes_is_out_for_half_an_hour():
    a = loop()
    t = 0
    for _ in range(3):
        t = feed(a, [8000] * 30, t)
        assert a.quality == GOOD
        t = feed(a, [0] * 30, t)
    t = feed(a, [8000] * 1700, t)
    assert a.quality == FAILURE and a.why == LOOSE and not a.electrical
    feed(a, [8000] * 100, t)
    assert a.quality == GOOD


def test_a_signal_that_fails_now_and_then_is_believed_between():
    a = loop()
    t = 0
    for _ in range(6):
        t = feed(a, [8000] * 600, t)
        assert a.quality == GOOD
        t = feed(a, [0] * 30, t)


def test_a_rough_signal_is_smoothed_more():
    a = loop()
    t = 0
    seen = []
    for k in range(900):
        t = feed(a, [8000 + 4 * ((k * 7919) % 601 - 300)], t)
        seen.append(a.value)
    assert max(seen[100:]) - min(seen[100:]) < 200  # of the 600 mm that the raw value moves


def test_switches_do_not_bounce():
    s = Switch(2, 2)
    s.step(0, 0)
    for t, raw in enumerate([1, 0, 1, 0, 1, 0], 1):
        s.step(t, raw)
        assert s.value == 0
    for t in range(10, 14):
        s.step(t, 1)
    assert s.value == 1
    for t in range(14, 18):
        s.step(t, NONE)
    assert s.value == NONE
