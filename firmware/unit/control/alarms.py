"""Alarm states after ISA-18.2, with delays, acknowledgement and re-sounding; and which alarm explains which.

What is explained by another alarm is not told while that one stands: it shows below it. What comes and goes is one
alarm: told once a day, or as often as its row says, and counted; on later days, or acknowledged, once.
"""

from array import array

from .basics import NONE, const
from .events import ALARM, Events

NORMAL = const(0)
UNACKNOWLEDGED = const(1)
ACKNOWLEDGED = const(2)
RETURNED = const(3)  # the cause is gone, nobody has seen it yet
STATE_NAMES = ("normal", "unacknowledged", "acknowledged", "returned")

WORD = const(30)  # causes in one integer: so many bits a 32-bit board keeps without allocation
_BOTH = const(128)  # in `under` of a row: together with the one before
_AFTERWARDS_S = const(600)  # what explained it is over: pumps have had the time to do away with the rest
_MINUTES = const(128)
_MOST_TIMES = const(255)
_KIND = const(15)  # of `told`
ONCE = const(16)


def _byte(delay_s: int) -> int:
    """A delay of up to two minutes, or of whole minutes up to two hours."""
    return delay_s if delay_s < _MINUTES else _MINUTES + delay_s // 60


class AlarmBook:
    """All alarms of a unit, each by its place in the catalogue.

    `active[i]` is the cause of an alarm after its delays, `state[i]` what the crew has done about it, `since_s[i]` the
    start of that state, `times[i]` how often it came since somebody acknowledged it, 255 at most. `under[i]` is 1 + the
    place of the alarm that explains it, 0 for none. Columns instead of an object an alarm: 40 objects would take 10 KB
    more of a board's heap.
    """

    def __init__(self, rows: list[tuple[str, int, int, int, int, bytes]], events: Events) -> None:
        """`rows`: (code, on_delay_s, off_delay_s, latch, a_day, under) of every alarm, in the catalogue's order."""
        n: int = len(rows)
        self.events: Events = events
        self.resound_s: int = 12 * 3600
        self.again_s: int = 24 * 3600
        self.restless: int = 0  # 1 when an alarm may change although its cause does not
        self.active: bytearray = bytearray(n)
        self.state: bytearray = bytearray(n)
        self.under: bytearray = bytearray(n)
        self.since_s: array[int] = array("i", [0] * n)
        self.times: bytearray = bytearray(n)
        # Since when the cause differs from `active`, or what explained this alarm is over; -1 for neither.
        self._differs_s: array[int] = array("i", [-1] * n)
        # In seconds, from `_MINUTES` on in minutes.
        self._on_delay: bytearray = bytearray([_byte(row[1]) for row in rows])
        self._off_delay: bytearray = bytearray([_byte(row[2]) for row in rows])
        # latch + 2 * a_day + 16 * (how often it was told in this round; more than a_day: it is up and was not told)
        self.told: bytearray = bytearray([row[3] + 2 * row[4] for row in rows])
        self.round_s: int = 0  # start of the time in which no alarm is told more than a_day times
        self._first_end_s: int = 0  # no alarm ends before this: what a restart remembers has to be found again
        self._explains: bytes = b"".join([row[5] for row in rows])
        self._explained_to: bytearray = bytearray(n)  # where the part of an alarm in `_explains` ends
        at: int = 0
        for i, row in enumerate(rows):
            at += len(row[5])
            self._explained_to[i] = at

    def step(self, now_s: int, causes: list[int]) -> None:
        """Take the causes of this second, a bit an alarm, `WORD` of them in each integer."""
        self.restless = 0
        if now_s - self.round_s >= self.again_s:
            self._begin_round(now_s)
        n: int = len(self.state)
        i: int = 0
        while i < n:
            self.under[i] = self._explained_by(i, causes)
            i += 1
        i = 0
        while i < n:
            self._update(i, now_s, causes[i // WORD] >> i % WORD & 1)
            i += 1

    def belongs(self, i: int, root: int) -> int:
        """1 when `root` is this alarm or explains it, or is NONE for all."""
        while i != root and self.under[i]:
            i = self.under[i] - 1
        return 1 if i == root or root == NONE else 0

    def silent(self, i: int) -> int:
        """1 when this alarm has come back and was not told again."""
        return 1 if self.told[i] >> 4 > self.told[i] >> 1 & 7 else 0

    def acknowledge(self, root: int, now_s: int) -> int:
        """Somebody has seen this alarm and what stands below it, or all with NONE; returns how many waited for it."""
        n: int = 0
        i: int = 0
        while i < len(self.state):
            state: int = self.state[i]
            if state and self.belongs(i, root):
                self._once_more(i)
                self.times[i] = 1 if self.active[i] else 0
                if state == UNACKNOWLEDGED:
                    self._enter(i, now_s, ACKNOWLEDGED)
                elif state == RETURNED:
                    self._enter(i, now_s, NORMAL)
                n += 0 if state == ACKNOWLEDGED else 1
            i += 1
        return n

    def repeat(self, i: int, state: int) -> None:
        """An event of after the snapshot says that the alarm went into this state."""
        self.remember(i, state & 3, 1 if NORMAL < state < RETURNED else 0, 1)

    def age(self, by_s: int) -> None:
        """What was restored as of just now is so many seconds old."""
        self.round_s -= min(by_s, self.again_s)

    def remember(self, i: int, state: int, active: int, told: int) -> None:
        """A restart takes up what was known of one alarm; the firmware of before may have had other alarms."""
        if not 0 <= i < len(self.state):
            return
        self.state[i] = state
        self.active[i] = 1 if active else 0
        self.told[i] = (self.told[i] & _KIND) + told * ONCE
        self.times[i] = 1 if state else 0
        self._first_end_s = _AFTERWARDS_S
        self.restless = 1

    def _explained_by(self, i: int, causes: list[int]) -> int:
        """1 + the place of the first alarm that explains this one now, 0 for none or while it has no cause itself."""
        if not self._stands(i, causes):
            return 0
        k: int = self._explained_to[i - 1] if i else 0
        end: int = self._explained_to[i]
        while k < end:
            root: int = self._explains[k]
            k += 1
            explains: int = self._stands(root, causes)
            if k < end and self._explains[k] >= _BOTH:
                explains &= self._stands(self._explains[k] - _BOTH, causes)
                k += 1
            # What has been told goes below nothing that has not: of two that explain each other the first is said.
            if explains and not self.belongs(root, i) and (self.state[root] or not self.state[i]):
                return root + 1
        return 0

    def _stands(self, i: int, causes: list[int]) -> int:
        """1 while the alarm is up, or has a cause and only its delay runs."""
        return 1 if self.active[i] or causes[i // WORD] >> i % WORD & 1 else 0

    def _begin_round(self, now_s: int) -> None:
        self.round_s = now_s
        i: int = 0
        while i < len(self.state):
            is_told: int = self.state[i] != UNACKNOWLEDGED or not self.silent(i)
            if is_told and not self._once_more(i):
                self.told[i] &= _KIND
            i += 1

    def _once_more(self, i: int) -> int:
        """1 for one that was told as often as its row allows: it has had its day, and is news once more."""
        told: int = self.told[i]
        a_day: int = told >> 1 & 7
        if told >> 4 < a_day:
            return 0
        self.told[i] = (told & _KIND) + ONCE * (a_day - 1)
        return 1

    def _update(self, i: int, now_s: int, cause: int) -> None:
        state: int = self.state[i]
        if cause != self.active[i]:
            self.restless = 1
            if self._differs_s[i] < 0:
                self._differs_s[i] = now_s
            delay_s: int = self._on_delay[i] if cause else self._off_delay[i]
            if delay_s >= _MINUTES:
                delay_s = (delay_s - _MINUTES) * 60
            if now_s - self._differs_s[i] < delay_s or (not cause and now_s < self._first_end_s):
                return
            self._differs_s[i] = -1
            self.active[i] = cause
            if cause:
                if not self.under[i]:
                    self._raise(i, now_s)
            elif self.told[i] & 1 and state == UNACKNOWLEDGED:
                self._enter(i, now_s, RETURNED)
            elif NORMAL < state < RETURNED:
                self._enter(i, now_s, NORMAL)
        elif not cause or self.under[i]:
            self._differs_s[i] = -1
        elif NORMAL < state < RETURNED:
            self._differs_s[i] = -1
            if state == ACKNOWLEDGED or self.silent(i):
                self.restless = 1
                if now_s - self.since_s[i] >= self.resound_s:
                    if self.silent(i):
                        self.told[i] -= ONCE
                    self._enter(i, now_s, UNACKNOWLEDGED)
        else:
            # What explained it is over, and it still stands.
            self.restless = 1
            if self._differs_s[i] < 0:
                self._differs_s[i] = now_s
            elif now_s - self._differs_s[i] >= _AFTERWARDS_S:
                self._differs_s[i] = -1
                self._raise(i, now_s)

    def _raise(self, i: int, now_s: int) -> None:
        if self.times[i] < _MOST_TIMES:
            self.times[i] += 1
        if not self.silent(i):
            self.told[i] += ONCE
        self._enter(i, now_s, UNACKNOWLEDGED)

    def _enter(self, i: int, now_s: int, state: int) -> None:
        self.state[i] = state
        self.since_s[i] = now_s
        self.restless = 1
        if not self.silent(i):
            self.events.add(ALARM, i, state)
