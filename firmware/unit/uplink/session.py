"""An MQTT 3.1.1 session over umqtt.simple in which no call waits.

umqtt.simple writes and reads every packet, unchanged and in whatever version the firmware holds; it does so on a
`Wire`, that is in memory. What the library does by waiting (for CONNACK, PUBACK, SUBACK, a whole packet) `poll` does
in slices, each with a deadline. Overridden, because the library's own would wait or fail: `connect` opens a socket
and resolves a name inside the call; the packet id never wraps; a lost PUBACK is waited for for ever; checks of what the
broker sends are asserts, or missing.
"""

import umqtt.simple as library

from . import ticks
from .wire import Broken, Later, Wire

# Deadlines. Together with the keep-alive they bound how long a dead link is taken for a live one.
OPEN_MS = 10000  # TCP connection
SECURE_MS = 30000  # TLS handshake and CONNACK; a handshake costs an ESP32 seconds of arithmetic
GREET_MS = 10000  # CONNACK without TLS
PACKET_MS = 10000  # the rest of a packet that began, either way
ANSWER_MS = 20000  # PUBACK, SUBACK
PING_MS = 10000  # PINGRESP

WINDOW = 4  # QoS 1 packets in flight
_PACKETS_A_POLL = 8  # bounds the work of one poll

IDLE, OPENING, GREETING, UP = range(4)

_REFUSALS = ("", "protocol version", "client id", "broker unavailable", "user or password", "not authorised")


