"""The report of a run: one HTML page without anything from outside, for a crew chief to read or print."""

import math
from array import array
from datetime import timedelta
from html import escape
from importlib.resources import files

from unit.control.io import OUTPUT_NAMES

from ..scenario.quantities import ACTUATOR
from ..scenario.scenario import FOREVER
from . import words
from .charts import Chart, TimeAxis, nice_top
from .record import Record
from .words import Words

_PAGE = """<!doctype html>
<html lang="zh"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>{css}</style></head><body><main>
{body}
</main></body></html>
"""
_GAP = '<div class="apart"></div>'


def page(record: Record) -> str:
    """The whole page."""
    parts = (_head, _keys, _expectations, _level, _happenings, _effluent, _inflow, _energy, _actuators, _events)
    body = "\n".join(part(record) for part in parts)
    css = files(__package__).joinpath("report.css").read_text(encoding="utf-8")
    title = f"{record.scenario.name} · {record.summary['unit']} · 清溪 Qingxi"
    return _PAGE.format(title=escape(title), css=css, body=body)


def _axis(record: Record) -> TimeAxis:
    return TimeAxis(record.scenario.start, max(1, record.summary["simulated_s"]))


def _both(pair: Words) -> str:
    return f"{escape(pair[0])} <small>{escape(pair[1])}</small>"


def _section(zh: str, en: str, *parts: str, css: str = "") -> str:
    """A part of the page under its title."""
    start = f'<section class="{css}">' if css else "<section>"
    return f"{start}<h2>{zh}<small>{en}</small></h2>{''.join(parts)}</section>"


def _legend(*entries: tuple[str, str, str]) -> str:
    items = "".join(f'<span class="c-{css}"><i></i><b>{zh} {en}</b></span>' for css, zh, en in entries)
    return f'<p class="legend">{items}</p>'


def _head(record: Record) -> str:
    summary, scenario = record.summary, record.scenario
    results = [expectation["ok"] for expectation in summary["expectations"]]
    failed = results.count(False)
    if summary["interrupted"]:
        verdict = '<div class="verdict none">中途停止 interrupted</div>'
    elif failed:
        verdict = f'<div class="verdict bad">✗ {failed} 项不符合预期 not as expected</div>'
    elif results:
        verdict = f'<div class="verdict">✓ {len(results)} 项全部符合预期 all as expected</div>'
    else:
        verdict = '<div class="verdict none">无预期项 nothing was expected</div>'
    end = scenario.start + timedelta(seconds=summary["simulated_s"])
    name_zh, name_en = (str(record.settings.get(f"unit.name_{lang}", "")) for lang in ("zh", "en"))
    return (
        f"<header><div><h1>{escape(name_zh or summary['unit'])} <small>{escape(name_en)}</small></h1>"
        f'<p class="soft">{escape(scenario.name)} · {scenario.start:%Y-%m-%d %H:%M} – {end:%Y-%m-%d %H:%M} · '
        f"{summary['simulated_s'] / 86_400:.4g} 天 days</p></div>{verdict}</header>"
    )


def _keys(record: Record) -> str:
    summary = record.summary
    days = max(summary["simulated_s"] / 86_400, 1e-9)
    effluent, readings = summary["effluent"], summary["readings"]
    starts = " / ".join(str(actuator["starts"]) for actuator in summary["actuators"].values())
    tiles = (
        ("进水", "inflow", f"{summary['inflow_m3']:,.1f}", f"m³ · {summary['inflow_m3'] / days:.1f} m³/d", False),
        ("溢流", "overflow", f"{summary['overflow_m3']:,.2f}", "m³", summary["overflow_m3"] > 0),
        (
            "用电", "energy",
            f"{summary['energy_kwh']:,.1f}", f"kWh · {_number(summary['energy_kwh_per_m3'], 2)} kWh/m³", False,
        ),
        (
            "机组记录的用电", "energy as recorded",
            f"{summary['energy_recorded_kwh']:,.1f}", f"kWh · {' '.join(words.energy_source(summary))}", False,
        ),
        (
            "出水浊度 均值/95%", "effluent turbidity, mean and 95 %",
            f"{_number(effluent['turbidity_ntu_mean'], 1)} / {_number(effluent['turbidity_ntu_p95'], 1)}", "NTU", False,
        ),
        ("启动次数", "starts of pump 1, pump 2, blower, return", starts, "", False),
        ("最高液位", "highest level", f"{summary['level_max_mm']:,.0f}", "mm", False),
        ("报警", "alarms", str(summary["alarms_total"]), "", summary["alarms_total"] > 0),
        (
            "读数 记录/丢失", "readings recorded, lost",
            f"{readings['recorded']:,} / {readings['lost']:,}", "", readings["lost"] > 0,
        ),
    )  # fmt: skip
    items = "".join(
        f'<div class="{"bad" if bad else ""}"><dt>{zh}<small>{en}</small></dt>'
        f"<dd>{value} <small>{unit}</small></dd></div>"
        for zh, en, value, unit, bad in tiles
    )
    return f'<section><dl class="keys">{items}</dl></section>'


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


