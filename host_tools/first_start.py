"""Watches a freshly flashed board start on its serial port, then asks it who it is."""

import json
import time
from dataclasses import dataclass

import serial

from .errors import AnswerIsNo, SurroundingsFailed

_BAUD = 115200
_LISTEN_S = 4.0  # from the reset, or from the port's return, to the first question
_GONE_S = 15.0  # a port on the chip's own USB goes away at a reset and comes back
_ANSWER_S = 3.0
_ASK_TIMES = 10
_RAW_PROMPT = b"raw REPL; CTRL-B to exit\r\n>"
_QUESTION = b"""
import sys, json, hashlib, binascii
with open("config.json", "rb") as f:
    text = f.read().rpartition(b"\\n")[0].rpartition(b"\\n")[0]
try:
    import esp32
    journal = esp32.Partition.find(esp32.Partition.TYPE_DATA, label="journal")[0].info()[3]
except (ImportError, IndexError):
    journal = 0
print(json.dumps({
    "unit": json.loads(text)["unit.id"],
    "config_sha256": binascii.hexlify(hashlib.sha256(text).digest()).decode(),
    "micropython": "%d.%d.%d" % sys.implementation[1][:3],
    "runs": "unit.app" in sys.modules,
    "journal_bytes": journal,
}))
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
        "已写入，但板子说它的 {what} 是 {is_}，应为 {must}",
        "written, but the board says that its {what} is {is_}: it must be {must}",
    ),
}


@dataclass(frozen=True)
class FirstStart:
    """What the board showed, and what it answered; `config_sha256` is of its configuration as it reads it itself."""

    shown: str
    unit: str
    config_sha256: str
    micropython: str
    runs: bool
    journal_bytes: int


def watch(port: str, lang: str) -> FirstStart:
    """Reset the board, watch it start, ask it, let it start for good.

    SurroundingsFailed if nothing answers; AnswerIsNo if it starts but is not well.
    """
    with _Line(port, lang) as line:
        line.reset()
        line.listen()
        answer = line.ask(_QUESTION)
        shown = line.shown.decode("utf-8", "replace")
        _judge(shown, lang)
        try:
            start = FirstStart(shown, **json.loads(answer))
        except (ValueError, TypeError):
            raise _no("crash", lang, last=_last(answer)) from None
        if not start.runs:
            raise _no("idle", lang, last=_last(shown))
        line.send(_RESTART + b"\x04")
        return start


def compare(start: FirstStart, unit_id: str, config_sha256: str, lang: str) -> None:
    """AnswerIsNo if the board is not the unit that was flashed."""
    for what, is_, must in (
        ("unit.id", start.unit, unit_id),
        ("config_sha256", start.config_sha256, config_sha256),
    ):
        if is_ != must:
            raise _no("other", lang, what=what, is_=is_, must=must)


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
        self.shown = b""

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

    def listen(self) -> None:
        until = time.monotonic() + _LISTEN_S
        while time.monotonic() < until:
            try:
                self.shown += self._port.read(4096)
            except serial.SerialException:
                self._port.close()
                self._port = self._open()
                until = time.monotonic() + _LISTEN_S

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
            self._port.write(data)
            self._port.flush()
        except serial.SerialException:
            self._port.close()
            self._port = self._open()

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
                return b""
        return heard

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
