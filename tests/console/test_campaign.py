"""Whatever is typed at a virtual board's port: no crash, no late tick, a flat heap, nothing moved without the PIN.

The campaign types until the console has taken 100,000 lines, with held-down keys, pastes of 10 kB and bytes that are no
text at all, at the speed of the wire and at any moment of a second; a sample of it runs with every test.
`python -m tests.console.test_campaign 1000` does so with as many lines on a board as slow as an ESP32 and prints how
late the ticks came.
"""

import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from unit.catalogue import tables
from unit.control.events import CLAIM, OUTPUT_ON
from unit.journal.cursor import Cursor
from unit.journal.ring import Journal

from host_tools.verbs import journal
from sim.bench.console import histogram
from sim.board.crew import Crew, Step
from sim.board.slow_board import ESP32_TIMES_SLOWER, SlowBoard
from sim.board.vm import DEFAULT_HEAP_BYTES
from tests.console.stories import PROMPTS, Story, board_for
from tests.console.test_fuzz import Dice, something

LATE_MS = 100
TIMES_SLOWER = ESP32_TIMES_SLOWER / 2  # so that a busy PC, whose caches others use, spoils nothing
BURST = 5  # things that are typed without a pause
PAUSE_US = 1_500_000  # the longest pause between two of them
HEAP_SLACK_BYTES = 4096
WITH_MORE = ("why p1", "log 5", "trend level_mm 1h", "show lift", "set lift.start_level_mm 1", "help set", "run p1 1h")
BACK = (b"\x03\x03\r", b"lang en utf8\r", b"check\r")
TAKEN = re.compile(rb"\x1b\[K(?:\x1b\[\d+D)?(?:\^C)?\r\n")  # a line that has been ended
BROKEN = (b"Traceback", b"the command failed", "命令没有完成".encode())


class Typist(Crew):
    """Types until `lines` lines were taken; keeps what `check` said of the memory and what was broken."""

    def __init__(self, board: SlowBoard, seed: int, lines: int):
        super().__init__(board, self._typing(lines), PROMPTS)
        self.taken = 0
        self.broken: list[str] = []
        self.free_bytes: list[int] = []
        self._dice = Dice(seed)

    def _typing(self, lines: int) -> Iterator[Step]:
        """Every command once, then random bursts; now and then the board is asked what memory it has left.

        What a command brings into the table of names stays for ever, and is as much as it is: no growth.
        """
        yield 30
        for line in (*(row[0] for row in tables.rows("commands")), *WITH_MORE):
            yield line.encode() + b"\r"
            yield 5
        asked = 0
        while self.taken < lines or len(self.free_bytes) < 8:
            yield b"".join(something(self._dice) for _ in range(BURST))
            if self.taken >= asked * lines // 8:
                asked += 1
                for line in (b"", *BACK):
                    yield line
                    yield 3

    def _later(self, in_us: int) -> bool:
        self._board.agenda.add(self._board.now_us + in_us + self._dice.roll(PAUSE_US) - PAUSE_US // 2, self._next)
        return False

    def look(self) -> bytes:
        data = super().look()
        self.taken += len(TAKEN.findall(data))
        for line in self.screen.lines[:-1]:
            if found := re.match(r"memory +ok +(\d+)", line):
                self.free_bytes.append(int(found[1]))
        if any(word in data for word in BROKEN):
            self.broken.append(self.text())
        self.screen.lines = self.screen.lines[-1:]
        self.shown = b""
        return data


def quiet_board(folder: Path, times_slower: float) -> SlowBoard:
    """A board with a PIN and no more heap than the product's, in a story in which nothing happens."""
    story = Story(lambda _: iter(()))
    board = board_for(story, "zh", folder, kind=SlowBoard, heap_bytes=DEFAULT_HEAP_BYTES)
    board.times_slower = times_slower
    return board


def type_to_a_board(seed: int, lines: int, folder: Path, times_slower: float) -> tuple[SlowBoard, Typist]:
    """The board and the typist when it is over."""
    board = quiet_board(folder, times_slower)
    typist = Typist(board, seed, lines)
    try:
        board.run()
    finally:
        typist.close()
    return board, typist


def claims(flash: Path) -> list[tuple[int, int, int]]:
    """Commands from the console that a board's journal knows of, and the machines that ran."""

    device = journal.open_image(flash)
    cursor = Cursor(Journal(device, tables.count("points"), 60))
    found = [record.event for record in journal.records(cursor) if record.event]
    assert any(code == OUTPUT_ON for code, _, _ in found)
    return [event for event in found if event[0] == CLAIM]


@pytest.mark.parametrize(
    ("seed", "lines"), [(1, 200), *(pytest.param(seed, 10_000, marks=pytest.mark.campaign) for seed in range(2, 12))]
)
def test_nothing_typed_breaks_or_moves_anything(tmp_path, seed, lines):
    board, typist = type_to_a_board(seed, lines, tmp_path, TIMES_SLOWER)
    report(board, typist)
    assert board.starts == 1
    assert max(board.late_us) <= LATE_MS * 1000
    assert typist.broken == []
    assert min(typist.free_bytes[2:]) > typist.free_bytes[1] - HEAP_SLACK_BYTES, typist.free_bytes
    assert claims(tmp_path / "board.flash") == []


def test_a_console_is_not_loaded_right_before_a_tick(tmp_path):
    """Which takes an ESP32 nearly half a second, and so comes after the tick whatever moment somebody presses Enter."""
    board = quiet_board(tmp_path, ESP32_TIMES_SLOWER)
    crew = Crew(board, (35,), PROMPTS)
    board.agenda.add(30_900_000, lambda: bool(crew.type(b"\r")))  # ticks come 0.3 s after whole seconds
    try:
        board.run()
        crew.look()
    finally:
        crew.close()
    assert crew.screen.lines[-1].endswith(PROMPTS)
    assert max(board.late_us) <= LATE_MS * 1000


def report(board: SlowBoard, typist: Typist) -> None:
    print(f"\n{typist.taken} lines taken; {histogram(board.late_us)}")
    print(f"starts {board.starts}; heap left {typist.free_bytes}; broken {typist.broken}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        report(*type_to_a_board(1, int(sys.argv[1]), Path(scratch), ESP32_TIMES_SLOWER))
        print(f"commands taken {claims(Path(scratch) / 'board.flash')}")
