"""Blower and sludge return: cycles, modes by inflow, catch-up, ratio and timer."""

from tests.control.rig import BLOWER, RETURN, Rig


def duty(rig, k, seconds):
    """Share of the next `seconds` in which output k is on."""
    before = rig.ctrl.outputs[k].run_s
    rig.run(seconds)
    return (rig.ctrl.outputs[k].run_s - before) / seconds


def test_day_and_night_cycles():
    r = Rig()
    r.tod_s = 8 * 3600
    assert 0.70 <= duty(r, BLOWER, 4 * 3600) <= 0.80
    night = Rig()
    night.tod_s = 23 * 3600
    assert 0.45 <= duty(night, BLOWER, 4 * 3600) <= 0.55


def test_cycles_without_a_clock_and_the_schedule_once_it_is_set():
    r = Rig()
    r.tod_s = None
    assert 0.70 <= duty(r, BLOWER, 4 * 3600) <= 0.80
    assert r.raised("clock_unset")
    r.tod_s = 19 * 3600  # it is 23:00 four hours after the start
    assert 0.45 <= duty(r, BLOWER, 4 * 3600) <= 0.55
    assert not r.active("clock_unset")


def test_low_load_and_empty_village():
    r = Rig(inflow_l_min=4.0)  # 5.8 m3/d
    r.run(30 * 3600)
    assert r.ctrl.process.aeration.mode == 2
    assert 0.2 <= duty(r, BLOWER, 4 * 3600) <= 0.3
    r.inflow_l_min = 0.0
    r.run(30 * 3600)
    assert r.ctrl.process.aeration.mode == 3
    assert 0.05 <= duty(r, BLOWER, 4 * 3600) <= 0.12
    r.inflow_l_min = 25.0
    r.run(30 * 3600)
    assert r.ctrl.process.aeration.mode < 2


def test_catch_up_after_an_outage():
    r = Rig()
    r.run(3600)
    r.power = False
    r.run(3 * 3600)
    r.power = True
    owed = r.ctrl.process.aeration.debt_s
    assert 3000 <= owed <= 3600  # the limit is 60 min
    share = duty(r, BLOWER, 2 * 3600)
    assert share > 0.85
    r.run(4 * 3600)
    assert r.ctrl.process.aeration.debt_s == 0


def test_catch_up_after_a_power_cut_of_known_length():
    r = Rig()
    r.run(3600)
    assert r.power_cut(2 * 3600) == 1
    assert r.ctrl.process.aeration.debt_s == 3600
    blind = Rig()
    blind.run(3600)
    assert blind.power_cut(2 * 3600, known=False) == 1
    assert blind.ctrl.process.aeration.debt_s == 0


def test_blower_rests_after_its_longest_run():
    r = Rig({"aeration.day_on_min": 720, "aeration.max_run_s": 3600, "aeration.rest_s": 900})
    r.run(6 * 3600)
    starts = r.starts(BLOWER)
    stops = r.stops(BLOWER)
    assert len(stops) >= 3
    assert all(b - a >= 900 for a, b in zip(stops, starts[1:]))


def test_dead_blower_is_an_alarm_and_owes_aeration():
    r = Rig()
    r.run(300)
    r.dead[BLOWER] = True
    r.run(4 * 3600)
    assert r.active("blower_trip")
    assert r.ctrl.process.aeration.debt_s > 0


def test_return_follows_the_inflow():
    r = Rig(inflow_l_min=30.0)
    r.run(6 * 3600)
    share = duty(r, RETURN, 12 * 3600)
    assert 0.25 <= share <= 0.35  # 30 of 100 L/min at 100 %
    r.inflow_l_min = 0.0
    r.run(6 * 3600)
    assert duty(r, RETURN, 6 * 3600) < 0.05


def at_low_load():
    """A unit that has known for a day that little flows in."""
    r = Rig(inflow_l_min=4.0)
    r.ctrl.inflow.restore_day(5760, 24)
    r.run(900)
    return r


def test_a_mode_of_little_inflow_does_not_outlive_the_level():
    r = at_low_load()
    assert r.ctrl.process.aeration.mode == 2
    r.level_raw = 0
    r.run(2 * 3600)
    assert r.ctrl.process.aeration.mode < 2
    assert r.ctrl.inflow.hours_known >= 20  # by the last measurement, not by the hours alone
    r.run(10 * 3600)
    assert r.ctrl.process.aeration.mode < 2


