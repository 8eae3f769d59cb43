"""What a board answers over its serial port, or whatever else is on that port."""

import base64
import hashlib
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from host_tools.device import first_start, in_service, journal_port, raw_repl, self_test
from host_tools.unitkit import fsimage, pack, unitfile
from tests.board.rig import UNIT_FILE
from tests.fuzz.engine import Family, Wrong

_REPORT = b"""\
unit         ok  qiaotou
micropython  ok  1.26.1
config       ok  newest 0123456789ab
version      ok  0.1.0
firmware     ok  0123456789abcdef
uptime       ok  7 s
journal      ok
level        bad 0 mA
wiring       ok
broker       bad visit
end
"""


class Port:
    """A port on which bytes come, and then nothing; with each look time passes."""

    def __init__(self, data: bytes):
        self._data = data
        self._at = 0
        self.now_s = 0.0

    @property
    def in_waiting(self) -> int:
        return int(self._at < len(self._data))

    def read(self, n: int) -> bytes:
        part = self._data[self._at : self._at + n]
        self._at += n
        self.now_s += 0.001 if part else 1.0
        return part

    def write(self, data: bytes) -> int:
        return len(data)

    def close(self) -> None:
        pass

    def monotonic(self) -> float:
        return self.now_s


def _prompt(folder: Path):
    """The raw prompt: the way in, code that is taken in pieces, what it prints."""
    answer = b"R\x01\x80\x00" + b"\x01" * 40 + b"\x04" + b"printed\r\n\x04\x04>"
    failed = b"R\x01\x80\x00" + b"\x01" * 40 + b"\x04" + b"\x04Traceback\r\nValueError: no\r\n\x04>"
    prompt = raw_repl._PROMPT
    seeds = [prompt + answer, b"qiaotou> " + prompt + failed, b"x" * 500 + prompt + answer]
    endless = (b"y" * 30_000, b"R\x01\x80\x00" + b"\x01" * 30_000)
    raw_repl._MOST_BYTES = 20_000  # so that no input is as long as it would take

    def take(data: bytes) -> bool:
        port = Port(data)
        board = raw_repl.RawRepl.__new__(raw_repl.RawRepl)
        board.__dict__.update(_name="/dev/x", _pin="1234", _port=port)
        raw_repl.time = port  # type: ignore[assignment]
        with board:
            printed = board.run("print(1)" * 20, 10)
        if "\x04" in printed or len(printed) > raw_repl._MOST_BYTES:
            raise Wrong(f"that was not printed: {printed[:50]!r}")
        return True

    return take, [*seeds, *(prompt + end for end in endless)]


def _report(folder: Path):
    """The report of a unit that checks itself, and what a start shows before it."""
    crash = b'rst:0x1\nTraceback (most recent call last):\n  File "unit.app", line 3, in run\nValueError: no\n>>> '
    seeds = [_REPORT, b"\x1b[32mcheck\r\n" + _REPORT.replace(b"\n", b"\r\n") * 2, crash, b"Safe mode\r\n"]

    def take(data: bytes) -> bool:
        shown = data.decode("utf-8", "replace")
        first_start._judge(shown)
        found = self_test.parse(shown)
        if found is None:
            return False
        if found.checks[0].name != "unit" or found.uptime_s < 0:
            raise Wrong("a report that does not begin with its unit")
        for check in found.checks:
            if check.state == self_test.BAD and not check.sentence():
                raise Wrong("a check without a sentence")
        return bool(found.failed) or bool(found.to_look_at) or not (found.is_connecting and found.gave_way)

    return take, seeds


class Board(raw_repl.RawRepl):
    """A board at the prompt whose answers are the pieces of the input, one after the other."""

    def __init__(self, data: bytes, asked: tuple[str, ...]):
        self._name = "/dev/x"
        self._answers = data.decode("utf-8", "replace").split("\x1e")
        self._asked = asked

    def __enter__(self) -> "Board":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def run(self, code: str, limit_s: float) -> str:
        if not code.lstrip().startswith(self._asked) or not self._answers:
            return ""
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


