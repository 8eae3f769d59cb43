"""A spare goes on from its forerunner: no number twice, no reading lost, the hours of the last snapshot."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.catalogue import tables
from unit.journal.cursor import Cursor
from unit.journal.layout import END, EPOCH_UNIX_S, MAX_SNAPSHOT, READING
from unit.journal.ring import Journal

from host_tools.records import replacement
from host_tools.records.replacement import Seen, prepare, read_seen
from host_tools.unitkit.errors import AnswerIsNo, BadInput
from host_tools.unitkit.nor import Nor
from tests.journal.test_catch_up import START_S, Unit

SIZE = 16 * 4096
NOW = EPOCH_UNIX_S + 200_000_000
HOURS = b"hours and starts"


class Life:
    """A unit that writes its journal; `clock` is its time at the start, in Unix seconds, None if it has none."""

    def __init__(self, data=None, clock=NOW):
        self.nor = Nor(bytearray(data or b"\xff" * SIZE))
        self.journal = Journal(self.nor, tables.count("points"), 60)
        self.uptime_s = 0
        if clock is not None:
            self.journal.set_clock(0, clock - EPOCH_UNIX_S)

    def readings(self, n, every_s=60):
        """The numbers of `n` readings."""
        found = []
        for _ in range(n):
            self.uptime_s += every_s
            found.append(self.journal.reading(self.uptime_s, 0, [len(found)] * tables.count("points")))
        return found

    @property
    def data(self):
        return bytes(self.nor.data)


def records(data, after=0):
    """[(seq, boot)] of all that a board finds in its journal behind number `after`."""
    cursor = Cursor(Journal(Nor(bytearray(data)), tables.count("points"), 60))
    cursor.seek(after + 1)
    found = []
    while cursor.next() != END:
        found.append((cursor.seq, cursor.boot))
    return found


def told(data, after):
    """All that stands in a journal behind number `after`."""
    cursor = Cursor(Journal(Nor(bytearray(data)), tables.count("points"), 60))
    cursor.seek(after + 1)
    found = []
    while (kind := cursor.next()) != END:
        what = list(cursor.values) if kind == READING else (cursor.code, cursor.a, cursor.b)
        found.append((cursor.seq, cursor.boot, cursor.uptime_s, cursor.t, cursor.quality * (kind == READING), what))
    return found


def prepared(old, now=NOW, seen=None, size=SIZE, **options):
    return prepare(old, size, 60, now, seen or Seen(), **options)


def test_the_spare_has_every_unsent_reading_and_numbers_above_them():
    old = Life(clock=NOW - 3600)
    sent = old.readings(20)
    old.journal.ack(sent[-1])
    waiting = old.readings(10)
    made = prepared(old.data)
    assert made.unsent == 10
    spare = Life(made.journal)
    assert spare.journal.acked == sent[-1]
    assert [seq for seq, _ in records(made.journal, sent[-1])] == waiting
    assert spare.readings(1) == [made.first_seq] and made.first_seq > waiting[-1]
    assert spare.journal.boot == made.boot > old.journal.boot
    assert (made.first_seq, made.boot) in records(spare.data)


@given(
    sent_s=st.integers(0, 40),
    since=st.lists(st.tuples(st.integers(1, 60), st.integers(1, 400)), max_size=6),
    starts=st.integers(0, 3),
    told=st.booleans(),
)
@settings(deadline=None, max_examples=40)
def test_a_spare_from_an_old_backup_repeats_no_number_that_its_forerunner_can_have_used(sent_s, since, starts, told):
    """The forerunner goes on after the backup, with a reading and an event a second at most, and starts in between."""
    old = Life(clock=NOW)
    old.readings(sent_s + 1)
    backup, clock = old.data, NOW + old.uptime_s
    used = {seq for seq, _ in records(backup)}
    for _ in range(starts + 1):
        for every_s, n in since:
            for _ in range(n // every_s):
                used.update(old.readings(1, every_s))
                used.add(old.journal.event(old.uptime_s, 1, 0, 0))
        clock += old.uptime_s
        last = old.journal
        old = Life(old.data, clock)
    seen = Seen(max(used), last.boot) if told else Seen()
    made = prepared(backup, clock, seen)
    assert made.first_seq > max(used) and made.boot > last.boot
    again = prepared(Life(made.journal, clock).data, clock)
    assert again.first_seq > made.first_seq and again.boot > made.boot


@pytest.mark.parametrize("since_s", [0, 3600, 365 * 86400])
def test_the_gap_holds_a_reading_and_an_event_a_second_and_a_burst_of_thousands(since_s):
    old = Life()
    last = old.readings(5)[-1]
    assert prepared(old.data, NOW + old.uptime_s + since_s).first_seq > last + 2 * since_s + 9000


@pytest.mark.parametrize("clock", [None, NOW + 5])
def test_without_a_time_that_can_be_right_the_gap_is_wide(clock):
    """The unit never knew the time, or this PC's clock is behind."""
    old = Life(clock=clock)
    last = old.readings(3)[-1]
    assert prepared(old.data).first_seq == last + 1 + replacement.GAP_WITHOUT_TIME


