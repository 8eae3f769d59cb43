"""A unit in the memory of a chip whose console, commands, broker and updates take turns, by chance and with a seed.

Every step ends with what must be true: reports are back within a minute, and the network has its memory.
"""

import base64
import os
import random
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from host_tools.device import update_mqtt
from host_tools.unitkit import pack, unitfile
from host_tools.unitkit.errors import AnswerIsNo
from sim.board import chips
from sim.board.plant import ScenarioPlant
from sim.board.virtual_board import VirtualBoard
from sim.scenario import scenario
from tests import patience, publishers
from tests.uplink.books import Books
from tests.uplink.broker import Broker, free_port
from tests.uplink.certificates import Authority
from tests.uplink.proxy import Proxy

from . import online, rig
from .online import SPEED, UNIT

PIN = "135790"
KEY = "00112233445566778899aabbccddeeff"
PROMPTS = ("> ", "# ", "? ", "] ", "：", ": ", "） ", ") ")  # of the console, and of what it asks
BACK_S = 60  # of the board's time, in which reports come back after a visit
MOST_BYTES = 106_000  # of the 110 KB of a chip's heap

# What a crew types, command by command; a list goes on with what it answers.
VISITS: list[tuple[str, ...]] = [
    ("help",), ("status",), ("levels",), ("pumps",), ("alarms",), ("ack all",), ("run p1 10s",), ("off p2 10s",),
    ("auto all",), ("why p1",), ("hours",), ("service p1 done",), ("visit Li cleaned",), ("trend level_mm 24h",),
    ("log 20",), ("show",), ("show lift",), ("show mqtt",), ("set alarms.resound_h 13", "n"), ("keep",), ("time",),
    ("net",), ("check",), ("selftest", "\x03"), ("lang en",), ("lang zh",), ("reboot", "n"), ("no such thing",),
]  # fmt: skip
ASKED: list[tuple[str, dict]] = [
    ("show", {"keys": ["lift.start_level_mm", "unit.name_zh", "mqtt.state_s"]}),
    ("log", {"n": 10}),
    ("set", {"values": {"alarms.resound_h": 14}, "confirm": True}),
    ("run", {"output": "blower", "for_s": 5}),
    ("auto", {"output": "all"}),
    ("ack", {"alarm": "all"}),
    ("set", {"values": {"alarms.resound_h": 12}, "confirm": True}),
]


