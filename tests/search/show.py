"""Tells one story: the unit, what happens to it, and second by second where it goes wrong."""

from unit.catalogue import tables
from unit.control.basics import NONE

from tests.search import loop, play, stories

_BEFORE_S = 90
_AFTER_S = 20
_GLANCE_S = 60  # how often one looks for alarms where nothing is told
_SETTINGS = (
    *("lift.dry_level_mm", "lift.stop_level_mm", "lift.start_level_mm", "lift.assist_level_mm"),
    *("lift.high_level_mm", "lift.spill_level_mm", "float_high.fitted", "float_high.level_mm"),
    *("float_low.fitted", "float_low.level_mm", "mains.sensed", "level.signal", "level.high_mm", "lift.pump_flow_m3_h"),
    *("lift.max_starts_per_h", "lift.min_off_s", "lift.min_run_s", "lift.max_run_s", "lift.rest_s", "lift.alternate"),
    *("lift.backup_run_s", "lift.backup_pumps", "lift.run_on_every_starts", "lift.exercise_after_h"),
    *("mains.restart_delay_s", "mains.restart_spread_s"),
)
_SOURCES = ("process", "backup", "remote", "hand")


def clock(t_s: int) -> str:
    """Time since the begin of the story."""
    return f"{t_s // 3600}:{t_s // 60 % 60:02}:{t_s % 60:02}"


def words(table: str) -> list[str]:
    return [row[0] for row in tables.rows(table)]


def act_in_words(act: tuple[int, ...]) -> str:
    what, a, b, c, d, e = act[1:]
    pump = f"p{a + 1}"
    if what == loop.INFLOW:
        return f"inflow becomes {a / 1000:.2f} L/s within {b} s"
    if what == loop.MAINS:
        return "mains returns" if a else "mains goes"
    if what == loop.BOARD:
        return f"board starts, clock {'known' if b else 'unknown'}" if a else "board loses power"
    if what == loop.SHARE:
        return f"{pump} lifts {b / 10:.0f} % of its flow"
    if what == loop.DEAD:
        return f"{pump} is dead" if b else f"{pump} is repaired"
    if what == loop.LIE:
        bursts = f", in bursts of {d} s with gaps of {e} s" if d else ""
        amount = "none" if c == NONE else c
        return f"{stories.WITNESSES[a]} lies: {stories.LIES[b]} {amount}{bursts}"
    if what == loop.TRUTH:
        return f"{stories.WITNESSES[a]} tells the truth again"
    if what == loop.COMMAND:
        return f"{_SOURCES[d]} command: {pump} {'on' if b else 'off'} for {c} s"
    if what == loop.AUTO:
        return f"{_SOURCES[b]} gives {pump} back"
    return "the crew acknowledges all alarms"


def head(story: stories.Story) -> list[str]:
    """The unit and its plant."""
    s, pit = story.unit.settings, story.unit.pit
    flow = f"one new pump {pit.flow_l_s:.2f} L/s = {pit.flow_l_s / pit.area_m2:.2f} mm/s"
    lines = [f"story {story.seed}: {story.seconds // 3600} h; {', '.join(sorted(story.kinds)) or 'nothing goes wrong'}"]
    lines.append(
        f"  well {pit.area_m2} m2, pump inlets at {pit.suction_mm:.0f} mm, begins at {pit.level_mm:.0f} mm; {flow}; "
        f"two lift {2 * pit.together:.2f} times as much; feedback {'wired' if story.unit.feedback else 'not wired'}"
    )
    pairs = [f"{key.removeprefix('lift.')} {s[key]}" for key in _SETTINGS]
    return lines + ["  " + ", ".join(pairs[k : k + 8]) for k in range(0, len(pairs), 8)]


