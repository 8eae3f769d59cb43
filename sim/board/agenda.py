"""What is to happen at which virtual time."""

import heapq
from collections.abc import Callable
from itertools import count

NEVER_US = 1 << 62


class Agenda:
    """Actions by time; of two for the same moment the one that was added first comes first."""

    def __init__(self) -> None:
        self._entries: list[tuple[int, int, Callable[[], bool]]] = []
        self._order = count()

    def add(self, at_us: int, action: Callable[[], bool]) -> None:
        """`action` returns whether it may wake the machine."""
        heapq.heappush(self._entries, (at_us, next(self._order), action))

    @property
    def next_us(self) -> int:
        return self._entries[0][0] if self._entries else NEVER_US

    def pop(self, until_us: int) -> tuple[int, Callable[[], bool]] | None:
        """The next entry that is due by `until_us`."""
        if not self._entries or self._entries[0][0] > until_us:
            return None
        at_us, _, action = heapq.heappop(self._entries)
        return at_us, action
