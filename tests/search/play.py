"""Plays a story with the control of this checkout, the board's own memory included."""

from dataclasses import dataclass
from functools import cache

from unit.catalogue import tables
from unit.control.basics import NONE
from unit.journal.recorder import Recorder
from unit.journal.ring import Journal

from host_tools.unitkit.nor import Nor
from tests.search import compiled, loop, oracle, units
from tests.search.stories import Story

# In the order of the rules of oracle.py; the alarms are counted in a day.
RULES = ("spill_l", "dry_s", "dry_lied_s", "starts", "overrun_s", "stand_s", "untried_s", "one_alarm", "all_alarms")
_DAY_S = 86_400
_HOUR_S = 3600
_ALARMS_A_DAY = 4  # of one sort, and so many more for each cause that came anew
_ALARMS_A_CAUSE = 5  # of all sorts
_JOURNAL_BLOCKS = 64
_INTERVAL_S = 600
_UTC_2020_S = 631_152_000  # seconds from 2000 to 2020


@dataclass
class Outcome:
    """The worst figure of every rule, in the order of `RULES`."""

    seed: int
    kinds: set[str]
    seconds: int
    worst: list[float]
    limit: list[float]
    first_s: list[int]  # when the limit was passed, -1: kept
    at_s: list[int]
    steps: int
    raised: dict[str, int]  # alarm -> how often
    why: list[str]  # what control said of its pumps when a rule was first broken

    def broken(self) -> list[int]:
        """The rules that were not kept."""
        return [k for k in range(len(RULES)) if self.worst[k] > self.limit[k]]


@cache
def _reasons() -> list[str]:
    return [row[0] for row in tables.rows("reasons")]


def plant_of(story: Story, plain: bool = False):
    """The true plant of a story, as it begins."""
    pit = story.unit.pit
    made = compiled.load("tests.search.plant", plain).Plant
    plant = made(pit.area_m2, pit.spill_mm, pit.suction_mm, pit.flow_l_s)
    plant.head_loss, plant.together, plant.level_mm = pit.head_loss, pit.together, pit.level_mm
    return plant


