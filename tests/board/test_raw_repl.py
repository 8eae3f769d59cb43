"""What the tools run at a board's raw prompt: long code at the board's pace, and what goes wrong in a sentence."""

import os
import select
import threading
import tty

import pytest

from host_tools.device.raw_repl import RawRepl
from host_tools.unitkit.errors import SurroundingsFailed

from . import rig


def test_long_code_arrives_whole_and_errors_are_told(tmp_path):
    found = rig.board(tmp_path, "print('up')", speed=1.0)
    with rig.running(found), RawRepl(str(tmp_path / "tty"), "en") as board:
        text = "".join(chr(33 + n % 90) for n in range(6000)).replace("\\", "/").replace("'", "/")
        assert board.run(f"t = '{text}'\nprint(t)", 10) == text + "\r\n"
        for wrong, name in (("1 +* 2\n" + "a = 1\n" * 900, "SyntaxError"), ("x = 1\n1 / 0", "ZeroDivisionError")):
            with pytest.raises(SurroundingsFailed, match=f"the program on the unit failed: {name}"):
                board.run(wrong, 10)
        assert board.run("print(x, len(t))", 10) == "1 6000\r\n"  # it goes on, with what was there


WINDOW = 64


def test_no_more_is_sent_than_the_board_has_asked_for():
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    pieces: list[bytes] = []

    def heard(quiet_s: float = 0.3) -> bytes:
        """What came until nothing more comes."""
        data = b""
        while select.select([ours], [], [], quiet_s)[0]:
            data += os.read(ours, 4096)
        return data

    def prompt() -> None:
        """As a board that is slow to take what it is sent."""
        heard()
        os.write(ours, b"raw REPL; CTRL-B to exit\r\n>")
        heard()
        os.write(ours, b"R\x01" + WINDOW.to_bytes(2, "little"))
        while not (piece := heard()).endswith(b"\x04"):
            pieces.append(piece)
            os.write(ours, b"\x01")
        pieces.append(piece[:-1])
        os.write(ours, b"\x04done\x04\x04>")

    board = threading.Thread(target=prompt)
    board.start()
    code = "#" * 5 * WINDOW
    with RawRepl(os.ttyname(theirs), "en") as unit:
        assert unit.run(code, 5) == "done"
    board.join()
    assert b"".join(pieces).decode() == code and max(map(len, pieces)) == WINDOW
    os.close(ours)
    os.close(theirs)
