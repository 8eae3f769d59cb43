"""Reads the journal in order, from any sequence number on, while it is being written."""

from ..control.basics import NONE
from .layout import ACK, BASE, END, READING
from .walker import Walker


class Cursor:
    """A place in the journal. `next()` goes on; the record is then in these attributes, until the next call:

    `seq`, `boot` (number of the start), `uptime_s`, `t` (seconds since 2020-01-01 UTC, NONE if that start never knew
    the time); of a reading `quality` and `values` (a list in the order of points.txt); of an event `code`, `a`, `b`.
    `damaged` counts stretches that could not be read, `torn` ends of blocks as a power cut leaves them, `unreadable`
    whole blocks; all three since the last `seek`.
    """

    def __init__(self, journal):
        self._journal = journal
        self._walker = Walker(journal.device, journal.points)
        self.values = [0] * journal.points
        self.quality = self.code = self.a = self.b = 0
        self.seq = self.boot = self.uptime_s = 0
        self.t = NONE
        self.damaged = self.torn = self.unreadable = 0
        self._wanted = 0
        self._gen = -1
        self._is_open = False

    def seek(self, seq):
        """Stand before the first record whose sequence number is `seq` or above: 0 is the oldest there is."""
        journal = self._journal
        self._wanted = seq
        self.damaged = self.torn = self.unreadable = 0
        gen = journal.tail.gen
        # Seen from the newest block on, what is not yet acknowledged begins near by.
        while gen > journal.oldest and not (self._walker.open(gen) and self._walker.first_seq <= seq):
            gen -= 1
        self._enter(gen)

    def next(self):
        """Go to the next reading or event: READING or EVENT, or END when nothing more has been written so far."""
        journal = self._journal
        walker = self._walker
        tail = journal.tail
        while tail.gen >= 0:
            if self._gen < journal.oldest:
                self._enter(journal.oldest)
            newest = self._gen == tail.gen
            if newest:
                if not self._is_open:
                    self._enter(self._gen)
                walker.forget()
                if not self._is_open or walker.pos >= tail.pos:
                    return END
            if not self._is_open:
                self.unreadable += 1
                self._enter(self._gen + 1)
                continue
            known = walker.damaged
            kind = walker.next()
            self.damaged += walker.damaged - known
            if kind == END:
                if walker.torn:
                    self.torn += 1
                if newest:
                    return END
                self._enter(self._gen + 1)
            elif BASE < kind < ACK and walker.seq >= self._wanted:
                self._take(kind)
                return kind
        return END

    def _take(self, kind):
        walker = self._walker
        self.seq = walker.seq
        self._wanted = walker.seq + 1
        self.boot = walker.boot
        self.uptime_s = walker.uptime_s
        offset = walker.offset
        if offset == NONE:
            offset = self._journal.offset_of(self._gen, walker.boot)
        self.t = NONE if offset == NONE else walker.uptime_s + offset
        if kind == READING:
            self.quality = walker.read_values(self.values)
        else:
            self.code = walker.code
            self.a = walker.a
            self.b = walker.b

    def _enter(self, gen):
        self._gen = gen
        self._is_open = gen >= 0 and self._walker.open(gen)
        if self._is_open:
            self.damaged += self._walker.damaged
