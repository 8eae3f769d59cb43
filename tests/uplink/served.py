"""A broker and its independent books, for one test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.uplink.books import Books
from tests.uplink.broker import Broker


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    running = Broker(tmp_path)
    yield running
    running.stop()


@pytest.fixture
def books(broker: Broker) -> Iterator[Books]:
    kept = Books(broker.port)
    yield kept
    kept.close()
