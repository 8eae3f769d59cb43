"""One fault of the scenario, as the world keeps it."""

from unit.control.basics import const

FOREVER_S = const(1 << 60)


class Breakdown:
    """From `at_s` to `until_s` `target` suffers `kind`; `active` (1 or 0) as of the last look.

    With `every_s` it suffers only in the first `lasts_s` of each period of `every_s`.
    """

    def __init__(
        self, at_s: int, until_s: int, kind: str, target: str, amount: float, every_s: int = 0, lasts_s: int = 0
    ) -> None:
        self.at_s: int = at_s
        self.until_s: int = until_s if until_s >= 0 else FOREVER_S
        self.kind: str = kind
        self.target: str = target
        self.amount: float = amount
        self.every_s: int = every_s
        self.lasts_s: int = lasts_s
        self.active: int = 0

    def phase_s(self, t_s: int) -> int:
        """Seconds of the period that are over at `t_s`, while it is active."""
        return (t_s - self.at_s) % self.every_s if self.every_s else t_s - self.at_s

    def next_s(self, t_s: int) -> int:
        """When it changes next; FOREVER_S when no more."""
        if t_s < self.at_s:
            return self.at_s
        if t_s >= self.until_s:
            return FOREVER_S
        if not self.every_s:
            return self.until_s
        phase_s = self.phase_s(t_s)
        return min(self.until_s, t_s - phase_s + (self.lasts_s if phase_s < self.lasts_s else self.every_s))

    def strikes(self, t_s: int) -> int:
        """1 if the target suffers at `t_s`."""
        if t_s < self.at_s or t_s >= self.until_s:
            return 0
        return 1 if not self.every_s or self.phase_s(t_s) < self.lasts_s else 0

    def words(self) -> str:
        """Target, kind and amount if one counts; of one that comes and goes, how long in how many seconds."""
        words = self.target + " " + self.kind
        if self.amount != 0.0 and self.amount == self.amount:
            words += " " + str(self.amount)
        if self.every_s:
            words += " " + str(self.lasts_s) + "/" + str(self.every_s) + " s"
        return words
