"""What a run leaves in memory for its report: bounded, whatever the length of the run."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ..scenario.scenario import Scenario
from .series import Series

MAX_NOTABLE = 300
MAX_ALIKE = 6  # of one event: an alarm that comes every few minutes must not hide the others

Event = tuple[int, str, str, str]  # time_s, source, event, detail: one row of events.csv


@dataclass
class Day:
    """Sums of one local calendar day."""

    date: date
    from_s: int
    to_s: int
    energy_kwh: float
    inflow_m3: float


@dataclass
class Record:
    """A run: what was asked, what came of it, and the curves. `settings` are ints on the catalogue's scale."""

    scenario: Scenario
    settings: dict[str, Any]
    series: Series
    days: list[Day] = field(default_factory=list)
    notable: list[Event] = field(default_factory=list)
    notable_left_out: int = 0
    summary: dict[str, Any] = field(default_factory=dict)
    _alike: dict[tuple[str, str, str], int] = field(default_factory=dict)

    def note(self, event: Event) -> None:
        """Keep an event for the table of events, while there is room."""
        alike = self._alike.get(event[1:], 0) + 1
        self._alike[event[1:]] = alike
        if len(self.notable) < MAX_NOTABLE and alike <= MAX_ALIKE:
            self.notable.append(event)
        else:
            self.notable_left_out += 1
