"""TLS on a board that nobody has told the time: certificates are held against the lowest date that it can be."""

import datetime
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from unit.released import RELEASED_S

from host_tools.unitkit import fsimage, partitions, unitfile
from sim.board.plant import ScenarioPlant
from sim.board.virtual_board import VirtualBoard
from sim.scenario import scenario
from tests import patience
from tests.uplink.books import Books
from tests.uplink.broker import Broker, free_port
from tests.uplink.certificates import Authority
from tests.uplink.names import TimeServer

from . import rig
from .online import UNIT, recorded

DAY = datetime.timedelta(days=1)
RELEASED = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(seconds=RELEASED_S)
NO_CLOCK = """
[[fault]]
at = "0d00:00"
kind = "unset"
target = "clock"
"""
# main.py, but that time servers answer on a port that nobody needs to be root for, and are asked again soon.
MAIN = """
from unit import config, modules
loaded = config.load()
del config
modules.forget("config")
from unit.app import App
app = App(*loaded)
app.uplink.clock.port = PORT
down = app.uplink.dialer.on_down
def told(now, why, was_up):
    print("why", why)
    down(now, why, was_up)
app.uplink.dialer.on_down = told
app.run()
"""


class Village:
    """A broker that wants certificates of its units, with a plain door for the books, and a unit without a clock."""

    def __init__(self, folder: Path, ntp_port: int = 0, **certificate):
        self.folder = folder
        self.authority = Authority(folder)
        files = self.authority.certify("broker", "127.0.0.1", **certificate)
        own = self.authority.certify("unit")
        books_port = free_port()
        self.broker = Broker(
            folder, f"certfile {files[0]}", f"keyfile {files[1]}", f"cafile {self.authority.ca}",
            "require_certificate true", f"listener {books_port} 127.0.0.1",
        )  # fmt: skip
        self.books = Books(books_port)
        (folder / "wifi.txt").write_text("village = secret\n")
        text = rig.UNIT_FILE.read_text(encoding="utf-8")
        text = text.replace('broker = ""', f'broker = "127.0.0.1:{self.broker.port}"')
        text = text.replace('"esp32-devkitc"', f'"{rig.PSRAM_BOARD}"').replace("interval_s = 60", "interval_s = 1")
        secure = f'ca_file = "{self.authority.ca.name}"\ncert_file = "{own[0].name}"\nkey_file = "{own[1].name}"'
        text = re.sub(r'\nca_file = ""[^\n]*', "\n" + secure, text)
        ntp = '"127.0.0.1"' if ntp_port else '""'
        text = text.replace("[readings]", f'[network]\nwifi_file = "wifi.txt"\nntp = {ntp}\n\n[readings]')
        self.unit = unitfile.parse(text, folder / "unit.toml")
        self._flashed = False
        self._main = MAIN.replace("PORT", str(ntp_port or 123))

    @contextmanager
    def running(self) -> Iterator[list[bytes]]:
        """The unit lives; yields what it shows."""
        (self.folder / "story.toml").write_text(rig.QUIET + NO_CLOCK)
        plant = ScenarioPlant(self.unit.control_settings(), scenario.load(self.folder / "story.toml"))
        board = VirtualBoard(
            self.unit, self.folder / "board.flash", str(self.folder / "tty"), plant,
            speed=patience.speed(10), heap_bytes=rig.ROOMY_HEAP,
        )  # fmt: skip
        if not self._flashed:  # later runs go on with what is there
            files = fsimage.firmware_files(self.unit, self._main) | fsimage.named_files(self.unit)
            files["main.py"] = self._main.encode()
            vfs = partitions.named(partitions.of_board(self.unit.board), "vfs")
            board.flash.flash_tool_write(vfs.at, fsimage.littlefs_image(files, vfs.size))
            self._flashed = True
        shown: list[bytes] = []
        board.serial.listener = shown.append
        with rig.running(board):
            yield shown
        board.close()

    def rows(self) -> list[list]:
        """The readings that have come."""
        return [row for row in self.books.rows.values() if isinstance(row, list)]

    def events(self) -> list[str]:
        return [row["code"] for row in self.books.rows.values() if isinstance(row, dict)]

    def close(self) -> None:
        self.books.close()
        self.broker.stop()


@pytest.fixture
def village(tmp_path: Path) -> Iterator:
    made = []

    def make(**how) -> Village:
        made.append(Village(tmp_path, **how))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_a_unit_that_does_not_know_the_time_shows_its_certificate_and_is_served(village):
    here = village()
    with here.running() as shown:
        assert here.books.wait(lambda: len(here.books.seqs(UNIT)) > 3, 60), b"".join(shown).decode()
        state = here.books.last[f"qingxi/v1/{UNIT}/state"]
    assert all(row[0] is None and row[1] & 64 for row in here.rows())  # its own clock was never set
    assert state["t"] is None
    assert recorded(here.folder / "board.flash")


def refused(here: Village) -> str:
    """Why the broker's certificate is, while nothing gets through."""
    with here.running() as shown:
        assert patience.until(lambda: b"why " in b"".join(shown), 60), b"".join(shown).decode()
    assert not here.books.seqs(UNIT)
    return b"".join(shown).decode()


def test_what_had_expired_before_the_firmware_was_made_is_refused(village):
    here = village(expires=RELEASED - DAY)
    assert "certif" in refused(here).lower()


def test_what_begins_later_waits_for_the_time_and_a_server_that_lies_does_not_bring_it(village):
    server = TimeServer(int((RELEASED - 1000 * DAY).timestamp()))
    here = village(ntp_port=server.port, begins=RELEASED + 90 * DAY, expires=RELEASED + 400 * DAY)
    assert "certif" in refused(here).lower() and server.asked
    server.unix_s = int((RELEASED + 120 * DAY).timestamp())
    with here.running() as shown:
        assert here.books.wait(lambda: any(row[0] for row in here.rows()), 60), b"".join(shown).decode()
    assert here.events().count("time_refused") == 1
    # The journal has told the next start what time it is at the least, and nobody else has.
    server.unix_s = int((RELEASED + 5000 * DAY).timestamp())
    with here.running() as shown:
        known = max(here.books.seqs(UNIT))
        assert here.books.wait(lambda: max(here.books.seqs(UNIT)) > known + 5, 60), b"".join(shown).decode()
    assert here.rows()[-1][0] is None and here.events().count("time_refused") == 2