class Turns:
    """The board, its broker behind a line that can be cut, and the books. A reading a second."""

    def __init__(self, folder: Path, chip: str, secure: bool = False, seed: int = 1):
        """`secure`: over TLS, which takes a board with PSRAM."""
        self.chance = random.Random(seed)
        self.folder = folder
        lines, books_port = (), 0
        if secure:
            authority = Authority(folder)
            certificate, key = authority.certify("good", "127.0.0.1")
            books_port = free_port()
            lines = (f"certfile {certificate}", f"keyfile {key}", f"listener {books_port} 127.0.0.1")
        self.broker = Broker(folder, *lines)
        self.plain_port = books_port or self.broker.port
        self.proxy = Proxy(self.broker.port)
        self.books = Books(self.plain_port)
        text = rig.UNIT_FILE.read_text(encoding="utf-8").replace("interval_s = 60 ", "interval_s = 1 ")
        if secure:
            text = text.replace('"esp32-devkitc"', f'"{rig.PSRAM_BOARD}"')
            (folder / "wifi.txt").write_text("village = secret\n")
            text = text.replace('broker = ""', f'broker = "127.0.0.1:{self.proxy.port}"')
            text = re.sub(r'\nca_file = ""[^\n]*', f'\nca_file = "{authority.ca.name}"', text)
            text = text.replace("[readings]", '[network]\nwifi_file = "wifi.txt"\nntp = ""\n\n[readings]')
        text = text.replace("[mqtt]", "[mqtt]\nkeepalive_s = 10\nstate_s = 10")
        (folder / "pin.txt").write_text(PIN + "\n")
        (folder / "key.txt").write_text(f"command_key = {KEY}\n")
        text += '\n[console]\npin_file = "pin.txt"\n'
        text = text.replace('credentials_file = ""', 'credentials_file = "key.txt"')
        text = publishers.name_in(folder, text, *"ABCD")
        (folder / "unit.toml").write_text(text, encoding="utf-8")
        (folder / "story.toml").write_text(rig.QUIET, encoding="utf-8")
        unit = unitfile.load(folder / "unit.toml")
        plant = ScenarioPlant(unit.control_settings(), scenario.load(folder / "story.toml"))
        self.speed = int(patience.speed(SPEED))
        self.board = VirtualBoard(unit, folder / "flash", str(folder / "tty"), plant, self.speed, chip=chip)
        if not secure:
            self.board.connect(("127.0.0.1", self.proxy.port))
        self._fd = os.open(self.board.serial.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self.shown = ""
        self._thread = threading.Thread(target=self.board.run)
        self._thread.start()
        self._typed = self._asked = 0
        self.until(lambda: self.last("meta") and self.last("availability") == "online", "it starts")

    def last(self, topic: str):
        return self.books.last.get(f"qingxi/v1/{UNIT}/{topic}")

    def until(self, condition: Callable[[], object], what: str, limit_s: float = 60) -> None:
        """Wait so many seconds of the board's time, and as long again for a machine that is busy."""
        bare = not self.board.unit.board.psram_mb

        def met() -> object:
            self._look()
            grown = bare and self.board.memory.chip_figures().heap_growths > 1
            return grown or condition()

        told = patience.until(met, 2 * limit_s / self.speed + 5)
        figures = self.board.memory.chip_figures()
        assert told and not (bare and figures.heap_growths > 1), f"{self.shown[-3000:]}\n{what}: {figures}"

    def _look(self) -> None:
        try:
            while data := os.read(self._fd, 4096):
                self.shown += data.decode("utf-8", "replace")
        except BlockingIOError:
            pass

    def sound(self) -> None:
        """What must be true at any time."""
        figures = self.board.memory.chip_figures()
        assert "Traceback" not in self.shown, self.shown[-3000:]
        assert self.board.starts == 1, self.shown[-3000:]
        if not self.board.unit.board.psram_mb:
            assert figures.heap_growths == 1, (figures, self.shown[-1000:])
            assert figures.heap_most_used <= MOST_BYTES, figures
        assert figures.idf_least_free >= chips.CONNECTION_BYTES, figures

    # --- steps

    def _type(self, line: str) -> None:
        self._look()
        begun = len(self.shown)
        os.write(self._fd, line.encode() + (b"" if line == "\x03" else b"\r"))
        ends = tuple(prompt + "\x1b[K" for prompt in PROMPTS)
        self.until(lambda: self.shown[begun + len(line) :].endswith(ends), f"an answer to {line!r}")

    def visit(self, commands: int = 3) -> None:
        """A crew comes, does some of all that there is, in turn, and leaves."""
        self._type("")
        self._type(f"unlock {PIN}")
        assert self.shown.endswith("# \x1b[K"), self.shown[-500:]
        for _ in range(commands):
            for line in VISITS[self._typed % len(VISITS)]:
                self._type(line)
            self._typed += 1
        os.write(self._fd, b"bye\r")
        self.back("a visit")

    def back(self, what: str) -> None:
        """The broker has the unit, and the newest state, which says nothing of a visit."""
        seen = max(self.books.seqs(UNIT), default=0)
        self.until(
            lambda: self.last("availability") == "online" and not (self.last("state") or {}).get("visit")
            and max(self.books.seqs(UNIT), default=0) > seen,
            f"reports after {what}", BACK_S,
        )  # fmt: skip

    def command(self) -> None:
        """The platform asks, and is answered."""
        op, args = ASKED[self._asked % len(ASKED)]
        self._asked += 1
        with self._remote() as remote, suppress(AnswerIsNo if op == "run" else ()):  # protection may say no
            remote.ask(args, op)
        self.back(op)

    def _remote(self) -> update_mqtt.Remote:
        return online.Sender(self.plain_port, KEY, self.books)

    def broker_restarts(self) -> None:
        online.kill(self.broker, self.proxy)
        online.again(self.broker, self.proxy, self.books)
        self.back("a restart of the broker")

    def update(self) -> None:
        """A firmware arrives. It is signed by nobody whom the unit knows, or it would be put on trial."""
        noise = bytes(self.chance.randrange(256) for _ in range(12_000))
        data = pack.pack({"unit/noise.txt": noise}, f"new-{self.chance.random()}")
        sha256 = pack.head(data, "pack").sha256
        with self._remote() as remote:
            at = 0
            while at < len(data):
                piece = base64.b64encode(data[at : at + update_mqtt.PIECE_BYTES]).decode()
                at = remote.ask({"sha256": sha256, "at": at, "data": piece})["at"]
            signature = publishers.sign_text(sha256, "stranger")
            with pytest.raises(AnswerIsNo, match="refuses: publisher"):
                remote.ask({"sha256": sha256, "switch": True, "signature": signature})
        self.back("an update")

    # --- the end

    def close(self) -> None:
        """Nothing is missing in the books, nothing there is twice."""
        self._look()
        self.back("everything")
        self.board.stop()
        self._thread.join()
        os.close(self._fd)
        seen = self.books.seqs(UNIT)
        self.books.close()
        self.proxy.close()
        self.broker.stop()
        on_flash = set(online.recorded(self.folder / "flash"))
        newest = max(seen)
        missing = {seq for seq in on_flash if seq <= newest} - set(seen)
        assert not missing, sorted(missing)
        assert set(range(1, newest + 1)) <= set(seen) | set(range(1, min(on_flash)))
