"""Every kind of fault on every target does what docs/plant-model.md says, and ends when it is mended."""

import itertools
import statistics
from pathlib import Path

import pytest
from unit.control.basics import NONE

from sim.scenario.faults import ACTUATORS, BY_KIND, FEEDBACK, KINDS, TARGETS
from sim.scenario.scenario import Fault, Inflow
from tests.sim.rig import HOUR_S, Rig, fault, scenario

EMPTY = Inflow(population=0)
COMMANDS = {"p1": "p1", "p2": "p2", "blower": "blower", "return": "back"}


def still(*faults: Fault, level_mm: float = 500, **settings: int) -> Rig:
    """A well without inflow, all commands off."""
    rig = Rig(scenario(EMPTY, faults=faults), **settings).fill(level_mm)
    rig.p1 = rig.p2 = rig.blower = rig.back = 0
    return rig


def command(rig: Rig, target: str, on: int = 1) -> Rig:
    setattr(rig, COMMANDS[target], on)
    return rig


def signal(rig: Rig, sensor: str) -> int:
    return getattr(rig.inputs, sensor)


def feedback(rig: Rig, target: str) -> int:
    return getattr(rig.inputs, target + "_running")


def test_the_table_names_every_fault_of_the_contract():
    sensors = {"stuck", "drift", "noise", "open", "short", "missing", "offset", "scale", "dropout", "error_value"}
    actuators = {"clogged", "worn", "tripped", "welded", "dead"}
    for target in ("level", "turbidity", "float_high", "float_low"):
        assert sensors <= {k.kind for k in KINDS if target in k.targets}
    for target in ("p1", "p2", "blower", "return"):
        assert actuators <= {k.kind for k in KINDS if target in k.targets}
    for target in ("p1_running", "p2_running", "blower_running", "return_running"):
        assert {"stuck_on", "stuck_off"} <= {k.kind for k in KINDS if target in k.targets}
    others = {("mains", "off"), ("network", "down"), ("broker", "down"), ("clock", "unset"), ("clock", "jump")}
    assert others | {("mains", "dips"), ("board", "power_cut")} <= {(t, k.kind) for k in KINDS for t in k.targets}
    assert all(k.zh and k.en for k in KINDS)


def test_the_plant_model_page_describes_every_kind():
    page = (Path(__file__).parents[2] / "docs/plant-model.md").read_text(encoding="utf-8")
    for kind in KINDS:
        assert f"| `{kind.kind}` |" in page


@pytest.mark.parametrize(("kind", "target"), [(k.kind, t) for k in KINDS for t in k.targets])
def test_a_fault_begins_and_ends_with_an_event_and_leaves_no_trace(kind, target):
    amount = BY_KIND[kind].default if BY_KIND[kind].default is not None else 1.0
    rig = still(Fault(5, 20, kind, target, amount)).run(19)
    words = f"{target} {kind}"
    assert [(t, e) for t, s, e, d in rig.world.events if s == "fault" and d.startswith(words)] == [(5, "begin")]
    rig.run(30)
    assert rig.world.events[-1][0:3] == (20, "fault", "end")
    whole = still().run(49)
    for name in vars(whole.inputs):
        if kind not in ("welded", "leaking"):  # those have moved water
            assert getattr(rig.inputs, name) == getattr(whole.inputs, name), name


# --- sensors

ANALOG = ("level", "turbidity")
FLOATS = ("float_high", "float_low")


@pytest.mark.parametrize("sensor", [*ANALOG, *FLOATS])
def test_missing_has_no_signal(sensor):
    assert signal(still(fault("missing", sensor)).run(3), sensor) == NONE


@pytest.mark.parametrize(("kind", "ua"), [("open", 0), ("short", 24000)])
@pytest.mark.parametrize("sensor", ANALOG)
def test_a_broken_loop_is_outside_the_measuring_currents(sensor, kind, ua):
    assert signal(still(fault(kind, sensor)).run(3), sensor) == ua


