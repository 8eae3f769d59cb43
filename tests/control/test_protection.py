"""What must never happen to a machine: each rule of protection.py, seen from outside."""

from tests.control.rig import BLOWER, P1, P2, Rig

HAND = 3
REMOTE = 2


def runs(rig, k):
    """(start, stop) of each finished run of output k."""
    stops = rig.stops(k)
    return [(t, min(x for x in stops if x > t)) for t in rig.starts(k) if any(x > t for x in stops)]


def test_low_float_stops_a_pump_where_the_level_is_near_it():
    r = Rig(level_mm=340.0, inflow_l_min=0.0)
    r.run(30)
    assert r.ctrl.command(P1, 1, 600, HAND) == 0
    r.run(10)
    assert r.on(P1)
    r.float_low = 0
    r.run(4)
    assert not r.on(P1) and r.reason(P1) == "dry"
    assert r.ctrl.command(P2, 1, 600, HAND) == 20


def test_low_float_that_says_dry_far_below_a_level_that_falls_stops_no_pump_and_is_out():
    r = Rig(level_mm=590.0, inflow_l_min=60.0)
    r.float_low = 0
    r.run(1200, until=lambda r: r.on(P1) or r.on(P2))
    r.run(190)  # 150 mm, and hardly less than the budget
    assert r.on(P1) or r.on(P2)
    assert r.active("float_low_wrong") and not r.raised("level_failed")
    r.run(4 * 3600)
    assert r.level_mm < 650 and r.dry_turn_s == [0, 0]


def test_low_float_that_says_dry_far_below_a_level_that_stands_still_is_believed_after_half_a_minute():
    r = Rig(level_mm=100.0, inflow_l_min=0.0)
    r.float_high = 0
    r.level_raw = 4000 + 4 * 500
    r.run(60)
    assert r.ctrl.command(P1, 1, 1800, HAND) == 0
    r.run(120)
    assert not r.on(P1) and r.reason(P1) == "dry" and 25 <= r.dry_turn_s[P1] <= 60


def test_level_below_dry_level_stops_a_pump_without_a_low_float():
    r = Rig({"float_low.fitted": 0, "lift.run_on_every_starts": 1, "lift.run_on_s": 600}, inflow_l_min=60.0)
    r.run(4 * 3600)
    assert any(event == "output_off" and b == 20 for _, event, _, b in r.log)
    assert r.level_mm > 140 and r.dry_turn_s == [0, 0]


def test_high_float_overrides_a_low_float_that_hangs():
    r = Rig(level_mm=500.0, inflow_l_min=60.0)
    r.float_low = 0
    r.run(4 * 3600)
    assert r.raised("float_low_wrong")
    assert r.starts(P1) or r.starts(P2)
    assert r.level_mm < 1100


def test_high_float_stuck_up_does_not_run_a_pump_dry():
    r = Rig(level_mm=500.0, inflow_l_min=5.0)
    r.float_high = 1
    r.run(6 * 3600)
    assert r.dry_turn_s == [0, 0]


def test_shortest_run_and_rest():
    r = Rig({"lift.min_run_s": 120, "lift.min_off_s": 300}, inflow_l_min=60.0)
    r.pump_l_min = [400.0, 400.0]
    r.run(4 * 3600)
    for k in (P1, P2):
        done = runs(r, k)
        assert done
        assert min(stop - start for start, stop in done) == 120
        starts = r.starts(k)
        assert all(b - a >= 300 for a, b in zip([s for _, s in done], starts[1:]))


def test_hand_off_stops_at_once():
    r = Rig({"lift.min_run_s": 120}, level_mm=595.0, inflow_l_min=60.0)
    r.run(1200, until=lambda r: r.on(P1) or r.on(P2))
    k = P1 if r.on(P1) else P2
    assert r.ctrl.command(k, 0, 600, HAND) == 0
    r.run(1)
    assert not r.on(k)
    r.run(120)
    assert not r.on(k)


