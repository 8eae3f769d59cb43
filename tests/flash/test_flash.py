"""From a blank board to a unit that runs, with the unmodified esptool as the client; what is refused and why."""

import functools
import grp  # noqa: F401  the child of a fork, who is nobody, may not be able to read the library any more
import json
import os
import random
import re
import select
import subprocess
import threading
import time
from pathlib import Path

import pytest

from host_tools import first_start, image_build, main, micropython_image, partitions, port, unitfile
from host_tools.errors import AnswerIsNo, SurroundingsFailed
from sim.board.flash_file import FlashFile
from sim.board.romloader import FLASH_DEFL_DATA, SPI_FLASH_MD5
from tests.uplink.books import Books
from tests.uplink.broker import Broker

from . import standin
from .desk import MB, ROOT, UNIT_FILE, Desk, command, killed_at
from .test_image import S3_BOARD, unit_file


@pytest.fixture(autouse=True)
def image(tmp_path, monkeypatch):
    """The MicroPython image in a cache of the test's own; less patience, for a board that starts in a second."""
    monkeypatch.setattr(first_start, "_LISTEN_S", (1.0, 20.0))
    monkeypatch.setenv("QINGXI_CACHE", str(tmp_path / "cache"))
    found = micropython_image.read(standin.file(tmp_path))
    micropython_image.pin(found)
    return found


def run(capsys, desk, *words):
    code = main.main(["flash", "--port", str(desk.port), "--record", str(desk.folder / "records"), *map(str, words)])
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def holds(content, wanted):
    """Whether a flash holds every part of an image."""
    return all(content[part.at : part.at + len(part.data)] == part.data for part in wanted.parts)


def test_from_blank_to_the_first_reading_at_the_broker(capsys, tmp_path, image):
    """Flash, first start, self-test, record, and then the village's own data, over Wi-Fi with a password."""
    broker = Broker(tmp_path)
    books = Books(broker.port)
    unit_path = unit_file(
        tmp_path, credentials_file=b"user = qiaotou\npassword = pa55\n", wifi_file=b"village = pa55\n"
    )
    text = unit_path.read_text(encoding="utf-8").replace("interval_s = 60 ", "interval_s = 1 ")
    text = (
        text.replace("8883", str(broker.port))
        .replace('broker = ""', 'broker = "127.0.0.1"')
        .replace("tls = true", "tls = false")
    )
    unit_path.write_text(text.replace("[network]", '[network]\nntp = ""'), encoding="utf-8")
    unit = unitfile.load(unit_path)
    try:
        with Desk(tmp_path, unit=unit_path) as desk:
            code, out, err = run(capsys, desk, "--unit", unit_path, "--json")
            assert code == 0, err
            assert desk.starts == 1 and holds(desk.as_flashed, image_build.build(unit, image))
            assert books.wait(lambda: "qingxi/v1/qiaotou/data" in books.last, 40), books.last
    finally:
        books.close()
        broker.kill()
    result = json.loads(out)
    assert result["found"] == {
        "chip": "esp32",
        "title": "ESP32-D0WD-V3 (revision v3.1)",
        "mac": "24:0a:c4:12:34:56",
        "flash_bytes": 4 * MB,
    }
    assert result["start"]["ran_s"] > 0 and result["start"]["config_sha256"] == unit.sha256
    assert result["start"]["journal_bytes"] == unit.board.partitions["journal_kib"] * 1024
    assert "4 MB of flash, MAC 24:0a:c4:12:34:56" in err and "qiaotou has started" in err
    # The record: both languages, every digest, a label that says the same; no secret.
    page = Path(result["record"]).read_text(encoding="utf-8")
    for text in (
        "桥头村",
        "Qiaotou village",
        unit.sha256,
        image.sha256,
        result["firmware_sha256"],
        result["found"]["mac"],
    ):
        assert text in page
    assert "<svg" in page and result["label"].startswith("QINGXI qiaotou\nMAC 24:0a:c4:12:34:56\nFW ")
    assert "pa55" not in page + out + err


