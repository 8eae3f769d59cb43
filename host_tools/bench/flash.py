"""Flashing: bytes over the cable and time, beside esptool and mpremote file by file, on the same emulated board.

The time is that of the cable: ten bits a byte at 115,200 baud, which mpremote always has, for both ways alike. An
emulated board answers at once and erases in no time, so on a real one both take longer by as much as the chip does.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from littlefs import UserContext

from sim.board import standin
from sim.board.flash_file import FlashFile
from sim.board.romloader import RomLoader
from sim.board.virtual_board import VirtualBoard

from ..image import micropython_image
from ..unitkit import fsimage, pack, partitions, unitfile
from ..unitkit.places import EXAMPLE_UNIT, ROOT

BAUD = 115200
IMAGE_BYTES = 1_730_000  # of a MicroPython image; the stand-in is noise, which no compression makes smaller
_SHORT_BYTES = 60_000
_BITS_A_BYTE = 10
_HEAP_BYTES = 1 << 20
_MAC = b"\x24\x0a\xc4\0\0\1"


@dataclass
class Cost:
    """What went over the cable to the board and back, and how long it took here."""

    to_board: int = 0
    from_board: int = 0
    here_s: float = 0.0

    @property
    def cable_s(self) -> float:
        return (self.to_board + self.from_board) * _BITS_A_BYTE / BAUD


class Bench:
    """One board on one port in `folder`: in its loader, or running."""

    def __init__(self, folder: Path):
        self.port = folder / "tty"
        self.path = folder / "board.flash"
        self.unit = unitfile.load(EXAMPLE_UNIT)
        self.flash = FlashFile(self.path, self.unit.board.flash_mb << 20)
        self.cost = Cost()

    @contextmanager
    def measured(self) -> Iterator[Cost]:
        """What is done inside costs this."""
        self.cost = Cost()
        began = time.perf_counter()
        yield self.cost
        self.cost.here_s = time.perf_counter() - began

    def older(self) -> None:
        """Let the board hold the firmware of another version, as it is before an update."""
        vfs = partitions.named(partitions.of_board(self.unit.board), "vfs")
        files = fsimage.firmware_files(self.unit)
        files[fsimage.PACK] = pack.pack(fsimage.slot_files(self.unit.board), "older")
        self.flash.flash_tool_write(vfs.at, fsimage.littlefs_image(files, vfs.size))

    @contextmanager
    def loader(self, then_runs: bool) -> Iterator[None]:
        """The board in its loader; after its reset it runs, if `then_runs`."""
        loader = RomLoader(self.unit.board.chip, self.flash, str(self.port), _MAC, self.flash.size)
        over = threading.Event()

        def live() -> None:
            loader.serve()
            loader.close()
            self.cost.to_board += loader.received_bytes
            self.cost.from_board += loader.sent_bytes
            if then_runs and not over.is_set():
                with self.board():
                    over.wait()

        thread = threading.Thread(target=live)
        thread.start()
        try:
            yield
        finally:
            over.set()
            loader.stop()
            thread.join()

    @contextmanager
    def board(self) -> Iterator[None]:
        """The board, running what is in its flash."""
        board = VirtualBoard(self.unit, self.path, str(self.port), heap_bytes=_HEAP_BYTES)
        thread = threading.Thread(target=board.run)
        thread.start()
        try:
            yield
        finally:
            board.stop()
            thread.join()
            self.cost.to_board += board.serial.received_bytes
            self.cost.from_board += board.serial.sent_bytes


Costs = dict[str, tuple[str, Cost]]  # what is done -> by which program, and what it costs


def main(args: Namespace) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["QINGXI_CACHE"] = str(folder / "cache")
        image = micropython_image.parse(standin.micropython(size=_SHORT_BYTES if args.short else IMAGE_BYTES))
        micropython_image.pin(image)
        changed = folder / "changed.toml"
        text = EXAMPLE_UNIT.read_text(encoding="utf-8")
        changed.write_text(text.replace("start_level_mm = 600", "start_level_mm = 610"), encoding="utf-8")
        ours = _with_qingxi(folder, changed, args.short)
        theirs = _by_hand(folder, image, changed, args.short)
    print(f"{'':38}{'to board':>12}{'from board':>12}{'s of cable':>12}{'s here':>9}")
    for what in ours:
        for who, cost in (ours[what], theirs[what]):
            print(
                f"{what + ': ' + who:38}{cost.to_board:12,}{cost.from_board:12,}{cost.cable_s:12.2f}{cost.here_s:9.1f}"
            )
        mine, other = ours[what][1], theirs[what][1]
        print(f"  by hand / qingxi: {other.cable_s / mine.cable_s:.2f} x the bytes and time of the cable")
    print("qingxi: digests, start, self-test, record, the firmware before as a way back; by hand: none of these")


def _with_qingxi(folder: Path, changed: Path, short: bool) -> Costs:
    """A new board, then the unit that runs on it: a setting there and back, and another firmware before the newest.

    `short`: the new board alone.
    """
    (folder / "ours").mkdir()
    bench = Bench(folder / "ours")
    costs = {}

    def qingxi(what: str, verb: str, unit: Path, place: AbstractContextManager[None]) -> None:
        with bench.measured() as cost, place:
            _run("host_tools.main", verb, "--port", bench.port, "--unit", unit, "--record", folder / "records")
        costs[what] = (f"qingxi {verb}", cost)

    qingxi("a new board", "flash", EXAMPLE_UNIT, bench.loader(then_runs=True))
    if short:
        return costs
    qingxi("one setting, from the loader", "flash", changed, bench.loader(then_runs=True))
    qingxi("one setting", "update", EXAMPLE_UNIT, bench.board())
    bench.older()
    qingxi("a firmware", "update", EXAMPLE_UNIT, bench.board())
    return costs


def _by_hand(folder: Path, image: micropython_image.MicroPython, changed: Path, short: bool) -> Costs:
    """The same board with MicroPython as it is downloaded, then the same files, one after the other."""
    (folder / "theirs").mkdir()
    bench = Bench(folder / "theirs")
    download, tree = folder / "micropython.bin", folder / "tree"
    download.write_bytes(image.data)
    unit = unitfile.load(EXAMPLE_UNIT)
    for name, content in fsimage.firmware_files(unit).items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(content)

    def copied(*words: object) -> None:
        with bench.board():
            _run("mpremote", "connect", bench.port, "fs", "cp", *words, ":", "+", "reset")

    with bench.measured() as full:
        with bench.loader(then_runs=False):
            words = ["--no-stub", "--port", bench.port, "--baud", BAUD, "write-flash", hex(image.boot_at), download]
            _run("esptool", *words)
        _format(bench.flash)
        copied("-r", *sorted(tree.iterdir()))
    costs = {"a new board": ("esptool, mpremote fs cp", full)}
    if short:
        return costs
    config = tree / "config.json"
    config.write_bytes(fsimage.sealed(unitfile.load(changed).board_json().encode()))
    with bench.measured() as one:
        copied(config)
    bench.older()
    with bench.measured() as firmware:
        copied(tree / fsimage.PACK)
    for what in ("one setting, from the loader", "one setting"):
        costs[what] = ("mpremote fs cp", one)
    return costs | {"a firmware": ("mpremote fs cp", firmware)}


def _format(flash: FlashFile) -> None:
    """What MicroPython does at its first start, and the partitions of the board, so that the same files run."""
    table = partitions.of_board(unitfile.load(EXAMPLE_UNIT).board)
    vfs = partitions.named(table, "vfs")
    context = UserContext(vfs.size)
    fsimage.file_system(vfs.size, context)
    flash.flash_tool_write(partitions.TABLE_AT, partitions.encode(table))
    flash.flash_tool_write(vfs.at, bytes(context.buffer))


def _run(module: str, *words: object) -> None:
    """Run a program. mpremote gives a board some seconds to answer; a busy PC needs more, so it is asked again."""
    command = [sys.executable, "-m", module, *map(str, words)]
    for _ in range(3):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if not done.returncode:
            return
        if "could not enter raw repl" not in done.stderr:
            break
    raise SystemExit(done.stdout + done.stderr)
