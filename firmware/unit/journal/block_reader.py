"""Walks over the records of one block: what is intact, what is damaged, and what it says."""

from ..control.basics import NONE, const
from ..control.events import READINGS_LOST
from .layout import ACK, BASE, END, EVENT, FORMAT, MARKS, READING, SNAPSHOT, WINDOW, crc16, odd

# The last bytes before the marks take only the note that readings were given up, so that it always has room.
RESERVE = const(16)
_LONGEST_BASE = const(132)


class BlockReader:
    """The place of a reader in one block and the state that the records up to there add up to.

    device: block device (`esp32.Partition` or its like). points: how many values a reading has.
    Public state: `gen` counts blocks in the order of their use (block `gen % blocks`), -1 while none is open; `pos`,
    the next record; `n` and `e`, records with a sequence number and events among them since the base record; of
    the base record `first_seq`, `boot`, `uptime0`, `interval_s`, `offset` (time = uptime + offset, NONE while the clock
    is unknown) and `refs`, the quality and values that readings are told against; `acked`, `lost`, `snap_gen` and
    `snap_at` as of this place; `damaged`, stretches that are no record; `torn`, bytes of an unfinished last one.
    """

    def __init__(self, device, points):
        self.device = device
        self.blocks = device.ioctl(4, 0)
        self.end = device.ioctl(5, 0) - MARKS
        self.window = bytearray(WINDOW)
        self._from = -1  # where the window lies in the block
        self.block = 0
        self.gen = -1
        self.pos = 0
        self.damaged = self.torn = 0
        # the record
        self.kind = END
        self.start = 0
        self.seq = self.uptime_s = 0
        self.code = self.a = self.b = 0
        self._at = self._body_end = self._bits = 0
        self._gen = self._n = self._e = 0
        # the base
        self.n = self.e = self.base_crc = 0
        self.first_seq = 1
        self.boot = self.uptime0 = self.interval_s = self.count = 0
        self.offset = NONE
        self.refs = [0] * (points + 1)
        self.acked = self.lost = self.snap_at = 0
        self.snap_gen = -1

    @property
    def last_uptime_s(self):
        """Uptime of the last reading or event taken up, or of the base record if there was none since."""
        return self.uptime_s if self.n else self.uptime0

    def forget(self):
        """The block was written since: read it anew."""
        self._from = -1

    def begin(self, gen):
        """Stand at the start of a block that is still empty; the sums of the block before go on."""
        self.gen = gen
        self.block = gen % self.blocks
        self.pos = self.torn = 0
        self._from = -1

    def head(self, block):
        """The `gen` of `block`, -1 if it has no intact base record at its start (there are two, for rot)."""
        self.block = block
        self.gen = self._from = -1
        self.pos = self.damaged = self.torn = 0
        if self.window[self._index(0, 1)] == 0xFF:
            return -1
        for start in range(_LONGEST_BASE):
            following = self.check(start)
            if following and self.kind == BASE and self._gen % self.blocks == block:
                self.damaged = 1 if start else 0
                self.start = start
                self.pos = following
                return self._gen
        return -1

    def open(self, gen):
        """Stand behind the first base record of the block that holds `gen`; False if that is not readable."""
        if self.head(gen % self.blocks) != gen:
            return False
        self.accept(self.pos)
        return True

    def next(self):
        """Go to the next intact record and return its kind; END behind the last one."""
        start = self.pos
        while True:
            following = self.check(start)
            if following:
                self.start = start
                self.accept(following)
                return self.kind
            written = self.written_end(start)
            if written == start:
                self.pos = start
                return END
            found = self._resume(start)
            if found < 0:
                self.torn = written - start
                reserve = self.end - RESERVE
                self.pos = reserve if written <= reserve else self.end
                return END
            self.damaged += 1
            start = found

    def check(self, start):
        """The place behind the intact record at `start`, 0 if there is none; its kind is in `kind`."""
        if start + 4 > self.end:
            return 0
        i = self._index(start, 4)
        w = self.window
        head = w[i]
        kind = head >> 5
        n = (head >> 1 & 15) + 1
        size = n + 3
        if n == 16:
            n = w[i + 1]
            if odd(n):
                return 0
            n >>= 1
            if kind == SNAPSHOT:
                n *= 2
            size = n + 4
        if kind > SNAPSHOT or odd(head) or start + size > self.end or size > WINDOW or n == 0:
            return 0
        i = self._index(start, size)
        end = i + size - 2
        at = end - n
        crc = FORMAT if kind == BASE else self.base_crc
        if BASE < kind < ACK:
            # The record holds the low bits of both counts, the CRC sees to the rest.
            self._n = self.n + (w[at] - self.n & 127)
            self._e = self.e + (w[at + 1] - self.e & 15)
            crc ^= (self._n >> 7) << 8 ^ self._e >> 4
        crc = crc16(w, i, end, crc)
        if crc >> 8 != w[end] or crc & 255 != w[end + 1]:
            return 0
        self._at = at
        self._body_end = end
        if kind == BASE:
            self._gen = self._uint()
            if self.gen >= 0 and self._gen != self.gen:
                return 0
        self.kind = kind
        return start + size

    def accept(self, following):
        """Take up the record that `check` has just found intact and stand behind it."""
        self.pos = following
        kind = self.kind
        if BASE < kind < ACK:
            self._accept_numbered(kind)
        elif kind == BASE:
            self._accept_base()
        elif kind == ACK:
            self.acked = self._int() + self.first_seq
            self.lost += self._uint()
        else:
            self.snap_gen = self.gen
            self.snap_at = self.start

    def read_values(self, values):
        """Fill `values` with those of the reading just taken up; returns its quality code."""
        at = self._at
        refs = self.refs
        quality = refs[0]
        for i in range(self.count):
            known = i < len(refs)
            value = refs[i] if known else NONE
            if self._bits >> i & 1:
                base = 0 if value == NONE else value
                value = self._int()
                if value != NONE:
                    value += base
            if i == 0:
                quality = value
            elif known:
                values[i - 1] = value
        self._at = at
        return quality

    def read_snapshot(self, data):
        """Fill `data` with the snapshot just taken up; returns its length, 0 if it does not fit."""
        at = self._at
        n = self.window[at]
        if n > len(data) or n >= self._body_end - at:
            return 0
        for i in range(n):
            data[i] = self.window[at + 1 + i]
        return n

    def marked(self, mark):
        """Whether a mark of this block is set; most of its bits decide."""
        byte = self.window[self._index(self.end + mark, 1)]
        cleared = 0
        for i in range(8):
            cleared += 1 - (byte >> i & 1)
        return cleared > 4

    def written_end(self, start):
        """The place behind the last byte from `start` on that is not 0xFF, `start` itself if there is none."""
        end = start
        while start < self.end:
            i = self._index(start, 1)
            n = min(WINDOW - i, self.end - start)
            w = self.window
            for k in range(n):
                if w[i + k] != 0xFF:
                    end = start + k + 1
            start += n
        return end

    def _accept_numbered(self, kind):
        w = self.window
        at = self._at
        late = w[at] > 127
        self._bits = w[at + 1] >> 4
        at += 2
        if kind == READING:
            bits = self.count + 4
            shift = 4
            while bits > 8:
                self._bits |= w[at] << shift
                shift += 8
                bits -= 8
                at += 1
        self._at = at
        self.seq = self.first_seq + self._n
        self.uptime_s = self.uptime0 + self.interval_s * (self._n - self._e)
        if late:
            self.uptime_s += self._int()
        self.n = self._n + 1
        self.e = self._e
        if kind == EVENT:
            self.e += 1
            self.code = self._uint()
            self.a = self._int()
            self.b = self._int()
            if self.code == READINGS_LOST:
                self.lost = max(0, self.lost - self.a)

    def _accept_base(self):
        i = self._body_end
        self.base_crc = self.window[i] << 8 | self.window[i + 1]
        self.gen = self._gen
        self.n = self.e = 0
        self.first_seq = self._uint()
        self.boot = self._uint()
        self.uptime0 = self._uint()
        self.offset = self._uint() - 1
        if self.offset < 0:
            self.offset = NONE
        self.interval_s = self._uint()
        self.acked = self.first_seq - 1 - self._uint()
        self.lost = self._uint()
        self.snap_gen = self.gen + 1 - self._uint()
        if self.snap_gen > self.gen:
            self.snap_gen = -1
        self.snap_at = self._uint()
        self.count = self._uint()
        for i in range(self.count):
            value = self._int()
            if i < len(self.refs):
                self.refs[i] = value

    def _resume(self, start):
        """Where records go on behind damage at `start`, -1 if nowhere.

        By the length that the damaged record states, if a record stands there; else byte by byte, and then only at a
        base record or where a second record or erased flash follows: one CRC alone would match by chance too often.
        """
        i = self._index(start, 2)
        n = (self.window[i] >> 1 & 15) + 1
        stated = start + n + 3 if n < 16 else start + (self.window[i + 1] >> 1) + 4
        if self.check(stated):
            return stated
        for place in range(start + 1, self.end):
            following = self.check(place)
            if following and (self.kind == BASE or self.check(following) or self.written_end(following) == following):
                return place
        return -1

    def _index(self, start, n):
        """Where `start` lies in the window, after moving it so that `n` bytes from there are in it."""
        i = start - self._from
        if self._from < 0 or i < 0 or i + n > WINDOW:
            self._from = min(start, self.end + MARKS - WINDOW)
            self.device.readblocks(self.block, self.window, self._from)
            i = start - self._from
        return i

    def _uint(self):
        w = self.window
        value = shift = 0
        while self._at < self._body_end:
            byte = w[self._at]
            self._at += 1
            value |= (byte & 127) << shift
            if byte < 128:
                break
            shift += 7
        return value

    def _int(self):
        code = self._uint()
        if code == 0:
            return NONE
        return code >> 1 if code & 1 else -(code >> 1)
