"""What the level alone tells: inflow, pumps, check valves. Runs on CPython and on MicroPython alike."""

import math

from unit.control.basics import NONE
from unit.control.inflow import Inflow, PumpFlow

AREA_M2_100 = 180
REST_S = 1200
RUN_S = 150
DRAINS_S = 50  # the riser runs empty in this time, faster at first
HOUR_S = 3600


class Village:
    """A well that is pumped down again and again by turns; `back_mm` is what the riser brings back after each stop."""

    def __init__(self):
        self.inflow = Inflow()
        self.inflow.area_m2_100 = AREA_M2_100
        for pump in self.inflow.pumps:
            pump.usual_l_min = 166
        self.t = 0
        self.level_mm = 250.0
        self.noise_mm = 0.0  # one sigma
        self.wave_mm = 0.0  # amplitude
        self.wave_s = 4.0
        self.scale = 1.0
        self.share = [1.0, 1.0]  # of its flow that each pump lifts
        self.drains_s = DRAINS_S
        self._dice = 12345
        self._shown_mm = 250.0

    def stops(self, n, back_mm=0.0, inflow_l_min=20.0, rest_s=REST_S, uneven=0.0):
        """`uneven`: share by which one minute brings more and the next one less."""
        for k in range(n):
            for second in range(rest_s):
                left = max(0.0, 1.0 - second / self.drains_s)
                sinks = max(0.0, 1.0 - (second + 1) / self.drains_s)
                gust = uneven if second // 60 % 2 else -uneven
                self.second(inflow_l_min * (1 + gust) / 60 / 1.8 + back_mm * (left * left - sinks * sinks))
            lifted_l_min = 166.0 * self.share[k % 2]
            # What came in goes out again, so that the level stays where it was.
            run_s = int((inflow_l_min * rest_s / 1.8 / 60 + back_mm) / (lifted_l_min - inflow_l_min) * 60 * 1.8 + 0.5)
            for _ in range(run_s):
                self.second((inflow_l_min - lifted_l_min) / 60 / 1.8, 1 - k % 2, k % 2)
        return self.inflow.backflow

    def rests(self, seconds, inflow_l_min=20.0, level_ok=1):
        for _ in range(seconds):
            self.second(inflow_l_min / 60 / 1.8, level_ok=level_ok)

    def second(self, rise_mm, p1=0, p2=0, level_ok=1):
        self.level_mm += rise_mm
        self.t += 1
        raw_mm = self.level_mm * self.scale
        if self.noise_mm:
            raw_mm += (self._die() + self._die() + self._die() + self._die() - 2.0) * 1.732 * self.noise_mm
        if self.wave_mm:
            raw_mm += self.wave_mm * math.sin(self.t * 6.2832 / self.wave_s)
        self._shown_mm += (raw_mm - self._shown_mm) / 4  # as the signal is smoothed
        self.inflow.step(self.t, int(self._shown_mm) + self.t * 7919 % 3 - 1, level_ok, p1, p2)

    def _die(self):
        self._dice = (self._dice * 1103515 + 12345) & 0x3FFFFF
        return self._dice / 0x400000


def restless(noise_mm=0.0, wave_mm=0.0, wave_s=4.0):
    village = Village()
    village.noise_mm = noise_mm
    village.wave_mm = wave_mm
    village.wave_s = wave_s
    return village


RESTLESS = ((15.0, 0.0, 4.0), (0.0, 20.0, 2.0), (0.0, 60.0, 6.0), (0.0, 60.0, 5.3))


def test_a_leaking_check_valve_shows_after_some_stops():
    village = Village()
    assert not village.stops(4, back_mm=20)
    assert village.stops(6, back_mm=20)


def test_a_tight_one_does_not():
    assert not Village().stops(40)


def test_noise_and_waves_are_no_leak():
    for noise_mm, wave_mm, wave_s in RESTLESS:
        village = restless(noise_mm, wave_mm, wave_s)
        for _ in range(25):
            assert not village.stops(1, inflow_l_min=12.0)


def test_windows_that_end_where_noise_favours_them_are_no_leak():
    for seed in (2 * 7919, 3 * 7919, 4 * 7919):
        village = restless(noise_mm=15.0)
        village._dice = seed
        for _ in range(40):
            assert not village.stops(1, inflow_l_min=12.0)
            assert village.inflow._back < 2 * 16


