"""The unmodified mpremote on the board's pseudo-terminal, over the prompt and over a running firmware."""

import os
import pty
import select
import sys
import threading
import time
import tty
from contextlib import contextmanager
from pathlib import Path

import pytest
import serial

from host_tools.unitkit import fsimage, partitions
from tests import patience

from . import rig

WAY_IN = b"\r\x03\r\x01"  # mpremote's
FORGET_STARTS = "import machine; machine.RTC().memory(b''); "  # so many short lives would lead to safe mode


@contextmanager
def serving(tmp_path, files=None, main=None):
    """A board at wall speed that runs the real firmware; `files` lie on its flash besides."""
    found = rig.board(tmp_path, main, plant=True, speed=1.0)
    if files:
        vfs = partitions.named(partitions.of_board(found.unit.board), "vfs")
        image = fsimage.littlefs_image(fsimage.firmware_files(found.unit) | files, vfs.size)
        found.flash.flash_tool_write(vfs.at, image)
    with rig.running(found):
        yield found


@pytest.fixture
def port(tmp_path):
    with serving(tmp_path) as found:
        rig.until_it_serves(found)  # mpremote has to interrupt it
        yield tmp_path / "tty"


class Cable:
    """Between a tool and the board: the first bytes, `WAY_IN`, come in one piece or each `gap_s` after another."""

    def __init__(self, port, gap_s=None):
        self._board = serial.Serial(str(port), 115200, timeout=0)
        self._fd, self._tool = pty.openpty()
        tty.setraw(self._tool)
        self.path = port.with_name("cable")  # mpremote takes what is called a pseudo-terminal for a patient emulator
        self.path.unlink(missing_ok=True)
        self.path.symlink_to(os.ttyname(self._tool))
        self._gap_s = gap_s
        self._first = b""
        self._ended = False
        self._thread = threading.Thread(target=self._carry)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended = True
        self._thread.join()
        self._board.close()
        os.close(self._fd)
        os.close(self._tool)

    def _carry(self):
        ready = [self._fd]
        while ready or not self._ended:  # what is still under way arrives
            ready, _, _ = select.select([self._fd, self._board.fd], [], [], 0.05)
            if self._fd in ready:
                typed = os.read(self._fd, 4096)
                if len(self._first) < len(WAY_IN):
                    self._first += typed
                    if len(self._first) >= len(WAY_IN):
                        self._begin()
                else:
                    self._board.write(typed)
            if self._board.fd in ready:
                os.write(self._fd, self._board.read(4096))

    def _begin(self):
        if self._gap_s is None:
            self._board.write(self._first)
            return
        for i in range(len(self._first)):
            self._board.write(self._first[i : i + 1])
            time.sleep(self._gap_s)


def at_once(port, *words):
    """Run mpremote, which does not try twice; (exit code, what it printed)."""
    command = [str(Path(sys.executable).with_name("mpremote")), "connect", str(port), *words]
    done = patience.run(command, 60, cwd=rig.ROOT)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("gap_s", [None, 0.0, 0.3], ids=["one read", "as they come", "one by one"])
def test_gets_in_at_the_first_try(tmp_path, gap_s):
    """Ten of ten, each on a firmware that has just started: nobody has been at its console."""
    with serving(tmp_path) as found:
        starts = 1
        for _ in range(10):
            rig.until_it_serves(found)
            with Cable(tmp_path / "tty", gap_s) as cable:
                code, shown = at_once(cable.path, "exec", FORGET_STARTS + "print(6*7)")
            assert (code, shown.split()[-1:]) == (0, ["42"]), shown
            with serial.Serial(str(tmp_path / "tty"), 115200) as prompt:
                prompt.write(b"\x04")  # a soft reset: main.py runs again
            starts += 2
            rig.until(lambda starts=starts: found.starts == starts)  # mpremote made one too


