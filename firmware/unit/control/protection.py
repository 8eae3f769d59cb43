"""What must never happen to a machine, whoever asks for it. The last room before the relays.

The rules of `decide`, in their order:
 1. without mains a relay stays off; after mains returns it waits its turn;
 2. a machine that did not run when told to is locked out until it has rested or somebody acknowledges;
 3. a pump never runs in a dry well;
 4. nothing runs longer than its longest run, and then it rests - but a pump that a full well needs;
 5. nothing starts before its shortest rest is over;
 6. nothing starts more often in an hour than its motor bears, and a pump keeps its last starts for a full well;
 7. what has started runs for its shortest run, unless a rule above or a hand stops it.
`docs/invariants.md` numbers these sentences and names the test that holds each.
"""

from array import array

from . import reasons
from .basics import NONE, const

_HOUR_S = const(3600)


class Guard:
    """Protection of one machine: its limits, what it remembers, and the decision.

    `urgent` and `may_rest` are told each second by the process: 1 while the well is full and needs this pump, 2 when it
    is about to spill; 1 while it can be spared.
    """

    def __init__(self) -> None:
        self.min_run_s: int = 0
        self.min_off_s: int = 5
        self.max_run_s: int = 3600
        self.rest_s: int = 0
        self.tells_longest: int = 0  # 1 where a longest run means that a machine does not do its work
        self.max_starts_per_h: int = 10
        self.reserve: int = 0  # starts of the hour that are kept for a full well
        self.feedback_s: int = 6  # contactor and current relay have settled after this
        self.lock_out_s: int = 1800  # rest after a failed start before it is tried again
        self.tries: int = 3  # failed starts before only an acknowledgement helps
        self.count_feedback: int = 0  # 1 where nothing else tells of a dip of the mains
        self.on: int = 0
        self.urgent: int = 0
        self.may_rest: int = 1
        self.since_s: int = 0  # start of the present run or rest
        self.rest_until_s: int = 0
        self.wait_until_s: int = 0  # power-up or mains return
        self.locked_until_s: int = 0
        self.try_until_s: int = 0  # locked out, and tried all the same
        self.failed_starts: int = 0
        self.max_run_hit: int = 0  # 1 from its longest run until it has rested, or ended by itself
        self.starts_limited: int = 0  # 1 while a start waits for the hour
        self.fails_to_run: int = 0  # 1 commanded, no feedback
        self.runs_uncommanded: int = 0  # 1 feedback without command
        self.feedback_lost: int = 0  # 1 from a run that the water proved and the feedback denied, until it shows a run
        self._start_s: array[int] = array("i", [-_HOUR_S] * 10)  # ring of as many last starts as an hour may have
        self._next: int = 0
        self._mismatch_s: int = -1
        self._ran: int = 0  # 1 once the feedback has shown this run

    def block(self, now_s: int, mains: int, dry: int, by_hand: int = 0) -> int:
        """The reason why a start is refused at this moment, 0 if it is not."""
        if not mains:
            return reasons.NO_MAINS
        if now_s < self.wait_until_s:
            return reasons.MAINS_WAIT
        if self.locked_out(now_s):
            return reasons.LOCKED_OUT
        if dry:
            return reasons.DRY
        if now_s < self.rest_until_s and not self.urgent:
            return reasons.MAX_RUN
        if now_s - self.since_s < self.min_off_s:
            return reasons.MIN_OFF
        if self.starts_used_up(now_s, 0 if by_hand else self._kept()):
            return reasons.STARTS_LIMIT
        return 0

    def decide(self, now_s: int, want: int, why: int, by_hand: int, mains: int, dry: int) -> int:
        """Switch the output or leave it; returns the reason for the state it is in now."""
        self.starts_limited = 0
        if now_s >= self.rest_until_s and not self.on:
            self.max_run_hit = 0
        if self.on:
            if not mains:
                return self._switch_off(now_s, reasons.NO_MAINS)
            if self.locked_out(now_s):
                return self._switch_off(now_s, reasons.LOCKED_OUT)
            if dry:
                return self._switch_off(now_s, reasons.DRY)
            if now_s - self.since_s >= self.max_run_s:
                self.max_run_hit = self.tells_longest | by_hand
                if self.may_rest:
                    self.rest_until_s = now_s + self.rest_s
                    return self._switch_off(now_s, reasons.MAX_RUN)
            if want:
                return why
            if not by_hand and now_s - self.since_s < self.min_run_s:
                return reasons.MIN_RUN
            return self._switch_off(now_s, why)
        if not want:
            return why
        blocked: int = self.block(now_s, mains, dry, by_hand)
        if blocked:
            if blocked == reasons.STARTS_LIMIT:
                self.starts_limited = 1
            return blocked
        self.on = 1
        self.since_s = now_s
        self._ran = 0
        self.remember_start(now_s)
        return why

    def starts_used_up(self, now_s: int, kept: int = 0) -> int:
        """1 when the hour that ends now already holds the allowed number of starts, but those that are `kept`."""
        most: int = self.max_starts_per_h - kept
        return 1 if self.start_age_s(most if most > 1 else 1, now_s) < _HOUR_S else 0

    def _kept(self) -> int:
        """Starts of the hour that are kept for a well that is fuller than now: the last one for a well that spills."""
        return max(0, self.reserve - self.urgent)

    def start_age_s(self, back: int, now_s: int) -> int:
        """Seconds since the last start (`back` 1), the one before (2), and so on up to the limit of an hour."""
        return now_s - self._start_s[(self._next - back) % len(self._start_s)]

    def starts_last_hour(self, now_s: int) -> int:
        n: int = 0
        while n < len(self._start_s) and self.start_age_s(n + 1, now_s) < _HOUR_S:
            n += 1
        return n

    def wait_s(self, now_s: int, reason: int) -> int:
        """Seconds until `reason`, one that `block` gives, no longer stands in the way; 0 when time alone is no help."""
        end_s: int = now_s
        if reason == reasons.MAINS_WAIT:
            end_s = self.wait_until_s
        elif reason == reasons.LOCKED_OUT and self.failed_starts < self.tries:
            end_s = self.locked_until_s
        elif reason == reasons.MAX_RUN:
            end_s = self.rest_until_s
        elif reason == reasons.MIN_OFF:
            end_s = self.since_s + self.min_off_s
        elif reason == reasons.STARTS_LIMIT:
            most: int = self.max_starts_per_h - self._kept()
            end_s = now_s - self.start_age_s(most if most > 1 else 1, now_s) + _HOUR_S
        return end_s - now_s if end_s > now_s else 0

    def remember_start(self, at_s: int) -> None:
        """A start at `at_s`, which is negative for one before this power-up."""
        self._start_s[self._next] = at_s
        self._next = (self._next + 1) % len(self._start_s)

    def limit_starts(self, most: int) -> None:
        """So many starts may an hour have; the last ones are remembered over the change."""
        if most == len(self._start_s):
            return
        ring: array[int] = array("i", [-_HOUR_S] * most)
        i: int = 1
        while i <= most and i <= len(self._start_s):
            ring[most - i] = -self.start_age_s(i, 0)
            i += 1
        self._start_s = ring
        self._next = 0

    def age_starts(self, by_s: int) -> None:
        """What was remembered as just before happened `by_s` seconds ago."""
        i: int = 0
        while i < len(self._start_s):
            self._start_s[i] = max(self._start_s[i] - by_s, -_HOUR_S)
            i += 1

    def locked_out(self, now_s: int) -> int:
        """1 while it is not started, for it did not run; a try lets it."""
        return 1 if now_s >= self.try_until_s and self.failed(now_s) else 0

    def failed(self, now_s: int) -> int:
        """1 from a start that failed until it may show again that it runs."""
        return 1 if self.failed_starts >= self.tries or now_s < self.locked_until_s else 0

    def available(self, now_s: int) -> int:
        """1 when it runs or could start as soon as its short waits are over."""
        if self.failed(now_s) or (now_s < self.rest_until_s and not self.urgent):
            return 0
        return 1 if self.on or not self.starts_used_up(now_s, self._kept()) else 0

    def watch(self, now_s: int, running: int, mains: int, lifts: int) -> None:
        """Compare the command with the feedback `running` (1, 0, NONE not fitted).

        `lifts`: what the water says of this machine: 1 it runs, 0 it does not or nobody can tell, NONE not yet: the
        water takes longer than the feedback, which waits for it.
        """
        if running == NONE or not mains:
            self._mismatch_s = -1
            return
        if running == self.on:
            self._mismatch_s = -1
            self.runs_uncommanded = 0
            if running:
                if not self._ran:
                    self._ran = 1
                elif self._ran == 2:  # it fell out and came back under the command: that was a start
                    self._ran = 1
                    if self.count_feedback:
                        self.remember_start(now_s)
                if now_s - self.since_s > 2 * self.feedback_s:
                    self.unlock()
                    self.feedback_lost = 0
            return
        if self.on and self._ran:
            self._ran = 2
        if self._mismatch_s < 0 or self._mismatch_s < self.since_s:
            self._mismatch_s = now_s
        if now_s - self._mismatch_s < self.feedback_s:
            return
        if not self.on:
            self.runs_uncommanded = 1
        elif lifts == 1:
            self.feedback_lost = 1
            self.unlock()
        elif lifts == 0 and not self.feedback_lost and now_s >= self.try_until_s:
            self.fails_to_run = 1
            self.failed_starts += 1
            self.locked_until_s = now_s + self.lock_out_s
            self._mismatch_s = -1
            if self.count_feedback and not self._ran:
                # As where mains is gone, which nobody senses here: that was no start, and the well will want it.
                self._next = (self._next - 1) % len(self._start_s)
                self._start_s[self._next] = -_HOUR_S

    def unlock(self) -> None:
        """Somebody has looked at the machine, or it runs, or the water says so: it may be tried again."""
        self.failed_starts = 0
        self.locked_until_s = 0
        self.fails_to_run = 0

    def _switch_off(self, now_s: int, reason: int) -> int:
        self.on = 0
        self.since_s = now_s
        return reason
