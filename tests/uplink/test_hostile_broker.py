"""A broker, or whoever took its place, that sends anything at all: the unit drops it, and its memory stays flat."""

import random
import socket
import threading
from contextlib import suppress

from tests.uplink.running import Running

CONNACK = b"\x20\x02\0\0"


class Hostile:
    """Lets everybody in, then sends noise: plain, or dressed as packets of some kind."""

    def __init__(self, seed: int):
        self.chance = random.Random(seed)
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            unit, _ = self._listener.accept()
            self.connections += 1
            with suppress(OSError), unit:
                unit.recv(4096)
                if self.connections % 8:
                    unit.sendall(CONNACK)
                for _ in range(self.chance.randint(1, 6)):
                    unit.sendall(self._packet())

    def _packet(self) -> bytes:
        noise = self.chance.randbytes(self.chance.choice((0, 1, 2, 3, 30, 3000)))
        kind = self.chance.choice((0x30, 0x32, 0x33, 0x34, 0x36, 0x40, 0x90, 0xD0, 0x20, 0x10, 0xF0))
        topic = b"\0\x11qingxi/v1/u1/cmd"
        return self.chance.choice((
            noise,
            bytes([kind, min(len(noise), 127)]) + noise[:127],
            bytes([kind]) + b"\xff\xff\xff" + bytes([self.chance.choice((0x7F, 0xFF))]) + noise,
            bytes([0x30, min(len(topic + noise), 127)]) + (topic + noise)[:127],
        ))  # fmt: skip


def test_hostile_broker_does_not_stop_the_unit_nor_fill_its_memory(world: str):
    hostile = Hostile(1)
    unit = Running(world, port=hostile.port, speed=3000, readings=60, settings={"mqtt.keepalive_s": 10})
    unit.wait("state 0", times=20, timeout_s=60)
    before = unit.figures()
    unit.wait("state 0", times=150, timeout_s=120)
    after = unit.figures()
    unit.quit()
    assert hostile.connections > 100
    assert after["next_seq"] == 61 and after["outputs"] == before["outputs"]
    assert after["heap"] - before["heap"] < 4096  # answers that wait, and the list of known ids
