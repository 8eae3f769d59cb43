"""The report: whole, without anything from outside, in both languages, and telling what happened."""

import math
import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from host_tools.unitkit import unitfile
from sim.report import words
from sim.report.charts import Chart, TimeAxis, nice_top
from sim.report.record import MAX_ALIKE, MAX_NOTABLE, Record
from sim.report.series import MAX_BINS, Series
from sim.report.summary import AlarmList
from sim.runner import Options, run
from sim.scenario.quantities import known
from sim.scenario.scenario import load
from tests.sim.test_runner import SMALL, UNIT

VOID = {"meta", "br"}


class Balance(HTMLParser):
    """Every tag that is opened is closed, in order."""

    def __init__(self):
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("report")
    (folder / "s.toml").write_text(SMALL.replace('name = "small"', 'name = "<small> & co"'), encoding="utf-8")
    run(load(folder / "s.toml"), unitfile.load(UNIT), folder / "out", Options())
    return (folder / "out/report.html").read_text(encoding="utf-8")


def test_well_formed_and_complete(page):
    parser = Balance()
    parser.feed(page)
    assert parser.open == []
    text = " ".join(parser.text)
    for part in (
        "桥头村污水处理站", "Qiaotou village", "<small> & co", "集水井液位与水泵", "lift well level", "出水浊度",
        "effluent turbidity", "进水、降雨与溢流", "energy per day", "expectations", "events", "overflow_m3",
        "Blower does not run", "风机不运转", "network down", "blower dead", "the board loses its power",
    ):  # fmt: skip
        assert part in text, part


def test_nothing_from_outside(page):
    assert not re.search(r"https?:|src=|<link|<script|@import|url\(", page)


def test_no_number_is_missing(page):
    assert "nan" not in re.sub(r"[a-z]nan|nan[a-z]", "", page.lower())
    assert "inf " not in page


def test_every_quantity_and_event_has_words_in_both_languages():
    for path in known():
        zh, en = words.quantity(path)
        assert zh and en
    for path in known():
        if path.startswith(("actuators.", "alarm_counts.", "readings.", "effluent.turbidity")):
            zh, en = words.quantity(path)
            assert zh != path and en != path and re.search("[\u4e00-\u9fff]", zh)


def test_alarms_that_a_start_remembers_go_on_and_others_ended_with_the_power():
    alarms = AlarmList()
    alarms.raised("spill", 10)
    alarms.raised("high_float", 20)
    alarms.left({"spill"}, 30)
    assert [alarm["cleared_s"] for alarm in alarms.entries] == [None, 30]
    assert not alarms.raised("spill", 40) and alarms.raised("high_float", 50)


def test_a_machine_without_feedback_is_only_commanded(page):
    assert page.count("commanded, no feedback") == 1  # the return pump of the example


def test_a_repeated_alarm_does_not_hide_the_others():
    record = Record(scenario=None, settings={}, series=Series(60))  # type: ignore[arg-type]
    for i in range(50):
        record.note((i, "control", "alarm_raised", "high_float"))
    record.note((99, "control", "alarm_raised", "spill"))
    assert len(record.notable) == MAX_ALIKE + 1
    assert record.notable_left_out == 50 - MAX_ALIKE
    for i in range(1000):
        record.note((i, "fault", "begin", str(i)))
    assert len(record.notable) == MAX_NOTABLE


@pytest.mark.parametrize("days", [0.01, 1, 7, 365, 3660])
def test_bins_are_bounded(days):
    seconds = round(days * 86_400)
    assert -(-seconds // Series(seconds).bin_s) <= MAX_BINS


@pytest.mark.parametrize("value, top", [(0, 1), (0.7, 0.8), (1, 1), (31, 40), (950, 1000), (1201, 1500), (math.nan, 1)])
def test_axis_ends_at_a_round_number(value, top):
    assert nice_top(value) == pytest.approx(top)


@pytest.mark.parametrize("days, n", [(0.1, (2, 15)), (1, (8, 15)), (7, (7, 15)), (30, (7, 16)), (365, (12, 13))])
def test_time_axis_has_room_for_its_labels(days, n):
    axis = TimeAxis(datetime(2026, 6, 15, tzinfo=UTC), round(days * 86_400))
    assert n[0] <= len(axis.ticks()) <= n[1]


def test_holes_stay_holes():
    chart = Chart(TimeAxis(datetime(2026, 6, 15, tzinfo=UTC), 40), 100, 0, 10)
    chart.line(10, [1.0, math.nan, 2.0, 3.0], "x")
    assert chart.html().count('class="line x"') == 2


def test_values_beyond_the_axis_stay_inside():
    chart = Chart(TimeAxis(datetime(2026, 6, 15, tzinfo=UTC), 40), 100, 0, 10)
    assert (chart.y(-5), chart.y(0), chart.y(10), chart.y(99)) == (100, 100, 0, 0)


def test_page_of_nothing_at_all(tmp_path):
    """A run of one second has no run, no reading and no effluent to speak of."""
    (tmp_path / "s.toml").write_text(SMALL.replace("days = 1", "days = 0.0000116"), encoding="utf-8")
    done = run(load(tmp_path / "s.toml"), unitfile.load(UNIT), tmp_path / "out", Options())
    assert done["simulated_s"] == 1 and done["effluent"]["turbidity_ntu_mean"] is None
    Balance().feed((tmp_path / "out/report.html").read_text(encoding="utf-8"))