@pytest.mark.parametrize("gap_s", [None, 0.3], ids=["one read", "one by one"])
def test_gets_in_where_somebody_has_been_at_the_console(tmp_path, gap_s):
    with serving(tmp_path) as found:
        rig.until_it_serves(found)
        with serial.Serial(str(tmp_path / "tty"), 115200, timeout=0.05) as crew:
            crew.write(b"\rhelp\rwhy p1")
            rig.until(lambda: b"why p1" in crew.read(4096))
        with Cable(tmp_path / "tty", gap_s) as cable:
            code, shown = at_once(cable.path, "exec", "print(6*7)")
        assert (code, shown.split()[-1:]) == (0, ["42"]), shown


@pytest.mark.parametrize("gap_s", [None, 0.3], ids=["one read", "one by one"])
def test_stays_outside_while_the_console_is_locked(tmp_path, gap_s):
    with serving(tmp_path, {"console-pin": fsimage.pin_hash("qiaotou", "2580")}) as found:
        rig.until_it_serves(found)
        with Cable(tmp_path / "tty", gap_s) as cable:
            code, shown = at_once(cable.path, "exec", "print(6*7)")
        assert code and "could not enter raw repl" in shown, shown
        with serial.Serial(str(tmp_path / "tty"), 115200, timeout=0.05) as crew:
            crew.write(b"lang en\runlock 2580\r")
            rig.until(lambda: b"qiaotou# " in crew.read(4096))
        assert found.starts == 1
        with Cable(tmp_path / "tty", gap_s) as cable:
            assert at_once(cable.path, "exec", "print(6*7)")[0] == 0


SAFE_MODE = """
from unit import config
from unit.safe_mode import SafeMode
SafeMode(*config.load()).run()
"""


def test_gets_in_where_safe_mode_runs(tmp_path):
    with serving(tmp_path, main=SAFE_MODE) as found:
        shown: list[bytes] = []
        found.serial.listener = shown.append
        rig.until(lambda: b"Safe mode" in b"".join(shown))
        with Cable(tmp_path / "tty") as cable:
            code, said = at_once(cable.path, "exec", "print(6*7)")
        assert (code, said.split()[-1:]) == (0, ["42"]), said


def test_lists_copies_and_executes(port, tmp_path):
    there, back = tmp_path / "there.bin", tmp_path / "back.bin"
    there.write_bytes(bytes(range(256)) * 20)
    listing = rig.mpremote(port, "fs", "ls")
    assert "boot.py" in listing and "main.py" in listing and "a.pack" in listing and "shim" not in listing
    assert rig.mpremote(port, "exec", "import sys; print(sys.platform, 6*7)").split()[-1] == "42"
    rig.mpremote(port, "fs", "cp", str(there), ":copy.bin")
    rig.mpremote(port, "fs", "cp", ":copy.bin", str(back))
    assert back.read_bytes() == there.read_bytes()


def test_soft_reset_starts_anew(port):
    rig.mpremote(port, "exec", "import builtins; builtins.mark = 1")
    told = rig.mpremote(port, "soft-reset", "exec", "import builtins; print(hasattr(builtins, 'mark'))")
    assert "False" in told
    told = rig.mpremote(port, "exec", "import machine; print(machine.reset_cause() == machine.SOFT_RESET)")
    assert "True" in told


def test_resume_keeps_what_is_there(port):
    rig.mpremote(port, "exec", "kept = 7")
    assert "7" in rig.mpremote(port, "resume", "exec", "print(kept)")


def test_what_is_typed_before_ctrl_c_waits_for_the_prompt(tmp_path):
    main = "import time\nprint('on')\nwhile True:\n    time.sleep(1)\n"
    with serving(tmp_path, main=main) as found:
        shown: list[bytes] = []
        found.serial.listener = shown.append
        rig.until(lambda: b"on" in b"".join(shown))
        with serial.Serial(str(tmp_path / "tty"), 115200) as crew:
            crew.write(b"6*7\r\x03")
            rig.until(lambda: b"42\r\n" in b"".join(shown))
