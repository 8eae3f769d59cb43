"""Starts virtual boards for the tests: in this process where a test looks inside, as a program where it is killed."""

import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

from littlefs import UserContext

from host_tools.unitkit import fsimage, partitions, unitfile
from sim.board.plant import ScenarioPlant
from sim.board.virtual_board import VirtualBoard
from sim.scenario import scenario

ROOT = Path(__file__).resolve().parents[2]
UNIT_FILE = ROOT / "boards/esp32/units/qiaotou.toml"
ROOMY_HEAP = 1 << 20  # for tests of anything but the heap
QUIET = """
name = "quiet"
seed = 1
start = 2026-06-15T00:00:00+08:00
days = 40
[inflow]
population = 420
"""


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
        files = fsimage.firmware_files(found.unit, f"{main} {boot}") | scripts
        found.flash.flash_tool_write(vfs.at, fsimage.littlefs_image(files, vfs.size))


def stored(found: VirtualBoard, name: str) -> bytes:
    """A file on a board's flash."""
    vfs = partitions.named(partitions.of_board(found.unit.board), "vfs")
    context = UserContext(vfs.size)
    context.buffer[:] = found.flash.read(vfs.at, vfs.size)
    fs = fsimage.file_system(vfs.size, context)  # a name of its own: an open file does not keep it alive
    with fs.open(name, "rb") as f:
        return f.read()


def output(found: VirtualBoard, until: str = ">>> ", limit_s: float = 20) -> str:
    """What a board shows from power-on until it shows `until`."""
    shown: list[bytes] = []
    found.serial.listener = shown.append
    with running(found):
        deadline = time.monotonic() + limit_s
        while until.encode() not in b"".join(shown) and time.monotonic() < deadline:
            time.sleep(0.01)
    text = b"".join(shown).decode().replace("\r\n", "\n")
    assert until in text, text
    return text.partition("MicroPython ")[0]


def until(condition, limit_s: float = 30) -> None:
    """Wait for something that a board on another thread does."""
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextmanager
def running(found: VirtualBoard):
    """The board lives in a thread of its own while the test talks to it."""
    thread = threading.Thread(target=found.run)
    thread.start()
    try:
        yield found
    finally:
        found.stop()
        thread.join(20)
        assert not thread.is_alive()


def mpremote(port: Path, *words: str, limit_s: float = 60) -> str:
    """Run the unmodified mpremote on a board's serial port; its output.

    It gives a board some seconds to answer; on a busy PC a start can take longer, so then it is asked again.
    """
    command = [str(Path(sys.executable).with_name("mpremote")), "connect", str(port), *words]
    for _ in range(3):
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit_s, cwd=ROOT)
        if "could not enter raw repl" not in done.stdout + done.stderr:
            break
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def program(folder: Path, *words: str):
    """`qingxi sim board` as a process of its own, with flash and port in `folder`."""
    path, link = folder / "quiet.toml", folder / "tty"
    path.write_text(QUIET, encoding="utf-8")
    command = [sys.executable, "-m", "host_tools.main", "sim", "board", "--unit", str(UNIT_FILE)]
    command += ["--scenario", str(path), "--flash", str(folder / "board.flash"), "--port", str(link)]
    command += ["--heap", str(ROOMY_HEAP), *words]
    environment = dict(os.environ, PYTHONPATH=f"{ROOT}:{ROOT / 'firmware'}")
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 20
        while not link.is_symlink() and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.01)
        assert process.poll() is None, (process.returncode, process.communicate())
        yield process
    finally:
        process.kill()
        process.wait()
        if link.is_symlink():
            link.unlink()