def test_a_mode_is_left_at_a_fifth_more_than_it_was_entered_at():
    r = Rig(inflow_l_min=4.0)
    r.run(600)
    inflow = r.ctrl.inflow
    inflow.hours_known = 24
    modes = []
    for day_l in (10100, 9900, 11900, 12100, 11900, 1100, 900, 1100, 1300, 1100):
        inflow.day_l = day_l
        r.run(1)
        modes.append(r.ctrl.process.aeration.mode)
    assert modes == [0, 2, 2, 0, 0, 2, 3, 3, 2, 2]


def test_a_level_that_fails_at_night_is_no_empty_village():
    r = Rig(inflow_l_min=0.3)  # by night
    r.tod_s = 0
    r.run(2 * 3600)
    r.level_raw = 0
    r.inflow_l_min = 40.0
    for _ in range(24):
        r.run(3600)
        assert r.ctrl.process.aeration.mode < 2
    assert r.ctrl.inflow.hours_known <= 2


def test_a_day_with_gaps_is_known_by_twenty_hours():
    r = at_low_load()
    inflow = r.ctrl.inflow
    modes = []
    for hours in (20, 19, 24):
        inflow.restore_day(240 * hours, hours)
        r.run(1)
        modes.append(r.ctrl.process.aeration.mode)
    assert modes == [2, 0, 2]
    # What is known stands for the rest of the day: 9 m3 in 20 h are 10.8 in 24.
    inflow.restore_day(9000, 20)
    r.ctrl.process.aeration.mode = 0
    r.run(1)
    assert r.ctrl.process.aeration.mode == 0


def test_after_a_cut_only_what_is_still_known_of_the_day_counts():
    def after(outage_s, known=True):
        r = at_low_load()
        assert r.ctrl.process.aeration.mode == 2
        assert r.power_cut(outage_s, known) == 1
        r.run(600)
        return r

    assert after(3 * 3600).ctrl.process.aeration.mode == 2
    assert after(4 * 3600).ctrl.process.aeration.mode < 2
    assert after(9 * 86400).ctrl.inflow.hours_known == 0
    assert after(60, known=False).ctrl.process.aeration.mode < 2


def test_cuts_that_leave_no_hour_whole_end_what_is_known():
    r = at_low_load()
    for _ in range(5):
        r.power_cut(60)
        r.run(1500)
    assert r.ctrl.process.aeration.mode < 2


def test_an_outage_is_owed_whole_cycle_by_cycle():
    aeration = Rig({"aeration.catch_up_min": 600}).ctrl.process.aeration
    for outage_s, owed_s in ((1800, 1800), (3600, 2700), (9000, 7200), (400 * 86400, 36000)):
        aeration.debt_s = 0
        aeration.missed(outage_s)
        assert aeration.debt_s == owed_s


def test_no_air_for_a_day():
    r = Rig()
    r.run(3600)
    r.dead[BLOWER] = True
    aeration = r.ctrl.process.aeration
    r.run(23 * 3600 + 1800)
    assert not aeration.no_air
    r.run(3600)
    assert aeration.no_air
    r.dead[BLOWER] = False
    r.ctrl.acknowledge(-(1 << 29))
    r.run(2 * 3600)
    assert not aeration.no_air


def test_no_air_without_mains_and_none_where_none_is_wanted():
    r = Rig()
    r.power = False
    r.run(25 * 3600)
    assert r.ctrl.process.aeration.no_air
    off = Rig()
    off.run(3600)
    off.ctrl.process.aeration.on_s[0] = off.ctrl.process.aeration.on_s[1] = 0
    off.run(25 * 3600)
    assert not off.ctrl.process.aeration.no_air


def test_return_goes_by_the_timer_once_the_inflow_is_old():
    r = Rig(inflow_l_min=40.0)
    r.run(2 * 3600)
    r.level_raw = 0
    r.run(3600)
    assert 0.14 <= duty(r, RETURN, 6 * 3600) <= 0.19
    r.level_raw = None
    r.run(3600)
    assert 0.33 <= duty(r, RETURN, 6 * 3600) <= 0.47


def test_return_by_timer_and_when_the_inflow_is_unknown():
    r = Rig({"return.mode": 1}, inflow_l_min=0.0)
    assert 0.14 <= duty(r, RETURN, 6 * 3600) <= 0.19
    lost = Rig(inflow_l_min=0.0)
    lost.level_raw = 0
    lost.run(60)
    assert 0.14 <= duty(lost, RETURN, 6 * 3600) <= 0.19
