"""What a terminal is never given raw. Runs on CPython and on MicroPython alike."""

from unit.catalogue import settings
from unit.catalogue.printable import is_printable, printable
from unit.console.text import wrap
from unit.kept import NAME_EN

from tests.console import rig

# Codes, as `chr` makes them: C0, DEL, C1 with its CSI, Arabic letter mark, zero width, separators, marks that turn the
# direction of writing, a byte order mark, halves of pairs, tags.
HIDDEN = (
    0, 7, 8, 10, 13, 27, 31, 127, 0x80, 0x85, 0x9B, 0x9F, 0x61C, 0x180E, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F,
    0x2028, 0x2029, 0x202A, 0x202E, 0x2060, 0x2066, 0x2069, 0xFEFF, 0xD800, 0xDBFF, 0xDC00, 0xDFFF, 0xE0041,
)  # fmt: skip
SHOWN = (0x20, 0x7E, 0xA0, 0xB5, 0x61B, 0x200A, 0x2010, 0x202F, 0x2070, 0x4E00, 0x9FFF, 0xD7FF, 0xE000, 0xFF01, 0x1F4A7)


def test_what_does_something_to_a_terminal_becomes_a_question_mark():
    for code in HIDDEN:
        assert not is_printable(code), code
        for before, after in (("", ""), ("a", "b"), ("桥", "头"), ("é", "💧"), (chr(code), "x")):
            marks = "??" if before == chr(code) else before + "?"
            assert printable(before + chr(code) + after) == marks + after, code


def test_what_shows_as_itself_stays():
    for code in SHOWN:
        assert is_printable(code), code
        assert printable("a" + chr(code) + "b") == "a" + chr(code) + "b"
    text = "桥头村污水处理站 Qiaotou, 3.2 m³/h · 12 °C – “ok” 💧"
    assert printable(text) is text
    assert printable("") == ""


def test_controls_that_the_caller_wants_stay():
    assert printable("a\nb\x1b[2J\r", b"\n") == "a\nb?[2J?"
    assert printable("\x85\n", b"\n\x85") == "?\n"  # C0 alone can be wanted


def test_lines_at_the_console_are_safe_and_as_wide_as_they_look():
    assert list(wrap("no route\x1b]0;gone\x07 to \u202ebroker\x9b2J")) == ["no route?]0;gone? to ?broker?2J"]
    assert all(len(line) <= 79 for line in wrap("\x1b[2K" * 100))


class Broken:
    """An uplink whose error is what somebody out there has sent."""

    def __getattr__(self, name):
        raise ValueError("\x1b[31mred \x9b2J \u202e")


def test_names_and_errors_from_outside_reach_the_terminal_as_text():
    unit = rig.Unit("en")
    kept = list(unit.kept)
    kept[NAME_EN] = "\x1b[31mQiao\x9b2J\u202e"
    unit.kept = tuple(kept)
    sent = []
    write = unit.terminal.write

    def keep(data):
        sent.append(bytes(data))
        write(data)

    unit.stream.write = keep
    assert "?[31mQiao?2J?" in unit.say("status")
    unit.uplink = Broken()
    assert "failed: ValueError ?[31mred ?2J ?" in unit.say("net")
    said = b"".join(sent)
    assert b"\x1b[31m" not in said and b"\xc2\x9b" not in said and b"\xe2\x80\xae" not in said


def test_settings_take_no_such_name():
    row = settings.find("unit.name_zh")
    assert settings.allows(row, "桥头 1 号")
    for code in HIDDEN:
        assert not settings.allows(row, "桥" + chr(code)), code
    row = settings.find("network.apn")
    assert settings.allows(row, "cmiot") and not settings.allows(row, "cm iot")
