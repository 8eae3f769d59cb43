"""Alarm states after ISA-18.2, with delays, acknowledgement and re-sounding."""

from array import array

from .basics import const
from .events import ALARM, Events

NORMAL = const(0)
UNACKNOWLEDGED = const(1)
ACKNOWLEDGED = const(2)
RETURNED = const(3)  # the cause is gone, nobody has seen it yet
STATE_NAMES = ("normal", "unacknowledged", "acknowledged", "returned")


class AlarmBook:
    """All alarms of a unit, each by its place in the catalogue.

    `active[i]` is the cause of an alarm after its delays, `state[i]` what the crew has done about it, `since_s[i]` the
    start of that state. Columns instead of an object an alarm: 40 objects would take 10 KB more of a board's heap.
    """

    def __init__(self, rows: list[tuple[str, int, int, int]], events: Events) -> None:
        """`rows`: (code, on_delay_s, off_delay_s, latch) of every alarm, in the catalogue's order."""
        n: int = len(rows)
        self.events: Events = events
        self.resound_s: int = 12 * 3600
        self.restless: int = 0  # 1 when an alarm may change although its cause does not
        self.active: bytearray = bytearray(n)
        self.state: bytearray = bytearray(n)
        self.since_s: array[int] = array("i", [0] * n)
        # Since when the cause differs from `active`, -1 when it does not.
        self._differs_s: array[int] = array("i", [-1] * n)
        self._on_delay_s: array[int] = array("i", [row[1] for row in rows])
        self._off_delay_s: array[int] = array("i", [row[2] for row in rows])
        self._latch: bytearray = bytearray([row[3] for row in rows])

    def update(self, i: int, now_s: int, cause: int) -> None:
        """Take the cause (0/1) of this second."""
        state: int = self.state[i]
        active: int = self.active[i]
        if cause == active:
            self._differs_s[i] = -1
            if state == ACKNOWLEDGED:
                self.restless = 1
                if now_s - self.since_s[i] >= self.resound_s:
                    self._enter(i, now_s, UNACKNOWLEDGED)
            return
        self.restless = 1
        if self._differs_s[i] < 0:
            self._differs_s[i] = now_s
        delay_s: int = self._on_delay_s[i] if cause else self._off_delay_s[i]
        if now_s - self._differs_s[i] < delay_s:
            return
        self._differs_s[i] = -1
        self.active[i] = cause
        if cause:
            self._enter(i, now_s, UNACKNOWLEDGED)
        elif self._latch[i] and state == UNACKNOWLEDGED:
            self._enter(i, now_s, RETURNED)
        elif state != NORMAL:
            self._enter(i, now_s, NORMAL)

    def acknowledge(self, i: int, now_s: int) -> None:
        """Somebody has seen this alarm."""
        if self.state[i] == UNACKNOWLEDGED:
            self._enter(i, now_s, ACKNOWLEDGED)
        elif self.state[i] == RETURNED:
            self._enter(i, now_s, NORMAL)

    def acknowledge_all(self, now_s: int) -> int:
        """Acknowledge whatever waits for it; returns how many did."""
        n: int = 0
        i: int = 0
        while i < len(self.state):
            if self.state[i] == UNACKNOWLEDGED or self.state[i] == RETURNED:
                self.acknowledge(i, now_s)
                n += 1
            i += 1
        return n

    def _enter(self, i: int, now_s: int, state: int) -> None:
        self.state[i] = state
        self.since_s[i] = now_s
        self.restless = 1
        self.events.add(ALARM, i, state)
