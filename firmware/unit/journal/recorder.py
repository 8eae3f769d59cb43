"""What a unit remembers: readings at their interval, every event, and the snapshot that control wakes up with."""

from ..control.basics import NONE, const
from ..control.controller import SNAPSHOT_BYTES
from ..control.events import ALARM
from ..modules import forget

_SNAPSHOT_S = const(21600)  # what happens between two of them is told again by the records behind the older one
_SOON_S = const(600)  # after an alarm: locked-out machines are in no other record
_TIME_BYTES = const(4)  # the clock's time behind the snapshot, from which the length of the outage follows


class Recorder:
    """Takes from control after each step what must not be forgotten, and writes it to the journal.

    `values` are those of the last reading, `next_reading_s` is the second of this start in which the next one is due.
    """

    def __init__(self, journal, control, interval_s):
        self.journal = journal
        self._control = control
        self.interval_s = interval_s
        self.values = [0] * journal.points
        self._snapshot = bytearray(SNAPSHOT_BYTES + _TIME_BYTES)
        self.next_reading_s = interval_s
        self._saved_s = 0
        self._next_snapshot_s = _SNAPSHOT_S

    def wake(self, utc_s):
        """Bring control to where the last run ended, before the first step. `utc_s`: since 2020, NONE if unknown."""
        data = self._snapshot
        n = self.journal.load_snapshot(data) - _TIME_BYTES
        if n <= 0:
            self._control.restore(data, 0, 0)
            self.save(0, utc_s)
            return
        from .catch_up import LastRun

        last_run = LastRun(self.journal, data[n] | data[n + 1] << 8 | data[n + 2] << 16 | data[n + 3] << 24)
        outage_s = last_run.outage_s(utc_s)
        if self._control.restore(data, n, outage_s):
            last_run.replay(self._control, self.interval_s, outage_s)
            self.save(0, utc_s)  # so that no start has more than its own run to tell

    def second(self, now_s, utc_s):
        """Record what the step of this second brought. Returns the quality of its reading, None if none was due."""
        journal = self.journal
        events = self._control.events
        changed = events.count > 0
        if utc_s != NONE:
            journal.set_clock(now_s, utc_s - now_s)
        for i in range(events.count):
            journal.event(now_s, events.code[i], events.a[i], events.b[i])
            if events.code[i] == ALARM:
                self._next_snapshot_s = min(self._next_snapshot_s, self._saved_s + _SOON_S)
        events.clear()
        if now_s >= self.next_reading_s:
            self.next_reading_s += self.interval_s
            quality = self._control.reading(self.values)
            journal.reading(now_s, quality, self.values)
            if now_s >= self._next_snapshot_s:
                self.save(now_s, utc_s)  # with the reading, so that the next one counts from here
            return quality
        if not changed:
            journal.erase_ahead(now_s)  # an erase stalls the chip: not while outputs change

    def save(self, now_s, utc_s):
        """Write a snapshot now, or soon where memory is short: the one before and what is behind it tell as much."""
        self._saved_s = now_s
        self._next_snapshot_s = now_s + _SOON_S
        data = self._snapshot
        try:
            n = self._control.save(data)
        except (ImportError, MemoryError):  # short of memory, or the module is damaged
            return
        finally:
            forget("control.snapshot")
        self._next_snapshot_s = now_s + _SNAPSHOT_S
        saved_s = 0 if utc_s == NONE else utc_s
        for i in range(_TIME_BYTES):
            data[n + i] = saved_s >> 8 * i & 255
        self.journal.save_snapshot(now_s, data, n + _TIME_BYTES)
