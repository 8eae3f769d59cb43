"""From the true value to the raw signal: scale, noise, lag, fouling, hysteresis, and what is not fitted."""

import itertools
import statistics

import pytest
from unit.control.basics import NONE

from sim.scenario.scenario import Inflow
from sim.world.rng import Rng
from sim.world.sensors import AnalogSensor, FloatSwitch
from tests.sim.rig import DAY_S, Rig, scenario

EMPTY = Inflow(population=0)


def still(level_mm: float, **settings: int) -> Rig:
    """A well in which nothing moves."""
    rig = Rig(scenario(EMPTY), **settings).fill(level_mm)
    rig.p1 = rig.blower = rig.back = 0
    return rig


def test_level_as_current_follows_the_settings_scale():
    rig = still(500, **{"level.low_mm": -100, "level.high_mm": 3100})
    signals = [rig.run(1).inputs.level for _ in range(400)]
    assert statistics.mean(signals) == pytest.approx(4000 + 600 / 3200 * 16000, abs=2)
    assert 5 < statistics.stdev(signals) < 15  # 2 mm are 10 microampere here
    assert all(signal % 4 == 0 for signal in signals)


def test_level_as_a_direct_reading_is_in_mm():
    rig = still(500, **{"level.signal": 1})
    signals = [rig.run(1).inputs.level for _ in range(400)]
    assert statistics.mean(signals) == pytest.approx(500, abs=1)


@pytest.mark.parametrize(("direct", "per_ntu", "offset"), [(0, 160, 4000), (1, 10, 0)])
def test_turbidity_scale(direct, per_ntu, offset):
    rig = still(500, **{"turbidity.signal": direct})
    signals = [rig.run(1).inputs.turbidity for _ in range(50)]
    assert statistics.mean(signals) == pytest.approx(offset + per_ntu * rig.world.treatment.turbidity_ntu(), rel=0.03)


def test_noise_of_the_turbidity_probe_grows_with_turbidity():
    spread = []
    for ntu in (5, 80):
        sensor = still(500).world.turbidity_sensor
        spread.append(statistics.stdev(sensor.read(t_s, ntu) for t_s in range(600)) / 160)
    assert spread == pytest.approx([0.25, 1.0], rel=0.1)


def test_a_whole_transmitter_stays_within_the_measuring_currents():
    assert still(1400, **{"level.high_mm": 500}).run(5).inputs.level == 20500
    assert still(100, **{"level.low_mm": 300}).run(5).inputs.level == 3800


def test_a_direct_reading_is_never_below_zero():
    assert all(still(0, **{"level.signal": 1}).run(n).inputs.level >= 0 for n in range(1, 20))


def test_the_lag_is_a_first_order_one():
    sensor = AnalogSensor(0, 0.0, 1.0, 1000.0, 13.0, 0.0, 0.0, Rng(1, 1))
    assert sensor.read(0, 0.0) == 0
    shown = [sensor.read(t_s, 1.0) for t_s in range(1, 60)]
    assert shown[0] < 100
    assert next(t_s for t_s, value in enumerate(shown, 1) if value > 900) == pytest.approx(30, abs=3)  # T90


def test_the_probe_fouls_and_is_wiped_every_fortnight():
    rig = still(500)
    for t_s in (13 * DAY_S, 14 * DAY_S):
        rig.world._treat(t_s)
        fouling_ntu = rig.world._shown_ntu - rig.world.treatment.turbidity_ntu()
        assert fouling_ntu == pytest.approx(0.05 * (t_s % (14 * DAY_S)) / DAY_S)


def test_a_float_tips_and_falls_back_at_different_levels():
    lever = FloatSwitch(1, 1000.0, Rng(1, 1))
    up = [lever.read(0, mm) for mm in range(900, 1100)]
    down = [lever.read(0, mm) for mm in range(1100, 900, -1)]
    assert up.index(1) + 900 == 1021
    assert 1100 - down.index(0) == 979
    assert sum(a != b for a, b in itertools.pairwise(up)) == 1


def test_floats_show_where_the_liquid_is():
    assert (still(100).run(1).inputs.float_low, still(100).run(1).inputs.float_high) == (0, 0)
    assert (still(500).run(1).inputs.float_low, still(500).run(1).inputs.float_high) == (1, 0)
    assert (still(1200).run(1).inputs.float_low, still(1200).run(1).inputs.float_high) == (1, 1)


def test_what_is_not_fitted_has_no_value():
    rig = still(500, **{"float_high.fitted": 0, "float_low.fitted": 0, "mains.sensed": 0}).run(1)
    assert (rig.inputs.float_high, rig.inputs.float_low, rig.inputs.mains) == (NONE, NONE, NONE)
    assert still(500).run(1).inputs.mains == 1


def test_a_sensor_that_looks_down_is_blind_just_below_itself():
    looks_down = {"level.signal": 1, "level.mount_height_mm": 1600, "plant.level_blind_mm": 250}
    rig = still(1340, **looks_down)
    assert rig.run(9).inputs.level == pytest.approx(1340, abs=9)
    assert rig.fill(1360).run(1).inputs.level == NONE
    assert rig.fill(1300).run(30).inputs.level == pytest.approx(1300, abs=9)


@pytest.mark.parametrize("off", ["level.signal", "level.mount_height_mm", "plant.level_blind_mm"])
def test_nothing_else_is_blind(off):
    looks_down = {"level.signal": 1, "level.mount_height_mm": 1600, "plant.level_blind_mm": 250}
    assert still(1490, **looks_down | {off: 0}).run(5).inputs.level != NONE


def test_the_bell_is_a_bell():
    rng = Rng(7, 3)
    drawn = [rng.bell() for _ in range(20000)]
    assert statistics.mean(drawn) == pytest.approx(0, abs=0.03)
    assert statistics.stdev(drawn) == pytest.approx(1, abs=0.02)
    even = [rng.even() for _ in range(20000)]
    assert statistics.mean(even) == pytest.approx(0, abs=0.02)
    assert min(even) < -0.99 and max(even) > 0.99


def test_streams_and_seeds_differ():
    first = {Rng(seed, stream).bits() for seed in range(50) for stream in range(50)}
    assert len(first) > 2490
