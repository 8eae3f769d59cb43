"""Brings the journal to the broker: in order, in batches, several in flight, and nothing leaves before its PUBACK."""

# mypy: disable-error-code="union-attr"
from ..catalogue.names import forget_names, load_names
from ..control.basics import NONE, const
from ..journal.layout import END, READING
from ..modules import forget
from . import payloads, ticks

MAX_ROWS = const(50)  # rows of one message
_ROWS_A_POLL = const(8)  # bounds the work of one poll: some 8 ms on an ESP32
_PACKET_BYTES = const(80)  # what TCP and IP add to a packet and its acknowledgement
_HEADERS = const(12)  # bytes of a packet besides the payload and what all topics begin with
_OUTLIVED_MS = const(2000)  # so long after it was sent a connection has outlived the largest message so far
_LEAST_CREDIT = const(4096)  # a batch must fit, however small the rate
_DEAR = const(4)  # of the reserve a byte takes so many


class Drain:
    """The road from journal to broker. `poll` does a slice; `busy` while it holds the session's buffer.

    `root` is what the unit's topics begin with, `journal` the ring with its `acked` and `ack(seq)`, `cursor` its
    reader. `bytes_per_h` bounds all traffic, 0 for no bound; readings wait up to `batch_s` to share a message once the
    backlog is gone. What others send is paid too, so that whoever floods the unit could have it say nothing for hours:
    no debt is larger than a minute's allowance, and a reserve, a quarter of the rate, is for what the unit itself
    sends.

    What closed.py makes of a broker that closes: `most` is where in the session's buffer a message must end, but for a
    batch of one row; while `careful`, one batch is in flight at a time; the record `past` is passed over until another
    one has been acknowledged, and then, `tested`, sent again alone.
    """

    def __init__(self, session, out, root, points, journal, cursor, bytes_per_h=0, batch_s=0):
        self._session = session
        self._out = out
        self._root = root
        self._points = points
        self.journal = journal
        self._cursor = cursor
        self._held = END  # kind of the record that the cursor stands on and no batch has taken yet
        self.flying = []  # [packet id, or 0 once acknowledged; last seq; rows; bytes] of each batch, in order
        self.most = out.limit
        self.careful = self.tested = False
        self.past = 0
        self._doubted = 0  # the newest acknowledged record, while it is open whether the connection outlives it
        self._rows = 0  # of the batch being built
        self._last_seq = 0
        self._kind = READING
        self._events = None  # the module that writes events, while there are some
        self._boot = 0
        self._clock = False
        self._bytes_per_h = bytes_per_h
        self._batch_ms = batch_s * 1000
        self._credit = self._reserve = _LEAST_CREDIT
        self._fraction = 0
        self._counted = self._published = 0
        self._credit_at = self.sent_at = ticks.now()
        self.caught_up = False
        self.busy = False

    def on_up(self):
        """A new connection: whatever was not acknowledged goes again, from the first record on."""
        self.flying.clear()
        self._doubted = 0
        self._held = END
        self.busy = self.caught_up = False
        self._out.limit = self.most
        self._cursor.seek(self.journal.acked + 1)

    def on_ack(self, packet_id):
        """A PUBACK. The journal is told of whole beginnings only: a gap stays until it is filled.

        A message larger than any before counts once another one is acknowledged too, or some time has passed.
        """
        flying = self.flying
        for batch in flying:
            if batch[0] == packet_id:
                batch[0] = 0
                break
        last = size = -1
        while flying and not flying[0][0]:
            _, last, _, size = flying.pop(0)
        if last < 0:
            return
        if self._doubted:
            self.journal.ack(self._doubted)
            self._doubted = 0
        self.careful = self.tested = False
        if self.past:
            self.past = 0
            self.careful = self.tested = True
            self.on_up()
        elif size > self._session.proved:
            self._doubted = last
        else:
            self.journal.ack(last)

    def poll(self, now, roomy=True):
        """Send or prepare what can be; True if there is more to do at once. `roomy`: there is time to load code."""
        self._earn(now)
        if self._doubted and ticks.diff(now, self.sent_at) >= _OUTLIVED_MS:
            self.journal.ack(self._doubted)
            self._doubted = 0
        if not self.busy:
            return self._begin(now, roomy)
        cursor, out = self._cursor, self._out
        for _ in range(_ROWS_A_POLL):
            if not self._fits_batch():
                self._send(now)
                break
            mark = out.at
            if self._rows:
                out.raw(b",")
            if self._kind == READING:
                payloads.data_row(out, cursor, self._points)
            else:
                self._events.row(out, cursor)
            if out.full or out.at + 2 > (self.most if self._rows else out.limit):
                out.at = mark
                self._send(now)
                break
            self._rows += 1
            self._last_seq = cursor.seq
            self._held = END
        return True

    def affordable(self):
        """Whether the rate allows another packet now."""
        return not self.throttled() or self._reserve > 0

    def throttled(self):
        """Whether the limit of traffic is used up for the moment."""
        return self._bytes_per_h > 0 and self._credit <= 0

    def _begin(self, now, roomy):
        session = self._session
        if self.careful and self.flying:
            return False
        # One place of the window stays free for the answer to a command.
        if not session.free() or session.room() < 2:
            return False
        if self.caught_up and ticks.diff(now, self.sent_at) < self._batch_ms:
            return False
        if not self._next():
            self.caught_up = True
            self._events = None
            forget_names("events")
            return False
        if not self.affordable():
            return False
        if self._held != READING and not self._events:
            if not roomy:
                return False
            self._events = _event_rows()
        cursor = self._cursor
        self._kind, self._boot, self._clock = self._held, cursor.boot, cursor.t == NONE
        self._rows = 0
        self._last_seq = cursor.seq - 1
        self._out.limit = len(session.wire.tx)
        if self._kind == READING:
            payloads.data_head(self._out, cursor, self._points)
        else:
            self._events.head(self._out, cursor)
        self.busy = True
        return True

    def _next(self):
        if self._held == END:
            self._held = self._cursor.next()
            if self._held != END and self._cursor.seq == self.past:
                self._held = self._cursor.next()
        return self._held != END

    def _fits_batch(self):
        cursor = self._cursor
        return (
            self._rows < (1 if self.tested else MAX_ROWS)
            and self._next()
            and cursor.seq == self._last_seq + 1
            and self._held == self._kind
            and cursor.boot == self._boot
            and (cursor.t == NONE) == self._clock
        )

    def _send(self, now):
        self.busy = False
        self._out.raw(b"]}")
        topic = b"data" if self._kind == READING else b"event"
        size = self._out.size()
        packet_id = self._session.send(self._root + topic, size)
        self._out.limit = self.most
        self.flying.append([packet_id, self._last_seq, self._rows, size + len(self._root) + _HEADERS])
        self.sent_at = now
        self.caught_up = self._held == END
        self._credit -= _PACKET_BYTES

    def _earn(self, now):
        """Keep the account of bytes: everything on the wire is paid, both ways."""
        if not self._bytes_per_h:
            return
        wire = self._session.wire
        total = wire.sent_bytes + wire.received_bytes
        most = max(self._bytes_per_h // 60, _LEAST_CREDIT)
        self._credit = max(self._credit - total + self._counted, -most)
        published = self._session.published  # not what it must answer: others decide how much that is
        self._reserve = max(self._reserve - _DEAR * (published - self._published), -most)
        self._counted = total
        self._published = published
        seconds = ticks.diff(now, self._credit_at) // 1000
        if seconds > 0:
            self._credit_at = ticks.add(self._credit_at, seconds * 1000)
            self._fraction += self._bytes_per_h * min(seconds, 60)
            earned = self._fraction // 3600
            self._fraction %= 3600
            self._credit = min(self._credit + earned, most)
            self._reserve = min(self._reserve + earned, most)


def _event_rows():
    from . import event_rows

    load_names("events")
    forget("uplink.event_rows", "catalogue.event_words")
    return event_rows
