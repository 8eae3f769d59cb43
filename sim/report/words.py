"""Words of the report, Chinese and English; those of points, alarms and faults come from their catalogues."""

from functools import cache
from pathlib import Path
from typing import Any

from unit.catalogue import tables

from ..scenario.faults import BY_KIND

Words = tuple[str, str]  # zh, en

TARGETS: dict[str, Words] = {
    "level": ("液位计", "level sensor"),
    "turbidity": ("浊度计", "turbidity probe"),
    "float_high": ("高位浮球", "high float"),
    "float_low": ("低位浮球", "low float"),
    "energy": ("电表", "energy meter"),
    "p1_running": ("1号泵运行反馈", "feedback of pump 1"),
    "p2_running": ("2号泵运行反馈", "feedback of pump 2"),
    "blower_running": ("风机运行反馈", "feedback of the blower"),
    "return_running": ("回流泵运行反馈", "feedback of the return"),
    "p1": ("1号泵", "pump 1"),
    "p2": ("2号泵", "pump 2"),
    "blower": ("风机", "blower"),
    "return": ("回流泵", "return"),
    "mains": ("市电", "mains"),
    "network": ("网络", "network"),
    "broker": ("服务器", "broker"),
    "clock": ("时钟", "clock"),
    "board": ("控制板", "board"),
}

EVENTS: dict[str, Words] = {
    "overflow_begin": ("开始溢流", "sewage begins to spill"),
    "overflow_end": ("溢流停止", "the spill ends"),
    "dry_run_begin": ("开始干转", "begins to run dry"),
    "dry_run_end": ("干转结束", "no longer runs dry"),
    "alarm_raised": ("报警", "alarm"),
    "alarm_cleared": ("报警消除", "alarm gone"),
    "starts": ("控制板启动", "the board starts"),
    "loses_power": ("控制板断电", "the board loses its power"),
    "visit": ("维护人员到场，确认报警", "the crew comes and acknowledges the alarms"),
}

QUANTITIES: dict[str, Words] = {
    "inflow_m3": ("进水量", "inflow"),
    "lifted_m3": ("提升水量", "lifted"),
    "discharged_m3": ("排放水量", "discharged"),
    "overflow_m3": ("溢流水量", "overflow"),
    "energy_kwh": ("用电", "energy"),
    "energy_kwh_per_m3": ("吨水电耗", "energy per m3"),
    "energy_recorded_kwh": ("记录的用电", "energy as recorded"),
    "energy_nominal_readings": ("按额定功率计电的记录数", "readings by nominal power"),
    "starts": ("启动次数", "starts"),
    "run_s": ("运行时间", "run time"),
    "max_starts_per_h": ("每小时最多启动", "most starts in an hour"),
    "min_run_s": ("最短运行", "shortest run"),
    "min_off_s": ("最短停机", "shortest rest"),
    "dry_run_s": ("干转时间", "dry running"),
    "effluent.turbidity_ntu_mean": ("出水浊度均值", "mean effluent turbidity"),
    "effluent.turbidity_ntu_p95": ("出水浊度95%值", "effluent turbidity, 95 %"),
    "readings.recorded": ("记录数", "readings recorded"),
    "readings.delivered": ("送达数", "readings delivered"),
    "readings.lost": ("丢失数", "readings lost"),
    "readings.duplicated": ("重复数", "readings sent twice"),
    "level_max_mm": ("最高液位", "highest level"),
    "alarms_total": ("报警总数", "alarms in all"),
    "worst.alarms_in_a_day": ("一天最多报警", "most alarms in a day"),
    "worst.dry_s_in_30_min": ("半小时内最长干转", "longest dry running in half an hour"),
    "worst.starts_at_once": ("来电后同一秒启动的设备数", "machines started in the same second after mains return"),
    "mass_error_m3": ("水量平衡误差", "water balance error"),
    "stored_m3": ("池内水量变化", "stored"),
}


# Of a machine whose running feedback is not wired: what the unit knows of it.
NO_FEEDBACK = ("已发令，无反馈", "commanded, no feedback")


def energy_source(summary: dict[str, Any]) -> Words:
    """By what the unit counted its energy, and in how many readings nominal power had to stand in for its meter."""
    nominal = summary["energy_nominal_readings"]
    if summary["energy_source"] == "nominal":
        return "按额定功率", "by nominal power"
    return f"电表计量，{nominal:,} 条按额定功率", f"metered, {nominal:,} readings by nominal power"


def columns(table: str) -> list[str]:
    """Names of the columns of a catalogue; the firmware needs none of them."""
    text = Path(tables.__file__).with_name(table + ".txt").read_text(encoding="utf-8")
    head = next(line for line in text.splitlines() if line.strip() and not line.startswith("#"))
    return [name.strip() for name in head.split("|")]


@cache
def _alarms() -> dict[str, list[str]]:
    names = columns("alarms")
    zh, en = names.index("zh"), names.index("en")
    return {row[0]: [row[1], row[zh], row[en]] for row in tables.rows("alarms")}


def alarm(code: str) -> Words:
    """Words of an alarm; its code where the catalogue has none."""
    entry = _alarms().get(code)
    return (entry[1], entry[2]) if entry else (code, code)


def severity(code: str) -> str:
    """critical, warning or info."""
    entry = _alarms().get(code)
    return entry[0] if entry and entry[0] in ("critical", "warning") else "info"


def fault(kind: str, target: str) -> Words:
    """Words such as ("1号泵堵塞", "pump 1 clogged")."""
    zh, en = TARGETS.get(target, (target, target))
    known = BY_KIND.get(kind)
    return (f"{zh}{known.zh}", f"{en} {known.en}") if known else (f"{zh} {kind}", f"{en} {kind}")


def quantity(path: str) -> Words:
    """Words of a number of the summary; the path itself where there are none."""
    if path.startswith("actuators."):
        _, name, key = path.split(".")
        (zh, en), (key_zh, key_en) = TARGETS[name], QUANTITIES.get(key, (key, key))
        return f"{zh}{key_zh}", f"{en}: {key_en}"
    if path.startswith("alarm_counts."):
        zh, en = alarm(path.split(".", 1)[1])
        return f"报警次数：{zh}", f"alarms: {en}"
    return QUANTITIES.get(path, (path, path))


def event(source: str, name: str, detail: str) -> Words:
    """An event of events.csv in words, its detail included."""
    if name in ("alarm_raised", "alarm_cleared"):
        return _joined(EVENTS[name], alarm(detail))
    if source == "fault":
        target, _, rest = detail.partition(" ")
        kind, _, amount = rest.partition(" ")
        zh, en = _joined(("故障", "fault") if name == "begin" else ("排除", "mended"), fault(kind, target))
        return (f"{zh}（{amount}）", f"{en} ({amount})") if amount else (zh, en)
    zh, en = EVENTS.get(name, (name, name))
    if source in TARGETS and source != "board":
        zh, en = TARGETS[source][0] + zh, f"{TARGETS[source][1]} {en}"
    return f"{zh} {detail}".strip(), f"{en} {detail}".strip()


def _joined(head: Words, tail: Words) -> Words:
    return f"{head[0]}：{tail[0]}", f"{head[1]}: {tail[1]}"
