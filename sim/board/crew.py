"""A crew at the pseudo-terminal of a virtual board in virtual time: the same visit twice is the same to the byte.

A visit is a generator. It yields a str, a line to type, after which the crew waits until the console asks for the next
one; bytes, keys without an Enter; or a number of seconds to wait. Keys go over the wire at its speed.
"""

import os
from collections.abc import Iterable, Iterator
from functools import partial

from .screen import Screen
from .virtual_board import VirtualBoard

BYTE_US = 87  # ten bits at 115200 baud
_KEYS = 8  # that arrive at once
_SECOND_US = 1_000_000
_PHASE_US = 200_000  # lines are typed so long after a whole second: where within it an answer ends changes no later one
_PATIENCE_S = 60.0  # of virtual time

Step = str | bytes | float
Visit = Iterable[Step]


class Crew:
    """Lives through `visit` on a board that has not been started yet. `screen` is what the terminal has shown."""

    def __init__(self, board: VirtualBoard, visit: Visit, prompts: tuple[str, ...], screen: Screen | None = None):
        """`prompts`: how a line ends that waits for the crew."""
        self.screen = screen or Screen()
        self.shown = b""
        self._board = board
        self._visit: Iterator[Step] = iter(visit)
        self._prompts = prompts
        self._fd = os.open(board.serial.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self._asked_us = -1  # when the line that waits for its answer was typed
        board.agenda.add(0, self._next)

    def close(self) -> None:
        """Leave the port."""
        os.close(self._fd)

    def look(self) -> bytes:
        """Take all that the board has sent up to this moment of virtual time."""
        data = self._board.serial.settle(self._fd)
        self.shown += data
        self.screen.write(data)
        return data

    def _next(self) -> bool:
        self.look()
        if self._asked_us >= 0:
            if self.screen.lines[-1].endswith(self._prompts):
                self._asked_us = -1
            elif self._board.now_us - self._asked_us > _PATIENCE_S * 1e6:
                raise TimeoutError(f"no prompt came back; the screen shows\n{self.text()}")
            return self._later(_SECOND_US)
        try:
            step = next(self._visit)
        except StopIteration:
            self._board.stop()
            return True
        if isinstance(step, (int, float)):
            return self._later(round(step * 1e6))
        typed = step if isinstance(step, bytes) else step.encode() + b"\r"
        self.type(typed)
        self._asked_us = -1 if isinstance(step, bytes) else self._board.now_us
        return self._later(len(typed) * BYTE_US + _SECOND_US)

    def _later(self, in_us: int) -> bool:
        at_us = (self._board.now_us + in_us) // _SECOND_US * _SECOND_US + _PHASE_US
        self._board.agenda.add(at_us, self._next)
        return False

    def type(self, data: bytes) -> None:
        """Let keys arrive one after the other at the speed of the wire, from now on."""
        for i in range(0, len(data), _KEYS):
            self._board.agenda.add(self._board.now_us + i * BYTE_US, partial(self._arrive, data[i : i + _KEYS]))

    def _arrive(self, keys: bytes) -> bool:
        self._board.serial.deliver(self._fd, keys)
        return False

    def text(self) -> str:
        """The screen from its first line to its last, without the empty ones at either end."""
        return "\n".join(line.rstrip() for line in self.screen.lines).strip("\n") + "\n"
