"""Who wants what: every wish for an output is a claim with an end, the strongest one wins."""

from .basics import const
from .reasons import NOTHING

# Sources. A full well outranks a command from afar, and only whoever stands there outranks a full well.
PROCESS = const(0)
BACKUP = const(1)
REMOTE = const(2)
HAND = const(3)
SOURCE_NAMES = ("process", "backup", "remote", "hand")


class Claim:
    """A lease: on or off until `until_s`; what is not renewed ends."""

    def __init__(self, source: int) -> None:
        self.source: int = source
        self.on: int = 0
        self.until_s: int = -1
        self.reason: int = NOTHING


class Claims:
    """The claims on one output and, after `arbitrate`, the winning wish."""

    def __init__(self) -> None:
        self.by_source: list[Claim] = [Claim(PROCESS), Claim(BACKUP), Claim(REMOTE), Claim(HAND)]
        by = self.by_source
        self._strongest_first: list[Claim] = [by[HAND], by[BACKUP], by[REMOTE], by[PROCESS]]
        self.on: int = 0
        self.reason: int = NOTHING
        self.source: int = PROCESS
        self.until_s: int = 0

    def lodge(self, source: int, on: int, until_s: int, reason: int) -> None:
        claim = self.by_source[source]
        claim.on = on
        claim.until_s = until_s
        claim.reason = reason

    def release(self, source: int) -> None:
        self.by_source[source].until_s = -1

    def holds(self, source: int, now_s: int) -> int:
        """1 while this source has a claim in force."""
        return 1 if self.by_source[source].until_s > now_s else 0

    def arbitrate(self, now_s: int) -> None:
        for claim in self._strongest_first:
            if claim.until_s > now_s:
                self.on = claim.on
                self.reason = claim.reason
                self.source = claim.source
                self.until_s = claim.until_s
                return
        self.on = 0
        self.reason = NOTHING
        self.source = PROCESS
        self.until_s = now_s
