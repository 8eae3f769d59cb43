"""Which time is believed: a time server's against the firmware's date and the journal, and a chip's at a start."""

import datetime
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest
from unit import earliest
from unit.catalogue import tables
from unit.control.basics import NONE
from unit.journal.newest import newest
from unit.journal.ring import Journal
from unit.released import RELEASED_S
from unit.uplink.asking import believed

from host_tools.unitkit.nor import Nor
from tests import patience
from tests.uplink.broker import Broker
from tests.uplink.names import Resolver, TimeServer
from tests.uplink.running import Running

ROOT = Path(__file__).resolve().parents[2]
DAY_S, YEAR_S = 86400, 31556952
EPOCH = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
UNIX_2020_S = int(EPOCH.timestamp())
BEGUN_S = RELEASED_S + 100 * DAY_S


def test_the_date_of_the_firmware_stands_beside_the_version():
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    released = pyproject["tool"]["qingxi"]["released"]
    assert EPOCH + datetime.timedelta(seconds=RELEASED_S) == datetime.datetime.combine(
        released, datetime.time(), datetime.UTC
    )


@pytest.mark.parametrize(
    ("utc_s", "begun_s", "uptime_s", "expected"),
    [
        (RELEASED_S - 1, NONE, 0, False),
        (RELEASED_S, NONE, 0, True),
        (RELEASED_S + 19 * YEAR_S, NONE, 0, True),
        (RELEASED_S + 21 * YEAR_S, NONE, 0, False),
        (BEGUN_S - DAY_S - 1, BEGUN_S, 0, False),
        (BEGUN_S - DAY_S, BEGUN_S, 0, True),
        (BEGUN_S + YEAR_S, BEGUN_S, 0, True),
        (BEGUN_S + YEAR_S + 1, BEGUN_S, 0, False),
        # A unit that runs for two years without a restart goes by the time that has passed.
        (BEGUN_S + 2 * YEAR_S, BEGUN_S, 2 * YEAR_S, True),
        (BEGUN_S + DAY_S, BEGUN_S, 2 * YEAR_S, False),
        # A journal from before the firmware: the firmware knows better, both ways.
        (RELEASED_S - 1, RELEASED_S - 2 * YEAR_S, 0, False),
        (RELEASED_S + YEAR_S, RELEASED_S - 2 * YEAR_S, 0, True),
        (RELEASED_S + YEAR_S + 1, RELEASED_S - 2 * YEAR_S, 0, False),
    ],
)
def test_what_a_time_server_says_is_held_against_firmware_and_journal(utc_s, begun_s, uptime_s, expected):
    assert believed(utc_s, begun_s, uptime_s) is expected


@pytest.mark.parametrize("lie_s", [-2 * YEAR_S, -2 * DAY_S, 2 * YEAR_S, 70 * YEAR_S])
def test_a_server_that_lies_is_not_believed_and_told_once_and_the_next_is_asked(world: str, broker: Broker, lie_s: int):
    server = TimeServer(UNIX_2020_S + BEGUN_S + lie_s)
    resolver = Resolver(good_test="127.0.0.1")
    settings = {"network.ntp": "127.0.0.1, good.test", "network.dns": f"127.0.0.1:{resolver.port}"}
    unit = Running(
        world, port=broker.port, speed=40, settings=settings, ntp_port=server.port, clock=0, begun_s=BEGUN_S
    )
    assert patience.until(lambda: unit.figures()["ntp_refused"] >= 2)
    figures = unit.figures()
    assert figures["time_set"] == 0 and figures["next_seq"] == 2  # the event, and no other
    assert resolver.asked >= 1  # whose turn came after the first refusal
    server.unix_s = UNIX_2020_S + BEGUN_S + 5
    unit.wait("time")
    assert unit.quit()["time_set"] == server.unix_s


