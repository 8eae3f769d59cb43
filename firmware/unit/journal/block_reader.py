"""One record of a block at a time: is it intact, and what does it say? Where to look for the next one says walk.py."""

from ..control.basics import NONE, const
from ..control.events import READINGS_LOST
from .layout import ACK, BASE, END, EVENT, FORMAT, MARKS, READING, SNAPSHOT, WINDOW, crc16, odd

_MOST_VALUES = const(25)  # quality and points: what a forged base record says beyond that is never counted to
_LAST_SHIFT = const(28)  # of a number's fifth byte: none that a board writes is longer


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
        self.window_at = -1  # where the window lies in the block
        self.block = 0
        self.gen = -1
        self.pos = 0
        self.damaged = self.torn = 0
        # the record
        self.kind = END
        self.start = 0
        self.seq = self.uptime_s = 0
        self.code = self.a = self.b = 0
        self.at = self.body_end = self.bits = 0
        self.base_gen = self._n = self._e = 0
        # the base
        self.n = self.e = self.base_crc = 0
        self.first_seq = 1
        self.boot = self.uptime0 = self.interval_s = self.count = 0
        self.offset = NONE
        self.refs = [0] * (points + 1)
        self.acked = self.lost = self.snap_at = 0
        self.snap_gen = -1

    def forget(self):
        """The block was written since: read it anew."""
        self.window_at = -1

    def begin(self, gen):
        """Stand at the start of a block that is still empty; the sums of the block before go on."""
        self.gen = gen
        self.block = gen % self.blocks
        self.pos = self.torn = 0
        self.window_at = -1

    def check(self, start):
        """The place behind the intact record at `start`, 0 if there is none; its kind is in `kind`."""
        if start + 4 > self.end:
            return 0
        i = self.index(start, 4)
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
        i = self.index(start, size + 2)  # a reading that is too short to be one is looked at two bytes beyond it
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
        self.at = at
        self.body_end = end
        if kind == BASE:
            self.base_gen = self.take_uint()
            if self.gen >= 0 and self.base_gen != self.gen:
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
            self.acked = self.take_int() + self.first_seq
            self.lost += self.take_uint()
        else:
            self.snap_gen = self.gen
            self.snap_at = self.start

    def _accept_numbered(self, kind):
        w = self.window
        at = self.at
        late = w[at] > 127
        self.bits = w[at + 1] >> 4
        at += 2
        if kind == READING:
            bits = self.count + 4
            shift = 4
            while bits > 8:
                self.bits |= w[at] << shift
                shift += 8
                bits -= 8
                at += 1
        self.at = at
        self.seq = self.first_seq + self._n
        self.uptime_s = self.uptime0 + self.interval_s * (self._n - self._e)
        if late:
            self.uptime_s += self.take_int()
        self.n = self._n + 1
        self.e = self._e
        if kind == EVENT:
            self.e += 1
            self.code = self.take_uint()
            self.a = self.take_int()
            self.b = self.take_int()
            if self.code == READINGS_LOST:
                self.lost = max(0, self.lost - self.a)

    def _accept_base(self):
        i = self.body_end
        self.base_crc = self.window[i] << 8 | self.window[i + 1]
        self.gen = self.base_gen
        self.n = self.e = 0
        self.first_seq = self.take_uint()
        self.boot = self.take_uint()
        self.uptime0 = self.take_uint()
        self.offset = self.take_uint() - 1
        if self.offset < 0:
            self.offset = NONE
        self.interval_s = self.take_uint()
        self.acked = self.first_seq - 1 - self.take_uint()
        self.lost = self.take_uint()
        self.snap_gen = self.gen + 1 - self.take_uint()
        if self.snap_gen > self.gen:
            self.snap_gen = -1
        self.snap_at = self.take_uint()
        self.count = min(self.take_uint(), _MOST_VALUES)
        for i in range(self.count):
            value = self.take_int()
            if i < len(self.refs):
                self.refs[i] = value

    def index(self, start, n):
        """Where `start` lies in the window, after moving it so that `n` bytes from there are in it."""
        i = start - self.window_at
        if self.window_at < 0 or i < 0 or i + n > WINDOW:
            self.window_at = min(start, self.end + MARKS - WINDOW)
            self.device.readblocks(self.block, self.window, self.window_at)
            i = start - self.window_at
        return i

    def take_uint(self):
        w = self.window
        value = shift = 0
        while self.at < self.body_end:
            byte = w[self.at]
            self.at += 1
            value |= (byte & 127) << shift
            if byte < 128 or shift == _LAST_SHIFT:
                break
            shift += 7
        return value

    def take_int(self):
        code = self.take_uint()
        if code == 0:
            return NONE
        return code >> 1 if code & 1 else -(code >> 1)