@pytest.mark.parametrize("kind", ["open", "short"])
@pytest.mark.parametrize("sensor", ANALOG)
def test_a_broken_data_line_is_silent(sensor, kind):
    assert signal(still(fault(kind, sensor), **{sensor + ".signal": 1}).run(3), sensor) == NONE


@pytest.mark.parametrize("sensor", FLOATS)
@pytest.mark.parametrize("level_mm", [50, 500, 1300])
def test_a_broken_float_wire_is_open_or_closed_for_good(sensor, level_mm):
    assert signal(still(fault("open", sensor), level_mm=level_mm).run(3), sensor) == 0
    assert signal(still(fault("short", sensor), level_mm=level_mm).run(3), sensor) == 1


@pytest.mark.parametrize("sensor", ANALOG)
def test_a_stuck_sensor_keeps_its_signal_to_the_last_bit(sensor):
    rig = still(fault("stuck", sensor, at_s=10)).run(9)
    kept = signal(rig, sensor)
    command(rig, "p1")
    assert {signal(rig.run(1), sensor) for _ in range(60)} == {kept}


def test_a_sensor_can_be_stuck_at_a_value():
    rig = still(fault("stuck", "level", amount=800), fault("stuck", "float_high", amount=1)).run(3)
    assert rig.level_shown_mm() == pytest.approx(800, abs=1)
    assert rig.inputs.float_high == 1


def test_of_several_broken_wires_the_worst_counts():
    broken = (fault("missing", "level", 30, 40), fault("open", "level", 20, 50), fault("short", "level", 10, 60))
    rig = still(*broken, fault("stuck", "level", 0, 70)).run(5)
    assert [signal(rig.run(10), "level") for _ in range(5)] == [24000, 0, NONE, 0, 24000]


def test_a_stuck_float_keeps_its_place():
    rig = still(fault("stuck", "float_low", at_s=5)).run(6)
    rig.fill(50).run(2)
    assert rig.inputs.float_low == 1


def test_drift_grows_with_the_hours():
    rig = still(fault("drift", "level", at_s=100, amount=-60)).run(100 + HOUR_S)
    assert rig.level_shown_mm() == pytest.approx(440, abs=8)
    turbid = still(fault("drift", "turbidity", at_s=100, amount=10)).run(100 + HOUR_S)
    assert (turbid.inputs.turbidity - 4000) / 160 == pytest.approx(turbid.world.treatment.turbidity_ntu() + 10, abs=1.5)


def test_a_slipping_float_cable_moves_its_level():
    rig = still(fault("drift", "float_low", amount=600), level_mm=500)
    assert rig.run(1800).inputs.float_low == 1
    assert rig.run(1000).inputs.float_low == 0


@pytest.mark.parametrize(("sensor", "ua_per_unit"), [("level", 8), ("turbidity", 160)])
def test_noise_spreads_the_signal(sensor, ua_per_unit):
    rig = still(fault("noise", sensor, amount=30 if sensor == "level" else 2))
    spread = statistics.stdev(signal(rig.run(1), sensor) for _ in range(500)) / ua_per_unit
    assert spread == pytest.approx(32 if sensor == "level" else 2.3, rel=0.1)


def test_a_noisy_float_bounces():
    rig = still(fault("noise", "float_low", amount=100), level_mm=150)
    seen = [rig.run(1).inputs.float_low for _ in range(200)]
    assert sum(a != b for a, b in itertools.pairwise(seen)) > 20


@pytest.mark.parametrize(("sensor", "ua_per_unit"), [("level", 8), ("turbidity", 160)])
def test_an_offset_is_constant_and_a_scale_a_factor(sensor, ua_per_unit):
    def shown(*faults: Fault) -> float:
        rig = still(*faults)
        return statistics.mean((signal(rig.run(1), sensor) - 4000) / ua_per_unit for _ in range(300))

    true = shown()
    assert shown(fault("offset", sensor, amount=-12)) == pytest.approx(true - 12, abs=0.5)
    two = shown(fault("offset", sensor, amount=5), fault("offset", sensor, amount=3))
    assert two == pytest.approx(true + 8, abs=0.5)
    assert shown(fault("scale", sensor, amount=0.8)) == pytest.approx(true * 0.8, abs=0.5)
    both = shown(fault("scale", sensor, amount=1.5), fault("offset", sensor, amount=2))
    assert both == pytest.approx(true * 1.5 + 2, abs=0.5)


