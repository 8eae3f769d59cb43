"""One truth for time: the compiled run equals the plain one, byte for byte, on every story and on random ones.

In every test run the stories are brought forward and cut short; the campaign plays them whole. And one truth over
restarts: what the firmware's files write to flash on a virtual board, power cuts at bad moments between, the simulator
writes too.
"""

import hashlib
import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.catalogue import tables
from unit.control.basics import NONE
from unit.drivers.switch import Switch
from unit.journal.cursor import Cursor
from unit.journal.layout import END, READING
from unit.journal.ring import Journal

from host_tools.unitkit import partitions, unitfile
from host_tools.unitkit.nor import Nor
from sim import runner
from sim.board.memory import SharedMemory
from sim.board.plant import ScenarioPlant
from sim.board.shim import wire
from sim.board.virtual_board import VirtualBoard
from sim.report.results import Results
from sim.scenario.faults import KINDS, FaultKind
from sim.scenario.inflow_file import Row
from sim.scenario.scenario import FOREVER, Fault, Holiday, Inflow, Rain, Scenario, Visit, load
from sim.world.world import World
from tests.vm import ROOT

STORIES = sorted((ROOT / "sim/scenarios").rglob("*.toml"))
UNIT = unitfile.load(ROOT / "boards/esp32/units/qiaotou.toml")
HOUR_S = 3600
DAY_S = 86_400
SHORT_DAYS = 0.4
FIRST_S = HOUR_S  # the first thing happens so long after the start of a shortened story


def results(scenario: Scenario, unit: unitfile.Unit, folder: Path, plain: bool) -> dict[str, object]:
    """All that a run leaves which does not depend on how long it took."""
    summary = runner.run(scenario, unit, folder, runner.Options(plain=plain))
    summary.pop("wall_s")
    return {
        "summary": json.loads(json.dumps(summary)),
        "events.csv": hashlib.sha256((folder / "events.csv").read_bytes()).hexdigest(),
        "readings.csv": hashlib.sha256((folder / "readings.csv").read_bytes()).hexdigest(),
    }


def one_truth(scenario: Scenario, unit: unitfile.Unit, folder: Path) -> None:
    fast = results(scenario, unit, folder / "fast", plain=False)
    plain = results(scenario, unit, folder / "plain", plain=True)
    assert fast["summary"]["events_sha256"] == plain["summary"]["events_sha256"]
    assert fast == plain


def brought_forward(story: Scenario) -> Scenario:
    """The story without the quiet days before the first thing happens, and short."""
    happenings = (*story.faults, *story.rain, *story.holidays)
    early_s = max(0, min((h.at_s for h in happenings), default=0) - FIRST_S)

    def earlier(things: tuple) -> tuple:
        return tuple(replace(thing, at_s=max(0, thing.at_s - early_s)) for thing in things)

    faults = tuple(
        replace(f, at_s=f.at_s - early_s, until_s=f.until_s if f.until_s == FOREVER else f.until_s - early_s)
        for f in story.faults
    )
    return replace(
        story, days=SHORT_DAYS, faults=faults, rain=earlier(story.rain), holidays=earlier(story.holidays),
        visits=tuple(Visit(max(1, v.at_s - early_s)) for v in story.visits),
    )  # fmt: skip


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_a_shortened_story(path, tmp_path):
    one_truth(brought_forward(load(path)), UNIT, tmp_path)


@pytest.mark.campaign
@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_a_whole_story(path, tmp_path):
    one_truth(load(path), UNIT, tmp_path)


def test_the_comparison_sees_a_small_difference(tmp_path, monkeypatch):
    monkeypatch.setattr("sim.world.world.LEVEL_NOISE_MM", 2.05)  # of the plain run alone
    with pytest.raises(AssertionError):
        one_truth(brought_forward(load(STORIES[0])), UNIT, tmp_path)


# --- random stories


