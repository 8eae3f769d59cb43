"""A virtual board with a real broker: `qingxi sim board --broker` as a program that is killed and comes back."""

import os
import random
import re
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path

from unit.control.controller import N_POINTS
from unit.journal.cursor import Cursor
from unit.journal.layout import END, READING
from unit.journal.ring import Journal

from host_tools import fsimage, partitions, unitfile
from host_tools.journal import open_image
from sim.board.flash_file import FlashFile
from tests.uplink.books import Books
from tests.uplink.broker import Broker
from tests.uplink.proxy import Proxy

from . import rig

SPEED = 10  # so much faster than the wall go the board's clock and its deadlines
UNIT = "qiaotou"

# main.py, but that each tick's lateness in ms is counted by powers of two, and shown now and then.
WATCHED = """
import gc, time
gc.threshold(4096)
from unit import config, modules
loaded = config.load()
del config
modules.forget("config", "settings", "wiring")
from unit.app import App
unit = App(*loaded)
loaded = None
tick = unit.tick
late = [0] * 14
def watched():
    ms = max(0, time.ticks_diff(time.ticks_ms(), unit.due_ms))
    i = 0
    while ms:
        ms >>= 1
        i += 1
    late[min(i, 13)] += 1
    tick()
    if unit.now_s % 5 == 4:
        print("late", *late)
unit.tick = watched
unit.run()
"""


class Scene:
    """Board, network, broker and books. A reading a second, so that there is something to lose."""

    def __init__(self, folder: Path, main: str | None = None, speed: int = SPEED, heap_bytes: int = rig.ROOMY_HEAP):
        self.folder = folder
        self._words = ("--speed", str(speed), "--heap", str(heap_bytes))
        self.broker = Broker(folder)
        self.proxy = Proxy(self.broker.port)
        self.books = Books(self.broker.port)
        self.flash = folder / "board.flash"
        self.unit_file = folder / "unit.toml"
        text = rig.UNIT_FILE.read_text(encoding="utf-8").replace("interval_s = 60 ", "interval_s = 1 ")
        text = text.replace("[mqtt]", "[mqtt]\nkeepalive_s = 10\nstate_s = 10")
        self.unit_file.write_text(text, encoding="utf-8")
        if main:
            self._flash(main)
        self.shown = ""
        self._on()

    def _flash(self, main: str) -> None:
        unit = unitfile.load(self.unit_file)
        table = partitions.of_board(unit.board)
        vfs = partitions.named(table, "vfs")
        flash = FlashFile(self.flash, unit.board.flash_mb << 20)
        flash.flash_tool_write(partitions.TABLE_AT, partitions.encode(table))
        files = fsimage.firmware_files(unit) | {"main.py": main.encode()}
        flash.flash_tool_write(vfs.at, fsimage.littlefs_image(files, vfs.size))

    def _on(self) -> None:
        words = ("--unit", str(self.unit_file), "--broker", f"127.0.0.1:{self.proxy.port}")
        self._program = rig.program(self.folder, *words, *self._words)
        self.process = self._program.__enter__()
        fd = os.open(self.folder / "tty", os.O_RDONLY | os.O_NOCTTY)
        threading.Thread(target=self._listen, args=(fd,), daemon=True).start()

    def _listen(self, fd: int) -> None:
        with suppress(OSError):  # the port goes with the board
            while data := os.read(fd, 4096):
                self.shown += data.decode("utf-8", "replace")
        os.close(fd)

    def off(self) -> None:
        """SIGKILL: the power cut of a virtual board."""
        self.process.send_signal(signal.SIGKILL)
        self._program.__exit__(None, None, None)

    def power_cut(self) -> None:
        self.off()
        self._on()

    def last(self, topic: str):
        return self.books.last.get(f"qingxi/v1/{UNIT}/{topic}")

    def ask(self, op: str, boot: int, **args):
        """The answer to a command."""
        known = len(self.books.replies)
        self.books.command(UNIT, {"id": f"c{known}", "boot": boot, "op": op, "args": args})
        assert self.books.wait(lambda: len(self.books.replies) > known), self.shown
        return self.books.replies[-1]

    def recorded(self) -> dict[int, tuple[int, list[int]] | None]:
        """What the flash holds: sequence number -> (time, values) of a reading, None for an event."""
        journal = Journal(open_image(self.flash), N_POINTS, 1)
        cursor = Cursor(journal)
        cursor.seek(0)
        found: dict[int, tuple[int, list[int]] | None] = {}
        while (kind := cursor.next()) != END:
            found[cursor.seq] = (cursor.t, list(cursor.values)) if kind == READING else None
        return found

    @staticmethod
    def wait(condition, limit_s: float = 20) -> bool:
        """True once `condition()` holds; False if it does not in time."""
        end = time.monotonic() + limit_s
        while not condition():
            if time.monotonic() > end:
                return False
            time.sleep(0.05)
        return True

    def check(self, what: object = "") -> None:
        """Something new comes through; after that nothing older is missing in the books."""
        begun = max(self.recorded(), default=0)
        seen = lambda: max(self.books.seqs(UNIT), default=0)  # noqa: E731
        assert self.books.wait(lambda: seen() > begun + 1, 40), (what, begun, seen(), self.shown[-2000:])
        in_books = {seq for seq in self.books.seqs(UNIT) if seq <= begun}
        assert in_books == {seq for seq in self.recorded() if seq <= begun}, what

    # --- faults

    def broker_killed(self, chance: random.Random) -> None:
        """It forgets its subscribers: the books must be back before the unit is, or miss what it sends."""
        self.broker.kill()
        time.sleep(chance.random())
        self.proxy.refuse = True
        self.books.subscribed.clear()
        self.broker.start()
        assert self.books.subscribed.wait(20)
        self.proxy.refuse = False

    def broker_frozen(self, chance: random.Random) -> None:
        self.broker.freeze()
        time.sleep(3 * chance.random())
        self.broker.thaw()

    def link_cut(self, _: random.Random) -> None:
        self.proxy.cut()

    def silence(self, chance: random.Random) -> None:
        self.proxy.swallow = True
        self.proxy.cut()
        time.sleep(2 * chance.random())
        self.proxy.swallow = False
        self.proxy.cut()

    def board_killed(self, chance: random.Random) -> None:
        time.sleep(chance.random())
        self.power_cut()

    def histogram(self) -> list[int]:
        """Ticks that began less than 1, 2, 4, ... ms late, as the board itself has counted since its last start."""
        lines = re.findall(r"late ((?:\d+ ?)+)\r", self.shown)
        return [int(n) for n in lines[-1].split()] if lines else [0] * 14

    def close(self) -> None:
        self.off()
        self.books.close()
        self.proxy.close()
        self.broker.stop()
