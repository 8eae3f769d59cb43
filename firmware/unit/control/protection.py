"""What must never happen to a machine, whoever asks for it. The last room before the relays.

The rules of `decide`, in their order:
 1. without mains a relay stays off; after mains returns it waits its turn;
 2. a machine that did not run when told to is locked out until it has rested or somebody acknowledges;
 3. a pump never runs in a dry well;
 4. nothing runs longer than its longest run, and then it rests;
 5. nothing starts before its shortest rest is over;
 6. nothing starts more often in an hour than its motor bears;
 7. what has started runs for its shortest run, unless a rule above or a hand stops it.
`docs/invariants.md` numbers these sentences and names the test that holds each.
"""

from array import array

from . import reasons
from .basics import NONE, const

MAX_STARTS = const(60)  # the largest starts-per-hour limit of the catalogue
_HOUR_S = const(3600)
_FEEDBACK_S = const(6)  # contactor and current relay have settled after this
_LOCK_OUT_S = const(1800)  # rest after a failed start before it is tried again
_TRIES = const(3)  # failed starts before only an acknowledgement helps


class Guard:
    """Protection of one machine: its limits, what it remembers, and the decision."""

    def __init__(self) -> None:
        self.min_run_s: int = 0
        self.min_off_s: int = 5
        self.max_run_s: int = 3600
        self.rest_s: int = 0
        self.max_starts_per_h: int = 10
        self.on: int = 0
        self.since_s: int = 0  # start of the present run or rest
        self.rest_until_s: int = 0
        self.wait_until_s: int = 0  # power-up or mains return
        self.locked_until_s: int = 0
        self.failed_starts: int = 0
        self.max_run_hit: int = 0  # 1 while it rests from its longest run
        self.starts_limited: int = 0  # 1 while a start waits for the hour
        self.fails_to_run: int = 0  # 1 commanded, no feedback
        self.feedback_lost: int = 0  # 1 while it works and its feedback says no
        self.runs_uncommanded: int = 0  # 1 feedback without command
        self._start_s: array[int] = array("i", [-_HOUR_S] * MAX_STARTS)  # ring of the last starts
        self._next: int = 0
        self._mismatch_s: int = -1

    def block(self, now_s: int, mains: int, dry: int) -> int:
        """The reason why a start is refused at this moment, 0 if it is not."""
        if not mains:
            return reasons.NO_MAINS
        if now_s < self.wait_until_s:
            return reasons.MAINS_WAIT
        if self.locked_out(now_s):
            return reasons.LOCKED_OUT
        if dry:
            return reasons.DRY
        if now_s < self.rest_until_s:
            return reasons.MAX_RUN
        if now_s - self.since_s < self.min_off_s:
            return reasons.MIN_OFF
        if self.starts_used_up(now_s):
            return reasons.STARTS_LIMIT
        return 0

    def decide(self, now_s: int, want: int, why: int, by_hand: int, mains: int, dry: int) -> int:
        """Switch the output or leave it; returns the reason for the state it is in now."""
        self.starts_limited = 0
        if now_s >= self.rest_until_s:
            self.max_run_hit = 0
        if self.on:
            if not mains:
                return self._switch_off(now_s, reasons.NO_MAINS)
            if self.locked_out(now_s):
                return self._switch_off(now_s, reasons.LOCKED_OUT)
            if dry:
                return self._switch_off(now_s, reasons.DRY)
            if now_s - self.since_s >= self.max_run_s:
                self.rest_until_s = now_s + self.rest_s
                self.max_run_hit = 1
                return self._switch_off(now_s, reasons.MAX_RUN)
            if want:
                return why
            if not by_hand and now_s - self.since_s < self.min_run_s:
                return reasons.MIN_RUN
            return self._switch_off(now_s, why)
        if not want:
            return why
        blocked: int = self.block(now_s, mains, dry)
        if blocked:
            if blocked == reasons.STARTS_LIMIT:
                self.starts_limited = 1
            return blocked
        self.on = 1
        self.since_s = now_s
        self._start_s[self._next] = now_s
        self._next = (self._next + 1) % MAX_STARTS
        return why

    def starts_used_up(self, now_s: int) -> int:
        """1 when the hour that ends now already holds the allowed number of starts."""
        oldest: int = self._start_s[(self._next - self.max_starts_per_h) % MAX_STARTS]
        return 1 if now_s - oldest < _HOUR_S else 0

    def starts_last_hour(self, now_s: int) -> int:
        n: int = 0
        i: int = 0
        while i < MAX_STARTS:
            if now_s - self._start_s[i] < _HOUR_S:
                n += 1
            i += 1
        return n

    def wait_s(self, now_s: int, reason: int) -> int:
        """Seconds until `reason`, one that `block` gives, no longer stands in the way; 0 when time alone is no help."""
        end_s: int = now_s
        if reason == reasons.MAINS_WAIT:
            end_s = self.wait_until_s
        elif reason == reasons.LOCKED_OUT and self.failed_starts < _TRIES:
            end_s = self.locked_until_s
        elif reason == reasons.MAX_RUN:
            end_s = self.rest_until_s
        elif reason == reasons.MIN_OFF:
            end_s = self.since_s + self.min_off_s
        elif reason == reasons.STARTS_LIMIT:
            end_s = self._start_s[(self._next - self.max_starts_per_h) % MAX_STARTS] + _HOUR_S
        return end_s - now_s if end_s > now_s else 0

    def remember_starts(self, count: int) -> None:
        """After a power cut: `count` starts may have happened just before, so they all count from now."""
        i: int = 0
        while i < count and i < MAX_STARTS:
            self.remember_start(0)
            i += 1

    def remember_start(self, at_s: int) -> None:
        """A start at `at_s`, which is negative for one before this power-up."""
        self._start_s[self._next] = at_s
        self._next = (self._next + 1) % MAX_STARTS

    def age_starts(self, by_s: int) -> None:
        """What was remembered as just before happened `by_s` seconds ago."""
        i: int = 0
        while i < MAX_STARTS:
            self._start_s[i] -= by_s
            i += 1

    def locked_out(self, now_s: int) -> int:
        return 1 if self.failed_starts >= _TRIES or now_s < self.locked_until_s else 0

    def available(self, now_s: int) -> int:
        """1 when it runs or could start as soon as its short waits are over."""
        if self.locked_out(now_s) or now_s < self.rest_until_s:
            return 0
        return 1 if self.on or not self.starts_used_up(now_s) else 0

    def watch(self, now_s: int, running: int, mains: int) -> None:
        """Compare the command with the feedback `running` (1, 0, NONE not fitted)."""
        if running == NONE or not mains:
            self._mismatch_s = -1
            return
        if running == self.on:
            self._mismatch_s = -1
            self.runs_uncommanded = 0
            if running and now_s - self.since_s > 2 * _FEEDBACK_S:
                self.failed_starts = 0
                self.fails_to_run = 0
            return
        if self._mismatch_s < 0 or self._mismatch_s < self.since_s:
            self._mismatch_s = now_s
        if now_s - self._mismatch_s < _FEEDBACK_S:
            return
        if self.on:
            self.fails_to_run = 1
            self.failed_starts += 1
            self.locked_until_s = now_s + _LOCK_OUT_S
            self._mismatch_s = -1
        else:
            self.runs_uncommanded = 1

    def unlock(self) -> None:
        """Somebody has looked at the machine: it may be tried again."""
        self.failed_starts = 0
        self.locked_until_s = 0
        self.fails_to_run = 0

    def _switch_off(self, now_s: int, reason: int) -> int:
        self.on = 0
        self.since_s = now_s
        return reason
