"""What the tests of flashing share: a cache of MicroPython images of their own, and how the command is run."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from host_tools import main
from host_tools.image import micropython_image
from sim.board import standin
from tests.uplink.books import Books
from tests.uplink.broker import Broker

from .images import unit_file


@pytest.fixture
def image(tmp_path, cache):
    """The MicroPython image, pinned in a cache of the test's own."""
    found = micropython_image.read(standin.file(tmp_path))
    micropython_image.pin(found)
    return found


@pytest.fixture
def qingxi(capsys):
    """Runs `qingxi` with words: (exit code, standard output, standard error)."""

    def run(*words):
        code = main.main([str(word) for word in words])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run


@pytest.fixture
def flash(qingxi, image):
    """Runs `qingxi flash` on a desk's port."""
    return lambda desk, *words: qingxi("flash", "--port", desk.port, "--record", desk.folder / "records", *words)


@dataclass
class Village:
    """A broker, its book-keeper, and the file of a unit that talks to it over Wi-Fi, with passwords and a PIN."""

    unit: Path
    broker: Broker
    books: Books


@pytest.fixture
def village(tmp_path):
    broker = Broker(tmp_path)
    books = Books(broker.port)
    secrets = {"credentials_file": b"user = qiaotou\npassword = pa55\n", "wifi_file": b"village = pa55\n"}
    path = unit_file(tmp_path, **secrets)
    text = path.read_text(encoding="utf-8")
    for before, after in (
        ("interval_s = 60 ", "interval_s = 1 "),
        ("8883", str(broker.port)),
        ('broker = ""', 'broker = "127.0.0.1"'),
        ("tls = true", "tls = false"),
        ("[network]", '[network]\nntp = ""'),
    ):
        assert before in text
        text = text.replace(before, after)
    (tmp_path / "pin.txt").write_text("258025\n")
    path.write_text(text + '\n[console]\npin_file = "pin.txt"\n', encoding="utf-8")
    yield Village(path, broker, books)
    books.close()
    broker.kill()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("QINGXI_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def stock(tmp_path):
    return standin.file(tmp_path)
