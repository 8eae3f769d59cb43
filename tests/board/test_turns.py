"""Console, commands, broker and updates in the memory of a chip: by turns on a bare one, all at once with PSRAM."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from host_tools.unitkit import unitfile
from sim.board import chips
from sim.board.crew import Crew
from sim.board.plant import ScenarioPlant
from sim.board.virtual_board import VirtualBoard
from sim.scenario import scenario
from tests.uplink.broker import free_port

from . import rig
from .turns import MOST_BYTES, PIN, PROMPTS, VISITS, Turns

BARE, PSRAM = "esp32", "esp32-psram"


def play(turns: Turns, visits: int, commands: int, restarts: int, updates: int) -> None:
    """So many of each, mixed by chance."""
    steps = [turns.visit] * visits + [turns.command] * commands
    steps += [turns.broker_restarts] * restarts + [turns.update] * updates
    turns.chance.shuffle(steps)
    for step in steps:
        step()
        turns.sound()
    turns.close()


def test_on_a_bare_chip_a_visit_a_command_and_the_broker_take_turns(tmp_path: Path):
    turns = Turns(tmp_path, BARE)
    turns.visit(2)
    states = [state for topic, state in turns.books.parsed() if topic.endswith("/state")]
    assert [state.get("visit") for state in states if state.get("visit")] == [True]
    assert "暂停上报" in turns.shown
    play(turns, 3, 5, 1, 0)


def test_with_psram_and_tls_all_of_it_goes_on_at_once(tmp_path: Path):
    turns = Turns(tmp_path, PSRAM, secure=True)
    turns.visit(2)
    assert not any(state.get("visit") for topic, state in turns.books.parsed() if topic.endswith("/state"))
    assert "暂停上报" not in turns.shown
    play(turns, 2, 3, 1, 0)


def test_an_update_is_brought_beside_a_bare_chips_uplink(tmp_path: Path):
    turns = Turns(tmp_path, BARE, seed=3)
    turns.visit(1)
    turns.update()
    turns.sound()
    turns.close()


@pytest.mark.campaign
@pytest.mark.parametrize(("chip", "secure"), [(BARE, False), (PSRAM, True)])
def test_two_hundred_visits_and_commands_with_restarts_and_updates(tmp_path: Path, chip: str, secure: bool):
    turns = Turns(tmp_path, chip, secure, seed=7)
    play(turns, max(200, len(VISITS)), 200, 20, 5)


def live(folder: Path, days: int, every_s: int) -> None:
    """So long without a broker, in virtual time; a crew comes now and then, and the uplink gives way to it."""

    def crew() -> Iterator[str | bytes | float]:
        typed = 0
        for _ in range(days * 86_400 // every_s):
            yield float(every_s)
            yield ""
            yield f"unlock {PIN}"
            for _ in range(3):
                yield from (line for line in VISITS[typed % len(VISITS)] if line != "\x03")
                typed += 1
            yield "n"
            yield b"bye\r"

    unit_file = folder / "unit.toml"
    (folder / "pin.txt").write_text(PIN + "\n")
    unit_file.write_text(rig.UNIT_FILE.read_text("utf-8") + '\n[console]\npin_file = "pin.txt"\n', encoding="utf-8")
    (folder / "story.toml").write_text(rig.QUIET, encoding="utf-8")
    unit = unitfile.load(unit_file)
    plant = ScenarioPlant(unit.control_settings(), scenario.load(folder / "story.toml"))
    board = VirtualBoard(unit, folder / "flash", None, plant, None, chip=BARE)
    board.connect(("127.0.0.1", free_port()))
    people = Crew(board, crew(), PROMPTS)
    board.run(days * 86_400)
    people.close()
    figures = board.memory.chip_figures()
    text = people.shown.decode("utf-8", "replace")
    assert "Traceback" not in text and board.starts == 1, text[-3000:]
    assert figures.heap_growths == 1 and figures.heap_most_used <= MOST_BYTES, figures
    assert figures.idf_least_free >= chips.CONNECTION_BYTES


def test_a_day_with_a_crew_leaves_memory_as_it_was(tmp_path: Path):
    live(tmp_path, 1, 4 * 3600)


@pytest.mark.campaign
def test_a_month_with_a_crew_leaves_memory_as_it_was(tmp_path: Path):
    live(tmp_path, 30, 12 * 3600)
