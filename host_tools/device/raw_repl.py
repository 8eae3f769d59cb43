"""Runs small programs on a unit in service, at MicroPython's raw prompt; meanwhile the unit stands, with outputs off.

Whatever way the conversation ends the unit is restarted; where even that fails it restarts by itself (see main.py).
"""

import contextlib
import re
import time

import serial

from ..unitkit.errors import SurroundingsFailed, both
from . import port as ports

_PROMPT = b"raw REPL; CTRL-B to exit\r\n>"
_WAY_IN = b"\r\x03\x03\r\x01"  # what leads in from the console, from a program and from the prompt
_LOCKED = re.compile(rb"[a-z0-9-]{1,32}> ")
_ENOUGH = b"\x04"  # of code
_KNOCK_TIMES = 6
_PROMPT_S = 3.0
_UNLOCKED = b"# \x1b[K"  # the end of the prompt, as the console draws it
_UNLOCK_S = 20.0  # an ESP32 stretches the PIN in seconds
_MOST_BYTES = 1 << 20  # of one answer: who talks on is no unit, and would never be done
_RESTART = b"import machine\nmachine.reset()\n\x04"

_WORDS = {
    "mute": (
        "{port} 没有应答。查 USB 线和波特率 115200，按一下 EN（RST）键再试",
        "nothing answers on {port}. Look at the USB cable, press EN (RST) once and try again",
    ),
    "locked": (
        "{port} 的控制台已锁定。先 qingxi console --port {port} 输入 unlock 密码，按 Ctrl-] 离开，10 分钟内再运行",
        "the console on {port} is locked. Unlock it with: qingxi console --port {port}, leave by Ctrl-], and run this "
        "again within 10 minutes",
    ),
    "gone": (
        "{port} 断开了。插好 USB 线再运行；控制器 10 分钟内自动重启",
        "{port} went away. Plug the USB cable in and run it again; the unit restarts by itself within 10 minutes",
    ),
    "garbled": (
        "{port}：控制器答的不是所问的。换一根 USB 线，离电机线远一点，再试",
        "{port}: what the unit answered is not what it was asked. Take another USB cable, away from the motors' "
        "cables, and try again",
    ),
    "failed": ("{port}：控制器上的程序出错：{last}", "{port}: the program on the unit failed: {last}"),
}


class NoWayIn(SurroundingsFailed):
    """The prompt was not reached: the console is locked, or nothing answers as a unit does."""


class RawRepl:
    """A context: enters on a unit that runs, leaves a unit that starts. SurroundingsFailed says what is wrong.

    `pin` opens a console that is locked, if it is the right one; it is tried once.
    """

    def __init__(self, port: str, lang: str, pin: str = ""):
        self._name = port
        self._pin = pin
        self._port = ports.opened(port, lang)

    def __enter__(self) -> "RawRepl":
        heard = b""
        try:
            for _ in range(_KNOCK_TIMES):
                self._port.write(_WAY_IN)
                heard += self._read_to(_PROMPT, _PROMPT_S)
                if heard.endswith(_PROMPT):
                    return self
                if self._pin and _LOCKED.search(heard):
                    self._port.write(f"unlock {self._pin}\r".encode())
                    self._pin = ""
                    self._read_to(_UNLOCKED, _UNLOCK_S)
        except (serial.SerialException, OSError):
            self._port.close()
            raise self._failure("gone") from None
        self._port.close()
        raise NoWayIn(*self._failure("locked" if _LOCKED.search(heard) else "mute").problems)

    def __exit__(self, *_) -> None:
        with contextlib.suppress(serial.SerialException, OSError):
            self._port.write(b"\x03" + _RESTART)
        self._port.close()

    def run(self, code: str, limit_s: float) -> str:
        """What `code` prints; names that it makes stay. SurroundingsFailed where it fails or takes too long."""
        try:
            self._paste(code.encode())
            heard = self._read_to(b"\x04>", limit_s)
        except (serial.SerialException, OSError):
            raise self._failure("gone") from None
        printed, _, error = heard.partition(b"\x04")
        if not heard.endswith(b"\x04>"):
            raise self._failure("mute")
        if error := error.rstrip(b"\x04>").strip():
            raise self._failure("failed", last=error.decode("utf-8", "replace").splitlines()[-1])
        return printed.decode("utf-8", "replace")

    def number(self, code: str, limit_s: float, most: int) -> int:
        """The number from 0 to `most` that `code` prints. SurroundingsFailed as with `run`, or where it is none."""
        printed = self.run(code, limit_s).strip()
        if len(printed) > 12 or not (printed.isascii() and printed.isdecimal()) or int(printed) > most:
            raise self.garbled()
        return int(printed)

    def garbled(self) -> SurroundingsFailed:
        """What to raise where an answer is none to the question."""
        return self._failure("garbled")

    def _paste(self, code: bytes) -> None:
        """Have the board take `code` at its own pace: its receive buffer is shorter than a line of ours.

        Raw-paste mode, as "The MicroPython Interactive Interpreter Mode" describes it.
        """
        self._port.write(b"\x05A\x01")
        greeting = self._read_bytes(4)
        window = int.from_bytes(greeting[2:], "little")
        if greeting[:2] != b"R\x01" or not window:
            raise self._failure("mute")
        room = window
        while code:
            if not room or self._port.in_waiting:
                if self._read_bytes(1) == _ENOUGH:
                    self._port.write(_ENOUGH)
                    return  # it will say what is wrong with the code
                room += window
            part, code = code[:room], code[room:]
            self._port.write(part)
            room -= len(part)
        self._port.write(_ENOUGH)
        for _ in range(_MOST_BYTES):
            if self._read_bytes(1) == _ENOUGH:
                return
        raise self._failure("mute")

    def _read_bytes(self, n: int) -> bytes:
        heard = b""
        until = time.monotonic() + _PROMPT_S
        while len(heard) < n:
            if time.monotonic() > until:
                raise self._failure("mute")
            heard += self._port.read(n - len(heard))
        return heard

    def _read_to(self, mark: bytes, silent_s: float) -> bytes:
        """What comes, up to `mark`, or until nothing has come for so long."""
        heard = b""
        until = time.monotonic() + silent_s
        while mark not in heard[-len(mark) :] and time.monotonic() < until and len(heard) < _MOST_BYTES:
            new = self._port.read(max(1, self._port.in_waiting))
            if new:
                heard += new
                until = time.monotonic() + silent_s
        return heard

    def _failure(self, key: str, **fill: object) -> SurroundingsFailed:
        return SurroundingsFailed(both(_WORDS[key], port=self._name, **fill))