def test_of_nothing_but_the_brokers_messages_a_spare_begins_above_them():
    made = prepared(None, seen=Seen(5000, 7))
    assert made.first_seq > 5000 and made.boot > 7 and not made.unsent and not made.has_hours
    spare = Life(made.journal)
    assert spare.journal.acked == made.first_seq - 1 and spare.readings(1) == [made.first_seq]


@pytest.mark.parametrize(("size", "with_readings"), [(SIZE, True), (SIZE, False), (2 * SIZE, True)])
def test_hours_move_also_without_readings(size, with_readings):
    old = Life()
    old.readings(4)
    old.journal.save_snapshot(old.uptime_s, HOURS, len(HOURS))
    old.readings(4)
    made = prepared(old.data, NOW + 600, size=size, with_readings=with_readings)
    kept = bytearray(MAX_SNAPSHOT)
    n = Journal(Nor(bytearray(made.journal)), tables.count("points"), 60).load_snapshot(kept)
    assert bytes(kept[:n]) == HOURS and made.has_hours
    assert made.unsent == (8 if with_readings else 0) == len(records(made.journal))


@pytest.mark.parametrize("size", [SIZE, 3 * SIZE])
def test_what_waits_keeps_number_start_time_and_values_on_a_board_with_more_room(size):
    """Over starts with and without a clock, events among the readings, and numbers that a torn end left out."""
    old = Life(clock=None)
    old.journal.ack(old.readings(40)[-1])
    old.readings(5, 7)
    for clock in (NOW, None, NOW + 9999):
        old = Life(old.data, clock)
        old.readings(3)
        old.journal.event(old.uptime_s + 1, 3, -2, 5)
        torn = bytearray(old.data)
        at = torn.index(b"\xff" * 64) - 1
        torn[at] = 0
        old = Life(bytes(torn), clock)
        old.readings(4)
    made = prepared(old.data, NOW + 100_000, size=size)
    assert told(made.journal, 40) == told(old.data, 40) and len(told(old.data, 40)) > 20
    again = Life(made.journal)
    assert again.journal.acked == 40 and again.readings(1) == [made.first_seq]


@pytest.mark.parametrize("seed", range(8))
def test_a_journal_with_rot_and_torn_ends_is_gone_on_from(seed):
    old = Life()
    old.readings(400)
    data = bytearray(old.data)
    at = data.index(b"\xff" * 64) - 1 - 3 * seed
    data[at] &= 0x5A
    made = prepared(bytes(data), NOW + 400 * 60)
    assert made.first_seq > 400 and Life(made.journal).readings(2) == [made.first_seq, made.first_seq + 1]


@pytest.mark.parametrize("size, of_last_reading", [(64 * 4096, True), (65 * 4096, False)])
def test_hours_are_those_of_the_last_reading_or_on_another_journal_of_the_last_snapshot(size, of_last_reading):
    unit = Unit()
    unit.live(12 * 3600 + 1)
    of_snapshot = [output.run_s for output in unit.ctrl.outputs]
    unit.live(5 * 3600)
    expected = [output.run_s for output in unit.ctrl.outputs] if of_last_reading else of_snapshot
    now = EPOCH_UNIX_S + START_S + unit.t
    unit.nor = Nor(bytearray(prepared(bytes(unit.nor.data), now, size=size).journal))
    after = [output.run_s for output in unit.after_a_cut().outputs]
    assert max(map(int.__sub__, expected, after)) <= 60 and min(map(int.__sub__, expected, after)) >= 0


def test_when_no_number_is_left_it_says_so():
    with pytest.raises(AnswerIsNo, match="no sequence number is left"):
        prepared(None, seen=Seen(replacement.MOST - 10))


def noted(folder, *lines):
    path = folder / "seen.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_the_newest_of_the_noted_messages_counts(tmp_path):
    rows = [[1, 0], [2, 0], [3, 0]]
    path = noted(
        tmp_path,
        "qingxi/v1/qiaotou/availability offline",
        "qingxi/v1/qiaotou/meta " + json.dumps({"v": 1, "boot": 9}),
        "",
        json.dumps({"v": 1, "boot": 8, "seq": 700, "rows": rows}),
        "qingxi/v1/qiaotou/event " + json.dumps({"v": 1, "boot": 8, "seq": 650, "events": [{}]}),
    )
    assert read_seen(path, "qiaotou") == Seen(702, 9)


def test_every_line_that_is_no_message_of_this_unit_is_named(tmp_path):
    path = noted(tmp_path, "hello", '{"boot": -1}', "qingxi/v1/xiacun/meta " + json.dumps({"boot": 3}), '{"boot": 4}')
    with pytest.raises(BadInput) as told:
        read_seen(path, "qiaotou")
    assert [problem.partition(": ")[0] for problem in told.value.problems] == [f"{path}:{n}" for n in (1, 2, 3)]
    with pytest.raises(BadInput, match="no seq and no boot"):
        read_seen(noted(tmp_path, "{}"), "qiaotou")
