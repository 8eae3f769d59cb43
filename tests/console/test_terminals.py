"""The console under the terminals that people have: mpremote's repl, pyserial's miniterm, and tmux."""

import os
import pty
import re
import select
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest
from unit.console.terminal.line import width

from tests import patience
from tests.board import rig
from tests.vm import ROOT

PATIENCE_S = 60
LEAVE = b"\x1d"  # Ctrl-], in both


@pytest.fixture
def port(tmp_path):
    with rig.running(rig.board(tmp_path, plant=True, speed=1.0)):
        yield tmp_path / "tty"


class Program:
    """A program on a terminal of its own."""

    def __init__(self, *command: str):
        self.shown = ""
        environment = dict(os.environ, PYTHONPATH=f"{ROOT}:{ROOT / 'firmware'}", PYTHONIOENCODING="utf-8", TERM="xterm")
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(ROOT)
            os.execvpe(command[0], list(command), environment)
        self._bytes = b""

    def until(self, text: str, typed: bytes = b"") -> str:
        """Type, wait until the program shows `text`, and return what it has shown since."""
        seen = len(self._bytes)
        if typed:
            os.write(self.fd, typed)
        waiting = patience.Patience(PATIENCE_S)
        while text not in self._bytes[seen:].decode("utf-8", "ignore"):
            assert not waiting.over, self._bytes.decode("utf-8", "replace")
            if select.select([self.fd], [], [], 0.1)[0]:
                self._bytes += os.read(self.fd, 4096)
        return self._bytes[seen:].decode("utf-8", "ignore")

    def end(self, typed: bytes) -> None:
        """Leave it by a key, and see that it ends."""
        os.write(self.fd, typed)
        if not patience.until(lambda: os.waitpid(self.pid, os.WNOHANG) != (0, 0), PATIENCE_S):
            os.kill(self.pid, signal.SIGKILL)
            pytest.fail("it does not end when it is told to")
        os.close(self.fd)


MINITERM = (sys.executable, "-m", "serial.tools.miniterm", "--raw")
MPREMOTE = (str(Path(sys.executable).with_name("mpremote")), "connect")


@pytest.mark.parametrize("program", ["miniterm", "mpremote"])
def test_a_visit_through(port, program):
    command = [*MINITERM, str(port), "115200"] if program == "miniterm" else [*MPREMOTE, str(port), "repl"]
    terminal = Program(*command)
    terminal.until("]")  # its greeting names the key that leaves
    terminal.until("qiaotou> ", b"\r")
    assert "1号泵停止" in terminal.until("1号泵停止", b"why p1\r")  # a line in pieces is drawn more than once
    terminal.until("English now", b"lang en\r")
    status = terminal.until("last visit", b"status\r")
    assert "level      [" in status and "pump 1" in status
    terminal.until("reboot", b"re\t")  # completed
    terminal.end(LEAVE)


def tmux(*words: str) -> str:
    if shutil.which("tmux") is None:
        pytest.fail("tmux is missing; on Debian: apt-get install tmux")
    done = patience.run(["tmux", "-u", "-L", f"qingxi-{os.getpid()}", *words], 30)
    assert done.returncode == 0, done.stderr
    return done.stdout


def pane_with(text: str) -> list[str]:
    """The screen as tmux has it, once `text` stands on it."""
    waiting = patience.Patience(PATIENCE_S)
    while True:
        lines = tmux("capture-pane", "-p").split("\n")
        if any(text in line for line in lines):
            return lines
        assert not waiting.over, "\n".join(lines)
        time.sleep(0.2)


def test_a_screen_stands_straight_in_tmux(port):
    command = f"cd {ROOT} && PYTHONPATH=.:firmware {sys.executable} -m host_tools.main --lang zh console --port {port}"
    tmux("-f", os.devnull, "new-session", "-d", "-x", "80", "-y", "24", command)
    try:
        pane_with("已连接")
        tmux("send-keys", "Enter")
        pane_with("qiaotou>")
        tmux("send-keys", "status", "Enter")
        lines = pane_with("上次到场")
        bar = next(line for line in lines if line.startswith("液位"))
        assert re.match(r"液位 {7}\[[█·]{44}\] \d+ mm", bar), bar
        for name in ("1号泵", "2号泵", "风机", "回流泵"):
            line = next(line for line in lines if line.startswith(name))
            state = re.search("(运行|停止) ", line)
            assert state and width(line[: state.start()]) == 11, line
        # A line that is typed, moved in and mended stays where it stands.
        tmux("send-keys", "液位", "Left", "BSpace", "x")
        pane_with("qiaotou> x位")
        tmux("send-keys", "C-e", "C-u", "why p1", "Enter")
        pane_with("1号泵停止")
    finally:
        tmux("kill-server")
