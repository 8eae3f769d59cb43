"""The session's ordinary life, in both worlds, against mosquitto."""

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
