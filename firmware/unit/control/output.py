"""One output: the claims on it, the guard before it, and its book of hours and starts."""

from .basics import NONE
from .claims import HAND, Claims
from .events import OUTPUT_OFF, OUTPUT_ON, Events
from .protection import Guard
from .reasons import NOTHING


class Output:
    """A machine behind a relay. `on` is the relay's command, `reason` why it is so."""

    def __init__(self, index: int, name: str, power_w: int) -> None:
        self.index: int = index
        self.name: str = name
        self.power_w: int = power_w
        self.claims: Claims = Claims()
        self.guard: Guard = Guard()
        self.on: int = 0
        self.reason: int = NOTHING
        self.running: int = NONE  # feedback of this second
        self.run_s: int = 0  # over the machine's life
        self.starts: int = 0
        self.serviced_run_s: int = 0  # run_s at the last service
        self.rested_s: int = 0  # since the end of the last run

    def step(self, now_s: int, mains: int, dry: int, events: Events) -> None:
        """Claims -> protection -> relay, and the book."""
        claims = self.claims
        claims.arbitrate(now_s)
        by_hand: int = 1 if claims.source == HAND else 0
        self.reason = self.guard.decide(now_s, claims.on, claims.reason, by_hand, mains, dry)
        if self.guard.on != self.on:
            self.on = self.guard.on
            if self.on:
                self.starts += 1
                events.add(OUTPUT_ON, self.index, self.reason)
            else:
                events.add(OUTPUT_OFF, self.index, self.reason)
        if self.on:
            self.run_s += 1
            self.rested_s = 0
        else:
            self.rested_s += 1

    def turns(self) -> int:
        """1 when the machine turns as far as one can know: by feedback that is fitted and true, else the command."""
        return self.on if self.running == NONE or self.guard.feedback_lost else self.running