def test_a_unit_in_service_keeps_its_journal_and_gets_only_what_changed(capsys, tmp_path, image):
    unit = unitfile.load(UNIT_FILE)
    built = image_build.build(unit, image)
    journal = partitions.named(list(built.table), "journal").at
    changed = tmp_path / "changed.toml"
    changed.write_text(UNIT_FILE.read_text(encoding="utf-8").replace("start_level_mm = 600", "start_level_mm = 610"))
    with Desk(tmp_path) as desk:
        desk.flash.flash_tool_write(0, built.whole())
        desk.flash.program(journal, b"readings")
        code, out, err = run(capsys, desk, "--unit", changed, "--json")
        assert code == 0, err
        content = desk.as_flashed
    assert content[journal : journal + 8] == b"readings"
    assert holds(content, image_build.build(unitfile.load(changed), image))
    written = json.loads(out)["written"]
    assert 0 < written["written_bytes"] <= 8 * 16 * 1024 < written["skipped_bytes"]


def test_a_board_of_another_unit_is_not_overwritten_unasked(capsys, tmp_path, image):
    other = tmp_path / "other.toml"
    other.write_text(UNIT_FILE.read_text(encoding="utf-8").replace('id = "qiaotou"', 'id = "upstream"'))
    built = image_build.build(unitfile.load(other), image)
    journal = partitions.named(list(built.table), "journal").at
    with Desk(tmp_path) as desk:
        desk.flash.flash_tool_write(0, built.whole())
        desk.flash.program(journal, b"readings")
        before = desk.content()
        code, _, err = run(capsys, desk, "--unit", UNIT_FILE)
        assert code == 1 and "is unit upstream" in err and "--fresh" in err
        assert desk.content() == before
        code, _, err = run(capsys, desk, "--unit", UNIT_FILE, "--fresh")
        assert code == 0, err
        assert desk.as_flashed[journal : journal + 8] == b"\xff" * 8


def test_a_unit_whose_partitions_would_move_is_not_overwritten(capsys, tmp_path, image):
    built = image_build.build(unitfile.load(UNIT_FILE), image)
    sector = bytearray(built.part("table").data)
    sector[32 * 3 + 8] ^= 1  # the size of vfs
    with Desk(tmp_path) as desk:
        desk.flash.flash_tool_write(partitions.TABLE_AT, bytes(sector))
        code, _, err = run(capsys, desk, "--unit", UNIT_FILE)
    assert code == 1 and "qingxi journal" in err


def test_dry_run_writes_nothing(capsys, tmp_path):
    with Desk(tmp_path) as desk:
        code, out, err = run(capsys, desk, "--unit", UNIT_FILE, "--dry-run", "--json")
        assert desk.content() == b"\xff" * 4 * MB
    assert code == 0 and "nothing was written" in err and json.loads(out)["journal_kept"] is False
    assert not (tmp_path / "records").exists()


def test_a_run_that_was_killed_is_ended_by_the_next(capsys, tmp_path, image):
    built = image_build.build(unitfile.load(UNIT_FILE), image)
    journal = built.blanks[-1]
    with Desk(tmp_path) as desk:
        desk.flash.flash_tool_write(journal.at, b"of another firmware")
        for kind, count in ((FLASH_DEFL_DATA, 1), (FLASH_DEFL_DATA, 40), (SPI_FLASH_MD5, 52)):
            assert killed_at(desk, kind, count, "--unit", UNIT_FILE) == -9
            assert not holds(desk.content(), built)
        code, out, err = run(capsys, desk, "--unit", UNIT_FILE, "--json")
        assert code == 0, err
        content = desk.as_flashed
    assert holds(content, built) and content[journal.at :] == journal.data
    assert json.loads(out)["written"]["skipped_bytes"] > len(journal.data)  # not only what was blank anyway


def test_a_cable_that_is_pulled_out_is_named_and_the_next_run_goes_on(capsys, tmp_path, image):
    with Desk(tmp_path) as desk:
        desk.pull_cable_at(FLASH_DEFL_DATA, 30)
        code, _, err = run(capsys, desk, "--unit", UNIT_FILE)
        assert code == 3 and "went away. Plug it in and run again" in err
    with Desk(tmp_path) as desk:
        code, _, err = run(capsys, desk, "--unit", UNIT_FILE)
        assert code == 0, err
    assert holds(desk.as_flashed, image_build.build(unitfile.load(UNIT_FILE), image))


def test_a_unit_in_service_that_was_interrupted_keeps_its_journal(capsys, tmp_path, image):
    built = image_build.build(unitfile.load(UNIT_FILE), image)
    journal = partitions.named(list(built.table), "journal").at
    with Desk(tmp_path) as desk:
        desk.flash.flash_tool_write(0, built.whole())
        desk.flash.flash_tool_write(built.part("vfs").at, b"\x55" * (512 * 1024))
        desk.flash.program(journal, b"readings")
        for count in (2, 30):
            assert killed_at(desk, FLASH_DEFL_DATA, count, "--unit", UNIT_FILE) == -9
        code, _, err = run(capsys, desk, "--unit", UNIT_FILE)
        assert code == 0 and "its journal is kept" in err
        assert desk.as_flashed[journal : journal + 8] == b"readings" and holds(desk.as_flashed, built)


