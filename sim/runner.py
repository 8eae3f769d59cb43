"""A run from end to end: the checked scenario and unit in, the results folder out."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Optional

from unit.catalogue import alarms as alarm_catalogue
from unit.catalogue import event_words, tables
from unit.control import alarms as alarm_states
from unit.control import events as control_events
from unit.control.basics import NONE
from unit.journal.layout import EPOCH_UNIX_S
from unit.journal.recorder import Recorder
from unit.journal.ring import Journal

from host_tools.unitkit.nor import Nor
from host_tools.unitkit.unitfile import Unit

from . import fast
from .report import page, summary
from .report.outbox import Outbox
from .report.readings_book import ReadingsBook
from .report.record import Day, Event, Record
from .report.results import EVENTS_HEADER, Results, Stream
from .report.series import Series
from .report.summary import AlarmList
from .scenario.scenario import Scenario

if TYPE_CHECKING:
    from .publish import Publisher

_EPOCH = datetime(2000, 1, 1)


@dataclass
class Options:
    """How to run, not what."""

    plain: bool = False  # the uncompiled source
    speed: float = 0.0  # times real time; 0: as fast as it goes
    progress: Callable[[float], None] = lambda share: None  # told now and then how much is done, 0 to 1
    stop: Callable[[], bool] = lambda: False  # asked now and then whether to end here
    reading: Callable[[int, int, list[int]], None] | None = None  # told each: Unix seconds or -1, quality, values
    publisher: Optional["Publisher"] = None  # brings what the run records to a broker


class Machinery:
    """The three modules that do the work, compiled or plain."""

    def __init__(self, plain: bool):
        load: Callable[[str], ModuleType] = import_module if plain else fast.load
        if not plain:
            try:
                fast.load("sim.world.loop")
            except fast.NoCompiler as e:
                print(str(e).splitlines()[0], file=sys.stderr)
                load = import_module
        self.Controller = load("unit.control.controller").Controller
        self.World = load("sim.world.world").World
        self.Loop = load("sim.world.loop").Loop


def run(scenario: Scenario, unit: Unit, out: Path, options: Options) -> dict[str, Any]:
    """Simulate and write the results to `out`; returns the summary. SurroundingsFailed when they cannot be written."""
    with Results(out) as results:
        work = _Run(scenario, unit, results.folder, options)
        work.go()
        done = work.finish()
        results.keep()
    return done


class _Run:
    def __init__(self, scenario: Scenario, unit: Unit, folder: Path, options: Options):
        self.unit = unit
        self.settings = unit.control_settings()
        zone = timezone(timedelta(minutes=self.settings["unit.timezone"]))
        self.scenario = scenario = replace(scenario, start=scenario.start.astimezone(zone))
        self.folder = folder
        self.options = options
        self.interval_s = self.settings["readings.interval_s"]
        self.interrupted = False
        self.machinery = Machinery(options.plain)
        self.began = time.perf_counter()
        self.world = self.machinery.World(self.settings, scenario)
        self._start_unix_s = int(scenario.start.timestamp())
        self._flash: Nor | None = None  # read after a power cut alone, so other scenarios do not pay for it
        if any(fault.target == "board" for fault in scenario.faults):
            self._flash = Nor(bytearray(b"\xff" * (unit.board.partitions["journal_kib"] << 10)))
        start_s = int((scenario.start.replace(tzinfo=None) - _EPOCH).total_seconds())
        self.loop = self.machinery.Loop(self._power_up(0), self.world, start_s)
        self.loop.ctrl.events.clear()  # the story of a unit in service begins with its first second, not with a start

        self.outbox = Outbox()
        self.alarms = AlarmList()
        self._lost_s = 0  # when the board last lost its power
        self.record = Record(scenario, dict(unit.settings), Series(scenario.seconds))
        self.book = ReadingsBook(folder / "readings.csv", scenario.start)
        self.events = Stream(folder / "events.csv", EVENTS_HEADER)
        self._day_of_start = scenario.start.replace(hour=0, minute=0, second=0)

        self._bin = self._day = _Totals(self.world, 0)
        self._publisher: Any = options.publisher or _NoBroker

    def _power_up(self, t_s: int) -> Any:
        """A controller that remembers what a board's would, and its recorder: as `unit.app` makes them."""
        ctrl = self.machinery.Controller(self.settings, alarm_catalogue.definitions())
        journal = Journal(self._flash, tables.count("points"), self.interval_s) if self._flash else _NoFlash()
        self.recorder = Recorder(journal, ctrl, self.interval_s)
        self._record_s = t_s + self.interval_s
        if self._flash:
            self.recorder.wake(self._utc_s(t_s))
        return ctrl

    def go(self) -> None:
        """The whole run; returns early when it is asked to stop."""
        end_s = self.scenario.seconds
        loop = self.loop
        bin_s = self.record.series.bin_s
        bin_end_s, day_end_s = bin_s, self._next_midnight(0)
        visits = [visit.at_s for visit in self.scenario.visits if visit.at_s <= end_s] + [end_s + 1]
        told = 0
        self._publisher.now(0, self._unix_s(0))
        self._publisher.begin(loop)
        pace = _Pace(self.options.speed)
        while loop.t_s < end_s:
            until_s = min(self._record_s, bin_end_s, day_end_s, visits[0], end_s, pace.until(loop.t_s))
            if loop.run(until_s):
                self._drain()
            t_s = loop.t_s
            if loop.board_on:
                self._record()
            if t_s in (bin_end_s, end_s):
                bin_end_s = t_s + bin_s
                self._end_bin()
            if t_s in (day_end_s, end_s):
                day_end_s = self._next_midnight(t_s)
                self._end_day()
            if t_s == visits[0]:
                visits.pop(0)
                self._visit()
            if t_s - told >= 3600 or self.options.speed:
                told = t_s
                self.options.progress(t_s / end_s)
                self._publish()
                pace.wait(t_s)
            if self.options.stop():
                self.interrupted = t_s < end_s
                break
        if self.interrupted:
            self._end_bin()
            self._end_day()
        self._publisher.end()

    # --- what happened

    def _drain(self) -> None:
        """Events of the world in the last second, and a board or line that changed."""
        t_s, loop, world = self.loop.t_s, self.loop, self.world
        self._publisher.now(t_s, self._unix_s(t_s))
        for event in world.events:
            self._write(event)
        world.events.clear()
        up = world.network_up & world.broker_up
        if up != loop.line_up:
            loop.line_up = up
            if loop.board_on:
                self.outbox.exchange(t_s, bool(up))
            self._publisher.line(bool(up))
        if world.board_on != loop.board_on:
            self._board(t_s, world.board_on)

    def _board(self, t_s: int, on: int) -> None:
        loop = self.loop
        self._write((t_s, "board", "starts" if on else "loses_power", ""))
        if not on:
            loop.board_on = 0
            self._record_s = self.scenario.seconds
            self._lost_s = t_s
            loop.ctrl.events.clear()
            self._publisher.power(False)
            return
        loop.start(self._power_up(t_s))
        active = loop.ctrl.alarms.active
        self.alarms.left({_word("alarms", i) for i in range(len(active)) if active[i]}, self._lost_s)
        self._publisher.power(True)

    def _record(self) -> None:
        """What the road does after the step of this second; in seconds without a call there is nothing to do."""
        loop, recorder, t_s = self.loop, self.recorder, self.loop.t_s
        events = loop.ctrl.events
        told = events.count
        for i in range(told):
            self._control_event(t_s, events.code[i], events.a[i], events.b[i])
        quality = recorder.second(t_s - loop.boot_s, self._utc_s(t_s))
        if quality is not None:
            self._take_reading(t_s, quality, recorder.values)
        # After what was written, the next quiet second may be the one in which the journal erases ahead.
        written = told or quality is not None
        self._record_s = t_s + 1 if written and self._flash else loop.boot_s + recorder.next_reading_s

    def _control_event(self, t_s: int, code: int, a: int, b: int) -> None:
        self._write((t_s, "control", _word("events", code), _detail(code, a, b)), quiet=True)
        self._publisher.event(code, a, b)
        if code != control_events.ALARM:
            return
        alarm = _word("alarms", a)
        if b == alarm_states.UNACKNOWLEDGED and self.alarms.raised(alarm, t_s):
            self.record.note((t_s, "control", "alarm_raised", alarm))
        elif b in (alarm_states.NORMAL, alarm_states.RETURNED) and self.alarms.cleared(alarm, t_s):
            self.record.note((t_s, "control", "alarm_cleared", alarm))

    def _write(self, event: Event, quiet: bool = False) -> None:
        self.events.row(event)
        if not quiet:
            self.record.note(event)

    def _visit(self) -> None:
        """The crew is there: it acknowledges every alarm."""
        self._write((self.loop.t_s, "crew", "visit", ""))
        if self.loop.board_on:
            self.loop.ctrl.acknowledge(NONE)
            self._record()

    # --- what is recorded

    def _take_reading(self, t_s: int, quality: int, values: list[int]) -> None:
        self.book.write(t_s, quality, values)
        self.outbox.record(t_s, bool(self.loop.line_up))
        if self.options.reading:
            self.options.reading(self._unix_s(t_s), quality, values)
        self._publisher.now(t_s, self._unix_s(t_s))
        self._publisher.reading(quality, values)
        self._publisher.poll()

    def _unix_s(self, t_s: int) -> int:
        """What the unit's clock shows, -1 while it was never set."""
        known = self.world.clock_known
        return self._start_unix_s + t_s + self.world.clock_offset_s if known else -1

    def _utc_s(self, t_s: int) -> int:
        """The same as the firmware counts: seconds since 2020, NONE while unknown."""
        unix_s = self._unix_s(t_s)
        return NONE if unix_s < EPOCH_UNIX_S else unix_s - EPOCH_UNIX_S

    def _publish(self) -> None:
        if self.loop.board_on:
            self._publisher.now(self.loop.t_s, self._unix_s(self.loop.t_s))
            self._publisher.poll()

    def _end_bin(self) -> None:
        loop, start, now = self.loop, self._bin, _Totals(self.world, self.loop.t_s)
        seconds = now.at_s - start.at_s
        if seconds <= 0:
            return
        seen = loop.bin
        minutes = max(1, seen.minutes)
        values = {
            "level_lo_mm": seen.level_lo_mm,
            "level_hi_mm": seen.level_hi_mm,
            "turbidity_lo_ntu": seen.turbidity_lo_ntu,
            "turbidity_hi_ntu": seen.turbidity_hi_ntu,
            "oxygen_g_m3": seen.oxygen_sum / minutes if seen.minutes else self.world.treatment.o2_g_m3,
            "inflow_m3_d": (now.inflow_m3 - start.inflow_m3) * 86_400 / seconds,
            "overflow_m3_d": (now.overflow_m3 - start.overflow_m3) * 86_400 / seconds,
            "rain_mm_h": seen.rain_mm_h_sum / minutes if seen.minutes else self.world.sewer.rain_mm_h,
            **{name: (now.run_s[name] - start.run_s[name]) / seconds for name in now.run_s},
            **self.book.seen(),
        }
        self.record.series.append(values)
        loop.new_bin()
        self._bin = now

    def _end_day(self) -> None:
        start, now = self._day, _Totals(self.world, self.loop.t_s)
        if now.at_s > start.at_s:
            date = (self.scenario.start + timedelta(seconds=start.at_s)).date()
            energy_kwh = (now.energy_j - start.energy_j) / 3.6e6
            self.record.days.append(Day(date, start.at_s, now.at_s, energy_kwh, now.inflow_m3 - start.inflow_m3))
        self._day = now

    def _next_midnight(self, t_s: int) -> int:
        since_s = t_s + int((self.scenario.start - self._day_of_start).total_seconds())
        return t_s + 86_400 - since_s % 86_400

    def finish(self) -> dict[str, Any]:
        """Close the files, write summary and report."""
        self.book.close()
        digest = self.events.close()
        wall_s = time.perf_counter() - self.began
        done = summary.build(
            self.scenario, self.unit.id, self.loop, self.outbox, self.book, self.alarms, wall_s, self.interrupted
        )
        done["expectations"] = summary.check(self.scenario.expects, done)
        done["events_sha256"] = digest
        self.record.summary = done
        (self.folder / "report.html").write_text(page.page(self.record), encoding="utf-8")
        (self.folder / "summary.json").write_text(summary.as_json(done), encoding="utf-8")
        return done


