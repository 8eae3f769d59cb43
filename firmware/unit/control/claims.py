"""Who wants what: every wish for an output is a claim with an end, the strongest one wins."""

from .basics import const
from .reasons import NOTHING

# Sources. A full well outranks a command from afar, and only whoever stands there outranks a full well.
PROCESS = const(0)
BACKUP = const(1)
REMOTE = const(2)
HAND = const(3)
SOURCE_NAMES = ("process", "backup", "remote", "hand")
_STRONGEST_FIRST = (HAND, BACKUP, REMOTE, PROCESS)


class Claims:
    """The claims on one output and, after `arbitrate`, the winning wish.

    A claim is a lease: on or off until a second; what is not renewed ends. Columns instead of an object a claim: 16
    objects would take a board's heap 1 KB more.
    """

    def __init__(self) -> None:
        self._until_s: list[int] = [-1, -1, -1, -1]  # by source
        self._wish: list[int] = [NOTHING * 2] * 4  # reason * 2 + on
        self.on: int = 0
        self.reason: int = NOTHING
        self.source: int = PROCESS
        self.until_s: int = 0

    def lodge(self, source: int, on: int, until_s: int, reason: int) -> None:
        self._wish[source] = reason * 2 + on
        self._until_s[source] = until_s

    def release(self, source: int) -> None:
        self._until_s[source] = -1

    def holds(self, source: int, now_s: int) -> int:
        """1 while this source has a claim in force."""
        return 1 if self._until_s[source] > now_s else 0

    def wants(self, source: int) -> int:
        """1 when the last claim of this source was to run, in force or not."""
        return self._wish[source] & 1

    def arbitrate(self, now_s: int) -> None:
        for source in _STRONGEST_FIRST:
            if self._until_s[source] > now_s:
                wish: int = self._wish[source]
                self.on = wish & 1
                self.reason = wish >> 1
                self.source = source
                self.until_s = self._until_s[source]
                return
        self.on = 0
        self.reason = NOTHING
        self.source = PROCESS
        self.until_s = now_s
