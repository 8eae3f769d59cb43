"""Console, commands, broker and updates in the memory of a chip: by turns on a bare one, all at once with PSRAM."""

from pathlib import Path

import pytest

from .turns import VISITS, Turns

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