class Session(library.MQTTClient):
    """One session with one broker at a time.

    `listener` is told what happens: `on_up()`, `on_down(why)`, `on_ack(packet_id, ok)` for each PUBACK and SUBACK,
    `on_message(topic, payload, retained)` with bytes, `on_too_long()` for a message larger than the receive buffer.
    """

    def __init__(self, client_id, listener, keepalive_s=60, user=None, password=None, wire=None):
        # The library counts characters where MQTT counts bytes, so it gets bytes.
        super().__init__(client_id, "", 1, _bytes(user), _bytes(password), keepalive_s)
        self.wire = self.sock = wire or Wire()
        self.listener = listener
        self.state = IDLE
        self.set_callback(self._message)
        self._tls = None
        self._name = None
        self._retained = False
        self._skip = 0  # bytes of an over-long packet still to come
        self._skipped_id = 0
        self._trouble = ""  # what went wrong outside of poll
        self._pings = 0  # 1 while a PINGRESP is due
        self._since = self._rx_at = self._tx_at = self._tx_began = self._ping_at = 0
        self._flying = []  # packet id, sent at, ... of what waits for its acknowledgement
        self._now = 0

    # --- what the owner calls

    def start(self, address, now, tls=None, name=None):
        """Begin to connect to a numeric `address`; `tls` is an SSLContext, `name` what its certificate must name."""
        self._tls, self._name = tls, name
        self._now = self._since = now
        self._flying.clear()
        self._skip = self._pings = 0
        self._trouble = ""
        self.state = OPENING
        try:
            self.wire.open(address)
        except OSError as e:
            self._down("connect: %s" % e)

    def stop(self, why, polite=False):
        """Close at once. Only after a polite goodbye the broker keeps the last will to itself."""
        if polite and self.state == UP and self.free():
            try:
                self.wire.begin()
                self.disconnect()
                self.wire.flush()
            except Broken:
                pass  # the connection ends here in any case
        if self.state != IDLE:
            self._down(why)

    def free(self):
        """True if a packet can be built: the one before has left."""
        return self.wire.tx_from == self.wire.tx_to

    def room(self):
        """How many QoS 1 packets may still be sent before an acknowledgement."""
        return WINDOW - len(self._flying) // 2

    def send(self, topic, size, qos=1, retain=False):
        """Publish the `size` bytes that stand in `wire.tx` from HEAD_BYTES on. Returns the packet id, 0 for QoS 0.

        Only while `free()` and, for QoS 1, `room()`.
        """
        wire = self.wire
        payload = wire.payload(len(topic), size, qos)
        packet_id = self._next_id() if qos else 0
        try:
            self.publish(topic, payload, retain, qos)
        except Later:
            pass  # the library's wait for PUBACK: poll() sees to it
        self._sent(packet_id)
        return packet_id

    def ask(self, topic):
        """Subscribe to `topic` at QoS 1. Returns the packet id that `on_ack` will name."""
        self.wire.begin()
        packet_id = self._next_id()
        try:
            self.subscribe(topic, 1)
        except Later:
            pass
        self._sent(packet_id)
        return packet_id

    def poll(self, now, may_block=True):
        """Do what can be done at once. `now` in ms, may wrap. Returns True if anything moved.

        `may_block` False holds back a TLS handshake, whose arithmetic occupies the processor for a while.
        """
        self._now = now
        if self.state == IDLE:
            return False
        held = self._tls and self.state < UP and not may_block
        try:
            if self._trouble:
                raise Broken(self._trouble)
            if self.state == OPENING:
                return self._open(held)
            moved = 0 if held else self._move()
            self._check_deadlines()
            return moved > 0
        except Broken as e:
            self._down(str(e))
            return True

    # --- one slice

    def _open(self, held):
        if held or not self.wire.opened():
            self._expect(self._since, OPEN_MS, "no TCP connection")
            return False
        try:
            if self._tls:
                self.wire.secure(self._tls, self._name)
        except (OSError, ValueError) as e:
            raise Broken("TLS: %s" % e) from None
        self._since = self._rx_at = self._now
        self.state = GREETING
        # connect() of the library makes its socket through its module's name `socket`: hand it the wire.
        was, library.socket = library.socket, self.wire
        self.wire.begin()
        try:
            self.connect()
        except Later:
            pass
        finally:
            library.socket = was
        self._sent(0)
        return True

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
        if self._skip:
            return self._pass_over(have)
        size = wire.packet()
        if not size:
            return False
        kind = wire.rx[wire.rx_from]
        if kind >> 4 == 3:
            if not self.free():
                return False  # its PUBACK needs the buffer
        elif size > 5:
            raise Broken("malformed packet")
        if size > len(wire.rx):
            return self._begin_skip(kind, size, have)
        if size > have:
            return False
        end = wire.packet_to = wire.rx_from + size
        if kind >> 4 == 3:
            if self.state != UP or kind & 6 > 2:
                raise Broken("malformed packet")
            self._retained = bool(kind & 1)
            wire.begin()
            self.wait_msg()
            if not self.free():
                self._sent(0)
        else:
            self._answer(kind, size - 2, wire.rx, wire.rx_from + 2)
        wire.rx_from = end
        wire.packet_to = 0
        return True

    def _answer(self, kind, size, rx, at):
        if self.state == GREETING:
            if kind != 0x20 or size != 2:
                raise Broken("no CONNACK")
            if rx[at + 1]:
                raise Broken("refused: " + (_REFUSALS[rx[at + 1]] if rx[at + 1] < 6 else str(rx[at + 1])))
            self.state = UP
            self.listener.on_up()
        elif (kind == 0x40 and size == 2) or (kind == 0x90 and size == 3):
            packet_id = rx[at] << 8 | rx[at + 1]
            # An id that is not in flight is an acknowledgement twice over: nothing to do.
            for i in range(0, len(self._flying), 2):
                if self._flying[i] == packet_id:
                    del self._flying[i : i + 2]
                    self.listener.on_ack(packet_id, kind == 0x40 or rx[at + 2] < 0x80)
                    break
        elif kind == 0xD0 and size == 0:
            self._pings = 0
        else:
            raise Broken("unexpected packet 0x%02x" % kind)

    def _begin_skip(self, kind, size, have):
        """An over-long message is passed over unread, but acknowledged, or the broker would send it for ever."""
        wire = self.wire
        at = wire.rx_from + 1
        while wire.rx[at] & 0x80:
            at += 1
        if have < 8:
            return False
        at += 3 + (wire.rx[at + 1] << 8 | wire.rx[at + 2])
        self._skipped_id = 0
        if kind & 6:
            if at + 2 > len(wire.rx):
                raise Broken("malformed packet")
            if at + 2 > wire.rx_to:
                return False
            self._skipped_id = wire.rx[at] << 8 | wire.rx[at + 1]
        self._skip = size
        return True

    def _pass_over(self, have):
        wire = self.wire
        n = min(self._skip, have)
        wire.rx_from += n
        self._skip -= n
        if not self._skip:
            if self._skipped_id:
                wire.begin()
                wire.write(bytes((0x40, 2, self._skipped_id >> 8, self._skipped_id & 255)))
                self._sent(0)
            self.listener.on_too_long()
        return n > 0

    def _message(self, topic, payload):
        self.listener.on_message(topic, payload, self._retained)

    def _check_deadlines(self):
        now, wire = self._now, self.wire
        if self.state == GREETING:
            self._expect(self._since, SECURE_MS if self._tls else GREET_MS, "no CONNACK")
            return
        if not self.free():
            self._expect(self._tx_began, PACKET_MS, "write stuck")
        if wire.rx_from != wire.rx_to or self._skip:
            self._expect(self._rx_at, PACKET_MS, "packet cut short")
        if self._flying:
            self._expect(self._flying[1], ANSWER_MS, "no acknowledgement")
        if self._pings:
            self._expect(self._ping_at, PING_MS, "no answer to a ping")
        elif self.free():
            # Three quarters, so that the broker, which waits one and a half, never has to doubt.
            quiet_ms = self.keepalive * 750
            if ticks.diff(now, self._rx_at) >= quiet_ms or ticks.diff(now, self._tx_at) >= quiet_ms:
                self._pings = 1
                self._ping_at = now
                wire.begin()
                self.ping()
                self._sent(0)

    # --- small parts

    def _next_id(self):
        if self.pid >= 65535:  # type: ignore[has-type]
            self.pid = 0  # the library adds one; 0 is no packet id
        return self.pid + 1

    def _sent(self, packet_id):
        """A packet was built: one write, and a deadline for its acknowledgement if it has an id."""
        self._tx_began = self._now
        if packet_id:
            self._flying.append(packet_id)
            self._flying.append(self._now)
        try:
            if self.wire.flush():
                self._tx_at = self._now
        except Broken as e:
            self._trouble = str(e)  # for the next poll: whoever sends is in no position to reconnect

    def _expect(self, since, limit_ms, what):
        if ticks.diff(self._now, since) > limit_ms:
            raise Broken(what)

    def _down(self, why):
        self.wire.drop()
        self.state = IDLE
        self._flying.clear()
        self.listener.on_down(why)


def _bytes(text):
    return text.encode() if isinstance(text, str) else text
