"""The session's ordinary life, in both worlds, against mosquitto."""

from importlib import import_module
from types import ModuleType, SimpleNamespace

import pytest
from unit.uplink import session, wire

from tests.uplink.books import Books
from tests.uplink.broker import Broker
from tests.uplink.worlds import run


def test_session_connects_subscribes_publishes_and_wraps_its_packet_id(world: str, broker: Broker, books: Books):
    assert run(world, "session_steps.py", broker.port) == [
        "up",
        "ack 1 True",
        "message steps/a hello False",
        "ack 2 True",
        "too long",
        "ack 3 True",
        "message steps/c again False",
        "message steps/kept kept False",
        "ack 4 True",
        "id 65535",
        "id 1",
        "id 2",
        "down: bye",
    ]
    assert books.wait(lambda: books.last.get("other") == "wrap")
    assert "steps/will" not in books.last  # it said goodbye, so the broker keeps the will to itself


def test_seventy_thousand_publishes_in_one_session_pass_the_wrap_of_the_packet_id(broker: Broker):
    lines = run("micropython", "wrap_steps.py", broker.port, 70000, timeout_s=300)
    assert lines == ["up", "acknowledged 70000 last id 4465", "down: done"]


class Slow(wire.Wire):
    """A line into which nothing goes while it is `full`; `said` by the broker, `heard` of the unit."""

    def __init__(self) -> None:
        super().__init__()
        self.full = False
        self.said = bytearray()
        self.heard = bytearray()

    def open(self, host: str, port: int) -> None:
        pass

    def opened(self) -> bool:
        return True

    def _transfer(self, out: bool, view: memoryview) -> int:
        if out:
            self.heard += b"" if self.full else view
            return 0 if self.full else len(view)
        n = min(len(view), len(self.said))
        view[:n] = self.said[:n]
        del self.said[:n]
        return n


def fresh() -> ModuleType:
    """`unit.uplink.calling` as a session imports it now: a session that stands lets go of it."""
    return import_module("unit.uplink.calling")


def test_tls_is_not_begun_where_the_network_has_no_memory_for_it(monkeypatch: pytest.MonkeyPatch):
    ended: list[str] = []
    up = session.Session(b"u", SimpleNamespace(on_down=ended.append), wire=Slow())
    calling = fresh()
    monkeypatch.setattr(calling, "network_bytes", lambda: calling.SECURE_BYTES - 1)
    calling.begin(up, "127.0.0.1", 8883, 0, tls=object(), name="broker.test")
    up.poll(0)
    assert ended == ["no memory for TLS"]


def test_a_message_that_is_passed_over_is_acknowledged_behind_a_packet_that_has_not_left():
    line = Slow()
    up = session.Session(b"u", SimpleNamespace(on_up=int, on_message=lambda *_: None), wire=line)
    line.said += b"\x20\2\0\0"
    fresh().begin(up, "127.0.0.1", 1883, 0)
    while up.state != session.UP:
        up.poll(0)
    line.said += b"\x32\xb8\x17\0\1t\x12\x34" + bytes(1500)  # of 3000 bytes: longer than the receive buffer
    up.poll(0)
    line.full = True
    line.tx[wire.HEAD_BYTES : wire.HEAD_BYTES + 2] = b"ok"
    up.send(b"a", 2)
    line.said += bytes(1495)
    for _ in range(3):
        up.poll(0)
    line.full = False
    line.heard.clear()
    for _ in range(3):
        up.poll(0)
    assert line.heard == b"\x32\7\0\1a\0\1ok" + b"\x40\2\x12\x34"