def test_a_poor_cable_gets_a_slower_baud_rate(capsys, tmp_path):
    with Desk(tmp_path, most_baud=115200) as desk:
        code, out, err = run(capsys, desk, "--unit", UNIT_FILE, "--json")
    assert code == 0, err
    assert json.loads(out)["written"]["baud"] == 115200


def test_the_wrong_chip_is_refused_naming_both(capsys, tmp_path):
    with Desk(tmp_path, chip="esp32s3", flash_mb=8) as desk:
        code, _, err = run(capsys, desk, "--unit", UNIT_FILE)
        assert desk.content() == b"\xff" * 8 * MB
    assert code == 1 and "the chip is esp32s3" in err and "esp32-devkitc of unit qiaotou has esp32" in err


def test_too_small_a_flash_is_refused_naming_both(capsys, tmp_path):
    with Desk(tmp_path, flash_mb=2) as desk:
        code, _, err = run(capsys, desk, "--unit", UNIT_FILE)
        assert desk.content() == b"\xff" * 2 * MB
    assert code == 1 and "has 2 MB" in err and "needs 4 MB" in err


def test_another_chip_is_flashed_as_its_rom_wants_it(tmp_path, capsys):
    """An ESP32-S3 up to its digests; its virtual board needs no first start to show that."""
    image = micropython_image.parse(standin.micropython("esp32s3"))
    micropython_image.pin(image)
    unit = unit_file(tmp_path, S3_BOARD)
    with Desk(tmp_path, chip="esp32s3", flash_mb=8, unit=unit) as desk:
        code, _, err = run(capsys, desk, "--unit", unit)
        assert code == 0, err
        assert holds(desk.as_flashed, image_build.build(unitfile.load(unit), image))


class WornFlash(FlashFile):
    """A flash with a bit that no program clears any more."""

    def program(self, at, data):
        super().program(at, data)
        if at <= 0x210000 < at + len(data):
            self.flash_tool_write(0x210000, bytes([self.read(0x210000, 1)[0] ^ 0x40]))


def test_a_digest_that_differs_is_the_answer_no(capsys, tmp_path):
    with Desk(tmp_path, flash_class=WornFlash) as desk:
        code, _, err = run(capsys, desk, "--unit", UNIT_FILE)
    assert code == 1 and "the digest differs" in err and "another board" in err


def test_a_board_that_is_not_in_its_loader_tells_how_to_get_there(capsys, tmp_path, terminal):
    code = main.main(["flash", "--port", terminal, "--unit", str(UNIT_FILE)])
    err = capsys.readouterr().err
    assert code == 3 and "Hold BOOT" in err and terminal in err


@pytest.fixture
def terminal():
    """The name of a pseudo-terminal with nothing behind it."""
    ours, theirs = os.openpty()
    yield os.ttyname(theirs)
    os.close(ours)
    os.close(theirs)


def test_no_port_shows_those_there_are(capsys, tmp_path):
    code = main.main(["flash", "--port", str(tmp_path / "ttyUSB7"), "--unit", str(UNIT_FILE)])
    err = capsys.readouterr().err
    assert code == 3 and "there is no port" in err and "ttyUSB7" in err and "USB cable" in err
    (tmp_path / "file").write_text("")
    assert main.main(["flash", "--port", str(tmp_path / "file"), "--unit", str(UNIT_FILE)]) == 3
    assert "is not a serial port" in capsys.readouterr().err


def test_a_busy_port_names_who_has_it(tmp_path):
    with Desk(tmp_path) as desk, open(desk.port, "rb", buffering=0) as opened:
        holder = subprocess.Popen(["sleep", "20"], stdin=opened)
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


def test_a_wrong_unit_file_is_found_before_the_port_is_touched(capsys, tmp_path):
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(UNIT_FILE.read_text(encoding="utf-8").replace("start_level_mm = 600", "start_level_mm = 6x"))
    code = main.main(["flash", "--port", str(tmp_path / "no"), "--unit", str(wrong)])
    assert code == 2 and str(wrong) in capsys.readouterr().err


def test_chinese_messages(capsys, tmp_path):
    code = main.main(["--lang", "zh", "flash", "--port", str(tmp_path / "no"), "--unit", str(UNIT_FILE)])
    assert code == 3 and "没有串口" in capsys.readouterr().err