@pytest.mark.parametrize("kind", ["offset", "scale"])
@pytest.mark.parametrize(("sensor", "level_mm"), [("float_high", 1000), ("float_low", 150)])
def test_a_float_hung_at_a_wrong_height_tips_there(sensor, level_mm, kind):
    amount = 300 if kind == "offset" else 1 + 300 / level_mm
    rig = still(fault(kind, sensor, amount=amount), level_mm=level_mm + 250)
    assert signal(rig.run(2), sensor) == 0
    assert signal(rig.fill(level_mm + 350).run(2), sensor) == 1


@pytest.mark.parametrize("number", [32767, 65535, -9999, -1, 0])
def test_an_error_number_comes_as_it_is_from_a_direct_probe_and_at_the_end_of_a_loop(number):
    broken = (fault("error_value", "level", amount=number), fault("error_value", "turbidity", amount=number))
    direct = still(*broken, **{"level.signal": 1, "turbidity.signal": 1}).run(3)
    assert (direct.inputs.level, direct.inputs.turbidity) == (number, 10 * number)
    ends = {32767: (20500, 20500), 65535: (20500, 20500), -9999: (3800, 3800), -1: (3992, 3840), 0: (4000, 4000)}
    loop = still(*broken).run(3)
    assert (loop.inputs.level, loop.inputs.turbidity) == ends[number]
    floats = still(fault("error_value", "float_high", amount=number)).run(3)
    assert floats.inputs.float_high == int(number != 0)


def test_a_broken_wire_silences_an_error_number():
    rig = still(fault("open", "level", 10, 20), fault("error_value", "level", amount=65535)).run(5)
    assert [signal(rig.run(10), "level") for _ in range(2)] == [0, 20500]


@pytest.mark.parametrize("sensor", [*ANALOG, *FLOATS])
def test_a_dropout_takes_the_value_for_so_many_seconds_of_each_period(sensor):
    rig = still(fault("dropout", sensor, 40, 100, amount=5, every_s=20))
    gone = [t_s for t_s in range(1, 150) if signal(rig.run(1), sensor) == NONE]
    assert gone == [*range(40, 45), *range(60, 65), *range(80, 85)]
    assert [(t, e, d) for t, s, e, d in rig.world.events if s == "fault"] == [
        (40, "begin", f"{sensor} dropout 5.0 5/20 s"), (100, "end", f"{sensor} dropout 5.0 5/20 s"),
    ]  # fmt: skip


def test_a_period_that_the_end_cuts_is_cut():
    rig = still(fault("dropout", "level", 10, 52, amount=5, every_s=20))
    assert [t_s for t_s in range(1, 99) if signal(rig.run(1), "level") == NONE] == [
        *range(10, 15), *range(30, 35), 50, 51,
    ]  # fmt: skip


def test_any_fault_can_come_and_go():
    touching = fault("short", "level", 10, 90, every_s=30, lasts_s=2)
    rig = still(touching, fault("drift", "turbidity", 100, -1, 3600, 50, 10))
    assert [t_s for t_s in range(1, 100) if signal(rig.run(1), "level") == 24000] == [10, 11, 40, 41, 70, 71]
    shown = [(signal(rig.run(1), "turbidity") - 4000) / 160 for _ in range(101)]
    for first in (0, 50, 100):  # a drift begins anew: 1 NTU a second
        assert shown[first] == pytest.approx(shown[20], abs=1.5)
    assert shown[59] == pytest.approx(shown[20] + 9, abs=1.5)