def faults(seconds: int) -> st.SearchStrategy[Fault]:
    """Any kind of fault on any of its targets, at any time."""

    def of(kind: FaultKind) -> st.SearchStrategy[Fault]:
        amount = st.floats(kind.low, kind.high) if kind.amount else st.just(0.0)
        at_s = st.integers(0, seconds - 1)
        span_s = st.one_of(st.integers(1, 120), st.integers(1, seconds), st.none())
        once = st.just((0, 0))
        again = st.tuples(st.integers(40, 3000), st.integers(1, 39))
        return st.builds(
            lambda at, span, target, much, times: Fault(
                at, FOREVER if span is None else at + span, kind.kind, target, much, *times
            ),
            at_s,
            span_s,
            st.sampled_from(kind.targets),
            amount,
            again if kind.pulsed else st.one_of(once, again) if kind.repeats else once,
        )

    return st.sampled_from(KINDS).flatmap(of)


def inflows() -> st.SearchStrategy[Inflow]:
    people = st.builds(
        Inflow,
        population=st.integers(0, 2000),
        litres_per_person_day=st.floats(20, 150),
        peak_factor=st.floats(1, 10),
        infiltration_m3_d=st.floats(0, 40),
        leaky_area_m2=st.floats(0, 3000),
    )
    flows = st.lists(st.tuples(st.floats(0, 400), st.floats(-1, 500)), min_size=1, max_size=8)
    measured = st.builds(
        lambda rows, every_s, scale: Inflow(
            rows=tuple(_row(i * every_s, flow, tss) for i, (flow, tss) in enumerate(rows)), scale=scale
        ),
        flows,
        st.integers(7, 3 * HOUR_S),
        st.floats(0.1, 2),
    )
    return st.one_of(people, measured)


def _row(time_s: int, flow_m3_d: float, tss_g_m3: float) -> Row:
    return (time_s, flow_m3_d, tss_g_m3 if tss_g_m3 >= 0 else -1.0)


def stories(seconds: int) -> st.SearchStrategy[Scenario]:
    at_s = st.integers(0, seconds - 1)
    span_s = st.integers(60, seconds)
    some = {"max_size": 3}
    return st.builds(
        Scenario,
        name=st.just("random"),
        seed=st.integers(0, 2**31 - 1),
        start=st.sampled_from(
            [datetime.fromisoformat(s) for s in ("2026-06-15T00:00:00+08:00", "2027-12-31T21:47:13+00:00")]
        ),
        days=st.just(seconds / DAY_S),
        inflow=inflows(),
        rain=st.lists(st.builds(Rain, at_s, span_s, st.floats(0, 60)), **some).map(tuple),
        holidays=st.lists(st.builds(Holiday, at_s, span_s, st.floats(0, 5)), **some).map(tuple),
        visits=st.lists(st.builds(Visit, st.integers(1, seconds)), **some).map(lambda v: tuple(sorted(v, key=_at_s))),
        faults=st.lists(faults(seconds), max_size=8).map(tuple),
    )


def _at_s(visit: Visit) -> int:
    return visit.at_s


UNITS = st.fixed_dictionaries(
    {},
    optional={
        "readings.interval_s": st.integers(1, 600),
        "level.signal": st.integers(0, 1),
        "turbidity.signal": st.integers(0, 1),
        "float_high.fitted": st.integers(0, 1),
        "float_low.fitted": st.integers(0, 1),
        "mains.sensed": st.integers(0, 1),
        "mains.restart_spread_s": st.integers(0, 255),
        "lift.alternate": st.integers(0, 2),
        "lift.well_area_m2": st.integers(50, 900),
        "lift.pump_flow_m3_h": st.integers(30, 400),
        "lift.max_run_s": st.integers(60, 7200),
        "lift.max_starts_per_h": st.integers(1, 60),
        "lift.run_on_every_starts": st.integers(0, 5),
        "lift.exercise_after_h": st.integers(1, 6),
        "lift.backup_pumps": st.integers(1, 2),
        "lift.clog_pct": st.integers(10, 95),
        "aeration.day_on_min": st.integers(0, 60),
        "aeration.day_off_min": st.integers(1, 60),
        "aeration.max_run_s": st.integers(60, 7200),
        "aeration.low_load_m3_d": st.integers(0, 600),
        "return.mode": st.integers(0, 1),
        "return.ratio_pct": st.integers(0, 2000),
        "return.on_min": st.integers(0, 60),
        "alarms.resound_h": st.integers(1, 3),
        "plant.static_head_m": st.integers(5, 300),
        "plant.float_low_breaks": st.integers(0, 3),
        "plant.float_high_starts": st.integers(0, 3),
        "plant.level_blind_mm": st.integers(0, 500),
        "level.mount_height_mm": st.integers(0, 2000),
    },
)  # values on the catalogue's scale


