"""The uplink as the app sees it: one `poll` a tick, which keeps network, clock, connection, state and journal going.

After each connection, in this order: commands are subscribed to, `availability` says online, then `meta`, `state`,
the announcements for discovery, and the backlog. Answers to commands go before all of it.
"""

from ..catalogue.names import load_names
from ..room import has_room
from . import payloads, ticks
from .clock import Clock
from .dial import Dialer, broker_list
from .drain import Drain
from .json_out import JsonOut
from .packet import UP
from .session import Session
from .wire import HEAD_BYTES, Wire

STATE_EARLIEST_MS = 5000  # between two state messages, however much happens
_REBOOT_MS = 10000  # how long a reboot waits for its answer to arrive
_JUDGE_BYTES = 8192  # for what thinks about a lost connection
_NETWORK_MS = 900000  # so long a network is taken for good through which no broker can be reached


class Uplink:
    """All parts together.

    `wanted`: see joining.py. `identity`: str `unit_id`, `name`, `lang`, `firmware`, `firmware_sha256`, `config_sha256`,
    `nonce`, int `boot`.
    `newest`: `update()` brings it up to date; then it is like a reading (`t`, `uptime_s`, `quality`, `values`) and has
    control's `outputs` and `alarms` besides. Also: `clock`, see ../clock.py, and `reboot()`.
    `queue`: of commands and their answers, which outlives an uplink. `net`: see net.py. `user`, `password`: see
    credentials.py. `tls`: see tls.py, None for plain TCP.
    """

    def __init__(
        self, wanted, identity, newest, queue, journal, cursor, net,
        user=None, password=None, tls=None, buffers=None,
    ):  # fmt: skip
        brokers, port, keepalive_s, state_s, self._discovery, bytes_per_h, batch_s, ntp, self._dns = wanted
        self._state_ms = state_s * 1000
        self.identity = identity
        self.newest = newest
        self.net = net
        self.root = root = b"qingxi/v1/%s/" % identity.unit_id.encode()  # what its topics begin with; see docs/mqtt.md
        self.points = payloads.points()
        load_names("reasons", "alarms")
        wire = Wire(buffers)
        will = (root + b"availability", b"offline")
        self.session = Session(identity.unit_id.encode(), self, keepalive_s, user, password, wire, will)
        self.out = JsonOut(wire.tx, HEAD_BYTES)
        self.dialer = Dialer(self.session, broker_list(brokers, port), tls)
        self.drain = Drain(self.session, self.out, root, self.points, journal, cursor, bytes_per_h, batch_s)
        self.queue = queue
        self.clock = Clock(ntp)
        self._greeting = None  # what a connection begins with, see greeting.py
        self._step_id = 0  # packet whose acknowledgement its next step waits for
        self._subscribed = False
        self.serving = False  # the greeting is done
        self._state_at = self._looked_at = ticks.now()
        self._state_mark = -1
        self._now = 0
        self.said_visit = False  # the last state is said
        self._good_at = self._state_at  # when the network was last no reason to act
        self.connects = 0
        self.no_commands = False  # the broker's access list forbids them
        # See closed.py.
        self.closed = None
        self.thrown = self.up_at = 0
        self.told = b""
        self.left = []

    # --- what the app calls

    def poll(self, now, may_block=True, roomy=True):
        """A slice of everything; `now` in ms. True if there is more to do at once.

        `may_block` False forbids what occupies the processor for long: a TLS handshake, a name looked up by the port.
        `roomy` False, what takes longer than the rest: a piece of a long command and of the greeting, and a state.
        """
        self.look_around(now, may_block)
        return self.serve(now, may_block, roomy)

    def serve(self, now, may_block=True, roomy=True):
        """The session's own part of a slice."""
        self._now = now
        queue = self.queue
        if not queue.busy(may_block):
            queue.rest(now)
        elif roomy:
            queue.work(now, may_block)
            return True
        session = self.session
        more = session.poll(now, may_block)
        if session.state == UP:
            more = self._serve(now, roomy) or more
        if queue.reboot and (not queue.replies or ticks.diff(now, queue.answered_at) >= _REBOOT_MS):
            from .leaving import close

            close(self)
            self.newest.reboot()
        return more or (roomy and queue.busy(may_block))

    def look_around(self, now, may_block=True):
        """The other part: what a session needs around it, a network, the time, somebody to call."""
        self._now = now
        self.net.poll(now)
        session = self.session
        if not self.net.up():
            self._good_at = now
            if session.state:
                session.stop("no network")
            return
        if session.state == UP:
            self._good_at = now
        elif ticks.diff(now, self._good_at) >= _NETWORK_MS:  # as of a modem whose call carries nothing
            self._good_at = now
            self.net.again(now)
        # The code of a question is as large as that of a greeting, or of what writes events: one after the other.
        # And the time comes first, for certificates have dates.
        if self.clock.question or not session.state or self.drain.caught_up:
            self.clock.poll(now, self)
        if not self.clock.question:
            self.dialer.poll(now, self.resolver, may_block)

    def resolver(self):
        """host[:port] of whom to ask for a name, None where the port itself has to look."""
        return self._dns or self.net.dns()

    def connected(self):
        """Whether a broker serves the unit now."""
        return self.session.state == UP

    # --- what the session tells

    def on_up(self):
        self.connects += 1
        self.up_at = self._now
        self._step_id = 0
        self._subscribed = self.serving = self.no_commands = False
        self.dialer.on_up(self._now)
        self.drain.on_up()

    def on_down(self, why):
        for reply in self.queue.replies:
            reply[0] = 0
        self._greeting = None
        self.serving = self.drain.busy = False
        self.dialer.on_down(self._now, why, self._subscribed)
        if self.session.lost and has_room(_JUDGE_BYTES):
            from .closed import judge

            judge(self, why, self._now)

    def on_ack(self, packet_id, ok):
        if packet_id == self._step_id:
            self._step_id = 0
            if not ok and not self._subscribed:
                self.no_commands = True
            self._subscribed = True
            return
        replies = self.queue.replies
        for reply in replies:
            if reply[0] == packet_id:
                replies.remove(reply)
                return
        self.drain.on_ack(packet_id)

    def on_message(self, topic, payload, retained):
        from .commands.gate import arrive

        arrive(self, topic, payload, retained, self._now)

    # --- serving a connection

    def _serve(self, now, roomy):
        session = self.session
        if self.drain.busy:
            return self.drain.poll(now, roomy)
        if not session.free() or not session.room():
            return False
        for reply in self.queue.replies:
            if self._subscribed and not reply[0] and self.drain.affordable():
                reply[0] = self.publish(b"reply", reply[1], False)
                return True
        if not self.serving:
            return roomy and not self._step_id and self._greet()
        if roomy and self._state_due(now):
            self.send_state()
            return True
        return self.drain.poll(now, roomy)

    def _greet(self):
        try:
            if not self._greeting:
                from .greeting import greet

                self._greeting = greet(self, self._discovery)
            self._step_id = next(self._greeting)
        except StopIteration:
            self.serving = True
            self._greeting = None
        return True

    def publish(self, topic, payload, retain=True):
        """Send a short text at QoS 1; returns the packet id. Only while the session has room."""
        self.out.begin()
        self.out.raw(payload)
        return self.session.send(self.root + topic, len(payload), 1, retain)

    def send_state(self, visit=False):
        """Send the newest values, whoever has seen them before. `visit`: somebody at the console has the rest."""
        self.newest.update()
        self._state_at = self._looked_at = self._now
        self._state_mark = self._mark()
        try:
            from .state import send

            send(self, self._now, visit)
        except MemoryError:
            pass  # the next is due soon, and the connection is as good as before

    def _state_due(self, now):
        drain = self.drain
        if ticks.diff(now, self._looked_at) < STATE_EARLIEST_MS or not drain.affordable():
            return False
        if drain.throttled() and not drain.caught_up and ticks.diff(drain.sent_at, self._state_at) < 0:
            return False  # of the little there is, state and records take turns
        self._looked_at = now
        late = ticks.diff(now, self._state_at) >= self._state_ms
        return late or self._mark() != self._state_mark

    def _mark(self):
        """A number that differs when an output or an alarm does."""
        mark = 0
        for output in self.newest.outputs:
            mark = mark * 2 + output.on
        for alarm_state in self.newest.alarms.state:
            mark = (mark * 7 + alarm_state) & 0xFFFFFF
        return mark
