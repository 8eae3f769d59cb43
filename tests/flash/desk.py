"""A board on a cable, on the technician's desk: ROM loader first, then the virtual board, on one flash and one port."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from littlefs import UserContext

from host_tools.device import port
from host_tools.image.image_build import FlashImage
from host_tools.unitkit import fsimage, partitions, unitfile
from sim.board.flash_file import FlashFile
from sim.board.romloader import RomLoader
from tests import patience
from tests.board.rig import QUIET, ROOMY_HEAP, ROOT, UNIT_FILE
from tests.host_tools.test_replacement import Life

MAC = b"\x24\x0a\xc4\x12\x34\x56"
MB = 1 << 20
SENT, WAITING = 20, 25  # readings of a unit in service


class Desk:
    """Use it with `with`. `loader` is the chip's ROM; `starts` counts starts of the virtual board.

    `dead`: what is in the flash does not answer; only its loader does, until the file system has been written.
    """

    def __init__(
        self, folder: Path, chip="esp32", flash_mb=4, flash_class=FlashFile, unit=UNIT_FILE, dead=False, **options
    ):
        self._dead = dead
        self.folder, self.port, self.path = folder, folder / "tty", folder / "board.flash"
        self.flash = flash_class(self.path, flash_mb * MB)
        self.loader = RomLoader(chip, self.flash, str(self.port), MAC, flash_mb * MB, **options)
        self.starts = 0
        self.as_flashed = b""  # the flash as it was before its first start
        self._unit = unit
        self._board: subprocess.Popen | None = None
        self._thread = threading.Thread(target=self._live)
        self._over = False

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over = True
        self.loader.stop()
        self._thread.join()
        if self._board is not None:
            self._board.kill()
            self._board.wait()

    def pull_cable_at(self, code: int | None, count: int) -> None:
        """At the `count`-th command `code` (None: any) the port is gone, for good."""
        seen = 0

        def hook(got: int) -> None:
            nonlocal seen
            seen += code in (None, got)
            if seen == count:
                self._over = True
                self.loader.stop()

        self.loader.on_command = hook

    def content(self) -> bytes:
        return self.flash.read(0, self.flash.size)

    def cut_power(self) -> None:
        """The board on its virtual machine loses its power, and has it again at once."""
        if self._board is not None:
            self._board.kill()
            self._board.wait()
            self._start()

    def _live(self):
        self.loader.serve()
        while self._dead and not self._over and not self._has_files():
            self.loader.again()
            self.loader.serve()
        self.loader.close()
        if self._over:
            return
        self.as_flashed = self.content()
        self._start()

    def _has_files(self) -> bool:
        vfs = partitions.named(partitions.of_board(unitfile.load(self._unit).board), "vfs").at
        return self.flash.block_erases(vfs, partitions.BLOCK) > [0]

    def _start(self):
        scenario = self.folder / "quiet.toml"
        scenario.write_text(QUIET, encoding="utf-8")
        command = [sys.executable, "-m", "host_tools.main", "sim", "board", "--unit", self._unit, "--flash", self.path]
        command += ["--port", self.port, "--scenario", scenario, "--heap", ROOMY_HEAP]
        self._board = subprocess.Popen(list(map(str, command)), cwd=ROOT, stderr=subprocess.DEVNULL)
        self.starts += 1


def holds(content: bytes, wanted: FlashImage) -> bool:
    """Whether a flash holds every part of an image."""
    return all(content[part.at : part.at + len(part.data)] == part.data for part in wanted.parts)


def command(desk: Desk, verb: str, *words) -> list[str]:
    """`qingxi flash` or `qingxi swap` for the desk's port."""
    fixed = [verb, "--port", desk.port, "--record", desk.folder / "records", "--json"]
    return [sys.executable, "-m", "host_tools.main", *map(str, fixed), *map(str, words)]


def in_service(built):
    """The flash of a unit in service, some of whose readings are not delivered yet."""
    flash = bytearray(built.whole())
    journal = built.blanks[-1]
    life = Life(journal.data, int(time.time()) - 600)
    life.journal.ack(life.readings(SENT)[-1])
    life.readings(WAITING)
    flash[journal.at : journal.at + len(journal.data)] = life.data
    return bytes(flash)


def journal_of(content: bytes, wanted: FlashImage) -> bytes:
    """The partition `journal` of a flash."""
    part = wanted.blanks[-1]
    return content[part.at : part.at + len(part.data)]


def stored(content: bytes, wanted: FlashImage, name: str) -> bytes:
    """A file in the file system of a flash."""
    vfs = wanted.part("vfs")
    context = UserContext(len(vfs.data))
    context.buffer[:] = content[vfs.at : vfs.at + len(vfs.data)]
    fs = fsimage.file_system(len(vfs.data), context)
    with fs.open(name, "rb") as f:
        return f.read()


def killed_at(desk: Desk, code: int | None, count: int, *words, after_start_s: float | None = None) -> int:
    """Run `qingxi` and kill it, and all it started, at the `count`-th command `code` (None: any). Its exit code.

    `after_start_s`: or so long after the board's first start.
    """
    seen = 0
    process = subprocess.Popen(
        command(desk, *words), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )

    def hook(got: int) -> None:
        nonlocal seen
        seen += code in (None, got)
        if seen == count:
            os.killpg(process.pid, 9)

    desk.loader.on_command = hook
    started = 0.0
    while process.poll() is None:
        time.sleep(0.02)
        started = started or (time.monotonic() if desk.starts else 0.0)
        if after_start_s is not None and started and time.monotonic() - started > after_start_s:
            os.killpg(process.pid, 9)
    desk.loader.on_command = None
    # esptool dies after its parent, and the loader must see the port closed.
    assert patience.until(lambda: desk.starts or not (port.holders(str(desk.port)) or desk.loader._spoken))
    return process.returncode
