"""Watches a freshly flashed board start on its serial port, then asks it who it is."""

import time
from dataclasses import dataclass

import serial

from .errors import AnswerIsNo, SurroundingsFailed

_BAUD = 115200
_LISTEN_S = (5.0, 20.0)  # to a start before it is asked; the second time for a board that was asked too early
_GONE_S = 30.0  # a port on the chip's own USB goes away at a reset and comes back
_ANSWER_S = 3.0
_ASK_TIMES = 10
_RAW_PROMPT = b"raw REPL; CTRL-B to exit\r\n>"
# Small in memory, for the stopped program still has most of it: main.py leaves it as `_unit`.
_QUESTION = b"""
import sys, os, hashlib, binascii, esp32
digest = hashlib.sha256()
left = os.stat("config.json")[6] - 10
with open("config.json", "rb") as f:
    while left > 0:
        part = f.read(min(left, 256))
        digest.update(part)
        left -= len(part)
print("%s %d.%d.%d %d %d" % ((binascii.hexlify(digest.digest()).decode(),) + tuple(sys.implementation[1][:3]) + (
    getattr(globals().get("_unit"), "now_s", 0),
    esp32.Partition.find(esp32.Partition.TYPE_DATA, label="journal")[0].info()[3],
)))
"""
_RESTART = b"import machine\nmachine.reset()\n"

_WORDS = {
    "mute": (
        "已写入，但重启后 {port} 没有应答。按一下 EN（RST）键，再运行：qingxi console --port {port}",
        "written, but after the reset nothing answers on {port}. Press EN (RST) once, then run: "
        "qingxi console --port {port}",
    ),
    "loop": ("已写入，但板子反复重启：{last}", "written, but the board restarts again and again: {last}"),
    "crash": ("已写入，但程序出错停下：{last}", "written, but the program stopped with an error: {last}"),
    "idle": ("已写入，但控制程序没有运行：{last}", "written, but the control program does not run: {last}"),
    "other": (
        "已写入，但板子读到的配置摘要是 {is_}，应为 {must}",
        "written, but the board reads a configuration with the digest {is_}: it must be {must}",
    ),
}


@dataclass(frozen=True)
class FirstStart:
    """What the board showed, and what it answered; `config_sha256` is of its configuration as it reads it itself.

    `ran_s`: seconds that control had run when it was stopped for the question.
    """

    shown: str
    config_sha256: str
    micropython: str
    ran_s: int
    journal_bytes: int


def watch(port: str, lang: str) -> FirstStart:
    """Reset the board, watch it start, ask it, let it start for good.

    SurroundingsFailed if nothing answers; AnswerIsNo if it starts but is not well.
    """
    with _Line(port, lang) as line:
        line.reset()
        for seconds in _LISTEN_S:
            line.listen(seconds)
            _judge(line.text, lang)
            answer = line.ask(_QUESTION)
            line.send(_RESTART + b"\x04")  # for good, or to be asked again later
            start = _start(line.text, answer)
            if start is None:
                raise _no("crash", lang, last=_last(answer))
            if start.ran_s > 0:
                return start
        raise _no("idle", lang, last=_last(line.text))


def _start(shown: str, answer: str) -> FirstStart | None:
    """What the answer to the question says; None if it is none."""
    words = answer.split()
    if len(words) != 4 or not (words[2] + words[3]).isdecimal():
        return None
    return FirstStart(shown, words[0], words[1], int(words[2]), int(words[3]))


def compare(start: FirstStart, config_sha256: str, lang: str) -> None:
    """AnswerIsNo if the board reads another configuration than the one that was flashed."""
    if start.config_sha256 != config_sha256:
        raise _no("other", lang, is_=start.config_sha256, must=config_sha256)


def _judge(shown: str, lang: str) -> None:
    """AnswerIsNo if what was shown before the first question tells of a crash or of a circle of starts."""
    if shown.count("rst:0x") > 2:
        raise _no("loop", lang, last=_last(shown))
    if "Traceback" in shown:
        raise _no("crash", lang, last=_last(shown))


class _Line:
    """The port, which may go away and come back."""

    def __init__(self, port: str, lang: str):
        self._name = port
        self._lang = lang
        self._port = self._open()
        self._shown = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._port.close()

    def reset(self) -> None:
        """EN low and high again, as the circuit on every board has it: RTS for EN, DTR for BOOT."""
        try:
            self._port.dtr = False
            self._port.rts = True
            time.sleep(0.1)
            self._port.rts = False
        except OSError:
            pass  # a port without these lines: its board starts when it is opened

    @property
    def text(self) -> str:
        return self._shown.decode("utf-8", "replace")

    def listen(self, seconds: float) -> None:
        """Collect what the board says for so long, counted anew where the port was gone in between."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                self._shown += self._port.read(4096)
            except serial.SerialException:
                self._reopen()
                until = time.monotonic() + seconds

    def ask(self, code: bytes) -> str:
        """What the board prints when it runs `code` at its raw prompt; the running program is stopped for it."""
        for _ in range(_ASK_TIMES):
            self.send(b"\r\x03\x03\r\x01")
            if self._wait(_RAW_PROMPT):
                self.send(code + b"\x04")
                heard = self._wait(b"\x04>")
                if heard:
                    printed, _, error = heard.partition(b"OK")[2].partition(b"\x04")
                    return (printed or error).decode("utf-8", "replace")
        raise SurroundingsFailed(_text("mute", self._lang, port=self._name))

    def send(self, data: bytes) -> None:
        try:
            self._port.write(data)  # never flush(): of a port that went away it raises what is no OSError
        except serial.SerialException:
            self._reopen()

    def _wait(self, mark: bytes) -> bytes:
        """What came, up to `mark`; empty if it did not come."""
        heard = b""
        until = time.monotonic() + _ANSWER_S
        while mark not in heard:
            if time.monotonic() > until:
                return b""
            try:
                heard += self._port.read(4096)
            except serial.SerialException:
                self._reopen()
                return b""
        return heard

    def _reopen(self) -> None:
        self._port.close()
        self._port = self._open()

    def _open(self) -> serial.Serial:
        until = time.monotonic() + _GONE_S
        while True:
            try:
                return serial.Serial(self._name, _BAUD, timeout=0.1, write_timeout=5, exclusive=True)
            except serial.SerialException:
                if time.monotonic() > until:
                    raise SurroundingsFailed(_text("mute", self._lang, port=self._name)) from None
                time.sleep(0.1)


def _last(shown: str) -> str:
    """The last line that says something."""
    lines = [line.strip() for line in shown.splitlines() if line.strip()]
    return lines[-1] if lines else "-"


def _text(code: str, lang: str, **fill: object) -> str:
    return _WORDS[code][0 if lang == "zh" else 1].format(**fill)


def _no(code: str, lang: str, **fill: object) -> AnswerIsNo:
    return AnswerIsNo(_text(code, lang, **fill))
