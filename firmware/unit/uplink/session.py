"""An MQTT 3.1.1 session (OASIS standard, 2014) in which no call waits.

What others do by waiting (for CONNACK, PUBACK, SUBACK, a whole packet) `poll` does in slices, each with a deadline.
"""

from . import ticks
from .broken import Broken
from .packet import GREETING, IDLE, OPENING, UP, length, sized
from .wire import HEAD_BYTES, Wire

# Deadlines. Together with the keep-alive they bound how long a dead link is taken for a live one.
OPEN_MS = 10000  # TCP connection
SECURE_MS = 30000  # TLS handshake and CONNACK; a handshake costs an ESP32 seconds of arithmetic
GREET_MS = 10000  # CONNACK without TLS
PACKET_MS = 10000  # the rest of a packet that began, either way
ANSWER_MS = 20000  # PUBACK, SUBACK
PING_MS = 10000  # PINGRESP

WINDOW = 4  # QoS 1 packets in flight
TOPIC_BYTES = 12  # of a topic, at most, behind what all those of a unit begin with: "availability"
_PACKETS_A_POLL = 8  # bounds the work of one poll


class Session:
    """One session with one broker at a time.

    `client_id` is bytes, `will` (topic, payload) of the last will, user and password are str. `listener` is told what
    happens: `on_up()`, `on_down(why)`, `on_ack(packet_id, ok)` for each PUBACK and SUBACK, `on_message(topic, payload,
    retained)` with bytes, or None both for a message larger than the receive buffer (of a retained one the payload's
    beginning). While `on_down` runs, `flying`, `mute` and `newest` still tell what was under way, and `lost` is true
    unless the owner ended the session, or it had not stood.
    """

    def __init__(self, client_id, listener, keepalive_s=60, user=None, password=None, wire=None, will=()):
        self.account = client_id, keepalive_s, user, password, will
        self.wire = wire or Wire()
        self.listener = listener
        self.state = IDLE
        self.pid = 0  # of the newest packet that has an id
        self._quiet_ms = keepalive_s * 750  # three quarters, so that the broker, which waits 1.5, never has to doubt
        self.tls = None
        self.name = None
        self.passing = None  # an over-long packet of which the rest is still to come, see arriving.py
        self._trouble = ""  # what went wrong outside of poll
        self._pings = 0  # not 0 while a PINGRESP is due, 1 if it would also prove that `mute` has arrived
        self._since = self._rx_at = self._tx_at = self._tx_began = self._ping_at = 0
        # Packet id, sent at, bytes, topic ("cmd?" of a subscription), ... of what waits for its acknowledgement.
        self.flying = []
        self.mute = None  # bytes, topic and `pid` at the time of the newest message at QoS 0 that may not have arrived
        self.newest = None  # bytes and topic of the packet that was acknowledged last
        self.proved = 0  # bytes of the largest that the connection outlived: some brokers acknowledge, drop and close
        self.lost = False
        self.published = 0  # bytes, so far: what it says of its own accord
        self._now = 0

    # --- what the owner calls

    def begin(self, now):
        """A connection is being opened: forget what was of the one before. See `calling.begin`."""
        self._now = self._since = now
        self.flying.clear()
        self.mute = self.newest = None
        self.passing = None
        self._pings = 0
        self._trouble = ""
        self.state = OPENING

    def stop(self, why, polite=False):
        """Close at once. Only after a polite goodbye the broker keeps the last will to itself."""
        if polite and self.state == UP and self.free():
            self.put(b"\xe0\0")
        if self.state != IDLE:
            self.down(why, False)

    def free(self):
        """True if a packet can be built: the one before has left."""
        return self.wire.tx_from == self.wire.tx_to

    def room(self):
        """How many QoS 1 packets may still be sent before an acknowledgement."""
        return WINDOW - len(self.flying) // 4

    def send(self, topic, size, qos=1, retain=False):
        """Publish the `size` bytes that stand in `wire.tx` from HEAD_BYTES on. Returns the packet id, 0 for QoS 0.

        Only while `free()` and, for QoS 1, `room()`.
        """
        packet_id = self.next_id() if qos else b""
        head = sized(topic) + packet_id
        head = bytes((0x30 | qos << 1 | retain,)) + length(len(head) + size) + head
        self.published += len(head) + size
        if not qos:
            self.mute = len(head) + size, topic, self.pid
            self._pings *= 2
        self.put(head, HEAD_BYTES - len(head), size, packet_id, topic)
        return self.pid if qos else 0

    def poll(self, now, may_block=True):
        """Do what can be done at once. `now` in ms, may wrap. Returns True if anything moved.

        `may_block` False holds back a TLS handshake, whose arithmetic occupies the processor for a while.
        """
        self._now = now
        if self.state == IDLE:
            return False
        held = self.tls and self.state < UP and not may_block
        try:
            if self._trouble:
                raise Broken(self._trouble)
            if self.state == OPENING:
                from .calling import opened

                if held or not opened(self):
                    self._expect(self._since, OPEN_MS, "no TCP connection")
                    return False
                self._since = self._rx_at = now
                self.state = GREETING
                return True
            moved = 0 if held else self._move()
            self._check_deadlines()
            return moved > 0
        except Broken as e:
            self.down(str(e), self.state == UP)
            return True

    # --- one slice

    def _move(self):
        wire = self.wire
        moved = wire.flush()
        if moved:
            self._tx_at = self._tx_began = self._now
        got = wire.fill()
        if got:
            self._rx_at = self._now
        for _ in range(_PACKETS_A_POLL):
            if not self._take():
                break
            moved += 1
        return moved + got

    def _take(self):
        """Handle the packet at the head of the receive buffer. False if there is no whole one, or it has to wait."""
        wire = self.wire
        have = wire.rx_to - wire.rx_from
        if self.passing:
            from .arriving import pass_over

            return pass_over(self, have)
        size = wire.packet()
        if not size:
            return False
        kind = wire.rx[wire.rx_from]
        if kind >> 4 == 3:
            from .arriving import message

            return message(self, kind, size, have)
        if size > 5:
            raise Broken("malformed packet")
        if size > have:
            return False
        self._answer(kind, size - 2, wire.rx, wire.rx_from + 2)
        wire.rx_from += size
        return True

    def _answer(self, kind, size, rx, at):
        if self.state == GREETING:
            from .calling import greeted

            greeted(kind, size, rx[at + 1])
            self.state = UP
            self.listener.on_up()
        elif kind == 0xB0 and size == 2:
            pass
        elif (kind == 0x40 and size == 2) or (kind == 0x90 and size == 3):
            packet_id = rx[at] << 8 | rx[at + 1]
            # An id that is not in flight is an acknowledgement twice over: nothing to do.
            flying = self.flying
            for i in range(0, len(flying), 4):
                if flying[i] == packet_id:
                    if self.newest:
                        self.proved = max(self.proved, self.newest[0])
                    self.newest = flying[i + 2 : i + 4]
                    del flying[i : i + 4]
                    if self.mute and 0 < packet_id - self.mute[2] & 0xFFFF < 0x8000:
                        self.mute = None  # what was sent before this has arrived
                    self.listener.on_ack(packet_id, kind == 0x40 or rx[at + 2] < 0x80)
                    break
        elif kind == 0xD0 and size == 0:
            if self._pings == 1:
                self.mute = None
            self._pings = 0
        else:
            raise Broken("unexpected packet 0x%02x" % kind)

    def _check_deadlines(self):
        now, wire = self._now, self.wire
        if self.state == GREETING:
            self._expect(self._since, SECURE_MS if self.tls else GREET_MS, "no CONNACK")
            return
        if not self.free():
            self._expect(self._tx_began, PACKET_MS, "write stuck")
        if wire.rx_from != wire.rx_to or self.passing:
            self._expect(self._rx_at, PACKET_MS, "packet cut short")
        if self.flying:
            self._expect(self.flying[1], ANSWER_MS, "no acknowledgement")
        if self._pings:
            self._expect(self._ping_at, PING_MS, "no answer to a ping")
        elif self.free() and max(ticks.diff(now, self._rx_at), ticks.diff(now, self._tx_at)) >= self._quiet_ms:
            self._pings = 1
            self._ping_at = now
            self.put(b"\xc0\0")

    # --- small parts

    def next_id(self):
        """Two bytes; 0 is no packet id."""
        self.pid = self.pid % 65535 + 1
        return bytes((self.pid >> 8, self.pid & 255))

    def put(self, packet, at=0, payload_bytes=0, packet_id=b"", topic=b""):
        """Send a packet: one write, and a deadline for its acknowledgement if it has an id."""
        self.wire.put(packet, at, payload_bytes)
        self._tx_began = self._now
        if packet_id:
            self.flying += (self.pid, self._now, len(packet) + payload_bytes, topic)
        try:
            if self.wire.flush():
                self._tx_at = self._now
        except Broken as e:
            self._trouble = str(e)  # for the next poll: whoever sends is in no position to reconnect

    def _expect(self, since, limit_ms, what):
        if ticks.diff(self._now, since) > limit_ms:
            raise Broken(what)

    def down(self, why, lost=False):
        self.wire.drop()
        self.state = IDLE
        self.lost = lost
        self.listener.on_down(why)
        self.flying.clear()
