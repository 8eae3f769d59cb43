"""`qingxi console` on a wire that is pulled, cuts characters in two, and ends in a terminal that knows no Chinese."""

import fcntl
import os
import pty
import subprocess
import sys
import termios
import time
import tty
from collections.abc import Callable
from pathlib import Path

import pytest
from serial.tools.list_ports_common import ListPortInfo

from host_tools.device import port
from host_tools.unitkit.errors import SurroundingsFailed
from tests import patience
from tests.vm import ROOT

PATIENCE_S = 30
PATHS = f"{ROOT}:{ROOT / 'firmware'}"


class Wire:
    """A port at `link` that can be pulled out and put in again."""

    def __init__(self, link: Path):
        self.link = link
        self.fd = -1
        self.plug()

    def plug(self) -> None:
        self.fd, self._side = pty.openpty()
        tty.setraw(self._side)
        self.link.symlink_to(os.ttyname(self._side))

    def pull(self) -> None:
        self.link.unlink()
        os.close(self._side)
        os.close(self.fd)

    def got(self, n: int) -> bytes:
        data = b""
        while len(data) < n:
            data += os.read(self.fd, n - len(data))
        return data


class Tool:
    """The command as a process; what it shows goes to files."""

    def __init__(self, folder: Path, port: Path, *words: str, encoding: str = "utf-8"):
        self.out, self.err, self.encoding = folder / "out", folder / "err", encoding
        environment = dict(os.environ, LC_ALL="C.UTF-8", PYTHONIOENCODING=encoding, PYTHONPATH=PATHS)
        command = [sys.executable, "-m", "host_tools.main", "console", "--port", str(port), *words]
        with self.out.open("wb") as out, self.err.open("wb") as err:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=out, stderr=err
            )

    def type(self, keys: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(keys)
        self.process.stdin.flush()

    def waits(self) -> bool:
        """Whether the command has not read yet what was typed."""
        return any(fcntl.ioctl(self.process.stdin, termios.FIONREAD, bytes(4)))

    def until(self, ready: Callable[[str, str], bool]) -> None:
        """Wait for what it shows; `ready` is given standard output and standard error."""

        def shown() -> list[str]:
            return [path.read_bytes().decode(self.encoding, "ignore") for path in (self.out, self.err)]

        patience.until(lambda: ready(*shown()) or self.process.poll() is not None, PATIENCE_S)
        assert ready(*shown()), shown()

    def leave(self) -> None:
        self.type(b"\x1d")
        patience.until(lambda: self.process.poll() is not None, PATIENCE_S)
        assert self.process.poll() == 0


@pytest.fixture
def wire(tmp_path):
    return Wire(tmp_path / "ttyUSB7")


@pytest.fixture
def start(tmp_path):
    tools = []

    def run(*words, **options) -> Tool:
        tools.append(Tool(tmp_path, tmp_path / "ttyUSB7", *words, **options))
        tools[-1].until(lambda out, err: "ttyUSB7" in err)
        return tools[-1]

    yield run
    for tool in tools:
        tool.process.kill()
        tool.process.wait()


def test_the_cable_is_pulled_and_put_in_again(wire, start, tmp_path):
    tool = start("--log", str(tmp_path / "visit.log"))
    os.write(wire.fd, "液位\r\n".encode())
    tool.until(lambda out, err: "液位" in out)
    wire.pull()
    tool.until(lambda out, err: "is gone" in err)
    tool.type(b"lost")
    assert patience.until(lambda: not tool.waits())
    time.sleep(0.2)  # it has them, and nobody to give them to
    wire.plug()
    tool.until(lambda out, err: "is back" in err)
    os.write(wire.fd, "又见\r\n".encode())
    tool.until(lambda out, err: "又见" in out)
    tool.type(b"status\r")
    assert wire.got(7) == b"status\r"
    tool.leave()
    assert (tmp_path / "visit.log").read_text(encoding="utf-8") == "液位\n又见\n"


def test_a_character_that_comes_in_pieces_is_one(wire, start):
    tool = start()
    for byte in "液位█".encode():
        os.write(wire.fd, bytes((byte,)))
        time.sleep(0.1)
    os.write(wire.fd, b"\xff\xe6")  # no text
    os.write(wire.fd, b" end")
    tool.until(lambda out, err: out == "液位█\ufffd\ufffd end")
    tool.leave()


@pytest.mark.parametrize("encoding", ["cp936", "cp437", "cp1252", "ascii"])
def test_a_terminal_with_another_code_page_shows_what_it_can(wire, start, encoding):
    tool = start(encoding=encoding)
    os.write(wire.fd, "液位 ██ ▁▂ ok\r\n".encode())
    tool.until(lambda out, err: "ok" in out)
    with_chinese = encoding == "cp936"
    tool.until(lambda out, err: ("液位 ██" in out) == with_chinese)
    tool.until(lambda out, err: ("lang en" in err) != with_chinese)
    tool.leave()


def usb(device: str, vid: int | None) -> ListPortInfo:
    found = ListPortInfo(device)
    found.vid = vid
    return found


def test_the_only_usb_port_is_found_without_a_word():
    assert port.find("en", [usb("/dev/ttyS0", None), usb("/dev/ttyUSB0", 0x10C4)]) == "/dev/ttyUSB0"
    with pytest.raises(SurroundingsFailed, match=r"no board's serial port is there: plug in a USB cable"):
        port.find("en", [usb("/dev/ttyS0", None)])
    with pytest.raises(SurroundingsFailed, match=r"用 --port 指明一个：COM3, COM4"):
        port.find("zh", [usb("COM4", 1), usb("COM3", 1)])


@pytest.mark.parametrize("before", [True, False])
def test_it_speaks_the_language_that_is_asked_for(wire, tmp_path, before):
    words = ["console", "--port", str(wire.link)]
    command = ["--lang", "zh", *words] if before else [*words, "--lang", "zh"]
    done = patience.run(
        [sys.executable, "-m", "host_tools.main", *command], PATIENCE_S, "\x1d", cwd=ROOT, encoding="utf-8",
        env=dict(os.environ, PYTHONPATH=PATHS, PYTHONIOENCODING="utf-8"),
    )  # fmt: skip
    assert done.returncode == 0 and "已连接" in done.stderr
