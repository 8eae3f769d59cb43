"""A watch that follows a rig second by second, from outside, and keeps what the invariants are about."""

from unit.control.claims import HAND, REMOTE

from tests.control.rig import P2

STOPPED_BY_PROTECTION = ("dry", "no_mains", "locked_out", "max_run", "hand")


class Run:
    """One run of one output, [start, stop) in seconds of the story; `stop` None while it lasts."""

    def __init__(self, start):
        self.start = start
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
        self.leases = {}  # (output, source) -> (on, end)
        self.unacknowledged_starts = [0] * 4
        self.uncommanded_s = [0] * 4
        self.silent_s = [0] * 4  # commanded, powered, and does not turn
        self.dry_s = [0, 0]

    def commanded(self, rig, args, refused):
        k, on, for_s, source = args
        if not refused:
            self.leases[(k, source)] = (on, rig.t + for_s)

    def freed(self, k, source):
        self.leases.pop((k, source), None)
        if source == HAND:
            self.leases.pop((k, REMOTE), None)

    def acknowledged(self):
        self.unacknowledged_starts = [0] * 4

    def restarted(self):
        for runs in self.runs:
            if runs and runs[-1].stop is None:
                runs[-1].stop = self.t + 1
                runs[-1].cut = True
        self.leases = {}
        self.uncommanded_s = [0] * 4
        self.boot_t = None
        self.mains_off_s = 0
        self.mains_back_t = -1

    def second(self, rig):
        """Take the second that has just been decided."""
        t = rig.t - 1
        self.t = t
        if self.boot_t is None:
            self.boot_t = t
        if rig.power:
            if self.mains_off_s > 3:
                self.mains_back_t = t
            self.mains_off_s = 0
        else:
            self.mains_off_s += 1
        for k in range(4):
            self._follow(rig, t, k)
            turning = rig.welded[k] and rig.power and rig.feedback and not rig.on(k)
            self.uncommanded_s[k] = self.uncommanded_s[k] + 1 if turning else 0
            if self.uncommanded_s[k] > 40 and not rig.active(rig.ctrl.outputs[k].name + "_uncommanded"):
                self.faults.append(f"{t}: {k} turns without command and no alarm says so")
            silent = rig.on(k) and rig.power and not rig.turns(k)
            self.silent_s[k] = self.silent_s[k] + 1 if silent else 0
            if k <= P2:
                dry = rig.on(k) and rig.turns(k) and rig.level_mm < 130
                self.dry_s[k] = self.dry_s[k] + 1 if dry else 0

    def _follow(self, rig, t, k):
        runs = self.runs[k]
        going = bool(runs) and runs[-1].stop is None
        if rig.on(k) and not going:
            runs.append(Run(t))
            self.unacknowledged_starts[k] += rig.dead[k]  # a live one that the mains left soon has not failed
        elif not rig.on(k) and going:
            runs[-1].stop = t
            runs[-1].reason = rig.reason(k)
        if rig.feedback and rig.turns(k) and rig.on(k) and t - runs[-1].start > 15:
            self.unacknowledged_starts[k] = 0

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
