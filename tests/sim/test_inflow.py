"""What flows in: litres of the village, peaks, holidays, files, rain, groundwater; the same for the same seed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.scenario.scenario import Holiday, Inflow, Rain
from sim.world.sewer import RAIN_PEAKS_S, RAIN_SHARES, RAIN_TAILS, Sewer, day_curve, response_share
from tests.sim.rig import DAY_S, HOUR_S, scenario

NOBODY = Inflow(population=0, leaky_area_m2=300)


def minutes(plan, days: int, local_start_s: int = 0) -> list[float]:
    """m3 of each minute."""
    sewer = Sewer(plan, local_start_s)
    m3 = []
    for t_s in range(0, days * DAY_S, 60):
        sewer.update(t_s)
        m3.append(sewer.flow_m3_s * 60)
    return m3


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**31 - 1), people=st.integers(1, 5000), litres=st.floats(20, 200), peak=st.floats(1, 9))
def test_the_litres_of_the_village_hold(seed, people, litres, peak):
    plan = scenario(Inflow(people, litres, peak), seed=seed)
    assert sum(minutes(plan, 7)) == pytest.approx(7 * people * litres / 1000, rel=0.005)


@pytest.mark.parametrize("peak", [1.0, 1.5, 2.4, 3.5, 6.1, 8.0])
def test_the_highest_hour_is_the_peak_factor(peak):
    curve = day_curve(peak)
    hours = [sum(curve[60 * h : 60 * h + 60]) / 60 for h in range(24)]
    assert sum(curve) / 1440 == pytest.approx(1)
    assert max(hours) == pytest.approx(peak, rel=0.02)
    assert hours.index(max(hours)) in ((7,) if peak > 1 else range(24))


def test_nights_are_nearly_dry_and_days_have_three_peaks():
    curve = day_curve(3.5)
    hours = [sum(curve[60 * h : 60 * h + 60]) / 60 for h in range(24)]
    assert max(hours[0:5]) < 0.06
    assert [h for h in range(1, 23) if hours[h - 1] < hours[h] > hours[h + 1]] == [7, 12, 19]


def test_the_day_follows_the_local_clock():
    evening = minutes(scenario(), 1, local_start_s=19 * HOUR_S)
    assert sum(evening[:60]) > 20 * sum(evening[6 * 60 : 7 * 60])


def test_days_differ_and_the_seed_decides():
    one, two, other = (minutes(scenario(seed=s), 2) for s in (1, 1, 2))
    assert one == two != other
    first, second = sum(one[:1440]), sum(one[1440:])
    assert first != pytest.approx(second, rel=0.002)


def test_a_holiday_multiplies_the_people():
    usual = minutes(scenario(), 1)
    feast = minutes(scenario(holidays=(Holiday(6 * HOUR_S, 6 * HOUR_S, 2.5),)), 1)
    assert sum(feast[360:720]) == pytest.approx(2.5 * sum(usual[360:720]))
    assert feast[:360] + feast[720:] == usual[:360] + usual[720:]


def test_groundwater_is_always_there():
    m3 = minutes(scenario(Inflow(population=0, infiltration_m3_d=7.2)), 1)
    assert min(m3) == max(m3) == pytest.approx(7.2 / 1440)


def test_all_rain_on_the_leaky_area_arrives_within_a_day_of_its_end():
    plan = scenario(NOBODY, rain=(Rain(HOUR_S, 6 * HOUR_S, 12.0), Rain(2 * HOUR_S, 1800, 30.0)))
    m3 = minutes(plan, 2)
    assert sum(m3) == pytest.approx((72 + 15) / 1000 * 300, rel=1e-3)
    assert max(m3[:60]) == 0
    assert m3[-1] == 0
    assert m3.index(max(m3)) * 60 > 2 * HOUR_S


def test_every_rain_of_a_wet_week_arrives():
    plan = scenario(NOBODY, rain=tuple(Rain(36 * HOUR_S * i, HOUR_S, 10.0) for i in range(5)))
    assert sum(minutes(plan, 8)) == pytest.approx(5 * 10 / 1000 * 300, rel=1e-3)


def test_rain_makes_the_usual_flow_two_to_five_times_as_high():
    plan = scenario(rain=(Rain(0, 6 * HOUR_S, 12.0),))
    wet, dry = sum(minutes(plan, 1)), sum(minutes(scenario(), 1))
    assert 1.5 < wet / dry < 5


def test_the_response_curves_are_whole():
    assert sum(RAIN_SHARES) == pytest.approx(1)
    for peak_s, tail in zip(RAIN_PEAKS_S, RAIN_TAILS, strict=True):
        assert response_share(0, peak_s, tail) == 0
        assert response_share(peak_s, peak_s, tail) == pytest.approx(1 / (1 + tail))
        assert response_share(peak_s * (1 + tail), peak_s, tail) == 1


def test_rain_thins_the_sewage():
    sewer = Sewer(scenario(rain=(Rain(0, 8 * HOUR_S, 12.0),)), 0)
    sewer.update(0)
    assert sewer.sewage_share == pytest.approx(1, abs=0.01)
    sewer.update(7 * HOUR_S)
    assert sewer.sewage_share < 0.8


ROWS = ((0, 20.0, 200.0), (900, 30.0, -1.0), (1800, 40.0, 250.0))


def test_a_file_holds_each_row_and_repeats_with_the_last_row_as_long_as_the_one_before():
    sewer = Sewer(scenario(Inflow(rows=ROWS, scale=0.5)), 0)
    seen = []
    t_s = 0
    while t_s < 6000:
        sewer.update(t_s)
        seen.append((t_s, round(sewer.flow_m3_s * DAY_S, 6), sewer.tss_g_m3))
        t_s = sewer.next_s
    changes = [b for a, b in zip([(0, 0, 0), *seen], seen, strict=False) if a[1:] != b[1:]]
    assert changes == [
        (0, 10, 200), (900, 15, -1), (1800, 20, 250),
        (2700, 10, 200), (3600, 15, -1), (4500, 20, 250), (5400, 10, 200),
    ]  # fmt: skip


def test_rows_shorter_than_a_minute_count_in_full():
    sewer = Sewer(scenario(Inflow(rows=((0, 864.0, -1.0), (7, 0.0, -1.0), (10, 0.0, -1.0)))), 0)
    m3 = 0.0
    for t_s in range(1300):
        if t_s >= sewer.next_s:
            sewer.update(t_s)
        m3 += sewer.flow_m3_s
    assert m3 == pytest.approx(1300 / 13 * 7 * 0.01)


def test_a_file_of_one_row_holds_for_ever():
    sewer = Sewer(scenario(Inflow(rows=((0, 24.0, -1.0),))), 0)
    for t_s in range(0, 3 * DAY_S, 60):
        sewer.update(t_s)
        assert sewer.flow_m3_s == pytest.approx(24 / DAY_S)
