"""A lift well on paper, second by second, at half a pump's flow: what its settings allow, without code of the product."""

_HOURS = 3
_LAG_S = 5


def worst_of(values: dict, pumps: int) -> tuple[float, float]:
    """(highest, lowest) level in mm over some hours with so many pumps that work, taking turns."""
    speed = values["lift.pump_flow_m3_h"] / 10 / 3.6 / (values["lift.well_area_m2"] / 100)
    allowed = values["lift.max_starts_per_h"]
    well = float(values["lift.stop_level_mm"])
    high = low = well
    starts: list[list[int]] = [[] for _ in range(pumps)]
    free_s = [0] * pumps  # when each may start again
    running, since_s, duty, stop_at_s = -1, 0, 0, -1
    for now_s in range(_HOURS * 3600):
        well += speed / 2 - (speed if running >= 0 else 0)
        high, low = max(high, well), min(low, well)
        if running >= 0:
            run_s = now_s - since_s
            if well > values["lift.stop_level_mm"]:
                stop_at_s = -1
            elif stop_at_s < 0:
                stop_at_s = now_s + _LAG_S
            if run_s >= values["lift.max_run_s"]:
                free_s[running], running = now_s + max(values["lift.rest_s"], values["lift.min_off_s"]), -1
            elif 0 <= stop_at_s <= now_s and run_s >= values["lift.min_run_s"]:
                free_s[running], running = now_s + values["lift.min_off_s"], -1
        if running < 0 and well >= values["lift.start_level_mm"]:
            kept = 2 if well < values["lift.high_level_mm"] else 0
            for turn in range(pumps):
                pump = (duty + turn) % pumps
                recent = [s for s in starts[pump] if now_s - s < 3600]
                if now_s >= free_s[pump] and len(recent) < max(1, allowed - kept):
                    starts[pump] = [*recent, now_s]
                    running, since_s, duty, stop_at_s = pump, now_s, pump + 1, -1
                    break
    return high, low
