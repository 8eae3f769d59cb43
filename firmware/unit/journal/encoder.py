"""Builds the records that the ring appends, in one buffer, without allocating."""

from ..control.basics import NONE
from .layout import ACK, BASE, FORMAT, READING, SNAPSHOT, WINDOW, put_frame, put_int, put_uint


class Encoder:
    """The next record, in `data` from its start; `tail` is the BlockReader at the end of the journal.

    `row` holds quality and values of the newest reading; `snapshot` and `snapshot_bytes` the snapshot to be written.
    """

    def __init__(self, tail, points, interval_s):
        self.tail = tail
        self.interval_s = interval_s
        self.data = bytearray(2 * WINDOW)
        self.row = [0] * (points + 1)
        self.snapshot = self.data
        self.snapshot_bytes = 0
        self._code = self._a = self._b = 0

    def set_event(self, code, a, b):
        """What the next event says."""
        self._code = code
        self._a = a
        self._b = b

    def record(self, kind, uptime_s):
        """Build a READING, an EVENT or a SNAPSHOT; returns its length."""
        tail = self.tail
        crc = tail.base_crc
        if kind == SNAPSHOT:
            end = self._put_snapshot()
        else:
            crc ^= (tail.n >> 7) << 8 ^ tail.e >> 4
            end = self._put_reading(uptime_s) if kind == READING else self._put_event(uptime_s)
        return put_frame(self.data, kind, end, crc)

    def ack(self, acked, given_up):
        """Build the note that nothing up to `acked` waits any more, `given_up` readings lost; returns its length."""
        end = put_int(self.data, 1, acked - self.tail.first_seq)
        if given_up:
            end = put_uint(self.data, end, given_up)
        return put_frame(self.data, ACK, end, self.tail.base_crc)

    def two_bases(self, uptime_s, journal):
        """Build a base record with the state of `journal`, twice in a row; returns the length of both."""
        tail = self.tail
        data = self.data
        at = put_uint(data, 1, tail.gen)
        at = put_uint(data, at, journal.next_seq)
        at = put_uint(data, at, journal.boot)
        at = put_uint(data, at, uptime_s)
        at = put_uint(data, at, 0 if journal.offset == NONE else journal.offset + 1)
        at = put_uint(data, at, self.interval_s)
        at = put_uint(data, at, journal.next_seq - 1 - journal.acked)
        at = put_uint(data, at, tail.lost)
        at = put_uint(data, at, 0 if tail.snap_gen < 0 else tail.gen + 1 - tail.snap_gen)
        at = put_uint(data, at, tail.snap_at)
        at = put_uint(data, at, len(self.row))
        for value in self.row:
            at = put_int(data, at, value)
        n = put_frame(data, BASE, at, FORMAT)
        for i in range(n):
            data[n + i] = data[i]
        return 2 * n

    def _put_counts(self, late_s):
        tail = self.tail
        self.data[1] = tail.n & 127 | (128 if late_s else 0)
        self.data[2] = tail.e & 15

    def _late_s(self, uptime_s):
        tail = self.tail
        return uptime_s - tail.uptime0 - tail.interval_s * (tail.n - tail.e)

    def _put_reading(self, uptime_s):
        tail = self.tail
        data = self.data
        row = self.row
        refs = tail.refs
        late_s = self._late_s(uptime_s)
        self._put_counts(late_s)
        bits = data[2]
        for i in range(tail.count):
            if row[i] != refs[i]:
                bits |= 16 << i
        at = 2
        for _ in range(0, tail.count + 4, 8):
            data[at] = bits & 255
            bits >>= 8
            at += 1
        if late_s:
            at = put_int(data, at, late_s)
        for i in range(tail.count):
            value = row[i]
            ref = refs[i]
            if value != ref:
                at = put_int(data, at, value if value == NONE or ref == NONE else value - ref)
        return at

    def _put_event(self, uptime_s):
        data = self.data
        late_s = self._late_s(uptime_s)
        self._put_counts(late_s)
        at = 3
        if late_s:
            at = put_int(data, at, late_s)
        at = put_uint(data, at, self._code)
        at = put_int(data, at, self._a)
        return put_int(data, at, self._b)

    def _put_snapshot(self):
        data = self.data
        data[1] = self.snapshot_bytes
        for i in range(self.snapshot_bytes):
            data[2 + i] = self.snapshot[i]
        return 2 + self.snapshot_bytes
