"""Single stories of pumps for the sentences of docs/invariants.md: those of a full well, and 47 to 56."""

from unit.control import reasons
from unit.control.basics import NONE
from unit.control.protection import Guard

from tests.control.rig import ALARM_NAMES, BLOWER, P1, P2, RETURN, Rig


def both_of(rig):
    return rig.on(P1) or rig.on(P2)


def test_02_the_float_alone_keeps_pumps_beyond_their_longest_run():
    r = Rig({"lift.max_run_s": 300, "lift.rest_s": 600}, level_mm=1200.0, inflow_l_min=300.0)
    r.level_raw = 0
    r.run(600, until=lambda r: r.on(P1) and r.on(P2))
    r.run(360)
    assert r.on(P1) and r.on(P2) and r.level_mm > 1000


def test_19_a_full_well_may_have_the_last_starts_but_one_and_a_spill_or_a_hand_the_last():
    guard = Guard()
    guard.max_starts_per_h = 4
    guard.reserve = 2
    now_s = 5000
    said = []
    for _ in range(5):
        said.append([bool(guard.block(now_s, 1, 0, by_hand)) for by_hand in (0, 1)])
        guard.urgent = 1
        said[-1].append(bool(guard.block(now_s, 1, 0)))
        guard.urgent = 2
        said[-1].append(bool(guard.block(now_s, 1, 0)))
        guard.urgent = 0
        guard.remember_start(now_s - 10)
    assert said == [
        [False, False, False, False],
        [False, False, False, False],
        [True, False, False, False],
        [True, False, True, False],
        [True, True, True, True],
    ]
    assert guard.block(now_s, 1, 0) == reasons.STARTS_LIMIT


def test_19_a_full_well_starts_what_would_else_wait_for_the_hour():
    for level_mm, starts in ((700.0, False), (1100.0, True)):
        r = Rig({"lift.max_starts_per_h": 4}, level_mm=level_mm, inflow_l_min=1.0)
        for k in (P1, P2):
            for _ in range(2):
                r.ctrl.outputs[k].guard.remember_start(-60)
        r.run(300)
        assert bool(r.starts(P1) or r.starts(P2)) == starts


def test_47_what_a_level_said_last_holds_while_the_pumps_draw_the_well_down_and_a_minute_at_most():
    for level_mm, most_s in ((700.0, 60), (300.0, 45), (980.0, 900)):
        r = Rig({"lift.start_level_mm": 290, "lift.assist_level_mm": 1200}, level_mm=level_mm, inflow_l_min=30.0)
        r.float_high = NONE
        r.run(50 if level_mm < 400 else 700, until=lambda r, begin=level_mm: r.level_mm < begin - 15)
        assert both_of(r)
        r.inflow_l_min = 160.0  # it stays where it is
        r.run(600 if level_mm > 900 else 1)
        assert both_of(r)
        r.level_raw = NONE
        r.run(20, until=lambda r: not r.ctrl.well.level_ok)
        held = r.run(1200, until=lambda r: {r.reason(P1), r.reason(P2)}.isdisjoint({"level_start", "assist"}))
        assert held <= most_s + 25 and held >= min(most_s - 20, 40)


def test_50_a_pump_that_lowers_the_well_is_not_locked_out_and_its_feedback_is_told():
    r = Rig({"lift.alternate": 2}, level_mm=590.0, inflow_l_min=40.0)
    r.says_running[P1] = 0
    r.run(3600)
    assert r.active("p1_no_feedback") and not r.raised("p1_trip")
    assert r.starts(P2) == [] and len(r.starts(P1)) >= 2
    r.says_running[P1] = None
    r.run(3600)
    assert not r.active("p1_no_feedback")


def test_51_a_pump_that_lifts_nothing_gives_way_within_two_minutes_whatever_its_feedback_says():
    for feedback in (True, False):
        r = Rig({"lift.alternate": 2}, level_mm=580.0, inflow_l_min=60.0)
        r.feedback = feedback
        r.pump_l_min[P1] = 0.0
        r.run(1200, until=lambda r: r.on(P1))
        seconds = r.run(600, until=lambda r: r.on(P2))
        assert seconds <= 120
        r.run(30)
        assert not r.on(P1)


