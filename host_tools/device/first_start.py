"""Watches a freshly flashed board start on its serial port and has it check itself, while it goes on working."""

import time

import serial

from ..unitkit.errors import AnswerIsNo, SurroundingsFailed
from . import self_test
from .self_test import SelfTest

_BAUD = 115200
_START_S = 45.0  # from the reset to an answer; a first start formats and compiles nothing, but loads for seconds
_NETWORK_S = 20.0  # longer, for a unit that has a broker and does not have it yet
_GONE_S = 30.0  # a port on the chip's own USB goes away at a reset and comes back
_ANSWER_S = 1.5  # the console looks for typing every quarter of a second and shows the report within one
_ASK, _END, _BYE = b"\rcheck\r", b"\nend", b"\rbye\r"
_CONSOLE = 'File "unit.console.'  # in the traceback of an error that stops no unit


def ask(port: str, limit_s: float, reset: bool) -> SelfTest | None:
    """The report of a unit that runs, or starts after a `reset`; None if none comes within `limit_s`."""
    with _Line(port, reset) as line:
        until = time.monotonic() + limit_s
        tests = None
        while tests is None and time.monotonic() < until:
            line.ask()
            tests = self_test.parse(line.text)
        return tests


def watch(port: str, reset: bool = True) -> SelfTest:
    """The report of a board that is reset, unless it has been, watched at its start, and asked to check itself.

    SurroundingsFailed if nothing answers; AnswerIsNo if it starts but is not well.
    """
    with _Line(port, reset) as line:
        until = time.monotonic() + _START_S
        network_until = 0.0
        tests = None
        while time.monotonic() < until:
            line.ask()
            _judge(line.text)
            tests = self_test.parse(line.text) or tests
            if tests is not None and tests.uptime_s > 0:
                network_until = network_until or time.monotonic() + _NETWORK_S
                if not tests.is_connecting or time.monotonic() > network_until:
                    return tests
                until = network_until + _ANSWER_S
                if tests.gave_way:
                    line.leave(network_until)
        if tests is not None:
            return tests
        if "MemoryError" in line.text or "memory is short" in line.text:
            raise _no("但内存不够，控制台打不开", "but its memory is too short for the console", line.text)
        raise _mute(port)


def _judge(shown: str) -> None:
    """AnswerIsNo if what was shown tells of a crash, of a circle of starts, or of safe mode."""
    if shown.count("rst:0x") > 2:
        raise _no("但板子反复重启", "but the board restarts again and again", shown)
    shown, prompt, _ = shown.partition(">>> ")  # behind it stands what the interpreter thinks of our question
    for trace in shown.split("Traceback")[1:]:
        error = next((line for line in trace.splitlines() if _is_error(line)), "Traceback")
        if _CONSOLE in trace.partition(error)[0]:
            continue  # one visit at the console ended; the unit goes on, and is asked again
        raise _no("但程序出错停下", "but the program stopped with an error", error)
    if prompt:
        raise _no("但控制程序没有运行", "but the control program does not run", shown)
    if "Safe mode" in shown:
        raise _no("但板子处于安全模式：断电再上电", "but the board is in safe mode: cut its power once", "Safe mode")


def _is_error(line: str) -> bool:
    """Whether this is the line of a traceback that names the error."""
    name = line.partition(":")[0].strip()
    return name.isidentifier() and name.endswith(("Error", "Exception", "Interrupt"))


class _Line:
    """The port, which may go away and come back; its board restarts first where `reset` says so."""

    def __init__(self, port: str, reset: bool):
        self._name = port
        self._port = self._open()
        self._shown = b""
        if reset:
            self._reset()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._port.close()

    def _reset(self) -> None:
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

    def leave(self, until: float) -> None:
        """End the visit at the console, and be quiet till then: a small board has memory for its broker only then."""
        self._talk(_BYE, until, None)

    def ask(self) -> None:
        """Ask for the report; collect what the board says until the report ends, or for as long as it may take."""
        self._talk(_ASK, time.monotonic() + _ANSWER_S, _END)

    def _talk(self, typed: bytes, until: float, end: bytes | None) -> None:
        try:
            self._port.write(typed)  # never flush(): of a port that went away it raises what is no OSError
        except serial.SerialException:
            self._reopen()
        begun = len(self._shown)
        while time.monotonic() < until and not (end and end in self._shown[begun:]):
            try:
                self._shown += self._port.read(4096)
            except serial.SerialException:
                self._reopen()

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
                    raise _mute(self._name) from None
                time.sleep(0.1)


def _no(zh: str, en: str, shown: str) -> AnswerIsNo:
    """The refusal, with the last line of `shown` that says something."""
    last = next((line.strip() for line in reversed(shown.splitlines()) if line.strip()), "-")
    return AnswerIsNo.of(f"已写入，{zh}：{last}", f"written, {en}: {last}")


def _mute(port: str) -> SurroundingsFailed:
    return SurroundingsFailed.of(
        f"已写入，但重启后 {port} 没有应答。按一下 EN（RST）键，再运行：qingxi console --port {port}",
        f"written, but after the reset nothing answers on {port}. Press EN (RST) once, then run: "
        f"qingxi console --port {port}",
    )
