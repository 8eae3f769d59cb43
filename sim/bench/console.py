"""The serial console on the virtual board: how soon `status` answers, and how late ticks come while it is open.

`python -m sim.bench console` types `status` at many moments within a second, on a board that computes as fast as the PC
and on one as slow as an ESP32, at 115200 baud. It prints the time from Enter to the first byte and to the prompt after
the last line, and a histogram of how late the ticks came in a visit that uses every command that only looks.
"""

import tempfile
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from host_tools.unitkit import unitfile
from host_tools.unitkit.places import EXAMPLE_UNIT
from sim.board.crew import BYTE_US, Crew, Step
from sim.board.plant import ScenarioPlant
from sim.board.slow_board import ESP32_TIMES_SLOWER, SlowBoard

from .workload import QUIET

FIRST_BUDGET_MS = 100
SCREEN_BUDGET_MS = 1000
LATE_BUDGET_MS = 100
_TIMES = 40
_KEY_US = 150_000  # between two keys of a quick typist
_LOOK_US = 1000
_PROMPT = "qiaotou> "
_QUIET_MORNING = replace(QUIET, start=QUIET.start.replace(hour=8))
_VISIT = (
    "status", "levels", "pumps", "alarms", "why p1", "hours", "trend level_mm 1h", "log 20", "show lift.*", "help",
    "net", "time", "check", "visit", "lang en", "status",
)  # fmt: skip
_STEPS_MS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


def histogram(late_us: list[int]) -> str:
    """How late ticks came, as lines of text: in each step more than the one before."""
    lines = [f"{len(late_us)} ticks, the latest came {max(late_us) / 1000:.1f} ms late"]
    low = -1
    for high in (*_STEPS_MS, None):
        n = sum(1 for us in late_us if us > low * 1000 and (high is None or us <= high * 1000))
        if n:
            lines.append(
                f"{'more' if high is None else f'<= {high}':>8} ms {n:8d} {'#' * max(1, 50 * n // len(late_us))}"
            )
        low = high or 0
    return "\n".join(lines)


def _board(folder: Path, times_slower: float) -> SlowBoard:
    unit = unitfile.load(EXAMPLE_UNIT)
    plant = ScenarioPlant(unit.control_settings(), _QUIET_MORNING)
    board = SlowBoard(unit, folder / "flash", None, plant, None)
    board.times_slower = times_slower
    return board


class _Watch(Crew):
    """A crew that types `status` key by key, so many times, and notes when its answer began and was complete."""

    def __init__(self, board: SlowBoard, times: int):
        super().__init__(board, self._script(times), (_PROMPT,))
        self.first_ms: list[float] = []
        self.screen_ms: list[float] = []
        self._entered_us = 0
        self._wire_us = 0  # when the wire has brought the last byte
        self._answer = b""

    def _script(self, times: int) -> Iterator[Step]:
        yield 70
        yield ""
        for i in range(times):
            self._type_status(i * 1_000_000 // times)
            yield 8

    def _type_status(self, phase_us: int) -> None:
        at_us = self._board.now_us + phase_us
        for key in (b"s", b"t", b"a", b"t", b"u", b"s"):
            self._board.agenda.add(at_us, partial(self._key, key))
            at_us += _KEY_US
        self._board.agenda.add(at_us, self._enter)

    def _key(self, key: bytes) -> bool:
        self._board.serial.deliver(self._fd, key)
        return False

    def _enter(self) -> bool:
        self.look()
        self._key(b"\r")
        self._entered_us = self._wire_us = self._board.now_us + BYTE_US
        self._answer = b""
        return self._measure()

    def _measure(self) -> bool:
        """Each millisecond: what has come, and when the wire has brought it."""
        now_us = self._board.now_us
        new = self.look()
        begun = bool(self._answer.partition(b"\n")[2])
        self._answer += new
        self._wire_us = max(self._wire_us, now_us) + len(new) * BYTE_US
        after_echo = len(self._answer.partition(b"\n")[2])
        if after_echo and not begun:
            self.first_ms.append((self._wire_us - (after_echo - 1) * BYTE_US - self._entered_us) / 1000)
        if after_echo and self.screen.lines[-1] == _PROMPT:
            self.screen_ms.append((self._wire_us - self._entered_us) / 1000)
        else:
            self._board.agenda.add(now_us + _LOOK_US, self._measure)
        return False


def answer_times(times_slower: float, times: int = _TIMES) -> tuple[list[float], list[float]]:
    """Milliseconds from Enter to the first byte of the answer, and to the complete screen, at many moments."""
    with tempfile.TemporaryDirectory() as folder:
        board = _board(Path(folder), times_slower)
        crew = _Watch(board, times)
        board.run()
        crew.close()
    return sorted(crew.first_ms), sorted(crew.screen_ms)


def visit(times_slower: float, commands: tuple[str, ...] = _VISIT) -> list[int]:
    """How late the ticks of a visit came, in microseconds."""
    with tempfile.TemporaryDirectory() as folder:
        board = _board(Path(folder), times_slower)
        crew = Crew(board, (30, "", *(step for command in commands for step in (command, 2))), (_PROMPT,))
        board.run()
        crew.close()
    return board.late_us


def main(args: Namespace) -> None:
    times, commands = (2, _VISIT[:2]) if args.short else (_TIMES, _VISIT)
    for name, times_slower in (("as fast as this PC", 1), (f"{ESP32_TIMES_SLOWER} times slower", ESP32_TIMES_SLOWER)):
        first, complete = answer_times(times_slower, times)
        for what, found, budget in (("begins", first, FIRST_BUDGET_MS), ("is complete", complete, SCREEN_BUDGET_MS)):
            median, longest = found[len(found) // 2], found[-1]
            print(
                f"{name}: status {what} after {median:.0f} ms, at most {longest:.0f}, of {len(found)}; budget {budget}"
            )
        print(f"{name}: {histogram(visit(times_slower, commands))}; budget {LATE_BUDGET_MS}")
