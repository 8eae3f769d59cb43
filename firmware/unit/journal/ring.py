"""The ring: mounts the journal, appends to it, erases ahead of need and overwrites the oldest only when full."""

from ..control.basics import NONE, const
from ..control.events import READINGS_LOST
from .block_reader import RESERVE, BlockReader
from .encoder import Encoder
from .layout import ACK, BASE, END, ERASING, EVENT, MAX_SNAPSHOT, READING, READY, SEALED, SNAPSHOT

ACK_EVERY = const(16)  # acknowledged records between two notes of it on flash
_SHORTEST_NUMBERED = const(6)  # bytes of the shortest record that uses a sequence number
_ATTEMPTS = const(3)  # blocks that are tried when flash does not take a record


class Journal:
    """The one log of a unit on a raw block device; mounting writes nothing and never fails.

    device: `esp32.Partition` or its like, blocks of at least 256 bytes. points: values of a reading, at most 24.
    interval_s: the usual time between readings; others are kept as well, at a byte or two more.

    Public state: `boot` is the number of this start, durable from the first record on; `next_seq` the sequence number
    of the next reading or event; `acked` the last one that the broker holds; `tail` the newest block; `oldest` the
    `gen` of the oldest block; `failed` counts records that flash did not take.
    Times: `uptime_s` counts from the start of the board; `offset` is what to add for seconds since 2020-01-01 UTC.
    """

    def __init__(self, device, points, interval_s):
        self.device = device
        self.points = points
        self.tail = BlockReader(device, points)
        self._scratch = BlockReader(device, points)
        self._next = Encoder(self.tail, points, interval_s)
        self._views = {}  # of the first n bytes of a record, made when first needed, so that appends allocate nothing
        self._mark = bytearray(1)
        self._ready = False  # the next block is erased
        self._needs_base = True  # a base record must come before the next record
        self._clock_boot = -1
        self._clock_offset = NONE
        self.offset = NONE
        self.first_offset = NONE
        self.next_seq = 1
        self.boot = 1
        self.acked = 0
        self.oldest = 0
        self.failed = 0
        self.snapshot_seq = self.snapshot_boot = self.snapshot_uptime_s = 0
        self._mount()

    def reading(self, uptime_s, quality, values):
        """Append a reading; returns its sequence number once it is durable, 0 if flash does not take it."""
        row = self._next.row
        row[0] = quality
        for i in range(self.points):
            row[i + 1] = values[i]
        return self._append_numbered(READING, uptime_s)

    def event(self, uptime_s, code, a, b):
        """Append an event; returns its sequence number once it is durable, 0 if flash does not take it."""
        self._next.set_event(code, a, b)
        return self._append_numbered(EVENT, uptime_s)

    def save_snapshot(self, uptime_s, data, n):
        """Append data[:n], at most MAX_SNAPSHOT bytes, as the newest snapshot; True once it is durable."""
        if not 0 < n <= MAX_SNAPSHOT:
            raise ValueError("a snapshot has 1 to %d bytes, not %d" % (MAX_SNAPSHOT, n))
        self._next.snapshot = data
        self._next.snapshot_bytes = n
        return self._append(SNAPSHOT, uptime_s)

    def load_snapshot(self, data):
        """Fill `data` with the newest snapshot; returns its length, 0 if there is none that can be read.

        `snapshot_seq` is then the number of the first record behind it; `snapshot_boot` and `snapshot_uptime_s` tell of
        the start that took it and when, at the latest.
        """
        reader = self._scratch
        gen = self.tail.snap_gen
        if gen < self.oldest or gen < 0 or not reader.open(gen):
            return 0
        while reader.next() != END:
            if reader.start == self.tail.snap_at:
                self.snapshot_seq = reader.first_seq + reader.n
                self.snapshot_uptime_s = reader.last_uptime_s
                self.snapshot_boot = reader.boot
                return reader.read_snapshot(data) if reader.kind == SNAPSHOT else 0
        return 0

    def ack(self, seq):
        """The broker holds everything up to `seq`. Noted on flash every ACK_EVERY records: fewer are sent twice."""
        seq = min(seq, self.next_seq - 1)
        if seq <= self.acked:
            return
        self.acked = seq
        tail = self.tail
        if seq - tail.acked >= ACK_EVERY and tail.gen >= 0:
            # Without room for it, the base record of the next block says it.
            self._write(self._next.ack(self.acked, 0), RESERVE)

    def set_clock(self, uptime_s, offset):
        """The clock is known, or was set anew: time = uptime + `offset` from now on.

        A second of change is no change, and a time before 2020 is no time.
        """
        if offset < 0 or (self.offset != NONE and -2 < offset - self.offset < 2):
            return
        self.offset = offset
        if self.first_offset == NONE:
            self.first_offset = offset
        self._needs_base = True
        self._base(uptime_s)

    def erase_ahead(self, uptime_s):
        """Erase the block after this one if it is time to; call it when no output is about to change.

        Returns True if it erased, which stalls an ESP32 for some 45 ms. Left undone, the append that needs the
        block erases it.
        """
        tail = self.tail
        if self._ready or (tail.gen >= 0 and tail.pos < tail.end // 2):
            return False
        erased = self._erase_next()
        self._report_lost(uptime_s)
        return erased

    def offset_of(self, gen, boot):
        """The offset of a start whose records in block `gen` have none: what a later record of it says, or NONE."""
        if boot == self.boot:
            return self.first_offset
        if boot != self._clock_boot:
            self._clock_boot = boot
            self._clock_offset = self._find_offset(gen, boot)
        return self._clock_offset

    def _mount(self):
        tail = self.tail
        newest = -1
        for block in range(tail.blocks):
            newest = max(newest, tail.head(block))
        self.oldest = max(0, newest - tail.blocks + 1)
        skipped = 0
        if newest < 0 or not tail.open(newest):
            tail.gen = -1
        else:
            while tail.next() != END:
                pass
            # What cannot be read may have used numbers: as many as fit are never used again.
            if tail.torn:
                skipped = tail.torn // _SHORTEST_NUMBERED + 1
            if tail.marked(ERASING):
                self.oldest = max(self.oldest, newest + 2 - tail.blocks)
            self._ready = tail.marked(READY)
            if tail.marked(SEALED):
                tail.pos = tail.end
                skipped += self._numbers_behind(newest)
        self.next_seq = tail.first_seq + tail.n + skipped
        self.boot = tail.boot + 1 + (skipped + 5) // 6  # a start takes six times the bytes of such a record
        self.acked = min(tail.acked, self.next_seq - 1)
        for i in range(self.points + 1):
            self._next.row[i] = tail.refs[i]

    def _numbers_behind(self, newest):
        """How many numbers newer blocks may have used whose starts cannot be read; the first of them must be erased."""
        reader = self._scratch
        numbers = 0
        for gen in range(newest + 1, newest + reader.blocks):
            if reader.head(gen % reader.blocks) >= 0:
                break
            written = reader.written_end(0)
            if written == 0:
                break
            self._ready = False
            numbers += written // _SHORTEST_NUMBERED + 1
        return numbers

    def _append_numbered(self, kind, uptime_s):
        seq = self._append(kind, uptime_s) and self.next_seq
        if seq:
            self.next_seq += 1
        self._report_lost(uptime_s)
        return seq or 0

    def _append(self, kind, uptime_s):
        for _ in range(_ATTEMPTS):
            if not self._base(uptime_s):
                break
            if self._write(self._next.record(kind, uptime_s), RESERVE):
                return True
            self._next_block()
        self.failed += 1
        return False

    def _base(self, uptime_s):
        """Have a base record in force that fits; False if flash does not take one."""
        for _ in range(_ATTEMPTS):
            if not self._needs_base:
                return True
            if self.tail.gen >= 0:
                n = self._next.two_bases(uptime_s, self)
                self._needs_base = not self._write(n, RESERVE)
            if self._needs_base:
                self._next_block()
        return not self._needs_base

    def _next_block(self):
        if not self._ready and not self._erase_next():
            return
        if self.tail.gen >= 0:
            self._set_mark(SEALED)
        self.tail.begin(self.tail.gen + 1)
        self._ready = False
        self._needs_base = True

    def _erase_next(self):
        tail = self.tail
        self._give_up(tail.gen + 1 - tail.blocks)
        if tail.gen >= 0:
            self._set_mark(ERASING)
        self.oldest = max(0, tail.gen + 2 - tail.blocks)
        try:
            self.device.ioctl(6, (tail.gen + 1) % tail.blocks)
        except OSError:
            return False
        if tail.gen >= 0:
            self._set_mark(READY)
        self._ready = True
        return True

    def _give_up(self, gen):
        """Count the readings of block `gen` that no broker holds, and note that they are lost before they are."""
        reader = self._scratch
        if gen < self.oldest or (reader.open(gen + 1) and reader.first_seq <= self.acked + 1) or not reader.open(gen):
            return
        readings = 0
        last = 0
        while True:
            kind = reader.next()
            if kind == END:
                break
            if BASE < kind < ACK:
                last = reader.seq
                if kind == READING and last > self.acked:
                    readings += 1
        if last <= self.acked:
            return
        self.acked = last
        if not self._write(self._next.ack(last, readings), 0):
            self.tail.lost += readings

    def _report_lost(self, uptime_s):
        if self.tail.lost:
            self._next.set_event(READINGS_LOST, self.tail.lost, self.acked)
            if self._append(EVENT, uptime_s):
                self.next_seq += 1

    def _find_offset(self, gen, boot):
        """The clock was set in the last block of this start that does not begin with it set."""
        reader = self._scratch
        for following in range(gen + 1, self.tail.gen + 1):
            if reader.open(following):
                if reader.boot != boot:
                    break
                if reader.offset != NONE:
                    return reader.offset
                gen = following
        if reader.open(gen):
            while reader.next() != END and reader.boot <= boot:
                if reader.boot == boot and reader.offset != NONE:
                    return reader.offset
        return NONE

    def _write(self, n, reserve):
        """Program the first `n` bytes of the record behind the last record and take up what then stands there.

        False if there is no room, or if flash holds something else: then the block is closed.
        """
        tail = self.tail
        if tail.pos + n + reserve > tail.end:
            return False
        view = self._views.get(n)
        if view is None:
            view = self._views[n] = memoryview(self._next.data)[:n]
        end = tail.pos + n
        self._program(view, tail.pos)
        tail.forget()
        while tail.pos < end:
            following = tail.check(tail.pos)
            if not following:
                tail.pos = tail.end
                return False
            tail.start = tail.pos
            tail.accept(following)
        return True

    def _set_mark(self, mark):
        self._program(self._mark, self.tail.end + mark)

    def _program(self, view, pos):
        try:
            self.device.writeblocks(self.tail.block, view, pos)
        except OSError:
            pass  # a record is read back, and a mark that is missing only costs an erase
