"""Reads the journal in order, from any sequence number on, while it is being written."""

from ..control.basics import NONE
from .block_reader import BlockReader
from .layout import ACK, BASE, END, READING
from .walk import enter, following


class Cursor:
    """A place in the journal. `next()` goes on; the record is then in these attributes, until the next call:

    `seq`, `boot` (number of the start), `uptime_s`, `t` (seconds since 2020-01-01 UTC, NONE if that start never knew
    the time); of a reading `quality` and `values` (a list in the order of points.txt); of an event `code`, `a`, `b`.
    `damaged` counts stretches that could not be read, `torn` ends of blocks as a power cut leaves them, `unreadable`
    whole blocks; all three since the last `seek`.
    """

    def __init__(self, journal):
        self._journal = journal
        self._reader = BlockReader(journal.device, journal.points)
        self.values = [0] * journal.points
        self.quality = self.code = self.a = self.b = 0
        self.seq = self.boot = self.uptime_s = 0
        self.t = NONE
        self.damaged = self.torn = self.unreadable = 0
        self._wanted = 0
        self._gen = -1
        self._is_open = False
        self._clock_boot = -1
        self._clock_offset = NONE

    def seek(self, seq):
        """Stand before the first record whose sequence number is `seq` or above: 0 is the oldest there is."""
        journal = self._journal
        self._wanted = seq
        self.damaged = self.torn = self.unreadable = 0
        gen = journal.tail.gen
        # Seen from the newest block on, what is not yet acknowledged begins near by.
        while gen > journal.oldest and not (enter(self._reader, gen) and self._reader.first_seq <= seq):
            gen -= 1
        self._enter(gen)

    def next(self):
        """Go to the next reading or event: READING or EVENT, or END when nothing more has been written so far."""
        journal = self._journal
        reader = self._reader
        tail = journal.tail
        while tail.gen >= 0:
            if self._gen < journal.oldest:
                self._enter(journal.oldest)
            newest = self._gen == tail.gen
            if newest:
                if not self._is_open:
                    self._enter(self._gen)
                reader.forget()
                if not self._is_open or reader.pos >= tail.pos:
                    return END
            if not self._is_open:
                self.unreadable += 1
                self._enter(self._gen + 1)
                continue
            known = reader.damaged
            kind = following(reader)
            self.damaged += reader.damaged - known
            if kind == END:
                if reader.torn:
                    self.torn += 1
                if newest:
                    return END
                self._enter(self._gen + 1)
            elif BASE < kind < ACK and reader.seq >= self._wanted:
                self._take(kind)
                return kind
        return END

    def _take(self, kind):
        reader = self._reader
        self.seq = reader.seq
        self._wanted = reader.seq + 1
        self.boot = reader.boot
        self.uptime_s = reader.uptime_s
        offset = reader.offset
        if offset == NONE:
            offset = self._offset_of(self._gen, reader.boot)
        self.t = NONE if offset == NONE else reader.uptime_s + offset
        if kind == READING:
            self.quality = self._read_values()
        else:
            self.code = reader.code
            self.a = reader.a
            self.b = reader.b

    def _read_values(self):
        """Fill `values` with those of the reading just taken up; returns its quality code."""
        reader = self._reader
        values = self.values
        at = reader.at
        refs = reader.refs
        quality = refs[0]
        for i in range(reader.count):
            known = i < len(refs)
            value = refs[i] if known else NONE
            if reader.bits >> i & 1:
                base = 0 if value == NONE else value
                value = reader.take_int()
                if value != NONE:
                    value += base
            if i == 0:
                quality = value
            elif known:
                values[i - 1] = value
        reader.at = at
        return quality

    def _enter(self, gen):
        self._gen = gen
        self._is_open = gen >= 0 and enter(self._reader, gen)
        if self._is_open:
            self.damaged += self._reader.damaged

    def _offset_of(self, gen, boot):
        """The offset of a start whose records in block `gen` have none: what a later record of it says, or NONE."""
        if boot == self._journal.boot:
            return self._journal.first_offset
        if boot != self._clock_boot:
            self._clock_boot = boot
            self._clock_offset = self._find_offset(gen, boot)
        return self._clock_offset

    def _find_offset(self, gen, boot):
        """The clock was set in the last block of this start that does not begin with it set."""
        journal = self._journal
        reader = BlockReader(journal.device, journal.points)
        for later in range(gen + 1, journal.tail.gen + 1):
            if enter(reader, later):
                if reader.boot != boot:
                    break
                if reader.offset != NONE:
                    return reader.offset
                gen = later
        if enter(reader, gen):
            while following(reader) != END and reader.boot <= boot:
                if reader.boot == boot and reader.offset != NONE:
                    return reader.offset
        return NONE