def test_a_leak_of_a_third_of_the_flow_shows_through_noise_and_waves():
    for noise_mm, wave_mm, wave_s in RESTLESS:
        village = restless(noise_mm, wave_mm, wave_s)
        village.drains_s = 133
        assert village.stops(14, back_mm=31, inflow_l_min=8.0)


def test_strong_inflow_is_no_leak():
    village = Village()
    for inflow_l_min in (5.0, 90.0, 30.0, 120.0, 10.0, 60.0):
        assert not village.stops(4, inflow_l_min=inflow_l_min)


def test_a_well_that_is_narrow_at_its_bottom_is_no_leak():
    # The first minute after a stop rises a fifth faster, with the inflow and not beside it.
    village = Village()
    village.drains_s = 120
    assert not village.stops(20, back_mm=10, inflow_l_min=24.0)


def test_a_leak_shows_between_stops_with_strong_and_uneven_inflow():
    village = Village()
    village.drains_s = 100
    for k in range(16):
        village.stops(1, back_mm=20, inflow_l_min=8.0)
        village.stops(2, back_mm=20, inflow_l_min=60.0, rest_s=600, uneven=0.6 - 1.2 * (k % 2))
    assert village.inflow.backflow


def test_a_large_leak_is_forgotten_as_fast_as_a_small_one():
    village = Village()
    assert village.stops(12, back_mm=150)
    assert not village.stops(17)


def test_stops_that_disagree_are_no_leak():
    village = Village()
    for k in range(40):
        assert not village.stops(1, back_mm=30 if k % 3 == 0 else 0, inflow_l_min=8.0)


def test_a_mended_valve_is_believed_after_some_stops():
    village = Village()
    assert village.stops(12, back_mm=20)
    assert not village.stops(15)


def test_inflow_is_right_through_noise_and_waves():
    for noise_mm, wave_mm, wave_s in RESTLESS:
        for inflow_l_min in (3.0, 25.0):
            village = restless(noise_mm, wave_mm, wave_s)
            for _ in range(18):
                village.stops(1, inflow_l_min=inflow_l_min)
            inflow = village.inflow
            assert inflow.hours_known >= 4
            # Within a tenth and some litres that noise can make once at either end.
            off_l = inflow.day_l - inflow.hours_known * 60 * inflow_l_min
            assert abs(off_l) < 6 * inflow_l_min * inflow.hours_known + 10 * inflow.hours_known


def test_no_single_estimate_is_made_of_noise():
    for noise_mm, wave_mm, wave_s in ((15.0, 0.0, 4.0), (30.0, 0.0, 4.0), (0.0, 60.0, 6.0)):
        village = restless(noise_mm, wave_mm, wave_s)
        village.rests(1200, 3.0)
        for _ in range(4 * 60):
            village.rests(60, 3.0)
            assert village.inflow.l_min <= 10


def test_a_trickle_is_not_nothing():
    village = Village()
    village.rests(4 * HOUR_S, inflow_l_min=0.9)
    assert 200 <= village.inflow.day_l <= 232  # 54 an hour


def test_only_measured_hours_count():
    village = Village()
    village.rests(21 * HOUR_S + 600, inflow_l_min=2.0)
    inflow = village.inflow
    assert inflow.hours_known == 21
    assert abs(inflow.per_day_l() - 2880) < 100
    village.rests(6 * HOUR_S, level_ok=0)
    assert inflow.hours_known <= 19
    assert inflow.per_day_l() == NONE
    assert inflow.day_l <= 19 * 125


def test_a_level_that_stands_like_dead_tells_no_inflow():
    inflow = Inflow()
    for t in range(7200):
        inflow.step(t, 400, 1, 0, 0)
    assert not inflow.fresh(7200) and inflow.hours_known == 0


def test_a_level_that_sinks_while_all_rests_tells_no_inflow():
    village = Village()
    village.rests(600)
    village.rests(HOUR_S, inflow_l_min=-20.0)
    assert village.inflow.l_min > 15 and not village.inflow.fresh(village.t)


