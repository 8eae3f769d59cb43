"""A fault at one byte after the other of a unit's whole session with a real broker; runs in both worlds.

The arguments are a JSON object, see OPTIONS. The unit's clock is made here: it goes slowly while the broker may still
answer, and leaps where nobody will, so that waits of minutes cost nothing. Prints one JSON line of figures.
"""

import json
import random
import sys
import time

from unit.uplink import calling, leaving, ticks, uplink, wire
from unit.uplink.session import IDLE, UP, Session

from host_tools.unitkit.nor import Nor
from tests.uplink import unit_main

OPTIONS = {
    "port": 0,
    "unit": "u1",
    "directions": ("up", "down"),
    "kinds": ("closed", "silent", "garbled"),
    "every": 1,  # strike at every n-th byte only, from `first` on
    "first": 0,
    "commands": 1,  # whether after each fault a command must be answered too
}
LIMIT_MS = 180_000  # to be back in service, by the unit's clock
_PATIENT_MS = 10  # the clock's step while the broker may answer, once a millisecond
_LEAP_MS = 500
_READINGS = 3


class Faulty(wire.Wire):
    """A wire whose line is cut, or falls silent, or garbles one byte, at byte `at` of one direction; once."""

    def __init__(self, *sizes):
        super().__init__(*sizes)
        self.fault = None  # (direction, at, kind) of the next connection
        self.struck = False
        self.moved = {"up": 0, "down": 0}  # on this connection
        self.state = ""  # "gone" or "silent" once that has happened
        self.left_open = []  # sockets whose end the broker has not seen

    def open(self, host, port):
        super().open(host, port)
        self.state = ""
        self.struck = False
        self.moved["up"] = self.moved["down"] = 0

    def drop(self):
        if self.state == "silent" and self.raw is not None:
            self.left_open.append(self.raw)
            self.raw = self.stream = None
        super().drop()

    def _transfer(self, out, view):
        if self.state == "gone":
            raise wire.Broken("connection lost")
        if self.state == "silent":
            return len(view) if out else 0
        direction = "up" if out else "down"
        before = self.moved[direction]
        here = self.fault is not None and self.fault[0] == direction and not self.struck
        at = self.fault[1] - before if here else 1 << 20
        kind = self.fault[2] if here else ""
        if out and at < len(view):
            return self._strike_up(view, at, kind)
        n = super()._transfer(out, view)
        self.moved[direction] = before + n
        if at < n:
            self.struck = True
            if kind == "garbled":
                view[at] ^= 0xA5
            else:
                self.state = "gone" if kind == "closed" else "silent"
                return at
        return n

    def _strike_up(self, view, at, kind):
        self.struck = True
        if kind == "garbled":
            view = bytearray(view)
            view[at] ^= 0xA5
            return super()._transfer(True, memoryview(view))
        if at:
            super()._transfer(True, view[:at])
        self.state = "gone" if kind == "closed" else "silent"
        return len(view)  # the unit's own end has taken it all


class Platform:
    """Sends commands, over a connection that nobody harms."""

    def __init__(self, port, topic):
        self.topic = topic
        self.sent = 0
        self.session = Session(b"platform", self, 1200)
        calling.begin(self.session, "127.0.0.1", port, ticks.now())
        self._until(lambda: self.session.state == UP)

    def on_up(self):
        pass

    def on_ack(self, packet_id, ok):
        pass

    def on_down(self, why):
        raise RuntimeError("the platform lost its broker: " + why)

    def _until(self, condition):
        self.session.poll(ticks.now())  # first: it may not have been asked for a while, and deadlines count from there
        while not condition():
            time.sleep(0.001)
            self.session.poll(ticks.now())

    def command(self, boot):
        self.sent += 1
        body = b'{"id":"c%d","boot":%d,"op":"auto","args":{"output":"p1"}}' % (self.sent, boot)
        self._until(lambda: self.session.free() and self.session.room())
        self.session.wire.tx[wire.HEAD_BYTES : wire.HEAD_BYTES + len(body)] = body
        self.session.send(self.topic, len(body), 1)
        self._until(lambda: self.session.room() == 4)


