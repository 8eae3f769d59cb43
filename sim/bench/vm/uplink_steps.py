# mypy: disable-error-code="attr-defined"
"""One way of publishing, timed on the MicroPython VM: argv is the way, the broker's port and how many readings.

Prints "readings seconds messages bytes", bytes being those of MQTT both ways, headers included.
"""

import socket
import sys
import time

from umqtt.simple import MQTTClient
from unit.journal.cursor import Cursor
from unit.journal.ring import Journal
from unit.uplink import ticks
from unit.uplink.calling import begin
from unit.uplink.drain import Drain
from unit.uplink.json_out import JsonOut
from unit.uplink.payloads import points
from unit.uplink.session import UP, Session
from unit.uplink.wire import HEAD_BYTES

from host_tools.unitkit.nor import Nor

BOOT_T = 200_000_000  # seconds since 2020
ROOT = b"qingxi/v1/bench/"
TOPIC = ROOT + b"data"


def address(port):
    return socket.getaddrinfo("127.0.0.1", port)[0][-1]


def one_reading(i):
    """The row of the backlog as a message of its own."""
    return b'{"t":%d,"q":0,"v":[%d,12.3,45,60,0,30,12,25,5]}' % (1777836800 + 60 * i, 600 + i % 37)


class Listener:
    """Counts acknowledgements; hands them to the drain where there is one."""

    def __init__(self):
        self.acks = 0
        self.drain = None

    def on_up(self):
        pass

    def on_down(self, why):
        raise RuntimeError(why)

    def on_ack(self, packet_id, ok):
        self.acks += 1
        if self.drain:
            self.drain.on_ack(packet_id)


def connect(port):
    listener = Listener()
    session = Session(b"bench", listener)
    begin(session, "127.0.0.1", port, ticks.now())
    while session.state != UP:
        session.poll(ticks.now())
    return session, listener


def drain(port, n):
    """The product: journal on flash, batches, a window."""
    flash = Nor(bytearray(320 * 4096))
    for block in range(flash.blocks):
        flash.ioctl(6, block)
    journal = Journal(flash, 9, 60)
    journal.set_clock(0, BOOT_T)
    values = [0] * 9
    for i in range(n):
        values[0], values[1], values[2], values[3], values[7] = 600 + i % 37, 123 + i % 5, 45, 60 * (i % 2), 25 + i % 9
        if not journal.reading(60 * i, 0, values):
            raise RuntimeError("flash full")
    if journal.oldest:
        raise RuntimeError("the backlog does not fit the flash")
    session, listener = connect(port)
    listener.drain = work = Drain(
        session, JsonOut(session.wire.tx, HEAD_BYTES), ROOT, points(), journal, Cursor(journal)
    )  # fmt: skip
    began = time.ticks_us()
    work.on_up()
    while journal.acked < n:
        session.poll(ticks.now())
        work.poll(ticks.now())
    took = time.ticks_diff(time.ticks_us(), began) / 1e6
    return n, took, listener.acks, session.wire.sent_bytes + session.wire.received_bytes


def session(port, n):
    """The product's session alone, one reading a message."""
    running, listener = connect(port)
    began = time.ticks_us()
    sent = 0
    while listener.acks < n:
        if sent < n and running.free() and running.room():
            payload = one_reading(sent)
            running.wire.tx[HEAD_BYTES : HEAD_BYTES + len(payload)] = payload
            running.send(TOPIC, len(payload))
            sent += 1
        running.poll(ticks.now())
    took = time.ticks_diff(time.ticks_us(), began) / 1e6
    return n, took, n, running.wire.sent_bytes + running.wire.received_bytes


def plain(port, n):
    """umqtt.simple as its own examples use it: QoS 1, one reading a message."""
    client = MQTTClient("plain", "127.0.0.1", port)
    client.connect()
    began = time.ticks_us()
    size = 0
    for i in range(n):
        payload = one_reading(i)
        client.publish(TOPIC, payload, qos=1)
        size += len(payload) + len(TOPIC) + 6 + 4
    return n, time.ticks_diff(time.ticks_us(), began) / 1e6, n, size


def raw(port, n):
    """As little as MQTT allows on this VM: a blocking socket, one write a message, one message in flight."""
    s = socket.socket()
    s.connect(address(port))
    s.write(b"\x10\x0f\x00\x04MQTT\x04\x02\x00\x3c\x00\x03raw")
    s.read(4)
    head = bytes([0, len(TOPIC)]) + TOPIC
    began = time.ticks_us()
    size = 0
    for i in range(n):
        payload = one_reading(i)
        number = i % 65535 + 1
        body = head + bytes([number >> 8, number & 255]) + payload
        packet = b"\x32" + bytes([len(body)]) + body
        s.write(packet)
        s.read(4)
        size += len(packet) + 4
    return n, time.ticks_diff(time.ticks_us(), began) / 1e6, n, size


WAYS = {"drain": drain, "session": session, "plain": plain, "raw": raw}

if __name__ == "__main__":
    print(*WAYS[sys.argv[1]](int(sys.argv[2]), int(sys.argv[3])))
