"""The uplink as the app sees it: one `poll` a tick, which keeps network, clock, connection, state and journal going.

After each connection, in this order: commands are subscribed to, `availability` says online, then `meta`, `state`,
the announcements for discovery, and the backlog. Answers to commands go before all of it.
"""

from ..catalogue.event_words import load_names
from ..modules import forget
from . import payloads, ticks
from .clock import Clock
from .commands.queue import CommandQueue
from .dial import Dialer, address, broker_list
from .drain import Drain
from .json_out import JsonOut
from .session import UP, Session
from .wire import HEAD_BYTES, Wire

STATE_EARLIEST_MS = 5000  # between two state messages, however much happens
_MAX_REPLIES = 4  # that wait for a broker
_REBOOT_MS = 10000  # how long a reboot waits for its answer to arrive
_NETWORK_MS = 900000  # so long a network is taken for good through which no broker can be reached

_SUBSCRIBE, _ONLINE, _META, _STATE, _DISCOVERY, _SERVING = range(6)


class Uplink:
    """All parts together.

    `identity`: str `unit_id`, `name`, `lang`, `firmware`, `firmware_sha256`, `config_sha256`, int `boot`.
    `newest`: `update()` brings it up to date; then it is like a reading (`t`, `uptime_s`, `quality`, `values`) and has
    control's `outputs` and `alarms` besides. `actions`: see commands.py; besides, `set_time(unix_s)`.
    `net`: see net.py. `user`, `password`, `key`: see credentials.py. `tls`: see tls.py, None for plain TCP.
    """

    def __init__(
        self, settings, identity, newest, journal, cursor, actions, net,
        user=None, password=None, key=None, tls=None, buffer_bytes=3072,
    ):  # fmt: skip
        self._discovery = settings["mqtt.discovery"]
        self._state_ms = settings["mqtt.state_s"] * 1000
        self._identity = identity
        self._newest = newest
        self._actions = actions
        self.net = net
        self._tls = tls
        self._root = root = b"qingxi/v1/%s/" % identity.unit_id.encode()  # what its topics begin with; see docs/mqtt.md
        self._points = payloads.points()
        load_names()
        wire = Wire(buffer_bytes)
        will = (root + b"availability", b"offline")
        self.session = Session(
            identity.unit_id.encode(), self, settings["mqtt.keepalive_s"], user, password, wire, will
        )  # fmt: skip
        self._out = JsonOut(wire.tx, HEAD_BYTES)
        brokers = broker_list(settings["mqtt.broker"], settings["mqtt.port"])
        self.dialer = Dialer(self.session, brokers, tls)
        self.drain = Drain(
            self.session, self._out, root, self._points, journal, cursor,
            settings["mqtt.bytes_per_h"], settings["mqtt.batch_s"],
        )  # fmt: skip
        self.queue = CommandQueue(identity.unit_id, identity.boot, actions, (key or "").encode())
        self._replies = []  # to be sent
        self._reply_ids = []  # packet ids of those in flight, and
        self._reply_texts = []  # the answers themselves, until they have arrived
        self.clock = Clock(settings["network.ntp"], actions.set_time)
        self._dns = settings["network.dns"]
        self._step = _SUBSCRIBE
        self._step_id = 0  # packet whose acknowledgement the step waits for
        self._index = 0
        self._state_at = self._looked_at = ticks.now()
        self._state_mark = -1
        self._reboot_at = 0
        self._now = 0
        self._good_at = self._state_at  # when the network was last no reason to act
        self.connects = 0
        self.no_commands = False  # the broker's access list forbids them

    # --- what the app calls

    def poll(self, now, may_block=True, roomy=True):
        """A slice of everything; `now` in ms. True if there is more to do at once.

        `may_block` False forbids what occupies the processor for long: a TLS handshake, a name looked up by the port.
        `roomy` False, what takes longer than the rest: a piece of a long command, and of the greeting.
        """
        self._now = now
        queue = self.queue
        if not queue.busy(may_block):
            queue.rest(now)
        elif roomy:
            answer = queue.work(now, may_block)
            if answer is not None:
                self._replies.append(answer)
                self._reboot_at = now
            return True
        self.net.poll(now)
        session = self.session
        if not self.net.up():
            self._good_at = now
            if session.state:
                session.stop("no network")
            return False
        if session.state == UP:
            self._good_at = now
        elif ticks.diff(now, self._good_at) >= _NETWORK_MS:  # such as a modem that is in a call that leads nowhere
            self._good_at = now
            self.net.again(now)
        dns = self._resolver()
        self.clock.poll(now, dns)
        if not self._tls or self._actions.t() > 0:  # certificates have dates
            self.dialer.poll(now, dns, may_block)
        more = session.poll(now, may_block)
        if session.state == UP:
            more = self._serve(now, roomy) or more
        if queue.reboot and self._may_reboot(now):
            self.close()
            self._actions.reboot()
        return more or (roomy and queue.busy(may_block))

    def connected(self):
        """Whether a broker serves the unit now."""
        return self.session.state == UP

    def close(self):
        """Say goodbye before a planned end; what did not arrive stays in the journal."""
        self.drain.busy = False
        said = self.session.state == UP and self.session.free() and self.session.room() > 0
        if said:
            self._publish(b"availability", b"offline")
        self.session.stop("closed", polite=said)  # else the last will says it

    # --- what the session tells

    def on_up(self):
        self.connects += 1
        self._step = _SUBSCRIBE
        self._step_id = 0
        self.dialer.on_up(self._now)
        self.drain.on_up()

    def on_down(self, why):
        self._replies = (self._reply_texts + self._replies)[:_MAX_REPLIES]
        self._reply_ids = []
        self._reply_texts = []
        self.drain.busy = False
        self.dialer.on_down(self._now, why, self._step > _SUBSCRIBE)

    def on_ack(self, packet_id, ok):
        if packet_id == self._step_id:
            if self._step == _SUBSCRIBE:
                self.no_commands = not ok
            self._step_id = 0
            self._step += 1
            self._index = 0
        elif packet_id in self._reply_ids:
            i = self._reply_ids.index(packet_id)
            del self._reply_ids[i]
            del self._reply_texts[i]
        else:
            self.drain.on_ack(packet_id)

    def on_message(self, topic, payload, retained):
        if topic == self._root + b"cmd":
            self._command(payload, retained, False)

    def on_too_long(self):
        self._command(b"", False, True)

    # --- serving a connection

    def _command(self, payload, retained, too_long):
        if len(self._replies) + len(self._reply_texts) + self.queue.waiting() >= _MAX_REPLIES:
            self.queue.count("busy")
        else:
            self.queue.take(payload, retained, too_long)

    def _serve(self, now, roomy):
        session = self.session
        if self.drain.busy:
            return self.drain.poll(now)
        if not session.free() or not session.room():
            return False
        if self._replies and self._step > _SUBSCRIBE:
            reply = self._replies.pop(0)
            self._reply_ids.append(self._publish(b"reply", reply, False))
            self._reply_texts.append(reply)
            return True
        if self._step < _SERVING:
            return roomy and not self._step_id and self._greet()
        if self._state_due(now):
            self._send_state(now)
            return True
        return self.drain.poll(now)

    def _greet(self):
        step = self._step
        if step == _SUBSCRIBE:
            self._step_id = self.session.ask(self._root + b"cmd")
        elif step == _ONLINE:
            self._step_id = self._publish(b"availability", b"online")
        elif step == _META:
            from .meta import meta  # some KB of code that each connection needs once

            meta(self._out, self._identity, self._newest.metered)
            forget("uplink.meta", "uplink.json_value")
            self._step_id = self.session.send(self._root + b"meta", self._out.size(), 1, True)
        elif step == _STATE:
            self._send_state(self._now)
            self._step += 1
        else:
            self._announce()
        return True

    def _announce(self):
        prefix = self._discovery
        if not prefix:
            self._step = _SERVING
            return
        from . import discovery

        who = self._identity
        point = discovery.write(self._out, str(self._root, "utf-8"), who.unit_id, who.name, who.lang, self._index)
        if not point:
            self._step = _SERVING
            forget("uplink.discovery", "uplink.json_value")
            return
        self._index += 1
        # Acknowledged or not: the next connection announces them again.
        self.session.send(discovery.topic(prefix, who.unit_id, point), self._out.size(), 1, True)

    def _publish(self, topic, payload, retain=True):
        self._out.begin()
        self._out.raw(payload)
        return self.session.send(self._root + topic, len(payload), 1, retain)

    def _send_state(self, now):
        self._newest.update()
        payloads.state(self._out, self._identity.boot, self._points, self._newest)
        self.session.send(self._root + b"state", self._out.size(), 0, True)
        self._state_at = self._looked_at = now
        self._state_mark = self._mark()

    def _state_due(self, now):
        if ticks.diff(now, self._looked_at) < STATE_EARLIEST_MS or not self.drain.affordable():
            return False
        self._looked_at = now
        late = ticks.diff(now, self._state_at) >= self._state_ms
        return late or self._mark() != self._state_mark

    def _mark(self):
        """A number that differs when an output or an alarm does."""
        mark = 0
        for output in self._newest.outputs:
            mark = mark * 2 + output.on
        for alarm_state in self._newest.alarms.state:
            mark = (mark * 7 + alarm_state) & 0xFFFFFF
        return mark

    def _resolver(self):
        host = self._dns or self.net.dns()
        if not host:
            return None
        host, _, port = host.partition(":")
        return address(host, int(port or 53))

    def _may_reboot(self, now):
        waiting = self._replies or self._reply_ids
        return not waiting or ticks.diff(now, self._reboot_at) >= _REBOOT_MS
