"""Each failure of flashing names its cause and what mends it."""

import grp  # noqa: F401  the child of a fork, who is nobody, may not be able to read the library any more
import os
import re
import subprocess

import pytest

from host_tools.device import first_start, port, self_test
from host_tools.unitkit import unitfile
from host_tools.unitkit.errors import SurroundingsFailed
from host_tools.verbs import register
from sim.board.flash_file import FlashFile

from .desk import MB, UNIT_FILE, Desk
from .test_first_start import GOOD


def test_the_wrong_chip_is_refused_naming_both(flash, tmp_path):
    with Desk(tmp_path, chip="esp32s3", flash_mb=8) as desk:
        code, _, err = flash(desk, "--unit", UNIT_FILE)
        assert desk.content() == b"\xff" * 8 * MB
    assert code == 1 and "the chip is esp32s3" in err and "esp32-devkitc of unit qiaotou has esp32" in err


def test_too_small_a_flash_is_refused_naming_both(flash, tmp_path):
    with Desk(tmp_path, flash_mb=2) as desk:
        code, _, err = flash(desk, "--unit", UNIT_FILE)
        assert desk.content() == b"\xff" * 2 * MB
    assert code == 1 and "has 2 MB" in err and "needs 4 MB" in err


WORN_AT = 0x12000  # in the application


class WornFlash(FlashFile):
    """A flash with a bit that no program clears any more."""

    def program(self, at, data):
        super().program(at, data)
        if at <= WORN_AT < at + len(data):
            self.flash_tool_write(WORN_AT, bytes([self.read(WORN_AT, 1)[0] ^ 0x40]))


def test_a_digest_that_differs_is_the_answer_no(flash, tmp_path):
    with Desk(tmp_path, flash_class=WornFlash) as desk:
        code, _, err = flash(desk, "--unit", UNIT_FILE)
    assert code == 1 and "the digest differs" in err and "another board" in err


def test_a_board_that_is_not_in_its_loader_tells_how_to_get_there(qingxi, image, terminal):
    code, _, err = qingxi("flash", "--port", terminal, "--unit", UNIT_FILE)
    assert code == 3 and "Hold BOOT" in err and terminal in err


@pytest.fixture
def terminal():
    """The name of a pseudo-terminal with nothing behind it."""
    ours, theirs = os.openpty()
    yield os.ttyname(theirs)
    os.close(ours)
    os.close(theirs)


def test_no_port_shows_those_there_are(qingxi, image, tmp_path):
    code, _, err = qingxi("flash", "--port", tmp_path / "ttyUSB7", "--unit", UNIT_FILE)
    assert code == 3 and "there is no port" in err and "ttyUSB7" in err and "USB cable" in err
    (tmp_path / "file").write_text("")
    code, _, err = qingxi("flash", "--port", tmp_path / "file", "--unit", UNIT_FILE)
    assert code == 3 and "is not a serial port" in err


def test_a_busy_port_names_who_has_it(tmp_path):
    with Desk(tmp_path) as desk, open(desk.port, "rb", buffering=0) as opened:
        holder = subprocess.Popen(["sleep", "1000"], stdin=opened)
        opened.close()
        try:
            with pytest.raises(SurroundingsFailed, match=rf"in use by sleep \({holder.pid}\)"):
                port.check(str(desk.port), "en")
        finally:
            holder.kill()
            holder.wait()


def test_a_forbidden_port_names_the_command(terminal):
    os.chmod(terminal, 0)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setuid(65534)  # root may open every port: ask as nobody
            port.check(terminal, "en")
        except SurroundingsFailed as e:
            os.write(writer, str(e).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    with open(reader) as told:
        assert re.search(r"Run: sudo usermod -aG \w+ \w+, then log out and in again", told.read())


def test_a_wrong_unit_file_is_found_before_the_port_is_touched(qingxi, tmp_path):
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(UNIT_FILE.read_text(encoding="utf-8").replace("start_level_mm = 600", "start_level_mm = 6x"))
    code, _, err = qingxi("flash", "--port", tmp_path / "no", "--unit", wrong)
    assert code == 2 and str(wrong) in err


def test_a_damaged_image_is_found_before_the_port_is_touched(qingxi, image, tmp_path):
    damaged = tmp_path / "damaged.bin"
    damaged.write_bytes(image.data[:-100])
    code, _, err = qingxi("flash", "--port", tmp_path / "no", "--unit", UNIT_FILE, "--micropython", damaged)
    assert code == 2 and "damaged.bin: application: it ends in the middle; get the file again" in err
    code, _, err = qingxi("--lang", "zh", "flash", "--port", "no", "--unit", UNIT_FILE, "--micropython", damaged)
    assert code == 2 and "重新取得" in err


def test_without_an_image_it_tells_how_to_get_one(qingxi, tmp_path, monkeypatch):
    monkeypatch.setenv("QINGXI_CACHE", str(tmp_path / "empty"))
    code, _, err = qingxi("flash", "--port", tmp_path / "no", "--unit", UNIT_FILE)
    assert code == 2 and "qingxi image import FILE" in err


def test_chinese_messages(qingxi, image, tmp_path):
    code, _, err = qingxi("--lang", "zh", "flash", "--port", tmp_path / "no", "--unit", UNIT_FILE)
    assert code == 3 and "没有串口" in err


def test_a_board_that_reports_other_digests_or_fails_its_self_test_is_not_fit_for_service(flash, tmp_path, monkeypatch):
    """The record is saved all the same and says so, and so does the register."""
    report = GOOD.decode().replace("journal   ok ", "journal   bad")
    monkeypatch.setattr(first_start, "watch", lambda port, reset: self_test.parse(report))
    unit = unitfile.load(UNIT_FILE)
    with Desk(tmp_path) as desk:
        code, _, err = flash(desk, "--unit", UNIT_FILE)
    assert code == 1
    assert f"the board reports the configuration digest ab: it must be {unit.sha256}" in err
    assert "the board reports the firmware digest cd" in err
    assert "the journal takes nothing" in err and "self-test passed" not in err
    page = next((tmp_path / "records").glob("*.html")).read_text(encoding="utf-8")
    assert "不能投用 not fit for service" in page and "配置摘要是 ab" in page and "自检通过" not in page
    line = register.read(tmp_path / "records/register.jsonl")[0]
    assert line["self_test"] == "failed"