def test_starts_an_hour_are_limited_and_said():
    r = Rig({"lift.max_starts_per_h": 4, "lift.min_run_s": 0, "lift.min_off_s": 5, "lift.alternate": 2})
    r.inflow_l_min = 300.0
    r.pump_l_min = [6000.0, 6000.0]
    r.run(3 * 3600)
    for k in (P1, P2):
        starts = r.starts(k)
        assert len(starts) >= 4
        assert all(b - a >= 3600 for a, b in zip(starts, starts[4:]))


def test_starts_before_a_power_cut_count_after_it():
    r = Rig({"lift.max_starts_per_h": 4, "lift.alternate": 2, "lift.min_off_s": 5}, inflow_l_min=100.0)
    r.run(3600)
    before = r.ctrl.outputs[P1].guard.starts_last_hour(r.ctrl.now_s)
    assert before >= 2
    assert r.power_cut(5) == 1
    r.run(1)
    assert r.ctrl.outputs[P1].guard.starts_last_hour(r.ctrl.now_s) == before


def test_longest_run_holds_for_hand_too():
    r = Rig({"aeration.max_run_s": 900, "aeration.rest_s": 300})
    r.run(30)
    r.ctrl.command(BLOWER, 1, 14400, HAND)
    r.run(7200)
    assert all(stop - start <= 900 for start, stop in runs(r, BLOWER))
    assert all(b - a >= 300 for (_, a), b in zip(runs(r, BLOWER), r.starts(BLOWER)[1:]))
    assert r.raised("blower_max_run")


def test_no_start_without_mains_and_a_wait_after_it():
    r = Rig({"mains.restart_delay_s": 30}, level_mm=700.0, inflow_l_min=30.0)
    r.run(200)
    assert r.on(P1) or r.on(P2)
    r.power = False
    r.run(600)
    assert not any(r.on(k) for k in range(4))
    assert r.raised("mains_off")
    back = r.t
    r.power = True
    r.run(300)
    first = [t for t, event, _, _ in r.log if event == "output_on" and t >= back]
    assert first and first[0] - back >= 30


def test_machines_do_not_start_in_the_same_second_after_mains_return():
    r = Rig(level_mm=1200.0, inflow_l_min=30.0)
    r.run(120)
    starts = [t for t, event, _, _ in r.log if event == "output_on"]
    assert len(starts) >= 3
    assert len(set(starts)) == len(starts)


def test_units_of_a_village_wait_differently():
    first = []
    for name in ("qiaotou", "xiacun", "shangcun", "dongbian"):
        r = Rig({"mains.restart_spread_s": 120, "unit.id": name}, level_mm=700.0)
        r.run(300)
        first.append(min(r.starts(P1) + r.starts(P2)))
    assert len(set(first)) >= 3
    assert all(10 <= t <= 140 for t in first)


def test_runs_without_command_is_an_alarm():
    r = Rig(level_mm=500.0, inflow_l_min=30.0)
    r.run(60)
    r.welded[P1] = True
    r.run(60)
    assert r.active("p1_uncommanded")
    assert not r.active("p2_uncommanded")
    r.welded[P1] = False
    r.run(600)
    assert not r.active("p1_uncommanded")


def test_a_claim_ends_by_itself_and_stronger_ones_win():
    r = Rig(level_mm=400.0, inflow_l_min=0.0)
    r.run(60)
    assert r.ctrl.command(P1, 1, 40, REMOTE) == 0
    r.run(10)
    assert r.on(P1)
    assert r.ctrl.command(P1, 0, 600, HAND) == 0
    r.run(1)
    assert not r.on(P1)
    assert r.ctrl.command(P1, 1, 60, REMOTE) == 14  # refused: somebody has it in hand
    r.ctrl.auto(P1, HAND)
    r.run(1)
    assert r.reason(P1) == "level_wait"


def test_a_command_needs_a_time_within_the_limit():
    r = Rig()
    r.run(30)
    assert r.ctrl.command(P1, 1, 0, HAND) == 25
    assert r.ctrl.command(P1, 1, r.settings["command.max_lease_s"] + 1, HAND) == 25


def test_a_refused_command_leaves_no_claim():
    r = Rig(level_mm=200.0, inflow_l_min=0.0)
    r.run(60)
    assert r.ctrl.command(P1, 1, 600, HAND) != 0
    r.level_mm = 400.0
    r.run(120)
    assert not r.on(P1)