def _top(values, least: float) -> float:
    return nice_top(max([least, *(v for v in values if not math.isnan(v))]))


def _level(record: Record) -> str:
    s, settings = record.series, record.settings
    marks = (
        ("stop", "停 stop", "lift.stop_level_mm"),
        ("start", "启 start", "lift.start_level_mm"),
        ("high", "高 high", "lift.high_level_mm"),
        ("spill", "溢流口 spill", "lift.spill_level_mm"),
    )
    highest = max([*s["level_hi_mm"], 0.0])
    levels = [settings[key] for _, _, key in marks]
    shown = 4 if highest > levels[3] * 0.75 else 3
    chart = Chart(_axis(record), 230, 0, nice_top(max(highest, levels[shown - 1]) * 1.04))
    chart.scale(4)
    chart.envelope(s.bin_s, s["level_lo_mm"], s["level_hi_mm"], "level")
    chart.line(s.bin_s, _departures(s["seen_lo_mm"], s["level_lo_mm"], s["level_hi_mm"], 50), "seen")
    for css, name, key in marks[:shown]:
        chart.mark(settings[key], f"{name} {settings[key]}", css)
    legend = _legend(
        ("level", "水位（最低–最高）", "water, lowest to highest"),
        ("seen", "系统读数（与水位不符时）", "what the unit read, where it differs"),
        ("pump", "水泵运行", "pump runs"),
    )
    rows = (_share_row(record, name, 22, times=name == OUTPUT_NAMES[-1]) for name in OUTPUT_NAMES)
    return _section("集水井液位与水泵", "lift well level (mm) and pumps", legend, chart.html(), *rows)


def _departures(seen: array, lows: array, highs: array, tolerance: float) -> list[float]:
    """What was read where it lies off the true band, NaN elsewhere: a healthy sensor needs no second line."""
    return [
        v if v < low - tolerance or v > high + tolerance else math.nan
        for v, low, high in zip(seen, lows, highs, strict=True)
    ]


def _share_row(record: Record, name: str, height_px: int, times: bool = False) -> str:
    """A lane whose bars are as high as the share of the time that the machine ran."""
    row = Chart(_axis(record), height_px, 0, 1)
    row.area(record.series.bin_s, [round(share, 2) for share in record.series[name]], name)
    zh, en = words.TARGETS[name]
    return row.html(f"{zh} <small>{en}</small>", times, "plot lane")


def _happenings(record: Record) -> str:
    """Faults and alarms as bands, one lane for each kind."""
    axis, end_s = _axis(record), record.summary["simulated_s"]
    lanes: dict[tuple[str, Words], list[tuple[int, int]]] = {}
    for fault in record.scenario.faults:
        if fault.at_s < end_s:
            until = end_s if fault.until_s == FOREVER else min(fault.until_s, end_s)
            css = "off" if fault.target in ("mains", "network", "broker", "board", "clock") else "fault"
            lanes.setdefault((css, words.fault(fault.kind, fault.target)), []).append((fault.at_s, until))
    for alarm in record.summary["alarms"]:
        cleared = end_s if alarm["cleared_s"] is None else alarm["cleared_s"]
        code = alarm["code"]
        lanes.setdefault((words.severity(code), words.alarm(code)), []).append((alarm["raised_s"], cleared))
    if not lanes:
        return _section("故障与报警", "faults and alarms", "<p>无 none</p>")
    order = ("off", "fault", "critical", "warning", "info")
    html = ""
    for i, ((css, name), spans) in enumerate(sorted(lanes.items(), key=lambda lane: order.index(lane[0][0]))):
        row = Chart(axis, 12, 0, 1)
        for t0, t1 in spans:
            row.span(t0, t1, css, f"{name[0]} {name[1]}: {_moment(record, t0)} – {_moment(record, t1)}")
        html += f'<div class="lane-name">{_both(name)}</div>' + row.html(times=i == len(lanes) - 1, css="plot lane")
    legend = _legend(
        ("off", "停电、断网", "supply or line down"),
        ("fault", "设备故障", "fault of equipment"),
        ("critical", "紧急报警", "critical alarm"),
        ("warning", "报警", "warning"),
        ("info", "提示", "note"),
    )
    return _section("故障与报警", "faults and alarms", legend, html)


def _effluent(record: Record) -> str:
    s = record.series
    limit = record.settings["turbidity.limit_ntu"] / 10
    top = _top(s["turbidity_hi_ntu"], limit * 1.2)
    chart = Chart(_axis(record), 150, 0, top)
    chart.scale(4, 1 if top < 8 else 0)
    chart.envelope(s.bin_s, s["turbidity_lo_ntu"], s["turbidity_hi_ntu"], "turbidity")
    chart.line(s.bin_s, _departures(s["seen_ntu"], s["turbidity_lo_ntu"], s["turbidity_hi_ntu"], 2), "seen")
    chart.mark(limit, f"限 limit {limit:g}", "limit")
    oxygen = Chart(_axis(record), 90, 0, _top(s["oxygen_g_m3"], 4))
    oxygen.scale(2, 1)
    oxygen.line(s.bin_s, s["oxygen_g_m3"], "oxygen")
    legend = _legend(
        ("turbidity", "出水浊度", "effluent turbidity"),
        ("seen", "系统读数（与实际不符时）", "what the unit read, where it differs"),
        ("oxygen", "溶解氧", "oxygen"),
    )
    title = "出水浊度与溶解氧", "effluent turbidity (NTU) and oxygen in the aerated tank (g/m³)"
    return _section(*title, legend, chart.html(), _GAP, oxygen.html(times=True))