def test_a_well_that_spills_tells_no_inflow():
    village = Village()
    village.inflow.most_mm = 500
    village.rests(600)
    village.level_mm = 510.0
    village.rests(HOUR_S, inflow_l_min=0.0)
    assert village.inflow.l_min > 15 and not village.inflow.fresh(village.t)


def test_what_a_cut_leaves_of_the_day():
    inflow = Inflow()
    inflow.restore_day(24000, 24)
    inflow.let_pass(3, NONE)
    assert (inflow.day_l, inflow.hours_known, inflow.per_day_l()) == (21000, 21, 24000)
    inflow.let_pass(2, NONE)
    assert inflow.per_day_l() == NONE
    inflow.let_pass(24, NONE)
    assert (inflow.day_l, inflow.hours_known) == (0, 0)
    inflow.restore_day(0, 0)
    assert (inflow.day_l, inflow.hours_known) == (0, 0)
    inflow.restore_day(2400, 99)
    assert inflow.hours_known == 24


def test_a_measured_run():
    village = Village()
    village.stops(3)
    for pump in village.inflow.pumps:
        assert 158 <= pump.flow_l_min <= 174


def test_a_run_that_noise_hides_tells_nothing():
    village = restless(noise_mm=90.0)
    for _ in range(6):
        village.stops(1, rest_s=4000, inflow_l_min=6.0)
    for pump in village.inflow.pumps:
        assert not pump.flow_l_min and not pump.low_runs


def test_a_clogged_pump_shows_after_two_runs_and_its_mending_after_one():
    village = Village()
    village.stops(4)
    village.share[0] = 0.4
    village.stops(2)
    p1, p2 = village.inflow.pumps
    assert p1.low_runs == 1 and not p1.clogged
    village.stops(2)
    village.rests(REST_S)
    assert p1.clogged and not p2.clogged and not p1.worn
    village.share[0] = 1.0
    village.stops(1)
    village.rests(REST_S)
    assert not p1.clogged


def runs_in_rain(before_l_min, during_l_min, after_l_min, both_s=0, start_mm=250.0, most_mm=10000):
    """Two runs of each pump with such inflows; what the pumps look like then."""
    village = Village()
    village.inflow.most_mm = most_mm
    village.level_mm = start_mm
    for k in range(4):
        village.rests(REST_S, before_l_min)
        for _ in range(250):
            village.second((during_l_min - 166.0) / 60 / 1.8, 1 - k % 2, k % 2)
        for _ in range(both_s):
            village.second((during_l_min - 330.0) / 60 / 1.8, 1, 1)
        village.rests(REST_S, after_l_min)
        # Whatever is over leaves while nobody looks.
        village.level_mm = start_mm
        village.rests(60, level_ok=0)
    return village.inflow.pumps


def test_only_runs_between_like_inflows_count():
    assert runs_in_rain(10.0, 10.0, 10.0)[0].flow_l_min
    assert runs_in_rain(40.0, 45.0, 47.0)[0].flow_l_min
    for pump in runs_in_rain(10.0, 100.0, 60.0) + runs_in_rain(60.0, 100.0, 10.0):
        assert not pump.clogged and not pump.low_runs and not pump.flow_l_min


def test_no_run_counts_in_a_flood_beside_the_other_pump_or_at_the_spill_level():
    for pump in runs_in_rain(120.0, 160.0, 120.0) + runs_in_rain(10.0, 150.0, 10.0, both_s=60):
        assert not pump.clogged and not pump.flow_l_min
    for pump in runs_in_rain(10.0, 150.0, 10.0, start_mm=1500.0, most_mm=1480):
        assert not pump.clogged and not pump.flow_l_min


def test_a_run_counts_only_after_a_rest_that_was_measured():
    village = Village()
    for _ in range(3):  # as after a start, or mains return: nothing is known of the inflow before
        village.inflow.pumps[0].flow_l_min = 0
        village.rests(10, level_ok=0)
        for _ in range(200):
            village.second(-1.0, 1, 0)
        village.rests(REST_S)
        assert not village.inflow.pumps[0].flow_l_min


def take(pump, flows, doubted=0):
    for flow in flows:
        pump.take(flow, doubted)


def learnt(flow_l_min=140):
    pump = PumpFlow()
    pump.usual_l_min = 166
    take(pump, [flow_l_min] * 16)
    return pump


