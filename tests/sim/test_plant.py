"""Water and electricity: the balance closes under any commands, and pumps do what pumps do."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.scenario.faults import KINDS
from sim.scenario.scenario import Fault, Inflow, Rain
from tests.sim.rig import DAY_S, HOUR_S, Rig, fault, scenario

EMPTY = Inflow(population=0)


@st.composite
def plans(draw):
    """Any village, rain and plant faults in half a day."""
    broken = []
    for _ in range(draw(st.integers(0, 4))):
        kind = draw(st.sampled_from([k for k in KINDS if "p1" in k.targets or "mains" in k.targets]))
        at_s = draw(st.integers(0, 6000))
        amount = draw(st.floats(0, 1)) if kind.amount else 0.0
        broken.append(
            Fault(at_s, at_s + draw(st.integers(1, 9000)), kind.kind, draw(st.sampled_from(kind.targets)), amount)
        )
    rain = [Rain(draw(st.integers(0, 5000)), draw(st.integers(1, 9000)), draw(st.floats(0, 60))) for _ in range(2)]
    people = draw(st.integers(0, 8000))
    return scenario(Inflow(population=people), seed=draw(st.integers(0, 2**31 - 1)), rain=rain, faults=broken)


@settings(max_examples=25, deadline=None)
@given(plan=plans(), commands=st.lists(st.tuples(st.integers(1, 600), st.integers(0, 15)), min_size=1, max_size=20))
def test_the_balance_closes_under_any_commands_and_faults(plan, commands):
    rig = Rig(plan)
    world = rig.world
    start_m3 = world.plant.stored_m3()
    for for_s, bits in commands:
        rig.p1, rig.p2, rig.blower, rig.back = bits & 1, bits >> 1 & 1, bits >> 2 & 1, bits >> 3 & 1
        rig.run(for_s)
        plant = world.plant
        for store_m3 in (plant.well_m3, plant.main_m3, plant.anoxic_m3, plant.oxic_m3, plant.settling_m3):
            assert store_m3 >= 0
        assert world.plant.level_mm() <= 1500 + 1e-9
    gone_m3 = world.plant.discharged_m3 + world.plant.overflow_m3
    assert world.plant.inflow_m3 - gone_m3 - (world.plant.stored_m3() - start_m3) == pytest.approx(0, abs=1e-9)
    assert world.plant.mass_error_m3() == pytest.approx(0, abs=1e-9)
    treatment = world.treatment
    for water in (treatment.well, treatment.anoxic, treatment.oxic, treatment.clear):
        assert min(water.cod, water.nh4, water.no3, water.colloid, water.solids) >= 0
    assert 0 <= world.treatment.o2_g_m3 <= 9.1


def flow_m3_h(rig: Rig, seconds: int = 60) -> float:
    """Pumped out of a well without inflow."""
    before_m3 = rig.world.plant.well_m3
    rig.run(seconds)
    return (before_m3 - rig.world.plant.well_m3) * HOUR_S / seconds


def test_one_pump_gives_its_rated_flow_at_its_rated_point():
    rig = Rig(scenario(EMPTY)).fill(425 + 45)  # mean of stop and start level in the middle of the minute
    rig.p1 = 1
    assert flow_m3_h(rig) == pytest.approx(10.0, rel=0.01)


def test_two_pumps_on_one_main_give_more_than_one_and_less_than_two():
    rig = Rig(scenario(EMPTY)).fill(500)
    rig.p1 = rig.p2 = 1
    assert 13 < flow_m3_h(rig) < 17


def test_a_pump_gives_more_from_a_fuller_well():
    low, high = Rig(scenario(EMPTY)).fill(350), Rig(scenario(EMPTY)).fill(1400)
    low.p1 = high.p1 = 1
    assert flow_m3_h(high) > 1.02 * flow_m3_h(low)


def test_a_pump_below_its_suction_runs_dry_and_lifts_nothing():
    rig = Rig(scenario(EMPTY)).fill(120)
    rig.p1 = 1
    rig.run(200)
    machine = rig.world.plant.machines["p1"]
    assert machine.dry_run_s == pytest.approx(200 - 30 / 1.5, abs=2)  # from 120 down to 90 mm at 1.5 mm/s
    assert rig.world.plant.level_mm() == pytest.approx(90)
    assert (rig.world.events[0][1:3], rig.world.plant.machines["p2"].dry_run_s) == (("p1", "dry_run_begin"), 0)


def test_a_full_well_spills_and_says_when():
    rig = Rig(scenario(Inflow(population=5000))).fill(1490)
    rig.p1 = 0
    rig.run(12 * HOUR_S)
    world = rig.world
    assert world.plant.overflow_m3 == pytest.approx(world.plant.inflow_m3 - 0.010 * 1.8, abs=1e-6)
    assert world.events[0][1:3] == ("well", "overflow_begin")


def test_energy_is_power_times_time():
    rig = Rig(scenario(EMPTY))
    rig.p1 = rig.back = 0
    rig.blower = 1
    rig.run(HOUR_S)
    assert rig.world.plant.energy_j == pytest.approx(1100 * HOUR_S)
    rig.blower = 0
    before_j = rig.world.plant.energy_j
    rig.run(HOUR_S)
    assert rig.world.plant.energy_j == before_j


def test_the_return_pump_takes_its_power_and_runs_dry_in_an_empty_tank():
    rig = Rig(scenario(EMPTY))
    rig.p1 = rig.blower = 0
    rig.back = 1
    rig.run(60)
    assert rig.world.plant.energy_j == pytest.approx(370 * 60)
    assert rig.world.plant.machines["return"].dry_run_s == 0
    plant = rig.world.plant
    plant.settling_m3 = 0.2 * plant.settling_crest_m3  # nothing above the inlet of the pump
    plant.anoxic_m3 = plant.oxic_m3 = 1.0  # and nothing on its way
    rig.run(60)
    assert rig.world.plant.machines["return"].dry_run_s == 60
    assert rig.world.events[-1][1:3] == ("return", "dry_run_begin")


def test_the_tanks_hand_on_what_they_get_and_smooth_it():
    rig = Rig(scenario(EMPTY)).fill(1000)
    rig.back = 0
    rig.p1 = 1
    rig.run(240)
    lifted_m3 = rig.world.plant.lifted_m3
    assert 0 < rig.world.plant.discharged_m3 < 0.7 * lifted_m3
    rig.p1 = 0
    rig.run(4 * HOUR_S)
    assert rig.world.plant.discharged_m3 == pytest.approx(lifted_m3, abs=0.02)


@pytest.fixture(scope="module")
def two_days() -> Rig:
    return Rig().run(2 * DAY_S)


def test_a_unit_that_is_run_well_treats_well(two_days):
    world = two_days.world
    assert world.treatment.turbidity_ntu() < 20
    assert world.treatment.clear.nh4 < 6
    assert world.treatment.clear.cod < 5
    assert 0.3 < world.plant.energy_j / 3.6e6 / world.plant.inflow_m3 < 1.2


def test_without_air_ammonia_and_turbidity_rise_within_hours():
    good, bad = Rig(), Rig()
    bad.blower = 0
    good.run(12 * HOUR_S)
    bad.run(12 * HOUR_S)
    assert bad.world.treatment.o2_g_m3 < 0.01
    assert bad.world.treatment.clear.nh4 > good.world.treatment.clear.nh4 + 4
    assert bad.world.treatment.turbidity_ntu() > 1.4 * good.world.treatment.turbidity_ntu()


def test_without_return_nitrate_and_solids_get_worse(two_days):
    bad = Rig()
    bad.back = 0
    bad.run(2 * DAY_S)
    assert bad.world.treatment.clear.no3 > two_days.world.treatment.clear.no3 + 4
    assert bad.world.treatment.turbidity_ntu() > 1.5 * two_days.world.treatment.turbidity_ntu()


def test_strong_and_thin_sewage_show_in_the_lift_well():
    strong = Rig(scenario(Inflow(rows=((0, 40.0, 480.0),)))).run(6 * HOUR_S).world.treatment.well
    usual = Rig(scenario(Inflow(rows=((0, 40.0, -1.0),)))).run(6 * HOUR_S).world.treatment.well
    thin = Rig(scenario(Inflow(population=0, rows=((0, 20.0, -1.0),), infiltration_m3_d=20.0))).run(6 * HOUR_S)
    assert strong.solids > 3 * usual.solids and strong.nh4 == pytest.approx(usual.nh4)
    assert thin.world.treatment.well.nh4 == pytest.approx(usual.nh4 / 2, rel=0.05)
    assert thin.world.treatment.well.cod == pytest.approx(usual.cod / 2, rel=0.05)


def test_nitrogen_only_leaves_by_the_outlet_or_as_gas():
    rig = Rig(scenario(Inflow(rows=((0, 40.0, -1.0),))))
    world, treatment = rig.world, rig.world.treatment
    treatment._denitrify = lambda water: None  # no gas

    def stored_g() -> float:
        plant = world.plant
        return (
            plant.well_m3 * treatment.well.nh4
            + plant.anoxic_m3 * (treatment.anoxic.nh4 + treatment.anoxic.no3)
            + plant.oxic_m3 * (treatment.oxic.nh4 + treatment.oxic.no3)
            + plant.settling_m3 * (treatment.clear.nh4 + treatment.clear.no3)
        )

    before_g = stored_g()
    out_g = 0.0
    for _ in range(12 * 60):
        discharged_m3 = world.plant.discharged_m3
        rig.run(60)
        out_g += (world.plant.discharged_m3 - discharged_m3) * (treatment.clear.nh4 + treatment.clear.no3)
    in_g = 40.0 * world.plant.inflow_m3
    assert in_g - out_g == pytest.approx(stored_g() - before_g, abs=0.02 * in_g)


def test_a_full_blanket_leaves_over_the_weir():
    rig = Rig(scenario(Inflow(rows=((0, 48.0, -1.0),))))
    rig.back = 0
    treatment = rig.world.treatment
    clear_g_m3 = treatment.clear.solids
    treatment.blanket_g = 45_000.0
    rig.run(6 * HOUR_S)
    assert treatment.clear.solids > 5 * clear_g_m3


def test_what_the_blanket_loses_the_clear_water_gets():
    treatment = Rig().world.treatment
    treatment.blanket_g = 45_000.0
    clear_g = treatment.clear.solids * treatment.settling_m3
    treatment._settle(0.0, 0.5)
    torn_g = treatment.clear.solids * treatment.settling_m3 - clear_g
    assert torn_g > 50
    assert treatment.blanket_g == pytest.approx(45_000.0 / (1 + 0.05 / 1440) - torn_g)


def test_broken_flocs_settle_worse():
    firm, broken = Rig().run(10 * HOUR_S), Rig().run(10 * HOUR_S)
    firm.world.treatment.floc, broken.world.treatment.floc = 1.0, 0.0
    firm.run(600)
    broken.run(600)
    assert broken.world.treatment.clear.solids > firm.world.treatment.clear.solids + 0.2


def test_less_air_shows_in_the_ammonia(two_days):
    weak = Rig(scenario(faults=(fault("worn", "blower", amount=0.7),))).run(2 * DAY_S)
    assert weak.world.treatment.clear.nh4 > two_days.world.treatment.clear.nh4 + 1
