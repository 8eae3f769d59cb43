"""The PIN's way from the unit file to the board: hashed by the image builder, opened by the console."""

from pathlib import Path

import pytest

from host_tools.unitkit import fsimage, unitfile
from host_tools.unitkit.errors import BadInput
from tests.console.rig import Unit
from tests.vm import ROOT

EXAMPLE = ROOT / "boards/esp32/units/qiaotou.toml"


def unit_with_pin(folder: Path, content: bytes) -> unitfile.Unit:
    path = folder / "unit.toml"
    path.write_text(EXAMPLE.read_text(encoding="utf-8") + '\n[console]\npin_file = "pin.txt"\n', encoding="utf-8")
    (folder / "pin.txt").write_bytes(content)
    return unitfile.load(path)


def test_the_console_opens_with_what_the_image_builder_wrote(tmp_path):
    files = fsimage.named_files(unit_with_pin(tmp_path, b"gate-2580\r\n"))
    assert list(files) == ["console-pin"] and b"2580" not in files["console-pin"]
    Path("console-pin").write_bytes(files["console-pin"])
    unit = Unit("en", pin=None)
    assert unit.say("unlock 2580") == "wrong PIN"
    assert "unlocked" in unit.say("unlock gate-2580")


def test_equal_pins_of_two_units_do_not_look_alike():
    assert fsimage.pin_hash("qiaotou", "2580") != fsimage.pin_hash("shangcun", "2580")
    assert fsimage.pin_hash("qiaotou", "2580") == fsimage.pin_hash("qiaotou", "2580")


@pytest.mark.parametrize("content", [b"", b"123\n", b"12 34\n", b"x" * 33, "密码密码".encode(), b"\xff\xfe1234"])
def test_a_bad_pin_is_refused_without_a_word_of_it(tmp_path, content):
    with pytest.raises(BadInput, match=r"console\.pin_file: .*pin\.txt") as refused:
        fsimage.named_files(unit_with_pin(tmp_path, content))
    assert "123" not in str(refused.value)


def test_no_default_pin():
    assert fsimage.named_files(unitfile.load(EXAMPLE)) == {}
