"""The ring: mounts the journal, appends to it, erases ahead of need and overwrites the oldest only when full."""

from ..control.basics import NONE, const
from ..control.events import READINGS_LOST
from ..modules import absent, forget
from ..room import has_room
from .block_reader import BlockReader
from .encoder import Encoder
from .layout import ERASING, EVENT, MAX_SNAPSHOT, READING, READY, RESERVE, SEALED, SNAPSHOT

ACK_EVERY = const(16)  # acknowledged records between two notes of it on flash
_UNSENT_BYTES = const(6144)  # of a chip's heap, for what looks at a block that is given up
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
        self._next = Encoder(self.tail, points, interval_s)
        self._views = {}  # of the first so many bytes of a record, made once, so that appends allocate nothing
        self._mark = bytearray(1)
        self.ready = False  # the next block is erased
        self._needs_base = True  # a base record must come before the next record
        self.offset = NONE
        self.first_offset = NONE
        self.next_seq = 1
        self.boot = 1
        self.acked = 0
        self.oldest = 0
        self.failed = 0
        self.snapshot_seq = self.snapshot_boot = self.snapshot_uptime_s = 0
        from .mount import mount

        mount(self)
        for i in range(points + 1):
            self._next.row[i] = self.tail.refs[i]

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
        from .mount import load_snapshot

        return load_snapshot(self, data)

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
        if self.ready or (tail.gen >= 0 and tail.pos < tail.end // 2):
            return False
        erased = self._erase_next()
        self._report_lost(uptime_s)
        return erased

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
        if not self.ready and not self._erase_next():
            return
        if self.tail.gen >= 0:
            self._set_mark(SEALED)
        self.tail.begin(self.tail.gen + 1)
        self.ready = False
        self._needs_base = True

    def _erase_next(self):
        tail = self.tail
        if not self._give_up(tail.gen + 1 - tail.blocks):
            return False
        if tail.gen >= 0:
            self._set_mark(ERASING)
        self.oldest = max(0, tail.gen + 2 - tail.blocks)
        try:
            self.device.ioctl(6, (tail.gen + 1) % tail.blocks)
        except OSError:
            return False
        if tail.gen >= 0:
            self._set_mark(READY)
        self.ready = True
        return True

    def _give_up(self, gen):
        """Count the readings of block `gen` that no broker holds, and note that they are lost before they are.

        False where memory is short for finding that out: half a block is left for it to come back.
        """
        if gen < self.oldest or self.acked == self.next_seq - 1:
            return True
        try:
            if not has_room(_UNSENT_BYTES):
                return False
            brought = absent("journal.overwrite", "journal.walk")
            from .overwrite import unsent

            forget(*brought)
            readings, last = unsent(self, gen)
        except (ImportError, MemoryError):
            return False
        if last > self.acked:
            self.acked = last
            if not self._write(self._next.ack(last, readings), 0):
                self.tail.lost += readings
        return True

    def _report_lost(self, uptime_s):
        if self.tail.lost:
            self._next.set_event(READINGS_LOST, self.tail.lost, self.acked)
            if self._append(EVENT, uptime_s):
                self.next_seq += 1

    def _write(self, n, reserve):
        """Program the first `n` bytes of the record behind the last record and take up what then stands there.

        False if there is no room, or if flash holds something else: then the block is closed.
        """
        tail = self.tail
        if tail.pos + n + reserve > tail.end:
            return False
        # Behind the record goes what leaves erased flash as it is, so that few lengths occur.
        size = min(n + 15 & -16, tail.end - tail.pos)
        data = self._next.data
        for i in range(n, size):
            data[i] = 0xFF
        view = self._views.get(size)
        if view is None:
            view = self._views[size] = memoryview(data)[:size]
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
