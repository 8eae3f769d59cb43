"""What a unit remembers: readings at their interval, every event, and the snapshot that control wakes up with."""

from .control.basics import NONE, const
from .control.controller import N_POINTS, SNAPSHOT_BYTES

_SNAPSHOT_S = const(3600)  # what a power cut costs of the hour counters; every ten minutes would cost room for 20 days
_TIME_BYTES = const(4)  # of the clock, behind the snapshot: how long was the unit off?


class Recorder:
    """Takes from control after each step what must not be forgotten, and writes it to the journal."""

    def __init__(self, journal, control, interval_s):
        self.journal = journal
        self._control = control
        self.interval_s = interval_s
        self._values = [0] * N_POINTS
        self._snapshot = bytearray(SNAPSHOT_BYTES + _TIME_BYTES)
        self._next_reading_s = interval_s
        self._next_snapshot_s = _SNAPSHOT_S

    def wake(self, utc_s):
        """Give control its newest snapshot, before the first step. `utc_s`: seconds since 2020, NONE if unknown."""
        data = self._snapshot
        n = self.journal.load_snapshot(data) - _TIME_BYTES
        outage_s = 0
        if n > 0 and utc_s != NONE:
            saved_s = data[n] | data[n + 1] << 8 | data[n + 2] << 16 | data[n + 3] << 24
            if 0 < saved_s <= utc_s:
                outage_s = utc_s - saved_s
        self._control.restore(data, max(n, 0), outage_s)

    def second(self, now_s, utc_s):
        """Record what the step of this second brought."""
        journal = self.journal
        events = self._control.events
        changed = events.count > 0
        if utc_s != NONE:
            journal.set_clock(now_s, utc_s - now_s)
        for i in range(events.count):
            journal.event(now_s, events.code[i], events.a[i], events.b[i])
        events.clear()
        if now_s >= self._next_reading_s:
            self._next_reading_s += self.interval_s
            quality = self._control.reading(self._values)
            journal.reading(now_s, quality, self._values)
        elif now_s >= self._next_snapshot_s:
            self.save(now_s, utc_s)
        elif not changed:
            journal.erase_ahead(now_s)  # an erase stalls the chip: not while outputs change

    def save(self, now_s, utc_s):
        """Write a snapshot now: before a planned restart, and every ten minutes."""
        self._next_snapshot_s = now_s + _SNAPSHOT_S
        data = self._snapshot
        n = self._control.save(data)
        saved_s = 0 if utc_s == NONE else utc_s
        for i in range(_TIME_BYTES):
            data[n + i] = saved_s >> 8 * i & 255
        self.journal.save_snapshot(now_s, data, n + _TIME_BYTES)
