"""Whatever is typed at a virtual board's port: no crash, no late tick, a flat heap, nothing moved without the PIN.

The campaign types 100,000 lines, held-down keys, pastes of 10 kB and bytes that are no text at all, at the speed of the
wire; a sample of it runs with every test. `python -m tests.console.test_campaign 1000` types so many to a board that
computes as slowly as an ESP32 and prints how late the ticks came.
"""

import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from unit.control.events import CLAIM, OUTPUT_ON
from unit.journal.cursor import Cursor
from unit.journal.ring import Journal

from host_tools import journal
from sim.bench.console import histogram
from sim.board.crew import Crew, Step
from sim.board.slow_board import ESP32_TIMES_SLOWER, SlowBoard
from tests.console.stories import PROMPTS, Story, board_for
from tests.console.test_fuzz import Dice, something

LATE_MS = 100
TIMES_SLOWER = 40  # than this PC; less than an ESP32, so that a busy PC, whose caches others use, spoils nothing
BURST = 5  # things that are typed without a pause
HEAP_SLACK_BYTES = 4096
BACK = (b"\x03\x03\r", b"lang en utf8\r", b"check\r")


def typing(seed: int, lines: int) -> Iterator[Step]:
    """Random bursts; now and then the board is asked what memory it has left."""
    dice = Dice(seed)
    yield 30
    for n in range(0, lines, BURST):
        yield b"".join(something(dice) for _ in range(BURST))
        if n % (lines // 8 // BURST * BURST) == 0:
            yield 3
            yield from BACK
            yield 3


class Typist(Crew):
    """Keeps what `check` said of the memory, and lets go of the rest of the screen."""

    def __init__(self, board: SlowBoard, seed: int, lines: int):
        super().__init__(board, typing(seed, lines), PROMPTS)
        self.free_bytes: list[int] = []

    def look(self) -> bytes:
        data = super().look()
        for line in self.screen.lines[:-1]:
            if found := re.match(r"memory +ok +(\d+)", line):
                self.free_bytes.append(int(found[1]))
        self.screen.lines = self.screen.lines[-1:]
        self.shown = b""
        return data


def type_to_a_board(seed: int, lines: int, folder: Path, times_slower: float) -> tuple[SlowBoard, Typist]:
    """The board and the typist when it is over."""
    board = board_for(Story(lambda _: iter(())), "zh", folder, kind=SlowBoard)
    board.times_slower = times_slower
    typist = Typist(board, seed, lines)
    try:
        board.run()
    finally:
        typist.close()
    return board, typist


def claims(flash: Path) -> list[tuple[int, int, int]]:
    """Commands from the console that a board's journal knows of, and the machines that ran."""
    from unit.control.controller import N_POINTS

    device = journal.open_image(flash)
    found = [record.event for record in journal.records(Cursor(Journal(device, N_POINTS, 60))) if record.event]
    assert any(code == OUTPUT_ON for code, _, _ in found)
    return [event for event in found if event[0] == CLAIM]


@pytest.mark.parametrize(
    ("seed", "lines"), [(1, 200), *(pytest.param(seed, 10_000, marks=pytest.mark.campaign) for seed in range(2, 12))]
)
def test_nothing_typed_breaks_or_moves_anything(tmp_path, seed, lines):
    board, typist = type_to_a_board(seed, lines, tmp_path, TIMES_SLOWER)
    print(histogram(board.late_us))
    assert board.starts == 1
    assert max(board.late_us) <= LATE_MS * 1000
    assert len(typist.free_bytes) > 4
    assert min(typist.free_bytes[2:]) > typist.free_bytes[1] - HEAP_SLACK_BYTES, typist.free_bytes
    assert claims(tmp_path / "board.flash") == []


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        slow, crew = type_to_a_board(1, int(sys.argv[1]), Path(scratch), ESP32_TIMES_SLOWER)
        print(histogram(slow.late_us))
        print(
            f"starts {slow.starts}; heap left {crew.free_bytes}; commands taken {claims(Path(scratch) / 'board.flash')}"
        )