def a_random_story(story: Scenario, changed: dict[str, int], folder: Path) -> None:
    one_truth(story, replace(UNIT, settings=UNIT.settings | changed), folder)


@given(story=stories(4 * HOUR_S), changed=UNITS)
@settings(max_examples=20, deadline=None, derandomize=True, database=None)
def test_random_stories(tmp_path_factory, story, changed):
    a_random_story(story, changed, tmp_path_factory.mktemp("run"))


@pytest.mark.campaign
@given(story=stories(2 * DAY_S), changed=UNITS)
@settings(max_examples=60, deadline=None, database=None)
def test_long_random_stories(tmp_path_factory, story, changed):
    a_random_story(story, changed, tmp_path_factory.mktemp("run"))


# --- one truth over restarts


def cut(at_s: int, until_s: int) -> Fault:
    return Fault(at_s, until_s, "power_cut", "board", 0.0)


# The unit's first second is not the same in both, so it loses its power at once.
BAD_MOMENTS = Scenario(
    name="bad moments",
    seed=3,
    start=datetime.fromisoformat("2026-06-15T06:00:00+08:00"),
    days=23_000 / DAY_S,
    inflow=Inflow(population=420),
    faults=(
        cut(0, 10),
        Fault(0, 4000, "dead", "p1", 0.0),
        cut(714, 720),  # right after the start of a pump
        cut(767, 780),  # right after an alarm, whose lock-out no snapshot has yet
        Fault(790, FOREVER, "missing", "turbidity", 0.0),  # alarms bring a snapshot at 600 s
        cut(1380, 1390),  # right before it
        Fault(1400, 1985, "missing", "level", 0.0),  # a start knows what the one before has told: another alarm
        cut(1991, 2000),  # right after it
        Fault(1995, FOREVER, "unset", "clock", 0.0),  # when it starts again it does not know the time
        cut(2601, 2700),  # right after a snapshot without a time
        cut(21_000, 21_090),  # hours after the last snapshot
    ),
)
CONTACTS = ("float_high", "float_low", "mains", "p1_running", "p2_running", "blower_running", "return_running")
SAVED = [(2, 0), (3, 0), (4, 0), (5, 0), (5, 600), (6, 0), (6, 600), (7, 0)]  # start and second of the first snapshots


class SeenByBoard(World):
    """The world's signals as a board's inputs show them: loops over the converter, contacts once they have settled."""

    converter = SharedMemory()

    def _sense(self, t_s, inputs):
        super()._sense(t_s, inputs)
        inputs.level = self._current(inputs.level)
        inputs.turbidity = self._current(inputs.turbidity)
        if not self.board_on:
            self.contacts = {name: Contact(self.settings["inputs.debounce_ms"]) for name in CONTACTS}
        for name, contact in self.contacts.items():
            contact.level = getattr(inputs, name)
            setattr(inputs, name, contact.switch.read(t_s * 1000))

    settings = UNIT.settings

    def _current(self, ua: int) -> int:
        self.converter.put_adc(0, 0 if ua == NONE else ua / 10)  # 100 ohm
        return int.from_bytes(self.converter.bytes[wire.ADC_MV : wire.ADC_MV + 2], "little") * 10


class Contact:
    """A pin with the firmware's driver."""

    def __init__(self, debounce_ms: int):
        self.level = NONE
        self.switch = Switch(self, 1, debounce_ms)

    def value(self) -> int:
        return self.level


