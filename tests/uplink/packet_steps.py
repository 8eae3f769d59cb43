"""argv[1] malformed packets (seed argv[2]) thrown at a whole unit by an otherwise good broker; then a real one, at port
argv[3], which must get every reading.

The hostile broker lives in memory, and the clock is made here. Once a second control takes its step, beside a twin that
has no network: what the two decide must be the same. Runs in both worlds.
"""

import gc
import json
import random
import sys
import time

from unit import assembly
from unit.control.controller import Controller
from unit.uplink import leaving, ticks, uplink, wire
from unit.uplink.session import IDLE, UP

from host_tools.unitkit.nor import Nor
from tests.uplink import fuzz_steps, unit_main

CMD = b"qingxi/v1/u1/cmd"
_LONG_MS = 60000
_LOOKS = 20  # at the heap; the first counts after a tenth of the packets, when every kind has come


class Hostile(wire.Wire):
    """A line to a broker that lets the unit in and acknowledges everything, and says `extra` besides."""

    real = False
    extra = b""

    def open(self, host, port):
        self.said = bytearray()
        self.ended = False
        if self.real:
            super().open(host, port)
        else:
            self.drop()

    def _transfer(self, out, view):
        if self.real:
            return super()._transfer(out, view)
        if out:
            self.said += _answer(view)
            return len(view)
        if not self.said and self.extra:
            self.said, self.extra = bytearray(self.extra), b""
        n = min(len(view), len(self.said), 700)
        view[:n] = self.said[:n]
        self.said = self.said[n:]
        if not n and self.ended:
            raise wire.Broken("closed by the broker")
        return n


def _answer(packet):
    """What a good broker says to a packet of the unit."""
    kind = packet[0] >> 4
    if kind == 1:
        return b"\x20\x02\0\0"
    at = 2
    while packet[at - 1] & 0x80:
        at += 1
    if kind == 8:
        return b"\x90\x03" + bytes(packet[at : at + 2]) + b"\x01"
    if kind == 3 and packet[0] & 6:
        at += 2 + (packet[at] << 8 | packet[at + 1])
        return b"\x40\x02" + bytes(packet[at : at + 2])
    return b"\xd0\0" if kind == 12 else b""


def _packet(kind, body):
    size = len(body)
    head = bytearray((kind,))
    while True:
        head.append(size & 127 | (0x80 if size > 127 else 0))
        size >>= 7
        if not size:
            return bytes(head) + body


def _noise(chance, most):
    return bytes([chance.getrandbits(8) for _ in range(chance.randint(0, most))])


def _publish(chance, topic, payload):
    flags = chance.choice((0, 1, 2, 2, 2, 3, 8, 10))
    packet_id = bytes((chance.getrandbits(8), chance.getrandbits(8))) if flags & 6 else b""
    return _packet(0x30 | flags, len(topic).to_bytes(2, "big") + topic + packet_id + payload)


def spoil(chance, number):
    """(bytes, whether the rest of a packet never comes)."""
    kind = number % 10
    if kind == 0:
        return _noise(chance, 40) or b"\0", True
    if kind == 1:  # a good length, nothing else
        return _packet(chance.getrandbits(8), _noise(chance, 60)), False
    if kind == 2:  # a length that no packet has
        return bytes((chance.choice((0x30, 0x32, 0x40, 0x90, 0xD0)),)) + b"\xff\xff\xff" + chance.choice(
            (b"\xff", b"\x7f", b"\x80\x01")
        ) + _noise(chance, 30), True
    if kind in (3, 4):  # a malformed command, in a packet that is well made
        return _publish(chance, CMD, fuzz_steps.spoil(chance, chance.randint(0, 6999))), False
    if kind == 5:  # whatever kind it is, its end never comes
        whole = chance.choice(
            (b"\x40\x02\0\1", b"\x90\x03\0\1\1", b"\xd0\0", _publish(chance, CMD, b'{"id":"t","op":"reboot"}'))
        )
        return whole[: chance.randint(1, max(1, len(whole) - 1))], True
    if kind == 6:  # huge
        return _publish(chance, chance.choice((CMD, b"x", b"x" * 3000)), b"{" * chance.randint(1000, 20000)), False
    if kind == 7:  # acknowledgements of what was never sent, or of a wrong size
        body = _noise(chance, 6)
        return _packet(chance.choice((0x40, 0x90, 0xB0, 0x50, 0x62, 0x70, 0xD0)), body), False
    if kind == 8:  # a topic longer than its packet, or none, or no UTF-8
        length = chance.choice((0, 1, 17, 200, 0xFFFF))
        return _packet(0x30 | chance.choice((0, 2, 4, 6)), length.to_bytes(2, "big") + _noise(chance, 30)), False
    # What a broker must not say: CONNECT, a second CONNACK, SUBSCRIBE, PINGREQ, DISCONNECT, the two kinds 0 and 15.
    return _packet(chance.choice((0x10, 0x20, 0x82, 0xA2, 0xC0, 0xE0, 0x00, 0xF0)), _noise(chance, 12)), False


