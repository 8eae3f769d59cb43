"""The verb `console`: a terminal for a unit's serial console that finds the port again after it was unplugged.

The keys go to the unit as they are typed; Ctrl-] leaves. What the unit shows is decoded as it arrives, also where a
character comes in pieces, and written to `--log` besides.
"""

import argparse
import codecs
import contextlib
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, TextIO, cast

import serial

from ..device import port as ports
from ..unitkit.errors import BadInput, SurroundingsFailed, told
from .arguments import add_verb

_LEAVE = b"\x1d"  # Ctrl-]
_AGAIN_S = 0.5

_WORDS = {
    "hello": ("已连接 {port}，Ctrl-] 退出", "connected to {port}, Ctrl-] leaves"),
    "gone": ("{port} 断开，等它再接上 ...", "{port} is gone, waiting for it ..."),
    "no_chinese": (
        "本终端显示不了中文：输入 lang en，图形乱码时再输入 lang ascii",
        "this terminal cannot show Chinese: type lang en, and lang ascii if drawings look broken",
    ),
    "back": ("{port} 又接上了", "{port} is back"),
}


def add_parser(subs: argparse._SubParsersAction) -> None:
    p = add_verb(subs, "console", console, "talk to a unit through its serial port")
    p.add_argument("--port", metavar="DEV", help="serial port, as /dev/ttyUSB0 or COM3 (default: the only USB port)")
    p.add_argument("--log", type=Path, metavar="FILE", help="append all that the unit shows to this file, in UTF-8")


def console(args: argparse.Namespace) -> int:
    """Connect keyboard and screen to the port until Ctrl-] or the end of the input. Returns the exit code."""
    try:
        opened = args.log.open("a", encoding="utf-8") if args.log else contextlib.nullcontext()
    except OSError as e:
        raise BadInput.of(
            f"--log：{args.log}：写不了：{e.strerror}",
            f"--log: {args.log}: cannot be written: {e.strerror}",
        ) from e
    with opened as log, raw_keyboard(sys.stdin) as keys:
        Session(args.port or ports.find(args.lang), args.lang, keys, sys.stdout, log).run()
    return 0


class Session:
    """One conversation: `keys` are read in a thread of their own, what the port sends goes to `screen` and `log`.

    SurroundingsFailed where the port cannot be opened at the start.
    """

    def __init__(self, port: str, lang: str, keys: BinaryIO, screen: TextIO, log: TextIO | None):
        self._name = port
        self._lang = lang
        self._keys = keys
        self._screen = screen
        self._log = log
        self._port = self._open()
        self._leaves = threading.Event()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def run(self) -> None:
        """Talk until the user leaves."""
        self._say("hello")
        if not _shows(self._screen, "液"):
            self._say("no_chinese")
        threading.Thread(target=self._type, daemon=True).start()
        while not self._leaves.is_set():
            try:
                data = self._port.read(max(1, self._port.in_waiting))
            except (serial.SerialException, OSError):
                self._reconnect()
            else:
                self._show(self._decoder.decode(data))
        self._port.close()

    def _open(self) -> serial.Serial:
        return ports.opened(self._name, self._lang, write_timeout_s=2)

    def _reconnect(self) -> None:
        self._port.close()
        self._say("gone")
        self._decoder.reset()
        while not self._leaves.wait(_AGAIN_S):
            try:
                self._port = self._open()
            except SurroundingsFailed:
                continue
            self._say("back")
            return

    def _type(self) -> None:
        while not self._leaves.is_set():
            typed = self._keys.read(1)
            if not typed or typed == _LEAVE:
                time.sleep(0.2)  # what was typed before has its answer
                self._leaves.set()
                return
            # While the port is away, keys are lost, as on a wire.
            with contextlib.suppress(serial.SerialException, OSError):
                self._port.write(typed)

    def _show(self, text: str) -> None:
        if not text:
            return
        self._screen.write(text)
        self._screen.flush()
        if self._log is not None:
            self._log.write(text.replace("\r\n", "\n"))
            self._log.flush()

    def _say(self, key: str) -> None:
        print(f"\r\n-- {told(_WORDS[key], self._lang, port=self._name)}\r", file=sys.stderr, flush=True)


def _shows(screen: TextIO, text: str) -> bool:
    """Whether the terminal's code page has these characters."""
    try:
        text.encode(getattr(screen, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


@contextlib.contextmanager
def raw_keyboard(stdin: TextIO) -> Iterator[BinaryIO]:
    """The keyboard as bytes, key by key: Ctrl-C too is a key for the unit."""
    if os.name == "nt":
        yield cast(BinaryIO, _WindowsKeys())
        return
    keys = os.fdopen(os.dup(stdin.fileno()), "rb", buffering=0)
    if not stdin.isatty():
        yield keys
        return
    import termios
    import tty

    before = termios.tcgetattr(stdin)
    try:
        tty.setraw(stdin, termios.TCSADRAIN)
        yield keys
    finally:
        termios.tcsetattr(stdin, termios.TCSADRAIN, before)


class _WindowsKeys:
    """Keys of a Windows console as the bytes that a terminal would send."""

    _SEQUENCES = {"H": b"\x1b[A", "P": b"\x1b[B", "M": b"\x1b[C", "K": b"\x1b[D", "G": b"\x1b[H", "O": b"\x1b[F",
                  "S": b"\x1b[3~"}  # fmt: skip

    def read(self, size: int = 1) -> bytes:
        import msvcrt

        key = msvcrt.getwch()  # type: ignore[attr-defined]
        if key in ("\x00", "\xe0"):
            return self._SEQUENCES.get(msvcrt.getwch(), b"") or b"\x00"  # type: ignore[attr-defined]
        return key.encode("utf-8", "ignore")