class FromSecondOne(ScenarioPlant):
    """The simulator's world begins with second 1."""

    def second(self, t_s: int) -> None:
        if t_s:
            super().second(t_s)


def records(flash: bytes) -> list[tuple]:
    """All that a journal tells of the starts after the first, by number of the start."""
    journal = Journal(Nor(bytearray(flash)), tables.count("points"), 60)
    cursor = Cursor(journal)
    cursor.seek(0)
    found = []
    while (kind := cursor.next()) != END:
        what = (cursor.quality, *cursor.values) if kind == READING else (cursor.code, cursor.a, cursor.b)
        if cursor.boot > 1:
            found.append((cursor.boot, cursor.uptime_s, cursor.t, *what))
    assert cursor.damaged == cursor.unreadable == 0
    return found


def test_a_board_that_loses_its_power_at_bad_moments(tmp_path, monkeypatch):
    saved = []
    save_snapshot = Journal.save_snapshot
    monkeypatch.setattr("sim.world.world.World", SeenByBoard)
    monkeypatch.setattr(
        "unit.journal.ring.Journal.save_snapshot",
        lambda self, now_s, *data: (saved.append((self.boot, now_s)), save_snapshot(self, now_s, *data))[1],
    )
    simulated = by_simulator(BAD_MOMENTS, UNIT, tmp_path)
    assert saved[1 : len(SAVED) + 1] == SAVED
    told = by_board(BAD_MOMENTS, UNIT, tmp_path)
    assert told == simulated
    assert {boot for boot, *_ in told} == set(range(2, 9)) and len(told) > 400


def by_simulator(story: Scenario, unit: unitfile.Unit, folder: Path) -> list[tuple]:
    """What the journal of a run says."""
    with Results(folder / "out") as results:
        run = runner._Run(story, unit, results.folder, runner.Options(plain=True))
        run.go()
    assert run._flash is not None
    return records(run._flash.data)


def by_board(story: Scenario, unit: unitfile.Unit, folder: Path) -> list[tuple]:
    """What that of a virtual board says after the same story."""
    plant = FromSecondOne(unit.control_settings(), story)
    board = VirtualBoard(unit, folder / "flash", None, plant, None, 1 << 20)
    board.run(story.seconds + 1)
    journal = partitions.named(partitions.of_board(unit.board), "journal")
    told = records(board.flash.read(journal.at, journal.size))
    board.close()
    return told


COMING_AND_GOING = replace(
    BAD_MOMENTS,
    name="coming and going",
    days=8000 / DAY_S,
    faults=(
        cut(0, 10),
        Fault(1500, FOREVER, "power_cut", "board", 0.0, 1500, 5),  # together with the mains
        Fault(1500, FOREVER, "dips", "mains", 8.0, 500, 8),
        Fault(100, FOREVER, "dropout", "p1_running", 20.0, 70, 20),
        Fault(400, FOREVER, "stuck_on", "p2_running", 0.0, 900, 60),
        Fault(700, FOREVER, "error_value", "level", 65535.0, 800, 40),
        Fault(900, FOREVER, "dropout", "level", 15.0, 60, 15),
        Fault(2000, FOREVER, "offset", "turbidity", 12.0),
        Fault(3000, 5000, "open", "float_low", 0.0, 300, 100),
        Fault(5000, 6000, "stuck", "float_high", 1.0),
    ),
)
HARD_WIRED = replace(UNIT, settings=UNIT.settings | {"plant.float_low_breaks": 3, "plant.float_high_starts": 2})


def test_a_board_among_things_that_come_and_go(tmp_path, monkeypatch):
    monkeypatch.setattr("sim.world.world.World", SeenByBoard)
    told = by_board(COMING_AND_GOING, HARD_WIRED, tmp_path)
    assert told == by_simulator(COMING_AND_GOING, HARD_WIRED, tmp_path)
    assert {boot for boot, *_ in told} == set(range(2, 8)) and len(told) > 150
