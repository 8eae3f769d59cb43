"""What each setting means to control: the one place where settings become attributes.

A module of its own, for on a board its code and 74 keys are in memory only while settings change.
"""

from .basics import const
from .io import BLOWER, P1, P2, RETURN
from .process.aeration import DAY, HOLIDAY, LOW_LOAD, NIGHT

_LEVEL_FLAT_MM = const(2)
_TURBIDITY_FLAT = const(1)  # 0.1 NTU
_EDGE_MM = const(20)  # nearer to where the sensor or the well ends a rise is no longer seen whole


def configure(control, s: dict[str, int]) -> None:
    """Give a Controller its settings. KeyError for one that is missing."""
    well = control.well
    level = well.level
    level.current = 1 if s["level.signal"] == 0 else 0
    level.low = s["level.low_mm"]
    level.high = s["level.high_mm"]
    level.max_rate = s["level.max_rate_mm_s"]
    level.stale_s = s["level.stale_s"]
    level.flat_s = s["level.flat_s"]
    level.flat_band = _LEVEL_FLAT_MM
    turbidity = control.turbidity
    turbidity.current = 1 if s["turbidity.signal"] == 0 else 0
    turbidity.low = s["turbidity.low_ntu"]
    turbidity.high = s["turbidity.high_ntu"]
    turbidity.max_rate = s["turbidity.max_rate_ntu_s"]
    turbidity.stale_s = s["turbidity.stale_s"]
    turbidity.flat_s = s["turbidity.flat_s"]
    turbidity.flat_band = _TURBIDITY_FLAT
    well.dry_level_mm = s["lift.dry_level_mm"]
    well.high_mark_mm = s["float_high.level_mm"]
    well.low_mark_mm = s["float_low.level_mm"]
    well.high_fitted = s["float_high.fitted"]
    well.low_fitted = s["float_low.fitted"]
    well.spill_level_mm = s["lift.spill_level_mm"]
    well.budget_s = s["lift.dry_budget_s"]
    control.inflow.area_m2_100 = s["lift.well_area_m2"]
    control.inflow.most_mm = min(s["lift.spill_level_mm"], s["level.high_mm"]) - _EDGE_MM
    for pump in control.inflow.pumps:
        pump.clog_pct = s["lift.clog_pct"]
        if pump.usual_l_min == 0:
            pump.usual_l_min = s["lift.pump_flow_m3_h"] * 100 // 60
    _protect(control.outputs[P1], s, "lift")
    _protect(control.outputs[P2], s, "lift")
    _protect(control.outputs[BLOWER], s, "aeration")
    _protect(control.outputs[RETURN], s, "return")
    control.outputs[P1].power_w = s["lift.pump_power_w"]
    control.outputs[P2].power_w = s["lift.pump_power_w"]
    control.outputs[BLOWER].power_w = s["aeration.blower_power_w"]
    control.outputs[RETURN].power_w = s["return.power_w"]
    if s["wired.energy"]:
        if not control.meter.wired:
            from .power import Meter

            control.meter = Meter()
        # A clogged pump draws more than its rated power, and a cabinet has a heater and a lamp.
        limit_w = 1000 + 2 * sum([output.power_w for output in control.outputs])
        control.meter.configure(limit_w, s["energy.pulses_per_kwh"])
    _recipe(control.process, s)
    watch = control.supervision
    watch.high_level_mm = s["lift.high_level_mm"]
    watch.spill_level_mm = s["lift.spill_level_mm"]
    watch.turbidity_limit = s["turbidity.limit_ntu"]
    watch.turbidity_wired = s["wired.turbidity"]
    watch.pump_service_s = s["service.pump_h"] * 3600
    watch.blower_service_s = s["service.blower_h"] * 3600
    watch.look_anew()
    control.alarms.resound_s = s["alarms.resound_h"] * 3600
    control.alarms.again_s = s["alarms.again_h"] * 3600
    control.mains_sensed = s["mains.sensed"]
    control.steady_s = s["mains.steady_s"]
    for output in control.outputs:
        output.guard.count_feedback = 0 if control.mains_sensed else 1
    # Every unit of a village waits its own while, so that they do not start at once.
    control.restart_wait_s = s["mains.restart_delay_s"] + s["unit.hash"] % (s["mains.restart_spread_s"] + 1)
    control.max_lease_s = s["command.max_lease_s"]


def _recipe(process, s: dict[str, int]) -> None:
    lift = process.lift
    lift.stop_level_mm = s["lift.stop_level_mm"]
    lift.start_level_mm = s["lift.start_level_mm"]
    lift.assist_level_mm = s["lift.assist_level_mm"]
    lift.alternate = s["lift.alternate"]
    lift.run_on_every = s["lift.run_on_every_starts"]
    lift.run_on_s = s["lift.run_on_s"]
    emergency = lift.emergency
    emergency.run_s = s["lift.backup_run_s"]
    emergency.n_pumps = s["lift.backup_pumps"]
    emergency.high_level_mm = s["lift.high_level_mm"]
    emergency.stop_level_mm = lift.stop_level_mm
    lift.exercise_after_s = s["lift.exercise_after_h"] * 3600
    lift.exercise_s = s["lift.exercise_s"]
    lift.check.effect_s = s["lift.effect_s"]
    lift.check.start_level_mm = lift.start_level_mm
    lift.check.floor_most_mm = (lift.stop_level_mm + lift.start_level_mm) // 2
    lift.check.expect(s["lift.well_area_m2"])
    emergency.expect(lift.check.effect.rate_ks)
    lift.retry_s = s["lift.retry_min"] * 60
    air = process.aeration
    air.day_from_s = s["aeration.day_from_tod"] * 60
    air.day_to_s = s["aeration.day_to_tod"] * 60
    air.low_load_l = s["aeration.low_load_m3_d"] * 100
    air.holiday_l = s["aeration.holiday_m3_d"] * 100
    air.most_debt_s = s["aeration.catch_up_min"] * 60
    for mode, name in ((DAY, "day"), (NIGHT, "night"), (LOW_LOAD, "low"), (HOLIDAY, "holiday")):
        air.on_s[mode] = s["aeration." + name + "_on_min"] * 60
        air.off_s[mode] = s["aeration." + name + "_off_min"] * 60
    sludge = process.sludge_return
    sludge.mode = s["return.mode"]
    sludge.ratio_pct = s["return.ratio_pct"]
    sludge.flow_ml_s = max(1, s["return.flow_m3_h"] * 1000 // 36)
    sludge.on_s = s["return.on_min"] * 60
    sludge.off_s = s["return.off_min"] * 60


def _protect(output, s: dict[str, int], section: str) -> None:
    guard = output.guard
    guard.min_run_s = s[section + ".min_run_s"]
    guard.min_off_s = s[section + ".min_off_s"]
    guard.max_run_s = s[section + ".max_run_s"]
    guard.rest_s = s[section + ".rest_s"]
    guard.max_starts_per_h = s[section + ".max_starts_per_h"]
    guard.limit_starts(guard.max_starts_per_h)
    guard.feedback_s = s["protection.feedback_s"]
    guard.lock_out_s = s["protection.lock_out_min"] * 60
    guard.tries = s["protection.tries"]
    if section == "lift":
        guard.tells_longest = 1
        guard.reserve = min(2, guard.max_starts_per_h // 2)