def test_year_by_year_no_server_leads_a_unit_away(world: str, broker: Broker):
    """What it believed once is not what the next answer is held against."""
    server = TimeServer(UNIX_2020_S + BEGUN_S + YEAR_S - DAY_S)
    unit = Running(
        world, port=broker.port, speed=100_000, settings={"network.ntp": "127.0.0.1"}, ntp_port=server.port,
        clock=0, begun_s=BEGUN_S,
    )  # fmt: skip
    unit.wait("time")
    server.unix_s += YEAR_S - DAY_S
    assert patience.until(lambda: unit.figures()["ntp_refused"] >= 1)
    server.unix_s = UNIX_2020_S + BEGUN_S + 60  # and an honest one brings it back
    unit.wait("time", times=2)
    assert unit.quit()["time_set"] == server.unix_s


# --- what a start knows


def journal_of(flash: bytearray) -> Journal:
    return Journal(Nor(flash, 1024), tables.count("points"), 60)


def live(flash: bytearray, readings: int, offset: int = NONE, set_at: int = 0) -> None:
    """A run of so many readings, whose clock is told `offset` at the reading `set_at`."""
    journal = journal_of(flash)
    values = [0] * tables.count("points")
    for n in range(readings):
        if offset != NONE and n == set_at:
            journal.set_clock(n * 60, offset)
        assert journal.reading(n * 60, 0, values)


def test_the_newest_time_of_a_journal_is_that_of_its_newest_record_with_a_time():
    flash = bytearray(b"\xff" * (1 << 15))
    assert newest(journal_of(flash)) == (NONE, True)
    live(flash, 3)
    assert newest(journal_of(flash)) == (NONE, False)
    live(flash, 5, BEGUN_S, set_at=3)
    assert newest(journal_of(flash)) == (BEGUN_S + 240, True)
    live(flash, 2)
    assert newest(journal_of(flash)) == (BEGUN_S + 240, False)
    live(flash, 300, BEGUN_S)
    live(flash, 600)  # so many that the run with a time stands some blocks back
    journal = journal_of(flash)
    assert journal.tail.gen > 4 and newest(journal) == (BEGUN_S + 299 * 60, False)
    live(flash, 3, BEGUN_S - 50 * YEAR_S // 10)  # somebody has set a wrong clock right
    assert newest(journal_of(flash)) == (BEGUN_S - 50 * YEAR_S // 10 + 120, True)


class Chip:
    """A `Clock` whose chip shows `utc_s`."""

    def __init__(self, monkeypatch, utc_s, told=False):
        self.chip_s = utc_s
        self.told = told
        self.begun_s = NONE
        monkeypatch.setitem(sys.modules, "unit.clock", SimpleNamespace(set_chip=self.set_chip))

    def read(self):
        self.utc_s = self.chip_s if self.told and self.chip_s > 0 else NONE

    def set_chip(self, utc_s):
        self.chip_s = utc_s


@pytest.mark.parametrize(
    ("last_offset", "chip_s", "by_rtc", "told", "shown_s"),
    [
        (NONE, -1, False, False, RELEASED_S),  # power came on, and nobody ever told it
        (BEGUN_S, -1, False, False, BEGUN_S + 120),  # the journal knows better than the firmware
        (BEGUN_S - YEAR_S, -1, False, False, RELEASED_S),  # and the firmware than an old journal
        (NONE, BEGUN_S, False, False, RELEASED_S),  # reset: the lowest date of the run before is no time
        (BEGUN_S, BEGUN_S + 500, False, True, BEGUN_S + 500),  # reset of one that knew
        (NONE, BEGUN_S + 9, True, True, BEGUN_S + 9),  # a clock chip has told it
    ],
)
def test_a_chip_shows_the_lowest_date_until_it_is_told(monkeypatch, last_offset, chip_s, by_rtc, told, shown_s):
    flash = bytearray(b"\xff" * (1 << 14))
    live(flash, 3, last_offset)
    clock = Chip(monkeypatch, chip_s, by_rtc)
    earliest.begin(clock, journal_of(flash))
    assert (clock.told, clock.chip_s) == (told, shown_s)
    assert (clock.utc_s == NONE) is not told
    assert clock.begun_s == (NONE if last_offset == NONE else last_offset + 120)