class _NoFlash:
    """In place of a journal where no power cut will have one read."""

    points = tables.count("points")
    event = reading = set_clock = erase_ahead = save_snapshot = lambda *record: None


class _NoBroker:
    """In place of a publisher where nobody listens."""

    now = begin = line = power = reading = event = poll = end = lambda *told: None


class _Totals:
    """The world's totals at second `at_s`."""

    def __init__(self, world: Any, at_s: int):
        self.at_s = at_s
        self.inflow_m3: float = world.plant.inflow_m3
        self.overflow_m3: float = world.plant.overflow_m3
        self.energy_j: float = world.plant.energy_j
        self.run_s: dict[str, int] = {name: machine.run_s for name, machine in world.plant.machines.items()}


def _detail(code: int, a: int, b: int) -> str:
    """The detail of an event of the controller in events.csv."""
    _, subject, state, why = event_words.describe(code, a, b, _word)
    return " ".join(word for word in (subject, state, why) if word) if subject else f"{a} {b}"


@cache
def _word(kind: str, number: int) -> str:
    return f"source {number}" if kind == "sources" else event_words.plain(kind, number)


class _Pace:
    """Holds the run at so many times real time."""

    def __init__(self, speed: float):
        self._speed = speed
        self._began = time.monotonic()

    def until(self, t_s: int) -> int:
        """The furthest second to simulate at once: some 0.2 s of waiting."""
        return t_s + max(1, int(self._speed * 0.2)) if self._speed else 1 << 40

    def wait(self, t_s: int) -> None:
        """Sleep until the clock on the wall has come as far."""
        if self._speed:
            time.sleep(max(0.0, self._began + t_s / self._speed - time.monotonic()))