def test_52_three_useless_starts_in_a_row_name_it():
    r = Rig({"lift.alternate": 2}, level_mm=580.0, inflow_l_min=60.0)
    r.pump_l_min[P1] = 0.0
    r.run(4 * 3600, until=lambda r: r.active("p1_clogged"))
    assert len(r.starts(P1)) == 3 and not r.active("p2_clogged")


def test_53_where_neither_moves_the_water_nobody_blames_a_pump_and_the_floor_is_found():
    r = Rig({"float_low.fitted": 0, "float_high.fitted": 0}, level_mm=50.0, inflow_l_min=0.0)
    dry = [0, 0]
    for _ in range(24 * 60):  # a probe that reads 560 mm too high
        for k in (P1, P2):
            r.dry_turn_s[k] = 0
        for _ in range(6):
            r.level_raw = 4000 + 4 * 610 + r.t % 9
            r.run(10)
        dry = [dry[k] + r.dry_turn_s[k] for k in (P1, P2)]
        if r.t % 1800 == 0:
            assert max(dry) <= 180 + 30  # half hours that begin when this one does
            dry = [0, 0]
    assert not r.raised("p1_clogged") and not r.raised("p2_clogged")


def test_54_lock_outs_and_what_the_water_proved_outlive_a_cut():
    r = Rig({"lift.alternate": 2}, level_mm=590.0, inflow_l_min=20.0)
    r.dead[P1] = True
    r.run(1800, until=lambda r: r.active("p1_trip"))
    assert r.power_cut(300) == 1
    r.run(5)
    assert r.active("p1_trip") and r.ctrl.outputs[P1].guard.failed_starts == 1
    left_s = 1800 - 300
    r.log = []
    r.run(left_s - 120)
    assert r.starts(P1) == []
    r.dead[P1] = False
    r.ctrl.acknowledge(ALARM_NAMES.index("p1_trip"))
    r.says_running[P1] = 0
    r.run(7200, until=lambda r: r.active("p1_no_feedback"))
    assert r.power_cut(5) == 1
    r.run(5)
    assert r.ctrl.outputs[P1].guard.feedback_lost == 1


def test_55_mains_that_nobody_senses_are_lost_when_all_machines_fall_out_together():
    r = Rig({"mains.sensed": 0, "lift.alternate": 2}, level_mm=700.0, inflow_l_min=120.0)
    r.run(630)
    turned = [k for k in range(4) if r.turns(k)]
    assert len(turned) >= 2
    r.log = []
    r.power = False
    r.run(1)
    r.power = True
    r.run(120)
    starts = sorted(t for k in turned for t in r.starts(k))
    assert len(starts) == len(turned)
    assert all(later - earlier >= 5 for earlier, later in zip(starts, starts[1:]))


def test_55_one_machine_that_falls_out_alone_is_no_dip_but_has_started_anew():
    r = Rig({"mains.sensed": 0, "lift.alternate": 2}, level_mm=700.0, inflow_l_min=120.0)
    r.run(600)
    guard = r.ctrl.outputs[BLOWER].guard
    before = guard.starts_last_hour(r.ctrl.now_s)
    r.says_running[BLOWER] = 0
    r.run(1)
    r.says_running[BLOWER] = None
    r.run(2)
    assert r.ctrl.mains_on and r.on(RETURN) + r.on(P1) + r.on(P2) >= 1
    assert guard.starts_last_hour(r.ctrl.now_s) == before + 1


def test_56_after_three_dips_the_mains_must_stand_for_a_minute():
    r = Rig({"mains.restart_delay_s": 10, "mains.steady_s": 90}, level_mm=700.0, inflow_l_min=60.0)
    r.run(300)
    for n in range(4):
        r.power = False
        r.run(1)
        r.power = True
        back = r.t
        r.run(300)
        first = min(t for t, event, _, _ in r.log if event == "output_on" and t >= back)
        assert (first - back >= 90) == (n >= 2)
    assert r.active("mains_dips")
