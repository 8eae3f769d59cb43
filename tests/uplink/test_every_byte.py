"""A fault at every byte of every packet that unit and broker send each other in a session, whichever way it goes."""

import json
from typing import Any

import pytest

from tests.uplink.books import Books
from tests.uplink.broker import Broker
from tests.uplink.worlds import run

# What comes garbled within a payload or a topic is beyond MQTT (TCP and TLS have checksums): the broker takes it, and
# the unit is told so. So the books are compared for all but that.
SOUND: tuple[dict[str, Any], ...] = (
    {"unit": "u1", "directions": ["up"], "kinds": ["closed", "silent"]},
    {"unit": "u2", "directions": ["down"]},
)
GARBLED_UP: dict[str, Any] = {"unit": "u3", "directions": ["up"], "kinds": ["garbled"], "commands": 0}


def strike(world: str, broker: Broker, **options: Any) -> dict[str, Any]:
    text = json.dumps({"port": broker.port, **options})
    pieces = [text[i : i + 200] for i in range(0, len(text), 200)]
    figures = json.loads(run(world, "byte_steps.py", *pieces, heap="2m", timeout_s=1800)[-1])
    print(world, figures)
    assert figures["bad"] == []
    return figures


def everything(world: str, broker: Broker, books: Books, every: int) -> None:
    for options in SOUND:
        figures = strike(world, broker, **options, every=every if options["directions"] == ["up"] else -(-every // 20))
        unit = options["unit"]
        assert books.wait(lambda unit=unit, last=figures["seqs"] - 1: (unit, last) in books.entries)
        assert books.seqs(unit) == list(range(1, figures["seqs"]))
    books.close()  # what comes now need not be JSON
    strike(world, broker, **GARBLED_UP, every=every)


def test_back_in_service_after_a_fault_at_many_bytes(world: str, broker: Broker, books: Books):
    everything(world, broker, books, 401)


@pytest.mark.campaign
def test_back_in_service_after_a_fault_at_every_byte(world: str, broker: Broker, books: Books):
    everything(world, broker, books, 1)