def _inflow(record: Record) -> str:
    s = record.series
    top = _top(s["inflow_m3_d"], 1)
    chart = Chart(_axis(record), 150, 0, top)
    chart.scale(4, 0 if top >= 8 else 1)
    chart.area(s.bin_s, [_three_digits(v) for v in s["inflow_m3_d"]], "inflow")
    chart.area(s.bin_s, [_three_digits(v) for v in s["overflow_m3_d"]], "overflow")
    rain = ""
    if any(s["rain_mm_h"]):
        sky = Chart(_axis(record), 56, 0, _top(s["rain_mm_h"], 4))
        sky.area(s.bin_s, s["rain_mm_h"], "rain", hanging=True)
        rain = sky.html(f"雨 <small>rain</small> {sky.high:g} mm/h")
    legend = _legend(("inflow", "进水", "inflow"), ("overflow", "溢流", "overflow"), ("rain", "降雨", "rain, mm/h"))
    return _section("进水、降雨与溢流", "inflow (m³/d), rain and overflow", legend, rain, _GAP, chart.html(times=True))


def _three_digits(value: float) -> float:
    return float(f"{value:.3g}")


def _energy(record: Record) -> str:
    top = _top([day.energy_kwh for day in record.days], 1)
    chart = Chart(_axis(record), 120, 0, top)
    chart.scale(2, 1 if top < 8 else 0)
    for day in record.days:
        tip = f"{day.date}: {day.energy_kwh:.1f} kWh, {day.inflow_m3:.1f} m³"
        chart.bar(day.from_s, day.to_s, day.energy_kwh, "energy", tip)
    return _section("每日用电", "energy per day (kWh)", chart.html(times=True))


def _expectations(record: Record) -> str:
    rows = ""
    for e in record.summary["expectations"]:
        mark = '<td class="ok">✓ 通过 passed</td>' if e["ok"] else '<td class="no">✗ 未通过 FAILED</td>'
        bounds = " … ".join("" if bound is None else f"{bound:g}" for bound in (e["min"], e["max"]))
        value = "–" if e["value"] is None else f"{e['value']:,.6g}"
        path = e["quantity"]
        rows += (
            f'<tr>{mark}<td>{_both(words.quantity(path))}<br><code class="soft">{escape(path)}</code></td>'
            f'<td class="n">{value}</td><td class="n">{bounds}</td></tr>'
        )
    if not rows:
        return ""
    head = "<tr><th></th><th>指标 <small>quantity</small></th><th class='n'>结果 <small>value</small></th>"
    head += "<th class='n'>最小 … 最大 <small>min … max</small></th></tr>"
    return _section("预期", "expectations", f"<table>{head}{rows}</table>")


def _actuators(record: Record) -> str:
    head = "".join(f"<th class='n'>{_both(words.QUANTITIES[key])}</th>" for key in ACTUATOR)
    rows = ""
    for name, values in record.summary["actuators"].items():
        cells = "".join(f'<td class="n">{_cell(key, values[key])}</td>' for key in ACTUATOR)
        blind = "" if record.settings.get(f"wiring.{name}_running") else f"<br>{_both(words.NO_FEEDBACK)}"
        rows += f"<tr><td>{_both(words.TARGETS[name])}{blind}</td>{cells}</tr>"
    table = f'<div class="wide"><table><tr><th></th>{head}</tr>{rows}</table></div>'
    return _section("设备运行", "machines, as measured at the plant", table)


def _cell(key: str, value: float | None) -> str:
    if value is None:
        return "–"
    if key == "run_s":
        return f"{value / 3600:,.1f} h"
    return f"{value:,} s" if key.endswith("_s") else f"{value:,}"


def _moment(record: Record, t_s: int) -> str:
    return f"{record.scenario.start + timedelta(seconds=t_s):%m-%d %H:%M:%S}"


def _events(record: Record) -> str:
    rows = ""
    for t_s, source, name, detail in record.notable:
        css = {"alarm_raised": "alarm", "alarm_cleared": "gone"}.get(name, source)
        zh, en = words.event(source, name, detail)
        when = _moment(record, t_s)
        rows += f'<tr class="{css}"><td class="t">{when}</td><td>{escape(zh)}</td><td>{escape(en)}</td></tr>'
    if not rows:
        rows = '<tr><td colspan="3">无 none</td></tr>'
    left = record.notable_left_out
    more = f'<p class="soft">另有 {left:,} 条见 events.csv。{left:,} more are in events.csv.</p>' if left else ""
    return _section("事件", "events", f"<table>{rows}</table>", more, css="long")
