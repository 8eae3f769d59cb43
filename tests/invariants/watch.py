"""A watch that follows a rig second by second, from outside, and keeps what the invariants are about."""

from collections import deque

from unit.control.claims import HAND, REMOTE

from tests.control.rig import P1, P2

STOPPED_BY_PROTECTION = ("dry", "no_mains", "locked_out", "max_run", "hand")
_HALF_HOUR_S = 1800
_HEARD_S = 30  # signals are smoothed, floats have a delay
_TEN_MINUTES_S = 600


class Run:
    """One run of one output, [start, stop) in seconds of the story; `stop` None while it lasts."""

    def __init__(self, start, reason, nearly_full):
        self.start = start
        self.why = reason  # why it began
        self.nearly_full = nearly_full  # began, or was to begin, in a well that was full or soon is
        self.stop = None
        self.reason = None  # why it ended; None for a power cut
        self.cut = False


class Watch:
    """`runs[k]`: all runs of output k. `faults`: sentences about whatever was wrong at once."""

    def __init__(self):
        self.runs = [[], [], [], []]
        self.faults = []
        self.t = -1
        self.boot_t = 0
        self.mains_off_s = 0
        self.mains_back_t = -1
        self.mains_lost_t = -_TEN_MINUTES_S
        self.dips = 0  # mains losses, each within ten minutes of the one before
        self.leases = {}  # (output, source) -> (on, end)
        self.failures = [0] * 4  # starts that ended in a lock-out since somebody acknowledged
        self.failed_t = [None] * 4
        self.ever_dead = [False] * 4
        self.uncommanded_s = [0] * 4
        self.silent_s = [0] * 4  # commanded, powered, and does not turn
        self.dry_s = [0, 0]  # without a break
        self.dry_of_late = [deque(), deque()]  # the dry seconds of half an hour
        self.overrun_s = [0, 0]  # beyond the longest run of a lift pump, and no reason why
        self.full_t = -_TEN_MINUTES_S
        self.level_mark_mm = self.level_before_mm = 0  # up to a minute ago, and a minute before that

    def commanded(self, rig, args, refused):
        k, on, for_s, source = args
        if not refused:
            self.leases[(k, source)] = (on, rig.t + for_s)

    def freed(self, k, source):
        self.leases.pop((k, source), None)
        if source == HAND:
            self.leases.pop((k, REMOTE), None)

    def acknowledged(self):
        self.failures = [0] * 4
        self.failed_t = [None] * 4

    def restarted(self):
        for runs in self.runs:
            if runs and runs[-1].stop is None:
                runs[-1].stop = self.t + 1
                runs[-1].cut = True
        self.leases = {}
        self.uncommanded_s = [0] * 4
        self.silent_s = [0] * 4
        self.overrun_s = [0, 0]
        self.boot_t = None
        self.mains_off_s = 0
        self.mains_back_t = -1
        self.mains_lost_t = -_TEN_MINUTES_S
        self.dips = 0

    def second(self, rig):
        """Take the second that has just been decided."""
        t = rig.t - 1
        self.t = t
        if self.boot_t is None:
            self.boot_t = t
        if rig.power:
            if self.mains_off_s > 0:
                self.mains_back_t = t
            self.mains_off_s = 0
        else:
            if self.mains_off_s == 0:
                self.dips = self.dips + 1 if t - self.mains_lost_t < _TEN_MINUTES_S else 1
                self.mains_lost_t = t
            self.mains_off_s += 1
        if self._says_full(rig):
            self.full_t = t
        for k in range(4):
            self._follow(rig, t, k)
            turning = rig.welded[k] and rig.power and rig.feedback and not rig.on(k)
            self.uncommanded_s[k] = self.uncommanded_s[k] + 1 if turning else 0
            if self.uncommanded_s[k] > 40 and not rig.active(rig.ctrl.outputs[k].name + "_uncommanded"):
                self.faults.append(f"{t}: {k} turns without command and no alarm says so")
            silent = rig.on(k) and rig.power and not rig.turns(k)
            self.silent_s[k] = self.silent_s[k] + 1 if silent else 0
            self.ever_dead[k] |= rig.dead[k]
            if k <= P2:
                self._follow_dry(rig, t, k)
        if t % 60 == 0:
            self.level_before_mm, self.level_mark_mm = self.level_mark_mm, self._level_mm(rig)
        for k in (P1, P2):
            run = self.runs[k][-1] if self.runs[k] else None
            over = run and run.stop is None and t - run.start >= rig.settings["lift.max_run_s"]
            self.overrun_s[k] = self.overrun_s[k] + 1 if over and not self._may_run_on(rig, k) else 0

    def full(self):
        """True where control may know of a full well."""
        return self.t - self.full_t <= _HEARD_S

    def may_try(self, rig):
        """True where machines that are locked out may be tried all the same: the well was full a while ago."""
        return self.t - self.full_t <= rig.settings["lift.retry_min"] * 60

    def _says_full(self, rig):
        """By the float or the level as the unit hears them, whoever lies."""
        i = rig.ctrl.inputs
        return i.float_high == 1 or self._level_mm(rig) >= rig.settings["lift.high_level_mm"] - _HEARD_S

    def _level_mm(self, rig):
        return (rig.ctrl.inputs.level - 4000) / 4

    def _says_nearly_full(self, rig):
        """Three quarters of the way from the level at which both run to the high one."""
        assist_mm = rig.settings["lift.assist_level_mm"]
        way_mm = rig.settings["lift.high_level_mm"] - assist_mm
        return self._level_mm(rig) >= assist_mm + way_mm * 3 / 4 - _HEARD_S

    def _follow_dry(self, rig, t, k):
        dry = rig.on(k) and rig.turns(k) and rig.level_mm < 130
        self.dry_s[k] = self.dry_s[k] + 1 if dry else 0
        late = self.dry_of_late[k]
        if dry:
            late.append(t)
        while late and late[0] <= t - _HALF_HOUR_S:
            late.popleft()

    def _may_run_on(self, rig, k):
        """Why a lift pump may run beyond its longest run: the well is full, or nobody may take its place."""
        other = self.runs[1 - k][-1] if self.runs[1 - k] else None
        longest_s = rig.settings["lift.max_run_s"]
        if self.full():
            return True
        if other and other.stop is None and self.t - other.start >= longest_s:
            return True  # both at once: one of them rests
        if other and other.stop is None and self._level_mm(rig) >= self.level_before_mm:
            return True  # both turn and the level rises all the same
        if other and other.reason == "max_run" and self.t - other.stop < rig.settings["lift.rest_s"] + 2:
            return True
        shortest_s = rig.settings["lift.min_off_s"]
        if other and other.stop is not None and self.t - other.stop < shortest_s + 2:
            return True
        # The last that lifts: where what flows in may fill the well to its mark before it starts again.
        rise_mm = rig.settings["lift.pump_flow_m3_h"] / rig.settings["lift.well_area_m2"] * 100 / 36 * shortest_s
        if self.ever_dead[1 - k] and self._level_mm(rig) >= rig.settings["lift.high_level_mm"] - rise_mm - _HEARD_S:
            return True
        spare = not self.ever_dead[1 - k] and not self.used_up(rig, 1 - k, self.t, kept=True)
        return not spare and self.used_up(rig, k, self.t + rig.settings["lift.rest_s"], kept=True)

    def used_up(self, rig, k, t, kept):
        """True when the hour that ends at `t` holds the starts that pump `k` is allowed, but those that are kept."""
        most = rig.settings["lift.max_starts_per_h"]
        if kept:
            most -= min(2, most // 2)
        return sum(t - start < 3600 for start in self.starts(k)) >= max(1, most)

    def _follow(self, rig, t, k):
        runs = self.runs[k]
        going = bool(runs) and runs[-1].stop is None
        if rig.on(k) and not going:
            self._starts(rig, t, k)
        elif not rig.on(k) and going:
            runs[-1].stop = t
            runs[-1].reason = rig.reason(k)
            if runs[-1].reason == "locked_out":
                self.failures[k] += 1
                self.failed_t[k] = t
        if rig.feedback and rig.turns(k) and rig.on(k) and t - runs[-1].start > 15:
            self.failures[k] = 0
            self.failed_t[k] = None

    def _starts(self, rig, t, k):
        nearly_full = k <= P2 and (self.full() or self._says_nearly_full(rig))
        tried = k <= P2 and self.may_try(rig)
        if not tried and self.failures[k] >= rig.settings["protection.tries"]:
            self.faults.append(f"{t}: {k} starts, though it waits for a person")
        elif not tried and self.failed_t[k] is not None:
            rested_s = t - self.failed_t[k]
            if rested_s < rig.settings["protection.lock_out_min"] * 60 - 60:
                self.faults.append(f"{t}: {k} starts {rested_s} s after it was locked out")
        self.runs[k].append(Run(t, rig.reason(k), nearly_full))

    def ended(self, k):
        """Runs of output k that have ended by themselves, not by a power cut."""
        return [run for run in self.runs[k] if run.stop is not None and not run.cut]

    def starts(self, k):
        return [run.start for run in self.runs[k]]


def integers(thing, seen=None):
    """Every integer that hangs below an object of the control core."""
    seen = set() if seen is None else seen
    if isinstance(thing, int):
        yield thing
    elif isinstance(thing, list | tuple):
        for item in thing:
            yield from integers(item, seen)
    elif hasattr(thing, "__dict__") and id(thing) not in seen:
        seen.add(id(thing))
        for value in vars(thing).values():
            yield from integers(value, seen)