class Stage:
    """A story that can be played up to any second."""

    def __init__(self, story: Story, plain: bool = False):
        self.story = story
        self.plain = plain
        s, pit = story.unit.settings, story.unit.pit
        senses_ = compiled.load("tests.search.senses", plain)
        loop_ = compiled.load("tests.search.loop", plain)
        plant = plant_of(story, plain)
        probe = senses_.Probe(story.seed & 0xFFFF)
        probe.lag_s, probe.noise_mm, probe.step_mm = pit.lag_s, pit.noise_mm, pit.step_mm
        probe.wave_mm, probe.wave_s = pit.wave_mm, pit.wave_s
        probe.current = int(s["level.signal"] == 0)
        probe.low_mm, probe.high_mm = float(s["level.low_mm"]), float(s["level.high_mm"])
        probe.settle(pit.level_mm)
        fitted = (s["float_high.fitted"], s["float_low.fitted"], story.unit.feedback, story.unit.feedback)
        contacts = [senses_.Contact(k, int(f)) for k, f in enumerate((*fitted, s["mains.sensed"]))]
        for contact, name in zip(contacts, ("float_high", "float_low")):
            half = pit.float_hysteresis_mm / 2
            contact.up_mm, contact.down_mm = s[name + ".level_mm"] + half, s[name + ".level_mm"] - half
            contact.true = int(pit.level_mm > s[name + ".level_mm"])
        acts = [loop_.Act(*act) for act in story.acts]
        self.remembers = any(act[1] == loop.BOARD for act in story.acts)
        self._flash = Nor(bytearray(b"\xff" * (_JOURNAL_BLOCKS << 12))) if self.remembers else None
        self._recorder: Recorder | None = None
        self._due_s = 0
        self.loop = loop_.Loop(self._control(0, False), plant, probe, contacts, acts, story.start_s)
        self.loop.clock = int(story.clock)
        self.loop.recorded = int(self.remembers)
        self.loop.hand.level_mm = pit.level_mm
        self.loop.hand.stop_mm = float(s["lift.stop_level_mm"])
        # A quarter of the starts goes to tries, anti-seize runs and commands.
        self.loop.hand.max_starts_per_h = max(1, 3 * s["lift.max_starts_per_h"] // 4)
        self.loop.hand.min_off_s = s["lift.min_off_s"]
        judge = self.judge = self.loop.judge
        judge.start_mm = float(s["lift.start_level_mm"])
        marks = [s["lift.high_level_mm"]] + ([s["float_high.level_mm"]] if s["float_high.fitted"] else [])
        judge.high_mm = float(max(marks))
        judge.either_mm = float(min(marks))
        judge.max_starts_per_h = s["lift.max_starts_per_h"]
        judge.max_run_s, judge.min_off_s = s["lift.max_run_s"], s["lift.min_off_s"]
        judge.rest_s = s["lift.rest_s"]
        spread = s["unit.hash"] % (s["mains.restart_spread_s"] + 1)
        judge.restart_wait_s = s["mains.restart_delay_s"] + spread + 10
        judge.mains_sensed = s["mains.sensed"]
        judge.feedback = contacts[2:4]
        judge.limits()
        self.loop.hand.hold(judge.restart_wait_s + 300)

    def _utc_s(self, t_s: int, known: bool) -> int:
        return self.story.start_s + t_s - _UTC_2020_S if known else NONE

    def _control(self, t_s: int, clock: bool):
        made = compiled.load("unit.control.controller", self.plain).Controller
        ctrl = made(self.story.unit.settings, units.alarm_rows())
        if self._flash is not None:
            journal = Journal(self._flash, tables.count("points"), _INTERVAL_S)
            self._recorder = Recorder(journal, ctrl, _INTERVAL_S)
            self._recorder.wake(self._utc_s(t_s, clock))
            ctrl.events.clear()
            self._due_s = t_s + 1
        return ctrl

    def until(self, end_s: int) -> None:
        """Play up to and with this second."""
        loop_ = self.loop
        was_on = loop_.board
        while loop_.t_s < end_s:
            if not self.remembers:
                loop_.run(end_s)
                continue
            stop_s = min(end_s, max(self._due_s, loop_.t_s + 1)) if loop_.board else end_s
            loop_.run(stop_s)
            if loop_.board and not was_on:
                loop_.start(self._control(loop_.t_s, bool(loop_.clock)))
            elif loop_.board:
                self._record()
            was_on = loop_.board

    def _record(self) -> None:
        """What the road does after a second; where nothing was written and nothing is due there is nothing to do."""
        loop_, recorder = self.loop, self._recorder
        assert recorder is not None
        told = loop_.ctrl.events.count
        now_s = loop_.t_s - loop_.boot_s
        if not told and loop_.t_s < self._due_s:
            return
        quality = recorder.second(now_s, self._utc_s(loop_.t_s, bool(loop_.clock)))
        written = told or quality is not None
        self._due_s = loop_.t_s + 1 if written else loop_.boot_s + recorder.next_reading_s

    def outcome(self) -> Outcome:
        """What the judge says so far."""
        judge = self.judge
        worst, limit = list(judge.worst), list(judge.limit)
        first_s, at_s = list(judge.first_s), list(judge.at_s)
        alarms, times = list(judge.alarm), list(judge.alarm_s)
        own = [_most_in_a_day([t for i, t in zip(alarms, times) if i == index]) for index in set(alarms)]
        worst[oracle.ALARMS], at_s[oracle.ALARMS] = max(own, default=(0.0, -1))
        worst[oracle.ALL_ALARMS], at_s[oracle.ALL_ALARMS] = _most_in_a_day(times)
        again, causes = _causes(self.story)
        limit[oracle.ALARMS] = float(_ALARMS_A_DAY + again)
        limit[oracle.ALL_ALARMS] = float(_ALARMS_A_CAUSE * (1 + causes))
        for rule in (oracle.ALARMS, oracle.ALL_ALARMS):
            if worst[rule] > limit[rule]:
                first_s[rule] = at_s[rule]
        raised: dict[str, int] = {}
        for index in judge.alarm:
            name = units.alarm_rows()[index][0]
            raised[name] = raised.get(name, 0) + 1
        reasons = _reasons()
        why = [
            f"{reasons[one]} / {reasons[two]}" if one >= 0 else ""
            for one, two in zip(list(self.loop.why_1), list(self.loop.why_2))
        ]
        return Outcome(
            *(self.story.seed, self.story.kinds, self.loop.t_s, worst, limit, first_s, at_s, self.loop.steps),
            *(raised, why),
        )


def _causes(story: Story) -> tuple[int, int]:
    """How often the same alarm may truly come again; how many causes of any alarm there are in a story.

    What was acknowledged may come again, and what mains brings; but flicker of mains within an hour is one cause, so
    is a pump that comes and goes.
    """
    again = causes = 0
    last_s = {loop.MAINS: -_HOUR_S, loop.SHARE: -_HOUR_S, loop.INFLOW: -_HOUR_S}
    for act in story.acts:
        at_s, what, a, b = act[:4]
        flood = what == loop.INFLOW and a > 700 * story.unit.pit.flow_l_s
        if what == loop.ACKNOWLEDGE:
            again += 1
        elif what in (loop.DEAD, loop.LIE, loop.COMMAND):
            causes += 1
        elif (what == loop.MAINS and not a) or (what == loop.SHARE and b < 1000) or flood:
            fresh = at_s - last_s[what] >= _HOUR_S
            again += fresh and what == loop.MAINS
            causes += fresh
            last_s[what] = at_s
    return again, again + causes


def _most_in_a_day(times: list[int]) -> tuple[float, int]:
    """The most raises within a day, and when the last of these was."""
    most, at_s, first = 0, -1, 0
    for last, t in enumerate(times):
        while times[first] <= t - _DAY_S:
            first += 1
        if last - first + 1 > most:
            most, at_s = last - first + 1, t
    return float(most), at_s


def play(story: Story, plain: bool = False) -> Outcome:
    """The whole story."""
    stage = Stage(story, plain)
    stage.until(story.seconds)
    return stage.outcome()
