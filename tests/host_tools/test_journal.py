"""`qingxi journal` on images that the firmware's own journal wrote."""

import csv
import json

import pytest
from unit.control.events import RESTART
from unit.journal.ring import Journal

from host_tools import main
from host_tools.unitkit import partitions
from host_tools.unitkit.nor import Nor
from tests.journal.test_ring import CLOCK, POINTS, values

BLOCKS = 8


@pytest.fixture
def image():
    """Three starts: one that learns the time late, one that never does, one that has it; the last is torn."""
    nor = Nor(bytearray(b"\xff" * BLOCKS * partitions.BLOCK))
    first = Journal(nor, POINTS, 60)
    first.event(0, RESTART, 0, 0)
    for i in range(1, 6):
        first.reading(60 * i, 0, values(i))
    first.set_clock(330, CLOCK)
    second = Journal(nor, POINTS, 60)
    second.reading(60, 64, values(6))
    third = Journal(nor, POINTS, 60)
    third.set_clock(0, CLOCK + 1000)
    third.reading(60, 0, values(7))
    third.save_snapshot(61, b"\x01\x02\x03", 3)
    third.ack(6)
    nor.data[third.tail.block * partitions.BLOCK + third.tail.pos] = 0x2A
    return bytes(nor.data)


def _json(capsys, *args):
    assert main.main(["journal", *map(str, args), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_result_tells_what_is_there(tmp_path, capsys, image):
    path = tmp_path / "journal.bin"
    path.write_bytes(image)
    found = _json(capsys, path)
    assert (found["first_seq"], found["last_seq"], found["readings"], found["events"]) == (1, 8, 7, 1)
    assert found["starts"][0] == {
        "boot": 1, "readings": 5, "events": 1, "from": "2026-05-03T19:33:20Z", "to": "2026-05-03T19:38:20Z",
    }  # fmt: skip
    assert found["starts"][1]["from"] == 60  # seconds of uptime: this start never knew the time
    assert found["snapshot"] == {"bytes": 3, "hex": "010203"}
    assert (found["damaged"], found["torn"], found["unreadable_blocks"]) == (0, 1, 0)


def test_the_csv_holds_every_record(tmp_path, capsys, image):
    path = tmp_path / "journal.bin"
    path.write_bytes(image)
    out = tmp_path / "out.csv"
    assert main.main(["journal", str(path), "--out", str(out)]) == 0
    rows = list(csv.DictReader(out.open(encoding="utf-8")))
    assert [row["seq"] for row in rows] == [str(i) for i in range(1, 9)]
    assert rows[0]["event"] == "restart" and rows[0]["level_mm"] == ""
    assert rows[1]["time"] == "2026-05-03T19:34:20Z"
    assert rows[1]["level_mm"] == str(values(1)[0])
    assert rows[1]["turbidity_ntu"] == f"{values(1)[1] / 10:.1f}"
    assert rows[6]["time"] == "" and rows[6]["uptime_s"] == "60" and rows[6]["quality"] == "64"


def test_a_whole_flash_is_read_by_its_partition_table(tmp_path, capsys, image):
    flash = bytearray(b"\xff" * 0x400000)
    table = partitions.encode([partitions.Partition("journal", 1, 6, 0x280000, len(image))])
    flash[partitions.TABLE_AT : partitions.TABLE_AT + len(table)] = table
    flash[0x280000 : 0x280000 + len(image)] = image
    path = tmp_path / "flash.bin"
    path.write_bytes(flash)
    assert _json(capsys, path)["last_seq"] == 8


def test_readings_that_were_given_up_are_counted(tmp_path, capsys):
    nor = Nor(bytearray(b"\xff" * 2 * partitions.BLOCK))
    journal = Journal(nor, POINTS, 60)
    for i in range(1000):
        journal.reading(60 * i, 0, values(i))
    path = tmp_path / "journal.bin"
    path.write_bytes(nor.data)
    found = _json(capsys, path)
    assert found["given_up"] > 0
    assert main.main(["journal", str(path)]) == 0
    assert f"before they were delivered: {found['given_up']}" in capsys.readouterr().out


def test_an_empty_journal_is_no_error(tmp_path, capsys):
    path = tmp_path / "journal.bin"
    path.write_bytes(b"\xff" * 8 * partitions.BLOCK)
    assert main.main(["journal", str(path)]) == 0
    assert "is empty" in capsys.readouterr().out
    assert main.main(["--lang", "zh", "journal", str(path)]) == 0
    assert "日志是空的" in capsys.readouterr().out


@pytest.mark.parametrize("content", [b"", b"x", b"\xff" * 4096, b"\xff" * 10000])
def test_other_files_are_refused(tmp_path, capsys, content):
    path = tmp_path / "other.bin"
    path.write_bytes(content)
    assert main.main(["journal", str(path)]) == 2
    assert f"{len(content)} bytes are neither" in capsys.readouterr().err


def test_a_table_without_a_journal_or_beyond_the_file_is_refused(tmp_path, capsys):
    for name, message in (("vfs", "it has: vfs"), ("journal", "ends at byte")):
        flash = bytearray(b"\xff" * 0x10000)
        table = partitions.encode([partitions.Partition(name, 1, 6, 0x280000, 0x10000)])
        flash[partitions.TABLE_AT : partitions.TABLE_AT + len(table)] = table
        path = tmp_path / "flash.bin"
        path.write_bytes(flash)
        assert main.main(["journal", str(path)]) == 2
        assert message in capsys.readouterr().err


def test_a_missing_file_and_an_output_that_cannot_be_written(tmp_path, capsys, image):
    assert main.main(["journal", str(tmp_path / "none.bin")]) == 2
    path = tmp_path / "journal.bin"
    path.write_bytes(image)
    assert main.main(["journal", str(path), "--out", str(tmp_path / "no" / "out.csv")]) == 3
