"""Starts virtual boards for the tests: in this process where a test looks inside, as a program where it is killed."""

import os
import re
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

from littlefs import UserContext

from host_tools.unitkit import fsimage, partitions, unitfile
from sim.board.plant import ScenarioPlant
from sim.board.shim import wire
from sim.board.virtual_board import VirtualBoard
from sim.scenario import scenario
from tests import patience

ROOT = Path(__file__).resolve().parents[2]
UNIT_FILE = ROOT / "boards/esp32/units/qiaotou.toml"
PSRAM_BOARD = "olimex-esp32-poe-wrover"  # its terminals have the names of the example's board
ROOMY_HEAP = 1 << 20  # for tests of anything but the heap
QUIET = """
name = "quiet"
seed = 1
start = 2026-06-15T00:00:00+08:00
days = 40
[inflow]
population = 420
"""

# A second without a well.
BREAKS = """
import sys
from unit import config
loaded = config.load()
from unit.app import App
app = App(*loaded)
app.control.well = None
try:
    app.run()
except AttributeError as e:
    sys.print_exception(e)
print("over")
"""


def frames(shown: str) -> list[tuple[str, str, str]]:
    """(file, line, function) of a traceback."""
    return re.findall(r'File "(\S+)", line (\d+), in (\S+)', shown)


def unit():
    return unitfile.load(UNIT_FILE)


def board(folder: Path, main: str | None = None, boot: str | None = None, plant=False, **options) -> VirtualBoard:
    """A board in virtual time unless told otherwise; `main` and `boot` replace the firmware's scripts on its flash."""
    options.setdefault("speed", None)
    options.setdefault("heap_bytes", ROOMY_HEAP)
    the_unit = unit()
    surroundings = None
    if plant:
        path = folder / "quiet.toml"
        path.write_text(QUIET, encoding="utf-8")
        surroundings = ScenarioPlant(the_unit.control_settings(), scenario.load(path))
    found = VirtualBoard(the_unit, folder / "board.flash", str(folder / "tty"), surroundings, **options)
    replace_scripts(found, main, boot)
    return found


def replace_scripts(found: VirtualBoard, main: str | None = None, boot: str | None = None) -> None:
    """Flash a board with other scripts than the firmware's."""
    scripts = {name: text.encode() for name, text in (("main.py", main), ("boot.py", boot)) if text is not None}
    if scripts:
        vfs = partitions.named(partitions.of_board(found.unit.board), "vfs")
        text = f"{main} {boot}"
        said = text if re.search(r"\b(unit|slots|pack)\b", text) else ""  # else it names nothing of the firmware
        files = fsimage.firmware_files(found.unit, said, own_main=main is not None) | scripts
        found.flash.flash_tool_write(vfs.at, fsimage.littlefs_image(files, vfs.size))


def stored(found: VirtualBoard, name: str) -> bytes:
    """A file on a board's flash."""
    vfs = partitions.named(partitions.of_board(found.unit.board), "vfs")
    context = UserContext(vfs.size)
    context.buffer[:] = found.flash.read(vfs.at, vfs.size)
    fs = fsimage.file_system(vfs.size, context)  # a name of its own: an open file does not keep it alive
    with fs.open(name, "rb") as f:
        return f.read()


def file_names(flash: Path) -> set[str]:
    """What the file system on a flash holds."""
    vfs = partitions.named(partitions.of_board(unit().board), "vfs")
    context = UserContext(vfs.size)
    context.buffer[:] = flash.read_bytes()[vfs.at : vfs.at + vfs.size]
    fs = fsimage.file_system(vfs.size, context)
    return set(fs.listdir("/"))


def output(found: VirtualBoard, until: str = ">>> ", limit_s: float = 20) -> str:
    """What a board shows from power-on until it shows `until`."""
    shown: list[bytes] = []
    found.serial.listener = shown.append
    with running(found):
        patience.until(lambda: until.encode() in b"".join(shown), limit_s)
    text = b"".join(shown).decode().replace("\r\n", "\n")
    assert until in text, text
    return text.partition("MicroPython ")[0]


def until(condition, limit_s: float = 30) -> None:
    """Wait for something that a board on another thread does."""
    assert patience.until(condition, limit_s)


def until_it_serves(found: VirtualBoard) -> None:
    """Wait until the firmware on a board at wall speed ticks."""
    until(lambda: found.memory.u32(wire.WDT_TIMEOUT_MS) == wire.TICKING_MS)


@contextmanager
def running(found: VirtualBoard):
    """The board lives in a thread of its own while the test talks to it."""
    thread = threading.Thread(target=found.run)
    thread.start()
    try:
        yield found
    finally:
        found.stop()
        assert patience.until(lambda: not thread.is_alive())


def mpremote(port: Path, *words: str, limit_s: float = 60) -> str:
    """Run the unmodified mpremote on a board's serial port; its output.

    It gives a board some seconds to answer; on a busy PC a start can take longer, so then it is asked again.
    """
    command = [str(Path(sys.executable).with_name("mpremote")), "connect", str(port), *words]
    waiting = patience.Patience(limit_s)
    while True:
        done = patience.run(command, limit_s, cwd=ROOT)
        if "could not enter raw repl" not in done.stdout + done.stderr or waiting.over:
            break
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def program(folder: Path, *words: str, flashed: bool = True):
    """`qingxi sim board` as a process of its own, with flash and port in `folder`.

    `flashed`: a new flash gets its firmware here, where it is compiled once for all tests; else the program does it.
    """
    path, link = folder / "quiet.toml", folder / "tty"
    path.write_text(QUIET, encoding="utf-8")
    unit_file = Path(words[words.index("--unit") + 1]) if "--unit" in words else UNIT_FILE
    if flashed and not (folder / "board.flash").exists():
        VirtualBoard(unitfile.load(unit_file), folder / "board.flash").close()
    command = [sys.executable, "-m", "host_tools.main", "sim", "board", "--unit", str(UNIT_FILE)]
    command += ["--scenario", str(path), "--flash", str(folder / "board.flash"), "--port", str(link)]
    command += [*words] if "--chip" in words else ["--heap", str(ROOMY_HEAP), *words]
    environment = dict(os.environ, PYTHONPATH=f"{ROOT}:{ROOT / 'firmware'}")
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert patience.until(lambda: link.is_symlink() or process.poll() is not None), "there is no port"
        assert process.poll() is None, (process.returncode, process.communicate())
        yield process
    finally:
        process.kill()
        process.wait()
        if link.is_symlink():
            link.unlink()
