"""What happened after the last snapshot, from the readings and events behind it: so snapshots can be rare.

Needed once a start, and then forgotten.
"""

from ..control.basics import NONE
from ..control.events import ALARM, DUTY, OUTPUT_ON, SERVICE
from ..control.io import N_OUTPUTS, P2
from ..control.points import ENERGY_WH, RUN_S
from .cursor import Cursor
from .layout import END, READING
from .walk import last_uptime_s


class LastRun:
    """What the journal says of the run that ended. Make it before this start has written anything.

    `journal.load_snapshot` has found one, taken at `saved_s` (seconds since 2020; 0 if the clock was unknown).
    """

    def __init__(self, journal, saved_s):
        tail = journal.tail
        self._journal = journal
        self._end_s = last_uptime_s(tail)
        self._boot = tail.boot
        # How long the unit ran on after the snapshot; where other starts came between, what is known of the last one.
        same = journal.snapshot_boot == tail.boot
        self.ran_s = max(0, self._end_s - (journal.snapshot_uptime_s if same else 0))
        self._ended_s = saved_s if tail.offset == NONE else self._end_s + tail.offset

    def outage_s(self, utc_s):
        """How long the unit was off; 0 if that is unknown."""
        return max(0, utc_s - self._ended_s) if utc_s != NONE and self._ended_s > 0 else 0

    def replay(self, control, interval_s, outage_s):
        """Bring a control core that has just been restored to where the last run ended."""
        for output in control.outputs:
            output.guard.age_starts(self.ran_s + outage_s)
        control.alarms.age(self.ran_s + outage_s)
        cursor = Cursor(self._journal)
        cursor.seek(self._journal.snapshot_seq)
        kind = cursor.next()
        while kind != END:
            if kind == READING:
                _count(control, cursor.values, interval_s)
            elif cursor.code == ALARM:
                control.alarms.repeat(cursor.a, cursor.b)
            elif 0 <= cursor.a < N_OUTPUTS:
                before_s = self._end_s - cursor.uptime_s if cursor.boot == self._boot else 0
                _repeat(control, cursor.code, cursor.a, -before_s - outage_s)
            kind = cursor.next()
        for output in control.outputs:
            output.rested_s = max(output.rested_s, outage_s)
        control.process.aeration.went_on(self.ran_s)
        control.count_from_here()


def _count(control, values, interval_s):
    """A reading: totals since the one before."""
    for output in control.outputs:
        ran_s = max(0, values[RUN_S + output.index])
        output.run_s += ran_s
        output.rested_s = 0 if ran_s else output.rested_s + interval_s
    control.energy_wh += max(0, values[ENERGY_WH])


def _repeat(control, code, a, at_s):
    """An event of output `a`, `at_s` seconds after this power-up, so negative."""
    output = control.outputs[a]
    if code == OUTPUT_ON:
        output.starts += 1
        output.guard.remember_start(at_s)
    elif code == DUTY:
        control.process.lift.duty = a & 1
    elif code == SERVICE:
        output.serviced_run_s = output.run_s
        if a <= P2:
            control.inflow.pumps[a].serviced()