def test_a_pump_is_known_by_its_first_runs():
    pump = learnt()
    assert 139 <= pump.new_l_min <= 142
    assert not pump.worn


def test_wear_shows_over_many_runs():
    pump = learnt()
    take(pump, [98] * 8)
    assert not pump.worn
    take(pump, [98] * 12)
    assert pump.worn and not pump.clogged
    take(pump, [112, 116] * 8)
    assert pump.worn  # not gone before it is clearly better
    take(pump, [140] * 16)
    assert not pump.worn


def test_clogged_runs_are_no_wear():
    pump = learnt()
    take(pump, [40] * 40)
    assert pump.clogged and not pump.worn
    take(pump, [140, 60, 140, 135, 145])
    assert not pump.clogged and not pump.worn


def test_a_service_starts_a_new_life():
    pump = learnt()
    take(pump, [100] * 40)
    assert pump.worn
    pump.serviced()
    assert not pump.worn
    take(pump, [100] * 60)
    assert pump.new_l_min == 100 and not pump.worn


def test_a_usual_flow_is_reached_from_both_sides():
    for flow in (150, 180):
        pump = learnt(166)
        take(pump, [flow] * 120)
        assert abs(pump.usual_l_min - flow) <= 1


def days(village, n, inflow_l_min=20.0):
    """Whole days: cycles of rest and run."""
    end_s = village.t + n * 86400
    while village.t < end_s:
        village.stops(2, inflow_l_min=inflow_l_min, rest_s=1800)


def test_a_wrong_scale_is_no_wear_of_both_pumps():
    for scale, usual in ((0.7, 1.0), (0.5, 1.0), (1.4, 1.0)):
        village = Village()
        days(village, 1.2)
        inflow = village.inflow
        assert inflow.usual_day_l and inflow.pumps[0].new_l_min > 0 and inflow.pumps[1].new_l_min > 0
        village.scale = scale
        days(village, 1.1)
        assert inflow.scale_suspect
        for pump in inflow.pumps:
            assert not pump.worn and not pump.clogged
        village.scale = usual
        days(village, 0.3)
        assert not inflow.scale_suspect
        for pump in inflow.pumps:
            assert not pump.worn and not pump.clogged


def test_what_is_alike():
    inflow = Inflow()
    p1, p2 = inflow.pumps

    def doubts(p1_pct, p2_pct):
        p1.new_pct = p1_pct
        p2.new_pct = p2_pct
        return inflow._doubts_scale(1000)

    assert not doubts(100, 100) and not doubts(80, 100) and not doubts(80, 120) and not doubts(87, 80)
    assert doubts(80, 80) and doubts(88, 80)  # once alike, until it is clear that they are not
    assert not doubts(91, 80) and not doubts(87, 80)
    assert doubts(60, 70) and not doubts(60, 80)
    assert doubts(120, 130) and not doubts(120, 150)


def test_two_worn_pumps_are_no_wrong_scale():
    village = Village()
    days(village, 1.2)
    village.share = [0.7, 0.68]
    days(village, 1.8)
    inflow = village.inflow
    assert not inflow.scale_suspect
    assert inflow.pumps[0].worn and inflow.pumps[1].worn


def test_a_unit_that_nothing_reaches_any_more():
    village = Village()
    days(village, 1)
    inflow = village.inflow
    village.rests(20 * HOUR_S, 0.0)
    assert not inflow.stopped
    village.rests(6 * HOUR_S, 0.0)
    assert inflow.stopped
    usual_l = inflow.usual_day_l
    village.rests(13 * HOUR_S, 1.0)  # a trickle does not end it
    assert inflow.stopped and inflow.usual_day_l == usual_l
    village.rests(5 * HOUR_S, 10.0)
    assert not inflow.stopped


def test_a_dead_level_is_no_end_of_the_inflow():
    village = Village()
    days(village, 1)
    village.rests(30 * HOUR_S, level_ok=0)
    assert not village.inflow.stopped


def test_noise_in_a_village_that_was_always_empty_is_no_end_of_the_inflow():
    village = restless(noise_mm=10.0)
    village.rests(40 * HOUR_S, 0.0)
    assert not village.inflow.stopped and not village.inflow.usual_day_l
