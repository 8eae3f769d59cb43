"""One session's ordinary life against a broker at port argv[1], printed step by step; runs in both worlds."""

import sys
import time

from unit.uplink import ticks
from unit.uplink.calling import begin
from unit.uplink.greeting import ask
from unit.uplink.session import IDLE, UP, Session
from unit.uplink.wire import HEAD_BYTES


class Told:
    """Prints what the session tells."""

    def __init__(self):
        self.acks = 0
        self.messages = 0

    def on_up(self):
        print("up")

    def on_down(self, why):
        print("down:", why)

    def on_ack(self, packet_id, ok):
        self.acks += 1
        if self.acks <= 4:
            print("ack", packet_id, ok)

    def on_message(self, topic, payload, retained):
        if payload is None:
            print("too long")
            return
        self.messages += 1
        print("message", str(topic, "utf-8"), str(payload, "utf-8"), retained)


def until(session, condition, limit_s=10):
    """Poll until `condition()`, or stop the script."""
    for _ in range(limit_s * 1000):
        session.poll(ticks.now())
        if condition():
            return
        time.sleep(0.001)
    raise RuntimeError("waited in vain")


def publish(session, topic, payload, qos=1, retain=False):
    """Publish `payload` once there is room."""
    until(session, lambda: session.free() and session.room())
    session.wire.tx[HEAD_BYTES : HEAD_BYTES + len(payload)] = payload
    return session.send(topic, len(payload), qos, retain)


def connect(port, told, client_id=b"steps"):
    """A session that is up."""
    session = Session(client_id, told, will=(b"steps/will", b"offline"))
    begin(session, "127.0.0.1", port, ticks.now())
    until(session, lambda: session.state == UP)
    return session


def main(port):
    told = Told()
    session = connect(port, told)
    ask(session, b"steps/+")
    until(session, lambda: told.acks == 1)
    publish(session, b"steps/a", b"hello")
    until(session, lambda: told.acks == 2 and told.messages == 1)
    publish(session, b"steps/b", b"x" * 3000)  # longer than the receive buffer: passed over, and the session lives
    publish(session, b"steps/c", b"again", 0)
    until(session, lambda: told.messages == 2)
    publish(session, b"steps/kept", b"kept", 1, True)
    until(session, lambda: told.messages == 3 and told.acks == 4)
    session.pid = 65534
    for _ in range(3):
        print("id", publish(session, b"other", b"wrap"))
    until(session, lambda: told.acks == 7)
    session.stop("bye", polite=True)
    assert session.state == IDLE


if __name__ == "__main__":
    main(int(sys.argv[1]))
