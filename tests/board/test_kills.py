"""SIGKILL of the virtual board at any moment: `qingxi journal` finds all that the unit had reported as written."""

import csv
import json
import os
import random
import select
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from unit.control.basics import NONE

from host_tools import main
from host_tools.unitkit import fsimage, partitions
from host_tools.verbs import journal
from tests import patience

from . import rig

_BLOCKS = 8  # of the journal: the ring is full after some 2,000 readings
_POINTS = journal._points()
_EVENTS = journal._events()
_ENOUGH_S = 60

# In place of main.py: the firmware as it is, with every number that the journal gives out told at the serial port.
_TELLING = """
from unit import config
from unit.app import App, Journal
reading, event = Journal.reading, Journal.event
def tell_reading(self, uptime_s, quality, values):
    seq = reading(self, uptime_s, quality, values)
    print("told", seq, self.boot, uptime_s, quality, *values)
    return seq
def tell_event(self, uptime_s, code, a, b):
    seq = event(self, uptime_s, code, a, b)
    print("told", seq, self.boot, uptime_s, -1, code, a, b)
    return seq
Journal.reading, Journal.event = tell_reading, tell_event
loaded = config.load()
App(*loaded).run()
"""


@dataclass
class Book:
    """All that a unit has told in its lives: CSV cells by sequence number, and how far the numbers have come."""

    records: dict[int, list[str]] = field(default_factory=dict)
    last_seq: int = 0
    last_boot: int = 0
    boots: set[int] = field(default_factory=set)

    def take(self, line: str) -> None:
        seq, boot, uptime_s, quality, *numbers = map(int, line.split()[1:])
        assert seq > self.last_seq, "a sequence number repeats or goes back"
        assert boot >= self.last_boot
        self.last_seq, self.last_boot = seq, boot
        self.boots.add(boot)
        if quality < 0:
            record = journal.Record(seq, boot, uptime_s, None, event=(numbers[0], numbers[1], numbers[2]))
        else:
            values = tuple(None if n == NONE else n for n in numbers)
            record = journal.Record(seq, boot, uptime_s, None, quality, values)
        self.records[seq] = journal._cells(record, _POINTS, _EVENTS)


def _new_unit(folder: Path) -> None:
    """A flash file with a short journal and a unit that takes a reading every second."""
    found = rig.board(folder, main=_TELLING)
    table = partitions.of_board(found.unit.board)
    short = [
        partitions.Partition(p.name, p.kind, p.subtype, p.at, _BLOCKS * partitions.BLOCK) if p.name == "journal" else p
        for p in table
    ]
    found.flash.flash_tool_write(partitions.TABLE_AT, partitions.encode(short))
    vfs = partitions.named(table, "vfs")
    settings = json.loads(found.unit.board_json()) | {"readings.interval_s": 1}
    copy = fsimage.sealed(json.dumps(settings).encode())
    files = fsimage.firmware_files(found.unit, _TELLING) | {"main.py": _TELLING.encode()}
    files["config.json"] = files["config.last"] = copy
    found.flash.flash_tool_write(vfs.at, fsimage.littlefs_image(files, vfs.size))
    found.close()


def _live_and_be_killed(folder: Path, book: Book, after: int, start_s: float) -> None:
    """One life: killed after it told of so many records, or `start_s` after its power-on if that is not 0."""
    with rig.program(folder, "--speed", "max", "--for", "30d") as process:
        port = os.open(folder / "tty", os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
        heard = b""
        begun, enough = time.monotonic(), patience.Patience(_ENOUGH_S)
        while time.monotonic() < begun + start_s if start_s else heard.count(b"told") <= after:
            assert process.poll() is None, process.communicate()
            assert not enough.over, heard
            if select.select([port], [], [], 0.005)[0]:
                heard += os.read(port, 4096)
        process.send_signal(signal.SIGKILL)
        process.wait()
        os.close(port)
    for line in heard.decode().split("\r\n")[:-1]:
        assert line.startswith("told") or not line, line
        if line:
            book.take(line)


def _check(folder: Path, book: Book, capsys) -> None:
    out = folder / "journal.csv"
    assert main.main(["journal", str(folder / "board.flash"), "--out", str(out), "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    with out.open(encoding="utf-8") as f:
        rows = {int(row[0]): row for row in list(csv.reader(f))[1:]}
    assert list(rows) == sorted(rows)
    assert summary["next_seq"] > book.last_seq
    assert summary["damaged"] == summary["unreadable_blocks"] == 0
    first = summary["first_seq"]
    for seq, cells in book.records.items():
        if seq >= first:
            row = rows[seq]
            assert [*row[:2], *row[3:]] == [str(cell) for cell in (*cells[:2], *cells[3:])], "a record is altered"
    if first > 1:
        assert len(rows) > (_BLOCKS - 2) * 100, "more was overwritten than the ring needed"


def _killed(seed: int, times: int, folder: Path, capsys) -> Book:
    rng = random.Random(seed)
    _new_unit(folder)
    book = Book()
    for _ in range(times):
        _live_and_be_killed(folder, book, rng.randrange(1200), rng.random() if rng.random() < 0.2 else 0)
        _check(folder, book, capsys)
    return book


def test_killed_a_few_times(tmp_path, capsys):
    book = _killed(1, 4, tmp_path, capsys)
    assert len(book.boots) >= 2 and len(book.records) > 100


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(10, 20))
def test_killed_two_hundred_times(seed, tmp_path, capsys):
    book = _killed(seed, 20, tmp_path, capsys)
    assert len(book.boots) >= 10 and book.last_seq > 5000
