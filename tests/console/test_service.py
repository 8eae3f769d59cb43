"""Service mode on the virtual board: with a PIN, mpremote finds the way shut until somebody unlocks."""

import pytest
import serial

from host_tools.unitkit import fsimage, partitions
from sim.board.vm import HEAP_WITH_BROKER_BYTES
from tests import patience
from tests.board import rig


@pytest.fixture
def port(tmp_path):
    found = rig.board(tmp_path, plant=True, speed=1.0, heap_bytes=HEAP_WITH_BROKER_BYTES)
    files = fsimage.firmware_files(rig.unit())
    files["console-pin"] = fsimage.pin_hash("qiaotou", "2580")
    vfs = partitions.named(partitions.of_board(rig.unit().board), "vfs")
    found.flash.flash_tool_write(vfs.at, fsimage.littlefs_image(files, vfs.size))
    with rig.running(found):
        rig.until_it_serves(found)
        yield str(tmp_path / "tty")


def talk(port: serial.Serial, typed: bytes, until: bytes) -> bytes:
    port.write(typed)
    shown = b""
    waiting = patience.Patience(20)
    while until not in shown:
        assert not waiting.over, shown
        shown += port.read(512)
    return shown


def test_the_prompt_of_the_interpreter_is_shut_until_unlocked(port):
    with serial.Serial(port, 115200, timeout=0.05) as crew:
        talk(crew, b"\r", b"qiaotou> ")
        talk(crew, b"\x03\x03\x03", b"qiaotou> ")
        crew.write(b"\r\x03\r\x01")
        shown = talk(crew, b"lang en\r", b"English")
        assert b"raw REPL" not in shown and b">>>" not in shown
        talk(crew, b"unlock 2580\r", b"qiaotou# ")
        talk(crew, b"\x03\x03", b">>> ")
    assert rig.mpremote(port, "resume", "exec", "print(6*7)").split()[-1] == "42"
