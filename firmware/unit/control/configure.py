"""What each setting means to control: the one place where settings become attributes.

A module of its own, for on a board its code and 74 keys are in memory only while settings change.
"""

from .basics import const
from .io import BLOWER, P1, P2, RETURN
from .process.aeration import DAY, HOLIDAY, LOW_LOAD, NIGHT

_LEVEL_FLAT_MM = const(2)
_TURBIDITY_FLAT = const(1)  # 0.1 NTU


def configure(control, s: dict[str, int]) -> None:
    """Give a Controller its settings. KeyError for one that is missing."""
    control.well.level.configure(
        1 if s["level.signal"] == 0 else 0,
        s["level.low_mm"],
        s["level.high_mm"],
        s["level.max_rate_mm_s"],
        s["level.stale_s"],
        s["level.flat_s"],
        _LEVEL_FLAT_MM,
    )
    control.turbidity.configure(
        1 if s["turbidity.signal"] == 0 else 0,
        s["turbidity.low_ntu"],
        s["turbidity.high_ntu"],
        s["turbidity.max_rate_ntu_s"],
        s["turbidity.stale_s"],
        s["turbidity.flat_s"],
        _TURBIDITY_FLAT,
    )
    control.well.configure(
        s["lift.dry_level_mm"],
        s["float_high.level_mm"],
        s["float_low.level_mm"],
        s["float_high.fitted"],
        s["float_low.fitted"],
    )
    control.inflow.configure(
        s["lift.well_area_m2"], s["lift.pump_flow_m3_h"] * 100 // 60, s["lift.clog_pct"]
    )
    _protect(control, P1, s, "lift")
    _protect(control, P2, s, "lift")
    _protect(control, BLOWER, s, "aeration")
    _protect(control, RETURN, s, "return")
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
    control.mains_sensed = s["mains.sensed"]
    # Every unit of a village waits its own while, so that they do not start at once.
    control.restart_wait_s = s["mains.restart_delay_s"] + s["unit.hash"] % (s["mains.restart_spread_s"] + 1)
    control.max_lease_s = s["command.max_lease_s"]


def _recipe(process, s: dict[str, int]) -> None:
    process.lift.configure(
        s["lift.stop_level_mm"],
        s["lift.start_level_mm"],
        s["lift.assist_level_mm"],
        s["lift.alternate"],
        s["lift.run_on_every_starts"],
        s["lift.run_on_s"],
    )
    process.lift.configure_backup(
        s["lift.backup_run_s"],
        s["lift.backup_pumps"],
        s["lift.exercise_after_h"] * 3600,
        s["lift.exercise_s"],
    )
    process.aeration.configure(
        s["aeration.day_from_tod"],
        s["aeration.day_to_tod"],
        s["aeration.low_load_m3_d"],
        s["aeration.holiday_m3_d"],
        s["aeration.catch_up_min"],
    )
    process.aeration.configure_cycle(DAY, s["aeration.day_on_min"], s["aeration.day_off_min"])
    process.aeration.configure_cycle(NIGHT, s["aeration.night_on_min"], s["aeration.night_off_min"])
    process.aeration.configure_cycle(LOW_LOAD, s["aeration.low_on_min"], s["aeration.low_off_min"])
    process.aeration.configure_cycle(HOLIDAY, s["aeration.holiday_on_min"], s["aeration.holiday_off_min"])
    process.sludge_return.configure(
        s["return.mode"],
        s["return.ratio_pct"],
        s["return.flow_m3_h"],
        s["return.on_min"],
        s["return.off_min"],
    )


def _protect(control, output: int, s: dict[str, int], section: str) -> None:
    guard = control.outputs[output].guard
    guard.min_run_s = s[section + ".min_run_s"]
    guard.min_off_s = s[section + ".min_off_s"]
    guard.max_run_s = s[section + ".max_run_s"]
    guard.rest_s = s[section + ".rest_s"]
    guard.max_starts_per_h = s[section + ".max_starts_per_h"]
