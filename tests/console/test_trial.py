"""Settings on trial and wrong PINs on the virtual board, over real restarts and power cuts."""

from collections.abc import Callable, Iterator

import pytest

from sim.board.crew import Crew, Step
from sim.board.virtual_board import VirtualBoard
from tests.console.stories import MINUTE, PIN, PROMPTS, Story, board_for

KEY = "lift.stop_level_mm"


def shown(visit: Callable[[VirtualBoard], Iterator[Step]], folder) -> tuple[str, VirtualBoard]:
    """What a visit to a board showed."""
    board = board_for(Story(lambda _: iter(())), "en", folder)
    crew = Crew(board, visit(board), PROMPTS)
    try:
        board.run(3600)
    finally:
        crew.close()
    return crew.text(), board


def change() -> Iterator[Step]:
    """Set a value and restart to try it."""
    yield MINUTE
    yield "unlock " + PIN
    yield f"set {KEY} 230"
    yield "y"
    yield b"y\r"
    yield 10


def cut(board: VirtualBoard) -> None:
    board.power_cut()
    board.power_on()


def test_a_trial_that_nobody_keeps_is_over_by_itself(tmp_path):
    def visit(board):
        yield from change()
        yield f"show {KEY}"
        yield 16 * MINUTE
        yield f"show {KEY}"

    text, board = shown(visit, tmp_path)
    assert text.index(f"{KEY} = 230 mm") < text.index(f"{KEY} = 250 mm")
    assert board.starts == 3


def test_a_power_cut_ends_a_trial(tmp_path):
    def visit(board):
        yield from change()
        yield "why p1"
        cut(board)
        yield 10
        yield f"show {KEY}"

    text, _ = shown(visit, tmp_path)
    assert f"{KEY} = 250 mm" in text


def test_what_was_kept_stays(tmp_path):
    def visit(board):
        yield from change()
        yield "unlock " + PIN
        yield "keep"
        cut(board)
        yield 20 * MINUTE
        yield f"show {KEY}"

    text, board = shown(visit, tmp_path)
    assert f"{KEY} = 230 mm" in text
    assert board.starts == 3


@pytest.mark.parametrize("right", [True, False])
def test_a_power_cut_does_not_shorten_the_wait_after_wrong_pins(tmp_path, right):
    def visit(board):
        yield 30
        yield "unlock 1111"
        if right:
            yield "unlock " + PIN
            yield "lock"
        yield "unlock 1111"
        yield "unlock 1111"
        cut(board)
        yield 5
        yield "unlock " + PIN

    text, _ = shown(visit, tmp_path)
    last = text.rstrip("\n").split("\n")[-2]
    assert last.startswith("unlocked" if right else "too many wrong ones, try again in 2")