class Life:
    """One unit, its clock, and what may happen to it."""

    def __init__(self, options):
        uplink.Wire = Faulty
        own = dict(unit_main.OPTIONS)
        own.update({"port": options["port"], "unit": options["unit"], "settings": {"mqtt.keepalive_s": 10}})
        flash = Nor(bytearray(own["flash_kb"] * 1024))
        for block in range(flash.blocks):
            flash.ioctl(6, block)
        self.now = ticks.now()
        self.passed_ms = 0
        self.unit = unit_main.Unit(own, flash)
        self.uplink = self.unit.uplink
        self.session = self.uplink.session
        self.wire = self.session.wire
        self.platform = Platform(options["port"], b"qingxi/v1/" + options["unit"].encode() + b"/cmd")

    def step(self):
        """A poll; then time goes on, as fast as nobody is wronged."""
        if self.uplink.poll(self.now):
            return
        hopeless = self.session.state == IDLE or self.wire.state == "silent"
        if not hopeless:
            time.sleep(0.001)
        self.pass_ms(_LEAP_MS if hopeless else _PATIENT_MS)

    def pass_ms(self, ms):
        self.now = ticks.add(self.now, ms)
        self.passed_ms += ms

    def until(self, condition):
        """Live until `condition()`, or until the fault has struck; False if neither comes in time."""
        end = self.passed_ms + LIMIT_MS
        while self.passed_ms <= end:
            if self.wire.struck or condition():
                return True
            self.step()
        return False

    def record(self):
        for _ in range(_READINGS):
            self.unit.add()
        self.unit.event()

    def delivered(self):
        return (
            self.session.state == UP
            and not self.unit.unacknowledged()
            and self.uplink.serving
            and not self.uplink.queue.replies
            and self.session.free()
        )

    def commanded(self):
        """A command, and its answer acknowledged."""
        if self.wire.struck:
            return True
        seen = len(self.uplink.queue.seen)
        last = self.uplink.queue.seen[-1:]
        self.platform.command(self.unit.boot)
        queue = self.uplink.queue
        if not self.until(lambda: len(queue.seen) > seen or queue.seen[-1:] != last):
            return False
        return self.until(lambda: not self.uplink.queue.replies)

    def pinged(self):
        if self.wire.struck:
            return True
        session = self.session
        while not session._pings and not self.wire.struck:
            self.pass_ms(_LEAP_MS)
            self.uplink.poll(self.now)
        return self.until(lambda: not session._pings)

    def whole(self):
        """A session from CONNECT to DISCONNECT; True if it went as it should, or the fault struck."""
        self.record()
        for part in (lambda: self.until(self.delivered), self.commanded, self.pinged):
            if not part():
                return False
        if not self.wire.struck:
            leaving.close(self.uplink)
        return True

    def back(self, commands):
        """Wait for service after a fault; how long the unit was without, None if it did not come back."""
        begun = self.passed_ms
        self.wire.fault = None
        self.wire.struck = False
        self.unit.add()
        if not self.until(self.delivered) or (commands and not self.commanded()):
            return None
        took = self.passed_ms - begun
        leaving.close(self.uplink)
        for s in self.wire.left_open:
            s.close()
        self.wire.left_open.clear()
        return took


def main(options):
    life = Life(options)
    if not life.whole():
        raise RuntimeError("no session without a fault")
    size = {"up": life.wire.moved["up"], "down": life.wire.moved["down"]}
    worst = {}
    faults = 0
    bad = []
    for direction in options["directions"]:
        for at in range(options["first"], size[direction], options["every"]):
            for kind in options["kinds"]:
                life.wire.fault = (direction, at, kind)
                life.wire.struck = False
                went = life.whole()
                took = life.back(options["commands"])
                faults += 1
                if not went or took is None or took > LIMIT_MS:
                    bad.append("%s at byte %d %s: %s" % (kind, at, direction, took))
                else:
                    worst[kind] = max(worst.get(kind, 0), took)
    seqs = life.unit.journal.next_seq
    print(json.dumps({"faults": faults, "size": size, "worst_ms": worst, "bad": bad, "seqs": seqs}))


if __name__ == "__main__":
    given = dict(OPTIONS)
    given.update(json.loads("".join(sys.argv[1:])))
    random.seed(1)
    main(given)