def test_what_comes_and_goes_on_a_machine():
    rig = command(still(fault("dead", "p1", 10, every_s=10, lasts_s=1)), "p1")
    assert [t_s for t_s in range(1, 41) if not feedback(rig.run(1), "p1")] == [10, 20, 30, 40]


# --- feedback


@pytest.mark.parametrize("target", ACTUATORS)
def test_lying_feedback_shows_what_is_not_and_moves_nothing(target):
    off = command(still(fault("stuck_off", target + "_running")), target).run(30)
    assert (feedback(off, target), off.world.plant.machines[target].run_s) == (0, 30)
    on = still(fault("stuck_on", target + "_running"), fault("off", "mains", 20, 40)).run(30)
    assert (feedback(on, target), on.world.plant.machines[target].run_s) == (1, 0)


@pytest.mark.parametrize("target", ACTUATORS)
def test_a_loose_feedback_wire_reads_0_now_and_then(target):
    rig = command(still(fault("dropout", target + "_running", 10, amount=3, every_s=10)), target)
    assert [t_s for t_s in range(1, 31) if not feedback(rig.run(1), target)] == [10, 11, 12, 20, 21, 22, 30]


def test_feedback_that_is_not_wired_tells_nothing_and_cannot_lie():
    for kind in ("stuck_on", "stuck_off", "dropout"):
        rig = still(fault(kind, "p1_running", amount=1, every_s=2), **{"wired.p1_running": 0}).run(5)
        assert rig.inputs.p1_running == NONE


def test_noise_of_one_sensor_changes_no_other_signal_and_no_inflow():
    plain, noisy = Rig(scenario()), Rig(scenario(faults=(fault("noise", "level", amount=50),)))
    for _ in range(300):
        plain.run(1)
        noisy.run(1)
        assert plain.inputs.turbidity == noisy.inputs.turbidity
    assert plain.world.plant.inflow_m3 == noisy.world.plant.inflow_m3


# --- actuators


@pytest.mark.parametrize("target", ACTUATORS)
@pytest.mark.parametrize("kind", ["tripped", "dead"])
def test_tripped_and_dead_stand_still_and_take_no_power(kind, target):
    rig = command(still(fault(kind, target)), target).run(60)
    assert feedback(rig, target) == 0
    assert rig.world.plant.energy_j == 0
    assert rig.world.plant.lifted_m3 == 0
    assert rig.world.plant.machines[target].run_s == 0


@pytest.mark.parametrize("target", ACTUATORS)
def test_welded_runs_without_command_as_long_as_there_is_mains(target):
    rig = still(fault("welded", target), fault("off", "mains", 30, 60)).run(29)
    assert feedback(rig, target) == 1
    assert feedback(rig.run(10), target) == 0
    assert feedback(rig.run(30), target) == 1


def test_a_tripped_motor_stands_even_if_its_contactor_is_welded():
    assert feedback(still(fault("welded", "p1"), fault("tripped", "p1")).run(5), "p1") == 0


def lift(*faults: Fault, seconds: int = 60, level_mm: float = 500) -> tuple[float, float]:
    """Flow out of the well (m3/h) and energy (J) of p1."""
    rig = command(still(*faults, level_mm=level_mm), "p1")
    before_m3 = rig.world.plant.well_m3
    rig.run(seconds)
    return (before_m3 - rig.world.plant.well_m3) * HOUR_S / seconds, rig.world.plant.energy_j


@pytest.mark.parametrize("kind", ["clogged", "worn"])
def test_clogged_and_worn_pumps_lose_their_share_of_the_flow(kind):
    assert lift(fault(kind, "p1", amount=1))[0] == 0
    assert lift(fault(kind, "p1", amount=0.5))[0] < 0.65 * lift()[0]


def test_a_clogged_pump_draws_more_than_a_worn_one():
    assert lift(fault("clogged", "p1", amount=0.5))[1] > 1.2 * lift(fault("worn", "p1", amount=0.5))[1]


