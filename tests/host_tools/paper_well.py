"""A lift well on paper, second by second: what its settings allow. Without code of the product."""

_HOURS = 2
_LAG_S = 5


def worst_of(values: dict, pumps: int, inflow: float = 0.5) -> tuple[float, float]:
    """(highest, lowest) level in mm over some hours with so many pumps that work, taking turns.

    `inflow` is a share of one pump's flow. Above the high mark no run is too long, no rest but the shortest is kept.
    """
    speed = values["lift.pump_flow_m3_h"] / 10 / 3.6 / (values["lift.well_area_m2"] / 100)
    allowed = values["lift.max_starts_per_h"]
    well = float(values["lift.stop_level_mm"])
    high = low = well
    starts: list[list[int]] = [[] for _ in range(pumps)]
    free_s = [0] * pumps  # when each has had its shortest rest ...
    rested_s = [0] * pumps  # ... and that after its longest run
    running, since_s, duty, stop_at_s = -1, 0, 0, -1
    for now_s in range(_HOURS * 3600):
        well += speed * inflow - (speed if running >= 0 else 0)
        high, low = max(high, well), min(low, well)
        if running >= 0:
            run_s = now_s - since_s
            if well > values["lift.stop_level_mm"]:
                stop_at_s = -1
            elif stop_at_s < 0:
                stop_at_s = now_s + _LAG_S
            if run_s >= values["lift.max_run_s"] and well < values["lift.high_level_mm"]:
                rested_s[running] = now_s + values["lift.rest_s"]
                free_s[running], running = now_s + values["lift.min_off_s"], -1
            elif 0 <= stop_at_s <= now_s and run_s >= values["lift.min_run_s"]:
                free_s[running], running = now_s + values["lift.min_off_s"], -1
        if running < 0 and well >= values["lift.start_level_mm"]:
            is_high = well >= values["lift.high_level_mm"]
            for turn in range(pumps):
                pump = (duty + turn) % pumps
                recent = [s for s in starts[pump] if now_s - s < 3600]
                left = len(recent) < (allowed if is_high else max(1, allowed - 2))
                if left and now_s >= free_s[pump] and (is_high or now_s >= rested_s[pump]):
                    starts[pump] = [*recent, now_s]
                    running, since_s, duty, stop_at_s = pump, now_s, pump + 1, -1
                    break
    return high, low