class Life:
    def __init__(self, port):
        uplink.Wire = Hostile
        options = dict(unit_main.OPTIONS)
        options.update({"port": port, "unit": "u1", "flash_kb": 64, "settings": {"mqtt.keepalive_s": 10}})
        flash = Nor(bytearray(options["flash_kb"] * 1024))
        for block in range(flash.blocks):
            flash.ioctl(6, block)
        self.unit = unit_main.Unit(options, flash)
        self.uplink = self.unit.uplink
        self.session = self.uplink.session
        self.wire = self.session.wire
        self.twin = Controller(*assembly.parts(dict(self.unit.settings)))
        self.twin.step(0, -1, 0)
        self.twin.events.clear()
        self.now = ticks.now()
        self.passed_ms = 0
        self.ticks = 0

    def poll(self, ms):
        """A slice, then the clock goes on; control takes a step for every second that is over."""
        self.uplink.poll(self.now)
        self.now = ticks.add(self.now, ms)
        self.passed_ms += ms
        while self.ticks < self.passed_ms // 1000:
            self.ticks += 1
            for ctrl in (self.unit.ctrl, self.twin):
                ctrl.step(self.ticks, -1, 0)
            if self.decided(self.unit.ctrl) != self.decided(self.twin):
                raise ValueError("a packet has changed an output: %r" % (self.decided(self.unit.ctrl),))
            self.unit.ctrl.events.clear()
            self.twin.events.clear()
            if self.ticks % 600 == 0:
                self.unit.add()

    @staticmethod
    def decided(ctrl):
        return [(output.on, output.reason) for output in ctrl.outputs]

    def serve(self):
        """Until a connection stands, its greeting over."""
        while self.session.state != UP or not self.uplink.serving:
            self.poll(200 if self.session.state == IDLE else 10)

    def suffer(self, packet, cut_short):
        """One packet, until the unit has dealt with it: taken, or dropped the line."""
        connects = self.uplink.connects
        self.wire.extra = packet
        for _ in range(400):
            self.poll(100)
            if self.session.state == IDLE or self.uplink.connects != connects:
                break
            waits = self.wire.extra or self.wire.said or self.session.passing or self.uplink.queue.replies
            if not cut_short and not waits and self.wire.rx_from == self.wire.rx_to:
                break
        else:
            raise RuntimeError("stuck after %r" % packet[:60])
        self.wire.extra = b""


def main(n, seed, port):
    random.seed(seed)
    life = Life(port)
    unit = life.unit
    allocated = hasattr(gc, "mem_alloc")
    before = grown = 0
    for i in range(n):
        life.serve()
        life.suffer(*spoil(random, i))
        if allocated and i % (n // _LOOKS) == 0:
            while life.uplink.queue.busy(True):
                life.poll(10)
            life.uplink.queue.rest(ticks.add(life.now, _LONG_MS))  # or the code of commands would count
            gc.collect()
            if i <= n // 10:
                before = gc.mem_alloc()
            grown = max(grown, gc.mem_alloc() - before)
        if unit.rebooted or life.uplink.queue.reboot:
            raise ValueError("a packet has made it restart")
    commands = sum(life.uplink.queue.refused.values())
    connects = life.uplink.connects
    life.session.stop("enough")
    life.wire.real = True
    unit.add()
    while life.session.state != UP or unit.unacknowledged() or not life.uplink.serving:
        life.poll(200 if life.session.state == IDLE else 10)
        time.sleep(0.001)
    leaving.close(life.uplink)
    print(json.dumps({
        "packets": n, "connects": connects, "commands_refused": commands, "ticks": life.ticks, "grown": grown,
        "seqs": unit.journal.next_seq, "claims": sum(o.claims.holds(unit_main.REMOTE, 0) for o in unit.ctrl.outputs),
    }))  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
