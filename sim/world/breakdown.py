"""One fault of the scenario, as the world keeps it."""

from unit.control.basics import const

FOREVER_S = const(1 << 60)


class Breakdown:
    """From `at_s` to `until_s` `target` suffers `kind`; `active` (1 or 0) as of the last look."""

    def __init__(self, at_s: int, until_s: int, kind: str, target: str, amount: float) -> None:
        self.at_s: int = at_s
        self.until_s: int = until_s if until_s >= 0 else FOREVER_S
        self.kind: str = kind
        self.target: str = target
        self.amount: float = amount
        self.active: int = 0

    def words(self) -> str:
        """Target, kind and amount if one counts."""
        if self.amount == 0.0 or self.amount != self.amount:
            return self.target + " " + self.kind
        return self.target + " " + self.kind + " " + str(self.amount)
