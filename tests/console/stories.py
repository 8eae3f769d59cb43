"""Everyday visits to a unit: what happens around it, what the crew types. They run on the virtual board."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from host_tools.unitkit import unitfile
from sim.board.crew import Crew, Step
from sim.board.plant import ScenarioPlant
from sim.board.virtual_board import VirtualBoard
from sim.scenario import scenario
from tests.board.rig import ROOMY_HEAP, UNIT_FILE

PIN = "2580"
PROMPTS = ("qiaotou> ", "qiaotou# ", "(y/n) ", "(n skips) ", "（n 跳过） ")
MINUTE = 60
HOUR = 3600


@dataclass
class Visit:
    """What a story knows of the crew that lives through it."""

    lang: str
    crew: Crew | None = None
    pictures: list[list[str]] = field(default_factory=list)

    def words(self, zh: str, en: str) -> str:
        return zh if self.lang == "zh" else en

    def picture(self, since: str) -> None:
        """The screen is worth a picture as it is now, from the last line that ends so."""
        assert self.crew is not None
        lines = [line.rstrip() for line in self.crew.screen.lines]
        start = max(i for i, line in enumerate(lines) if line.endswith(since))
        self.pictures.append(lines[start:])


def first_visit(visit: Visit) -> Iterator[Step]:
    """A new crew finds out what there is, tries every machine, and books its visit."""
    yield 50 * MINUTE
    yield ""
    yield "help"
    yield "status"
    visit.picture("> status")
    yield "run p1 1min"
    yield "unlock " + PIN
    yield "selftest"
    yield from ("y", "y", "n", "n", "y", "y", "n", "n")
    yield visit.words("visit 李工 第一次到场，自检正常", "visit Li first visit, self-test passed")
    yield "ack all"
    yield "lock"
    visit.picture("# selftest")


def pump_clogged(visit: Visit) -> Iterator[Step]:
    """Pump 1 delivers less and less; the crew cleans it and sees it deliver again."""
    yield HOUR + 45 * MINUTE
    yield ""
    yield "alarms"
    yield "pumps"
    yield "unlock " + PIN
    yield "off p1 1h"
    visit.picture("(qiaotou)")
    yield 25 * MINUTE  # the crew cleans the impeller
    yield "unlock " + PIN
    yield "ack all"
    yield "auto p1"
    yield visit.words("service p1 done 清理叶轮", "service p1 done impeller cleared")
    yield "run p1 2min"
    yield 5 * MINUTE
    yield "pumps"
    yield "hours"
    yield "log 8"


def sensor_dead(visit: Visit) -> Iterator[Step]:
    """The level sensor's wire breaks while somebody types."""
    yield 39 * MINUTE + 50
    yield ""
    yield b"why p"
    yield 30
    yield "1"
    yield "status"
    visit.picture("(qiaotou)")
    yield 20 * MINUTE
    yield "unlock " + PIN
    yield "ack all"
    yield "levels"
    yield "trend level_mm 1h"


def after_a_power_cut(visit: Visit) -> Iterator[Step]:
    """The mains were away for an hour and a half, and in the end the controller's battery."""
    yield 2 * HOUR + 30 * MINUTE + 15
    yield ""
    yield "alarms"
    yield "status"
    yield "why p1"
    yield MINUTE
    yield "status"
    yield "log 8"
    yield "net"
    visit.picture("> status")


def setting_changed(visit: Visit) -> Iterator[Step]:
    """The stop level is lowered, tried after a restart, and kept."""
    yield 20 * MINUTE
    yield ""
    yield "show lift.stop_level_mm"
    yield "set lift.stop_level_mm 100"
    yield "unlock " + PIN
    yield "set lift.stop_level_mm 100"
    yield "set lift.stop_level_mm 230"
    yield "y"
    yield b"y\r"
    yield MINUTE
    yield ""
    yield "why p1"
    yield "unlock " + PIN
    yield "keep"
    yield "show lift.stop_level_mm"
    visit.picture("# set lift.stop_level_mm 230")


@dataclass
class Story:
    """A visit and its scenario: inflow and faults, as lines of a scenario file."""

    visit: Callable[[Visit], Iterator[Step]]
    faults: str = ""
    inflow: str = "population = 420"

    @property
    def name(self) -> str:
        return self.visit.__name__


def _fault(at: str, kind: str, target: str, lasts: str, amount: float | None = None) -> str:
    text = f'[[fault]]\nat = "{at}"\nfor = "{lasts}"\nkind = "{kind}"\ntarget = "{target}"\n'
    return text if amount is None else text + f"amount = {amount}\n"


STORIES = (
    Story(first_visit, _fault("0d00:10", "open", "turbidity", "15min")),
    Story(pump_clogged, _fault("0d00:05", "clogged", "p1", "2h", 0.6), 'file = "steady.csv"'),
    Story(sensor_dead, _fault("0d00:40", "open", "level", "10min")),
    Story(
        after_a_power_cut,
        _fault("0d01:00", "off", "mains", "1h30min") + _fault("0d01:20", "power_cut", "board", "1h10min"),
    ),
    Story(setting_changed),
)
_SCENARIO = 'name = "{}"\nseed = 1\nstart = 2026-06-15T08:00:00+08:00\ndays = 1\n[inflow]\n{}\n{}'
_STEADY = "time_s,flow_m3_d\n0,60\n"


def unit_with_pin(folder: Path, lang: str) -> unitfile.Unit:
    """The example unit, with a PIN and a language."""
    text = UNIT_FILE.read_text(encoding="utf-8").replace('language = "zh"', f'language = "{lang}"')
    path = folder / "unit.toml"
    path.write_text(text + '\n[console]\npin_file = "pin.txt"\n', encoding="utf-8")
    (folder / "pin.txt").write_text(PIN + "\n", encoding="utf-8")
    return unitfile.load(path)


def board_for(story: Story, lang: str, folder: Path, kind=VirtualBoard, **options):
    """A board in virtual time with a PIN, and what this story has in store for it."""
    unit = unit_with_pin(folder, lang)
    path = folder / "story.toml"
    path.write_text(_SCENARIO.format(story.name, story.inflow, story.faults), encoding="utf-8")
    (folder / "steady.csv").write_text(_STEADY, encoding="utf-8")
    plant = ScenarioPlant(unit.control_settings(), scenario.load(path))
    options.setdefault("heap_bytes", ROOMY_HEAP)
    return kind(unit, folder / "board.flash", None, plant, None, **options)


def live(story: Story, lang: str, folder: Path) -> tuple[str, list[list[str]]]:
    """(what the terminal showed, its screens that are worth a picture)."""
    visit = Visit(lang)
    board = board_for(story, lang, folder)
    visit.crew = crew = Crew(board, story.visit(visit), PROMPTS)
    try:
        board.run(12 * HOUR)
    finally:
        crew.close()
    return crew.text(), visit.pictures
