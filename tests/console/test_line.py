"""The line editor, byte by byte. Runs on CPython and on MicroPython alike."""

import gc

from unit.console.terminal.line import CANCEL, CHANGED, COMPLETE, ENTER, NOTHING, Line, width


def test_typed_characters_are_not_kept_for_ever():
    """MicroPython interns what is taken out of a str one by one: thousands of different ones must cost nothing."""
    if not hasattr(gc, "mem_alloc"):
        return  # the same test runs on MicroPython
    line = Line()
    used = []
    for first in (0x4E00, 0x5200, 0x5600, 0x5A00):
        for code in range(first, first + 0x400):
            for byte in bytes((0xE0 | code >> 12, 0x80 | code >> 6 & 63, 0x80 | code & 63)):
                line.feed(byte)
            line.view(40)
            line.take(remember=False)
        gc.collect()
        used.append(gc.mem_alloc())
    assert used[-1] - used[0] < 256, used


def typed(*parts, limit=120):
    """A line after these texts or bytes."""
    line = Line(limit)
    for part in parts:
        feed(line, part)
    return line


def feed(line, part):
    did = NOTHING
    for byte in part.encode() if isinstance(part, str) else part:
        did = line.feed(byte)
    return did


def test_characters_go_in_at_the_cursor():
    assert typed("stats", b"\x1b[D", "u").text == "status"
    assert typed("tatus", b"\x1b[H", "s").text == "status"
    assert typed("statu", b"\x01\x05", "s").text == "status"
    assert typed("statu", b"\x1bOH\x1bOF", "s").text == "status"
    assert typed("statu", b"\x1b[1~\x1b[4~", "s").text == "status"


def test_chinese_is_one_character_however_its_bytes_arrive():
    line = Line()
    for byte in "液位".encode():
        line.feed(byte)
    assert line.text == "液位"
    assert feed(line, b"\x7f") == CHANGED
    assert line.text == "液"


def test_erasing():
    assert typed("run p1", b"\x08\x7f").text == "run "
    assert typed("abc", b"\x1b[D\x1b[D\x1b[3~").text == "ac"
    assert typed("abc", b"\x01\x04").text == "bc"
    assert typed("run p1 10min", b"\x17").text == "run p1 "
    assert typed("run p1", b"\x15").text == ""
    assert typed("run p1", b"\x1b[D\x1b[D\x0b").text == "run "
    assert feed(Line(), b"\x7f") == NOTHING


def test_width_of_text_for_the_terminal():
    assert width("abc") == 3
    assert width("液位 5") == 6
    assert width("，（") == 4
    assert width("▁█·") == 3


def test_view_keeps_the_cursor_in_the_window():
    assert typed("abc", b"\x1b[D").view(10) == ("abc", 1)
    assert typed("abcdefghij").view(5) == ("fghij", 0)
    assert typed("abcdefghij", b"\x01").view(5) == ("abcde", 5)
    assert typed("液位液位").view(5) == ("液位", 0)  # half a character is not shown
    assert typed("unlock 1234").view(40, 7) == ("unlock ****", 0)


def test_history():
    line = Line()
    for text in ("status", "why p1", "why p1"):
        feed(line, text)
        assert line.feed(13) == ENTER
        assert line.take() == text
    feed(line, b"\x1b[A")
    assert line.text == "why p1"
    feed(line, b"\x1b[A")
    assert line.text == "status"
    assert feed(line, b"\x1b[A") == NOTHING
    feed(line, b"\x1b[B\x1b[B")
    assert line.text == ""
    for k in range(30):
        feed(line, "log %d" % k)
        line.take()
    steps = 0
    while feed(line, b"\x1b[A") == CHANGED:
        steps += 1
    assert steps == 8 and line.text == "log 22"
    feed(line, "x")
    line.take(remember=False)
    feed(line, b"\x1b[A")
    assert line.text == "log 29"


def test_line_ends():
    for end, enters in ((b"\r", 1), (b"\n", 1), (b"\r\n", 1), (b"\r\r", 2), (b"\n\n", 2)):
        line = Line()
        assert sum(line.feed(byte) == ENTER for byte in end) == enters, end


def test_keys_that_ask_for_something():
    assert feed(Line(), b"\x03") == CANCEL
    assert feed(Line(), b"\t") == COMPLETE


def test_length_is_bounded():
    line = typed("x" * 10000, limit=120)
    assert line.text == "x" * 120
    assert feed(line, "液") == NOTHING


def test_garbage_is_dropped():
    for garbage in (
        b"\xff", b"\x80\x80", b"\xc0\xaf", b"\xe0\x80\x80", b"\xed\xa0\x80", b"\xf8\x88\x80\x80", b"\xe6\xb6",
        b"\xcc\x81", b"\xf4\x90\x80\x80", b"\x00\x02\x1c", b"\x1b[99;99;99;99;99m", b"\x1bx",
        b"\x1b\x1b[200~", b"\x1b[\x07",
    ):  # fmt: skip
        line = typed("a", garbage, "b")
        assert line.text == "ab", (garbage, line.text)