def _service(folder: Path):
    """A unit in service that is brought a firmware: its files, its settings, how much of the firmware it has."""
    unit = unitfile.load(UNIT_FILE)
    data = pack.pack({"unit/a.mpy": b"M\x06" * 900}, "1.2.3")
    files = {"boot.py": b"x", "config.json": fsimage.sealed(unit.board_json().encode()), "config.last": b""}

    def few(_unit: unitfile.Unit) -> dict[str, bytes]:
        return files | {fsimage.PACK: data}

    in_service.fsimage = SimpleNamespace(  # type: ignore[assignment]
        **{name: value for name, value in vars(fsimage).items() if not name.startswith("__")} | {"firmware_files": few}
    )
    listed = b"0123456789ab b.pack\nboot.py 5\nmy own notes.txt 77\nconfig.json 1\nclient.pem 3\n"

    def stored(values: Any) -> bytes:
        return base64.b64encode(fsimage.sealed(json.dumps(values).encode())) + b"\n"

    whole = unit.board_settings()
    odd = dict.fromkeys(whole, None) | {"lift.start_level_mm": "x", "unit.name_zh": "\ud800", "lift.alternate": 99}
    seeds = [b"\x1e".join((listed, stored(values), b"0\n", b"True\n")) for values in (whole, odd, {}, [1], "x")]
    seeds.append(b"\x1e".join((listed, base64.b64encode(fsimage.sealed(b"[" * 3000)), b"40", b"True")))
    seeds.append(b"\x1e".join((listed.replace(b" b.pack", b" "), stored({}), b"0")))

    def take(answers: bytes) -> bool:
        board = Board(answers, ("_ls", "_show", "_at", "_switch"))
        found = in_service.bring(board, unit, "", True)
        if not 0 <= found.firmware_was_there <= len(data) or not found.mac.replace(":", "").isalnum():
            raise Wrong(f"no board says this: {found}")
        "".join(found.settings)
        return True

    return take, seeds


def _journal(folder: Path):
    """The journal of a unit in service, in pieces with their digests."""
    blank, written = b"\xff" * 512, bytes(range(256)) * 2

    def said(blocks: int) -> bytes:
        data = [written if i == 1 else blank for i in range(blocks * 8)]
        lines = ["-" if part == blank else base64.b64encode(part).decode() + "\n" for part in data]
        return ("\n".join(lines) + "\n# " + hashlib.sha256(b"".join(data)).hexdigest() + "\n").encode()

    seeds = [b"2\n\x1e" + said(2), b"9\n\x1e" + said(8) + b"\x1e" + said(1), b"16384\n\x1e" + said(8)]
    sound = {hashlib.sha256(journal_port._decoded(said(n).decode()) or b"").digest() for n in (1, 2, 8)}

    def take(answers: bytes) -> bool:
        board = Board(answers, ("import esp32", "_read"))
        journal_port.RawRepl = lambda port, lang: board  # type: ignore[assignment,misc,return-value]
        data = journal_port.read("/dev/x", "zh")
        parts = [data[at : at + 8 * 4096] for at in range(0, len(data), 8 * 4096)]
        if any(hashlib.sha256(part).digest() not in sound for part in parts):
            raise Wrong("bytes whose digest is another")
        return True

    return take, seeds


FAMILIES = [
    Family("raw prompt of a board", _prompt, words=(b"\x04", b"\x04>", b"R\x01", b"\x01", b">>> "), share=0.5),
    Family("self-test of a board", _report, words=(b"end\n", b" ok ", b" bad ", b"unit", b"uptime ok "), share=4.0),
    Family("unit in service", _service, words=(b"\x1e", b"\n", b" ", b"True", b"../../x 5\n"), share=1.0),
    Family("journal over the port", _journal, words=(b"\x1e", b"-\n", b"# "), share=0.5),
]