# --- the first start


@pytest.fixture
def talker(monkeypatch):
    """Starts a board of few words: says `text` when its port is opened, then nothing."""
    monkeypatch.setattr(first_start, "_LISTEN_S", (0.5, 0.5))
    monkeypatch.setattr(first_start, "_ANSWER_S", 0.3)
    monkeypatch.setattr(first_start, "_ASK_TIMES", 2)
    ours, theirs = os.openpty()
    over = threading.Event()
    threads = []

    def start(text: bytes, answer: bytes = b"") -> str:
        def talk():
            time.sleep(0.2)
            os.write(ours, text)
            while not over.is_set():
                heard = os.read(ours, 4096) if select.select([ours], [], [], 0.05)[0] else b""
                if answer and heard.endswith(b"\x01"):
                    os.write(ours, b"raw REPL; CTRL-B to exit\r\n>")
                elif answer and b"import sys" in heard:
                    os.write(ours, answer)

        threads.append(threading.Thread(target=talk))
        threads[-1].start()
        return os.ttyname(theirs)

    yield start
    over.set()
    for thread in threads:
        thread.join()
    os.close(ours)
    os.close(theirs)


GOOD = b"ab 1.26.1 2 4096"


def test_a_good_start_is_told_and_another_configuration_noticed(talker):
    start = first_start.watch(talker(b"rst:0x1 (POWERON_RESET)\r\n", b"OK" + GOOD + b"\r\n\x04\x04>"), "en")
    assert (start.config_sha256, start.micropython, start.ran_s, start.journal_bytes) == ("ab", "1.26.1", 2, 4096)
    assert "POWERON" in start.shown
    first_start.compare(start, "ab", "en")
    with pytest.raises(AnswerIsNo, match="digest ab: it must be cd"):
        first_start.compare(start, "cd", "en")


@pytest.mark.parametrize(
    ("text", "answer", "word"),
    [
        (b'Traceback (most recent call last):\r\n  File "main.py"\r\nOSError: 5\r\n', GOOD, "OSError: 5"),
        (b"rst:0x10 (RTCWDT_RTC_RESET)\r\n" * 4, GOOD, "again and again"),
        (b"", b"ab 1.26.1 0 4096", "does not run"),
        (b"", b"OSError: [Errno 2] ENOENT", "ENOENT"),
    ],
)
def test_a_bad_start_is_the_answer_no(talker, text, answer, word):
    with pytest.raises(AnswerIsNo, match=word):
        first_start.watch(talker(text, b"OK" + answer + b"\r\n\x04\x04>"), "en")


def test_a_mute_board_is_told_so(talker):
    with pytest.raises(SurroundingsFailed, match="nothing answers"):
        first_start.watch(talker(b""), "en")


def noisy(chance, rate, data):
    return bytes(byte ^ 4 if chance.random() < rate else byte for byte in data)


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(12))
def test_whatever_breaks_the_next_run_ends_in_a_working_unit(tmp_path, image, seed):
    """Killed, the port gone, or noise on the line, at a random point; every third board is a unit in service."""
    chance = random.Random(seed)
    built = image_build.build(unitfile.load(UNIT_FILE), image)
    journal = built.blanks[-1].at
    in_service = seed % 3 == 0
    with Desk(tmp_path) as desk:
        if in_service:
            desk.flash.flash_tool_write(0, built.whole())
            desk.flash.flash_tool_write(built.part("vfs").at, bytes(512 * 1024))
            desk.flash.program(journal, b"readings")
        how = chance.choice(("killed", "gone", "noise"))
        if how == "killed":
            killed_at(desk, FLASH_DEFL_DATA, chance.randrange(1, 250), "--unit", UNIT_FILE)
        else:
            if how == "gone":
                desk.pull_cable_at(FLASH_DEFL_DATA, chance.randrange(1, 250))
            else:
                rate = 10 ** chance.uniform(-5, -2)
                desk.loader.noise = functools.partial(noisy, chance, rate)
            subprocess.run(command(desk, "--unit", UNIT_FILE), cwd=ROOT, capture_output=True)
        started = desk.starts
    with Desk(tmp_path) as desk:
        done = subprocess.run(command(desk, "--unit", UNIT_FILE), cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, (how, done.stderr)
        assert holds(desk.as_flashed, built)
        if in_service and not started:  # a unit that was started writes its journal itself
            assert desk.as_flashed[journal : journal + 8] == b"readings"