def test_a_clogged_return_and_blower_give_less():
    rig = command(still(fault("clogged", "return", amount=0.5)), "return")
    before_m3 = rig.world.plant.settling_m3
    rig.run(60)
    assert before_m3 - rig.world.plant.settling_m3 == pytest.approx(3.0 / 60, rel=0.05)  # some is back
    weak = command(still(fault("clogged", "blower", amount=0.9)), "blower").run(HOUR_S)
    good = command(still(), "blower").run(HOUR_S)
    assert weak.world.treatment.o2_g_m3 < 0.7 * good.world.treatment.o2_g_m3
    assert weak.world.plant.energy_j > good.world.plant.energy_j


def test_a_leaking_check_valve_empties_the_main_into_the_well():
    rig = still(fault("leaking", "p2"), level_mm=400)
    main_mm = rig.world.plant.main_full_m3 / 1.8 * 1000
    rig.run(HOUR_S)
    assert rig.world.plant.level_mm() == pytest.approx(400 + main_mm, abs=0.5)


def test_a_leaking_check_valve_takes_from_the_other_pump():
    leak_m3_h = lift()[0] - lift(fault("leaking", "p2", amount=0.4))[0]
    assert leak_m3_h == pytest.approx(4.0, rel=0.05)
    assert lift(fault("leaking", "p1", amount=0.4))[0] == lift()[0]  # its own valve is open while it runs


# --- mains, line, clock, board


def test_without_mains_nothing_runs_and_the_input_says_so():
    rig = command(still(fault("off", "mains", 10, 20)), "p1").run(9)
    assert (rig.inputs.mains, rig.inputs.p1_running) == (1, 1)
    rig.run(5)
    assert (rig.inputs.mains, rig.inputs.p1_running, rig.world.mains_on, rig.world.board_on) == (0, 0, 0, 1)


def test_dips_stop_every_machine_for_as_long_as_they_last():
    rig = command(still(fault("dips", "mains", 10, 60, amount=2, every_s=20)), "p1")
    seen = [(rig.run(1).inputs.mains, rig.inputs.p1_running) for _ in range(1, 80)]
    assert [t_s for t_s, two in enumerate(seen, 1) if two == (0, 0)] == [10, 11, 30, 31, 50, 51]
    assert set(seen) == {(0, 0), (1, 1)}


def test_a_brown_out_can_take_the_board_along():
    dips, cuts = fault("dips", "mains", 10, amount=3, every_s=20), fault("power_cut", "board", 10, -1, 0, 20, 2)
    rig = command(still(dips, cuts), "p1")
    seen = [(rig.run(1).world.board_on, rig.inputs.mains, rig.inputs.p1_running) for _ in range(1, 14)]
    assert seen[8:] == [(1, 1, 1), (0, 0, 0), (0, 0, 0), (1, 0, 0), (1, 1, 1)]


def test_network_broker_and_clock_are_only_shown():
    rig = still(
        fault("down", "network", 5, 9), fault("down", "broker", 6, 9),
        fault("unset", "clock", 5, 9), fault("jump", "clock", 5, 9, -7200),
    ).run(7)  # fmt: skip
    world = rig.world
    assert (world.network_up, world.broker_up, world.clock_known, world.clock_offset_s) == (0, 0, 0, -7200)
    rig.run(3)
    assert (world.network_up, world.broker_up, world.clock_known, world.clock_offset_s) == (1, 1, 1, 0)


def test_a_board_without_power_lets_its_relays_fall():
    rig = command(still(fault("power_cut", "board", 10, 20), fault("welded", "p2")), "p1").run(15)
    assert (rig.world.board_on, rig.inputs.p1_running, rig.inputs.p2_running) == (0, 0, 1)
    assert rig.run(10).inputs.p1_running == 1


def test_every_target_is_known():
    assert set(TARGETS) == {"level", "turbidity", "float_high", "float_low", "energy", *ACTUATORS, *FEEDBACK} | {
        "mains", "network", "broker", "clock", "board",
    }  # fmt: skip
