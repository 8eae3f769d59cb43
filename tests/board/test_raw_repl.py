"""What the tools run at a board's raw prompt: long code at the board's pace, and what goes wrong in a sentence."""

import pytest

from host_tools.errors import SurroundingsFailed
from host_tools.raw_repl import RawRepl

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
