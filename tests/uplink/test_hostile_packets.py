"""Malformed packets of every kind, to a whole unit: no output changes, no tick is missed, the heap stays flat."""

import json

import pytest

from tests.uplink.books import Books
from tests.uplink.broker import Broker
from tests.uplink.worlds import run


def throw(world: str, broker: Broker, books: Books, n: int, seed: int) -> None:
    figures = json.loads(run(world, "packet_steps.py", n, seed, broker.port, heap="1m", timeout_s=1800)[-1])
    print(world, figures)
    assert figures["packets"] == n and figures["claims"] == 0
    assert figures["commands_refused"] > n // 10  # the packets that were well made reached the commands
    assert figures["connects"] > n // 5  # and the others cost the line
    assert figures["grown"] <= 1024
    # Of what came after the hostile broker is gone nothing is missing.
    last = figures["seqs"] - 1
    assert books.wait(lambda: ("u1", last) in books.entries)


def test_malformed_packets_change_nothing(world: str, broker: Broker, books: Books):
    throw(world, broker, books, 100, 1)


@pytest.mark.campaign
def test_ten_thousand_malformed_packets_change_nothing(world: str, broker: Broker, books: Books):
    throw(world, broker, books, 10_000, 2)