class _Inside:
    """What control believes: every whole number in its rooms, told when it changes."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}

    def changes(self, ctrl) -> str:
        told = []
        for name, thing in self._rooms(ctrl):
            for attribute in dir(thing):
                value = getattr(thing, attribute, None) if not attribute.startswith("_") else None
                if isinstance(value, int) and not self._ticks(name, attribute):
                    key = f"{name}.{attribute}"
                    if self._last.get(key) != value:
                        if key in self._last:
                            told.append(f"{key}={'none' if value == NONE else value}")
                        self._last[key] = value
        return " ".join(told)

    def _rooms(self, ctrl):
        yield "ctrl", ctrl
        for name in dir(ctrl):
            thing = getattr(ctrl, name, None)
            if name in ("well", "witnesses", "effect", "water"):
                yield name, thing
                for part in ("level", "float_high", "float_low"):
                    if hasattr(thing, part) and not isinstance(getattr(thing, part), int):
                        yield part, getattr(thing, part)
        if hasattr(ctrl.process, "lift"):
            yield "lift", ctrl.process.lift
        for output in list(ctrl.outputs)[:2]:
            yield f"{output.name}.guard", output.guard
        for k, pump in enumerate(ctrl.inflow.pumps):
            yield f"p{k + 1}.flow", pump

    def _ticks(self, name: str, attribute: str) -> bool:
        """Numbers that change every second, or stand in the line anyway."""
        return attribute in ("now_s", "tod_s", "energy_wh", "raw_value", "value", "level_mm", "changed_s", "run_s")


def _sign(value: int) -> str:
    return "-" if value == NONE else str(value)


def _without_numbers(line: str) -> str:
    """Witnesses and pumps of a line, without level and inflow."""
    return line[9:14] + line.split("high", 1)[1]


class _Teller:
    def __init__(self, story: stories.Story, plain: bool):
        self.story = story
        self.stage = play.Stage(self.story, plain)
        self.reasons = words("reasons")
        self.alarm_names = words("alarms")
        self.inside = _Inside()
        self.alarms = 0
        self.acts = list(self.story.acts)

    def line(self) -> str:
        """The state of this second."""
        loop_ = self.stage.loop
        plant, probe, judge = loop_.plant, loop_.level, self.stage.judge
        high, low, fb1, fb2, mains = loop_.contacts
        ctrl = loop_.ctrl
        pumps = []
        for k, (motor, feedback) in enumerate(zip(plant.motors, (fb1, fb2))):
            output = ctrl.outputs[k]
            state = "ON " if output.on else "off"
            why = self.reasons[output.reason] if output.reason < len(self.reasons) else str(output.reason)
            turns = "dry" if motor.dry else "turns" if motor.turns else "still"
            starts = motor.starts_in_hour(loop_.t_s)
            pumps.append(f"p{k + 1} {state} {why:<12} {turns:<5} fb {_sign(feedback.said)} st {starts}")
        said = "  none" if probe.said_mm <= -9999 else f"{probe.said_mm:6.0f}"
        flags = "".join(
            (
                "S" if plant.spills else ".",
                "m" if not plant.mains else ".",
                "b" if not loop_.board else ".",
                "." if judge.held else "u",
            )
        )
        return (
            f"{clock(loop_.t_s):>8} {flags} {plant.level_mm:6.0f} mm in {plant.inflow_l_s:6.2f} | level{said}"
            f"{'!' if probe.lie.now else ' '} high {_sign(high.said)}{'!' if high.lie.now else ' '}"
            f" low {_sign(low.said)}{'!' if low.lie.now else ' '} mains {_sign(mains.said)} | {' | '.join(pumps)}"
        )

    def events(self) -> str:
        judge = self.stage.judge
        new = list(judge.alarm)[self.alarms :]
        self.alarms += len(new)
        return "".join(f" ALARM {self.alarm_names[k]}" for k in new)

    def tell(self, spans: list[tuple[int, int]], every_second: bool):
        """Yield the lines of these spans of seconds; outside only what happens."""
        told = ""
        for begin_s, end_s in spans:
            while self.stage.loop.t_s < end_s:
                t_s = self.stage.loop.t_s
                inside = t_s + 1 >= begin_s
                stop_s = t_s + 1
                if not inside:
                    next_s = self.acts[0][0] if self.acts else end_s
                    stop_s = max(min(begin_s - 1, next_s, t_s + _GLANCE_S), t_s + 1)
                self.stage.until(stop_s)
                while self.acts and self.acts[0][0] <= self.stage.loop.t_s:
                    act = self.acts.pop(0)
                    yield f"{clock(act[0]):>8}      --- {act_in_words(act)}"
                new_alarms = self.events()
                changes = self.inside.changes(self.stage.loop.ctrl)
                if inside or new_alarms:
                    line = self.line()
                    short = _without_numbers(line)
                    if every_second or new_alarms or short != told or changes or self.stage.loop.t_s % 30 == 0:
                        yield (
                            (line if inside else line.split("in")[0])
                            + new_alarms
                            + (f"  [{changes}]" if inside and changes else "")
                        )
                    told = short


def show(story: stories.Story, begin_s: int | None, for_s: int, every_second: bool, plain: bool = False):
    """Yield the lines of a story. Without `begin_s`: where each broken rule passed its limit."""
    outcome = play.play(story, plain)
    teller = _Teller(story, plain)
    yield from head(teller.story)
    for k, rule in enumerate(play.RULES):
        verdict = "kept" if outcome.worst[k] <= outcome.limit[k] else f"BROKEN at {clock(outcome.first_s[k])}"
        yield f"  {rule:<13} worst {outcome.worst[k]:9.1f}  limit {outcome.limit[k]:6.0f}  {verdict}"
    yield "  alarms raised: " + (", ".join(f"{name} {n}" for name, n in outcome.raised.items()) or "none")
    yield "  flags: S spills, m no mains, b no board, u too few true witnesses, not judged; ! this second is a lie;"
    yield "         st: starts of the motor in this hour; [..]: what changed in control"
    if begin_s is not None:
        spans = [(begin_s, begin_s + for_s)]
    else:
        spans = []
        for k in outcome.broken():
            back_s = int(outcome.worst[k]) if play.RULES[k] in ("stand_s", "untried_s") else 0
            at_s = outcome.first_s[k] - min(back_s, 300)
            spans.append((max(1, at_s - _BEFORE_S), outcome.first_s[k] + _AFTER_S))
        spans.sort()
    for span in spans:
        yield from teller.tell([span], every_second)
        yield "         ..."
