"""Lift pumps: levels, duty and standby, takeover, run-on, anti-seize, backup on the high float."""

from tests.control.rig import ALARM_NAMES, P1, P2, Rig


def test_starts_at_start_level_and_stops_at_stop_level():
    r = Rig(level_mm=500.0)
    r.run(3600, until=lambda r: r.on(P1) or r.on(P2))
    assert 595 <= r.level_mm <= 610
    r.run(3600, until=lambda r: not (r.on(P1) or r.on(P2)))
    assert 240 <= r.level_mm <= 255


def test_duty_changes_at_each_start():
    r = Rig(inflow_l_min=60.0)
    r.run(4 * 3600)
    order = [a for _, event, a, _ in r.log if event == "output_on" and a in (P1, P2)]
    assert len(order) >= 4
    assert all(a != b for a, b in zip(order, order[1:]))


def test_fixed_duty_leaves_the_second_pump_as_standby():
    r = Rig({"lift.alternate": 2, "lift.exercise_after_h": 2000}, inflow_l_min=60.0)
    r.run(4 * 3600)
    assert len(r.starts(P1)) >= 3
    assert r.starts(P2) == []


def test_duty_by_hours_goes_to_the_pump_with_fewer():
    r = Rig({"lift.alternate": 1}, inflow_l_min=60.0)
    r.ctrl.outputs[P1].run_s = 100000
    r.run(4 * 3600)
    assert len(r.starts(P2)) >= 3
    assert r.starts(P1) == []


def test_second_pump_assists_at_the_assist_level():
    r = Rig(inflow_l_min=280.0, level_mm=550.0)
    r.run(1200, until=lambda r: r.on(P1) and r.on(P2))
    assert r.level_mm >= 790
    assert r.reason(P1) == "assist" or r.reason(P2) == "assist"


def test_standby_takes_over_when_duty_does_not_run():
    r = Rig(level_mm=550.0, inflow_l_min=60.0)
    r.ctrl.process.lift.duty = P2  # so that P1 has duty at the next start
    r.dead[P1] = True
    r.run(1800, until=lambda r: r.on(P2))
    assert r.on(P2) and not r.on(P1)
    assert r.active("p1_trip")
    assert r.reason(P1) == "locked_out" or r.reason(P1) == "standby"
    r.run(1200)
    assert r.level_mm < 600


def test_locked_out_pump_is_tried_again_three_times_then_waits_for_an_acknowledgement():
    r = Rig({"lift.alternate": 2}, inflow_l_min=60.0)
    r.dead[P1] = True
    r.run(6 * 3600)
    assert len(r.starts(P1)) == 3
    r.dead[P1] = False
    r.run(3 * 3600)
    assert len(r.starts(P1)) == 3
    assert r.ctrl.acknowledge(ALARM_NAMES.index("p1_trip")) == 1
    r.run(2 * 3600)
    assert len(r.starts(P1)) > 3
    assert not r.active("p1_trip")


def test_longest_run_stops_alarms_and_swaps():
    slow = {"lift.max_run_s": 600, "lift.assist_level_mm": 1400, "lift.rest_s": 600}
    r = Rig(slow, inflow_l_min=175.0, level_mm=605.0)
    r.run(800)
    first = r.log[[event for _, event, _, _ in r.log].index("output_on")][2]
    assert r.raised("p1_max_run") or r.raised("p2_max_run")
    assert r.on(1 - first) and not r.on(first)


def test_third_swap_says_that_pumps_cannot_keep_up():
    slow = {"lift.max_run_s": 600, "lift.assist_level_mm": 1400, "lift.rest_s": 300}
    r = Rig(slow, inflow_l_min=175.0, level_mm=605.0)
    r.run(3000)
    assert r.raised("cannot_keep_up")


def test_run_on_clears_the_well_now_and_then():
    r = Rig({"lift.run_on_every_starts": 3, "lift.run_on_s": 20}, inflow_l_min=60.0)
    lowest = []
    for _ in range(6):
        r.run(7200, until=lambda r: r.on(P1) or r.on(P2))
        r.run(7200, until=lambda r: not (r.on(P1) or r.on(P2)))
        lowest.append(r.level_mm)
    assert 1 <= len([v for v in lowest if v < 240]) <= 2


def test_anti_seize_start_after_a_long_rest_but_never_below_the_stop_level():
    r = Rig({"lift.alternate": 2, "lift.exercise_after_h": 3, "lift.exercise_s": 10}, inflow_l_min=20.0)
    r.run(5 * 3600)
    assert len(r.starts(P2)) >= 1
    t = r.starts(P2)[0]
    stop = min(x for x in r.stops(P2) if x > t)
    assert 10 <= stop - t <= 21  # at least the shortest run
    low = Rig({"lift.exercise_after_h": 3, "lift.run_on_every_starts": 0}, inflow_l_min=0.0, level_mm=240.0)
    low.run(5 * 3600)
    assert low.starts(P1) == [] and low.starts(P2) == []


def test_high_float_runs_a_pump_when_the_level_reading_is_bad():
    r = Rig(level_mm=900.0, inflow_l_min=60.0)
    r.level_raw = 0  # open wire
    r.run(1800, until=lambda r: r.on(P1) or r.on(P2))
    assert r.on(P1) or r.on(P2)
    assert r.level_mm >= 995
    assert r.active("level_failed")
    r.run(4 * 3600)
    assert r.level_mm < 1100
    assert r.dry_turn_s == [0, 0]


