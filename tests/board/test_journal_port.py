"""`qingxi journal --port` on a unit in service, and what it says where there is none to talk to."""

import hashlib
import json
import os
import pty

import pytest

from host_tools import main
from host_tools.device import journal_port
from host_tools.unitkit import fsimage, partitions
from sim.board.flash_file import FlashFile

from . import rig

JOURNAL = partitions.named(partitions.of_board(rig.unit().board), "journal")


@pytest.fixture
def aged(tmp_path):
    """A flash file with some hours of service in its journal, and its port."""
    found = rig.board(tmp_path, plant=True)
    found.run(4 * 3600)
    found.close()
    return tmp_path


def _service(folder):
    found = rig.board(folder, plant=True, speed=1.0)
    return rig.running(found)


def test_a_unit_in_service_tells_what_its_flash_holds(aged, capsys):
    out = aged / "readings.csv"
    before = FlashFile(aged / "board.flash", 4 << 20).programmed_bytes
    with _service(aged) as found:
        rig.until(lambda: found.flash.programmed_bytes > before)  # its start is in the journal
        rig.until_it_serves(found)
        assert main.main(["journal", "--port", str(aged / "tty"), "--out", str(out), "--json"]) == 0
        told = capsys.readouterr()
        held = found.flash.read(JOURNAL.at, JOURNAL.size)
        rig.until(lambda: found.starts == 2)  # it restarts afterwards
    image = aged / "journal.bin"
    image.write_bytes(held)
    assert main.main(["journal", str(image), "--json"]) == 0
    same = json.loads(capsys.readouterr().out)
    result = json.loads(told.out)
    assert result["file"] == str(aged / "tty") and same.pop("file") != result.pop("file")
    assert result["readings"] >= 239 and result["damaged"] == 0
    assert {name: result[name] for name in ("first_seq", "readings", "acked")} == {
        name: same[name] for name in ("first_seq", "readings", "acked")
    }
    assert len(out.read_text(encoding="utf-8").splitlines()) > result["readings"]
    assert "all machines stand" in told.err and "100 %" in told.err


def test_a_locked_console_says_how_to_get_in(aged, capsys):
    flash = FlashFile(aged / "board.flash", 4 << 20)
    vfs = partitions.named(partitions.of_board(rig.unit().board), "vfs")
    files = fsimage.firmware_files(rig.unit()) | {"console-pin": fsimage.pin_hash("qiaotou", "2580")}
    flash.flash_tool_write(vfs.at, fsimage.littlefs_image(files, vfs.size))
    before = flash.programmed_bytes
    flash.close()
    with _service(aged) as found:
        rig.until(lambda: found.flash.programmed_bytes > before)  # its start is in the journal
        rig.until_it_serves(found)
        assert main.main(["journal", "--port", str(aged / "tty")]) == 3
        assert found.starts == 1
    assert "is locked. Unlock it with: qingxi console" in capsys.readouterr().err


def test_ports_that_are_none(tmp_path, capsys, monkeypatch):
    assert main.main(["journal", "--port", str(tmp_path / "none")]) == 3
    assert "there is no port" in capsys.readouterr().err
    (tmp_path / "file").write_text("x")
    assert main.main(["--lang", "zh", "journal", "--port", str(tmp_path / "file")]) == 3
    assert "不是串口" in capsys.readouterr().err
    master, terminal = pty.openpty()
    monkeypatch.setattr("host_tools.device.raw_repl._PROMPT_S", 0.05)
    assert main.main(["journal", "--port", os.ttyname(terminal)]) == 3
    assert "nothing answers on" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main.main(["journal"])
    os.close(master)


def test_an_output_that_cannot_be_written_is_told_before_the_unit_is_stopped(tmp_path, capsys):
    assert main.main(["journal", "--port", str(tmp_path / "none"), "--out", str(tmp_path / "no/out.csv")]) == 3
    assert "cannot be written" in capsys.readouterr().err


def test_what_was_changed_on_the_way_is_noticed():
    blank, piece = "-\r\n", "AAAA" * 170 + "AAA=\r\n"  # 512 zeros
    digest = hashlib.sha256(b"\xff" * 512 + bytes(512)).hexdigest()
    good = blank + piece + f"# {digest}\r\n"
    assert journal_port._decoded(good) == b"\xff" * 512 + bytes(512)
    for bad in (good.replace("A", "B", 1), good.replace("-", "", 1), good[:-9], good.replace("=", "*"), "", "\n"):
        assert journal_port._decoded(bad) is None