def test_high_float_runs_a_pump_when_the_level_is_stuck_low():
    r = Rig(level_mm=900.0, inflow_l_min=60.0)
    r.level_raw = 4000 + 4 * 400
    r.run(6 * 3600)
    assert r.starts(P1) or r.starts(P2)
    both = sorted(r.starts(P1) + r.starts(P2))
    assert all(b - a > 150 for a, b in zip(both, both[1:]))  # runs its time on the float, does not flutter around it
    assert abs(len(r.starts(P1)) - len(r.starts(P2))) <= 1
    assert r.active("level_failed") or r.raised("level_failed")
    assert r.level_mm < 1150


def worst_dry_s(r, minutes, most_s=30):
    """Most seconds in `most_s` minutes on end for which pumps turned in a dry well."""
    dry_s = [0]
    for _ in range(minutes):
        r.run(60)
        dry_s.append(sum(r.dry_turn_s))
    return max(b - a for a, b in zip([0] * most_s + dry_s, dry_s))


def test_level_stuck_high_runs_a_pump_dry_no_longer_than_a_tie_may_and_is_out():
    r = Rig(level_mm=700.0, inflow_l_min=10.0)
    r.level_raw = 4000 + 4 * 700
    assert worst_dry_s(r, 180) <= 180
    assert r.raised("level_failed") and r.ctrl.well.level_out
    dry_s = list(r.dry_turn_s)
    r.run(3 * 3600)
    assert r.dry_turn_s == dry_s  # who is out runs nothing


def test_a_level_that_wants_pumping_of_a_dry_well_is_out_and_an_alarm():
    r = Rig(level_mm=200.0, inflow_l_min=0.0)
    r.level_raw = 4000 + 4 * 700
    r.run(600)
    assert not r.on(P1) and not r.on(P2)
    assert r.active("level_failed") and not r.active("float_low_wrong")
    assert sum(r.dry_turn_s) <= 180


def test_level_stuck_high_does_not_use_up_the_starts_around_the_low_float():
    r = Rig(level_mm=300.0, inflow_l_min=50.0)
    r.level_raw = 4000 + 4 * 1300
    r.dead[P1] = True
    r.run(3600, until=lambda r: r.reason(P2) == "dry_rest")
    stop = r.t
    r.run(3600, until=lambda r: r.on(P2))
    assert r.t - stop >= 3600 // r.settings["lift.max_starts_per_h"] - 60  # counted from the last second that was dry
    r.run(3 * 3600)
    assert "starts_limit" not in {r.reason(P1), r.reason(P2)}
    assert r.level_mm < 1100


def test_without_level_and_high_float_a_timer_pumps():
    r = Rig({"float_high.fitted": 0}, level_mm=500.0, inflow_l_min=40.0)
    r.level_raw = 0
    r.run(4 * 3600)
    assert len(r.starts(P1)) + len(r.starts(P2)) >= 6
    assert r.level_mm < 1000
    assert r.dry_turn_s == [0, 0]


def test_the_timer_leaves_one_pump_starts_enough_for_a_high_inflow():
    r = Rig({"float_high.fitted": 0}, level_mm=500.0, inflow_l_min=100.0)
    r.level_raw = 0
    r.dead[P1] = True
    for _ in range(60):
        r.run(300)
        assert r.level_mm < 1000
    assert r.dry_turn_s == [0, 0]


def test_without_running_feedback_pumps_still_work():
    r = Rig(inflow_l_min=60.0)
    r.feedback = False
    r.run(2 * 3600)
    assert len(r.starts(P1)) >= 1 and len(r.starts(P2)) >= 1
    assert r.level_mm < 700


def test_clogged_pump_is_told_from_high_inflow():
    r = Rig(inflow_l_min=30.0)
    r.run(6 * 3600)
    assert not r.active("p1_clogged") and not r.active("p2_clogged")
    r.pump_l_min[P1] = 66.0
    r.run(8 * 3600)
    assert r.active("p1_clogged") and not r.active("p2_clogged")
    r.log = []
    r.run(4 * 3600)
    assert r.starts(P1) == []  # the healthy pump has duty while the other is clogged
    rain = Rig(inflow_l_min=30.0)
    rain.run(2 * 3600)
    rain.inflow_l_min = 120.0
    rain.run(8 * 3600)
    assert not rain.raised("p1_clogged") and not rain.raised("p2_clogged")


def test_a_cleared_pump_is_used_again_once_the_clog_is_acknowledged():
    r = Rig(inflow_l_min=30.0)
    r.run(2 * 3600)
    r.pump_l_min[P1] = 66.0
    r.run(8 * 3600)
    assert r.active("p1_clogged")
    r.pump_l_min[P1] = 166.0
    r.ctrl.acknowledge(ALARM_NAMES.index("p1_clogged"))
    r.log = []
    r.run(6 * 3600)
    assert len(r.starts(P1)) >= 2 and not r.active("p1_clogged")


def test_a_heavy_clog_is_a_clog_too():
    r = Rig(inflow_l_min=30.0)
    r.run(2 * 3600)
    r.pump_l_min[P1] = 10.0
    r.run(12 * 3600)
    assert r.active("p1_clogged") and not r.active("p2_clogged")


def test_no_pump_available_is_an_alarm():
    r = Rig(level_mm=590.0, inflow_l_min=60.0)
    r.dead = [True, True, False, False]
    r.run(1200)
    assert r.active("no_pump") and r.active("p1_trip") and r.active("p2_trip")


def test_hand_falls_back_to_auto_at_the_stop_level():
    r = Rig(level_mm=500.0, inflow_l_min=0.0)
    r.run(60)
    assert r.ctrl.command(P1, 1, 3600, 3) == 0
    r.run(40)
    assert r.on(P1) and r.reason(P1) == "hand"
    r.run(3000)
    assert not r.on(P1)
    assert 235 <= r.level_mm <= 255
