"""The ring as its users see it. Runs on CPython and, unchanged, on the MicroPython virtual machine."""

from unit.control.basics import NONE
from unit.control.events import READINGS_LOST
from unit.journal import ring
from unit.journal.cursor import Cursor
from unit.journal.layout import EVENT, MARKS, READING
from unit.journal.ring import ACK_EVERY, Journal

from host_tools.unitkit.nor import Nor, program

POINTS = 9
BLOCK = 512
CLOCK = 200_000_000  # offset of a known clock


def flash(blocks=8, block_size=BLOCK):
    return Nor(bytearray(b"\xff" * (blocks * block_size)), block_size)


def mount(nor):
    return Journal(nor, POINTS, 60)


def values(i):
    """The values of reading `i`: most points change a little, as in a unit."""
    return [
        400 + i * 37 % 190 - i * 11 % 70,
        150 + i * 7 % 23,
        20 + i % 9,
        60 if i % 5 == 0 else i % 3,
        0,
        60 if i // 45 % 2 else 0,
        60 if i // 15 % 2 else 0,
        10 + i % 4,
        4 + (i & 3),
    ]


def append(journal, first, last, start_s=0):
    """Readings first ... last, one a minute; their sequence numbers."""
    return [journal.reading(start_s + 60 * i, 0, values(i)) for i in range(first, last + 1)]


def records(journal, seq=0):
    """What the journal holds from `seq` on, each as a tuple."""
    cursor = Cursor(journal)
    cursor.seek(seq)
    found = []
    while True:
        kind = cursor.next()
        if kind == READING:
            found.append((cursor.seq, cursor.boot, cursor.uptime_s, cursor.t, cursor.quality, list(cursor.values)))
        elif kind == EVENT:
            found.append((cursor.seq, cursor.boot, cursor.uptime_s, cursor.t, cursor.code, cursor.a, cursor.b))
        else:
            return found


def test_what_is_appended_is_read_in_order_now_and_after_a_start():
    nor = flash()
    journal = mount(nor)
    journal.set_clock(0, CLOCK)
    assert journal.reading(60, 0, values(1)) == 1
    assert journal.event(75, 3, 7, -2) == 2
    assert journal.reading(120, 66, values(2)) == 3
    expected = [
        (1, 1, 60, CLOCK + 60, 0, values(1)),
        (2, 1, 75, CLOCK + 75, 3, 7, -2),
        (3, 1, 120, CLOCK + 120, 66, values(2)),
    ]
    assert records(journal) == expected
    again = mount(nor)
    assert records(again) == expected
    assert again.boot == 2
    assert again.event(1, 8, 1, 0) == 4
    assert records(again)[3] == (4, 2, 1, NONE, 8, 1, 0)


def test_numbers_go_on_over_many_starts():
    nor = flash()
    last = 0
    for start in range(1, 40):
        journal = mount(nor)
        assert journal.boot == start
        for i in range(3):
            seq = journal.reading(60 * i, 0, values(i))
            assert seq == last + 1
            last = seq


def test_mounting_writes_nothing():
    nor = flash()
    append(mount(nor), 0, 20)
    before = bytes(nor.data), nor.programs, sum(nor.erases)
    mount(nor)
    assert (bytes(nor.data), nor.programs, sum(nor.erases)) == before


def test_values_of_every_size_and_no_value_come_back():
    journal = mount(flash())
    rows = [
        [0] * POINTS,
        [NONE] * POINTS,
        [1, -1, 63, 64, -64, -65, 8191, -8192, 1023],
        [20000, 40000, 30000, 3600, 3600, 3600, 3600, 1000000, 1023],
        [-1000, NONE, 0, NONE, 5, NONE, 7, NONE, 0],
        [(1 << 29) - 1, -(1 << 29) + 1, 0, 0, 0, 0, 0, 0, 0],
    ]
    for i, row in enumerate(rows):
        journal.reading(60 * i, i * 20, row)
    assert [(r[4], r[5]) for r in records(journal)] == [(i * 20, row) for i, row in enumerate(rows)]


def test_irregular_times_come_back():
    journal = mount(flash())
    times = [0, 60, 119, 120, 121, 500, 7200, 90000, 90060]
    for uptime_s in times:
        journal.reading(uptime_s, 0, values(0))
    assert [r[2] for r in records(journal)] == times


def test_the_oldest_goes_only_when_full_and_the_loss_is_told():
    nor = flash()
    journal = mount(nor)
    i = 0
    while sum(nor.erases) < 8:
        journal.reading(60 * i, 0, values(i))
        i += 1
    assert [r[0] for r in records(journal)] == list(range(1, i + 1))  # full to the last block, nothing lost
    while journal.oldest < 20:
        journal.reading(60 * i, 0, values(i))
        i += 1
    assert max(nor.erases) - min(nor.erases) <= 1
    held = records(journal)
    assert [r[0] for r in held] == list(range(held[0][0], journal.next_seq))
    last_told = [r for r in held if len(r) == 7][-1]
    assert last_told[4] == READINGS_LOST
    assert last_told[5] > 20  # a block full
    assert last_told[6] == held[0][0] - 1


def test_every_lost_reading_is_counted_once():
    nor = flash()
    journal = mount(nor)
    told = 0
    written = 0
    cursor = Cursor(journal)
    while written < 900:
        journal.reading(60 * written, 0, values(written))
        written += 1
        if written % 50 == 0:
            journal.erase_ahead(60 * written)
        cursor.seek(journal.next_seq - 1)
        if cursor.next() == EVENT and cursor.code == READINGS_LOST:
            told += cursor.a
    assert told == written - len([r for r in records(journal) if len(r) == 6])
    assert told > 500


def test_acknowledged_readings_are_not_lost():
    nor = flash()
    journal = mount(nor)
    for i in range(900):
        journal.ack(journal.reading(60 * i, 0, values(i)))
    assert all(len(r) == 6 for r in records(journal))


def test_the_acknowledged_place_survives_and_costs_no_erase():
    nor = flash()
    journal = mount(nor)
    append(journal, 0, 19)
    erases = sum(nor.erases)
    journal.ack(17)
    assert sum(nor.erases) == erases
    again = mount(nor)
    assert again.acked == 17
    assert [r[0] for r in records(again, again.acked + 1)] == [18, 19, 20]
    again.ack(99)
    assert again.acked == 20


def test_few_acknowledgements_are_forgotten():
    nor = flash()
    journal = mount(nor)
    for i in range(300):
        journal.ack(journal.reading(60 * i, 0, values(i)))
        assert 0 <= journal.acked - mount(nor).acked < ACK_EVERY


def test_a_batch_can_be_read_again_before_it_is_acknowledged():
    journal = mount(flash())
    append(journal, 0, 99)
    journal.ack(30)
    first = records(journal, journal.acked + 1)
    assert first == records(journal, journal.acked + 1)
    assert first[0][0] == 31


def test_a_cursor_at_the_end_goes_on_with_what_comes():
    journal = mount(flash())
    cursor = Cursor(journal)
    cursor.seek(1)
    seen = []
    for i in range(400):
        journal.reading(60 * i, 0, values(i))
        while cursor.next() == READING:
            seen.append(cursor.seq)
            journal.ack(cursor.seq)
    assert seen == list(range(1, 401))


def test_a_cursor_that_is_overtaken_goes_on_with_the_oldest():
    journal = mount(flash())
    append(journal, 0, 30)
    cursor = Cursor(journal)
    cursor.seek(5)
    assert cursor.next() == READING and cursor.seq == 5
    append(journal, 31, 800)
    assert cursor.next() in (READING, EVENT)
    assert cursor.seq == records(journal)[0][0]


def test_readings_before_the_clock_get_their_time_once_it_is_known():
    nor = flash()
    journal = mount(nor)
    append(journal, 0, 99)  # over several blocks
    assert records(journal)[0][3] == NONE
    journal.set_clock(6010, CLOCK)
    assert [r[3] for r in records(journal)] == [CLOCK + 60 * i for i in range(100)]
    append(journal, 101, 110)
    second = mount(nor)  # a start that never learns the time
    second.reading(60, 0, values(1))
    third = mount(nor)
    third.reading(60, 0, values(1))
    third.set_clock(90, CLOCK + 10000)
    fourth = mount(nor)
    times = [r[3] for r in records(fourth)]
    assert times[:100] == [CLOCK + 60 * i for i in range(100)]
    assert times[-2:] == [NONE, CLOCK + 10060]


def test_a_clock_that_is_set_again_counts_from_there():
    journal = mount(flash())
    journal.set_clock(0, CLOCK)
    journal.reading(60, 0, values(1))
    journal.set_clock(70, CLOCK + 1)  # a second is no change
    journal.set_clock(80, CLOCK - 3600)
    journal.set_clock(90, -1)  # before 2020: no time
    journal.reading(120, 0, values(2))
    assert [r[3] for r in records(journal)] == [CLOCK + 60, CLOCK - 3600 + 120]


def test_the_newest_snapshot_is_found():
    nor = flash()
    journal = mount(nor)
    data = bytearray(160)
    assert journal.load_snapshot(data) == 0
    for n in (1, 14, 15, 16, 119, 120):
        saved = bytes((n + i) & 255 for i in range(n))
        assert journal.save_snapshot(60 * n, saved, n)
        append(journal, n, n + 30)
        assert journal.load_snapshot(data) == n
        again = mount(nor)
        assert again.load_snapshot(data) == n
        assert bytes(data[:n]) == saved


def test_a_snapshot_that_was_overwritten_is_none():
    nor = flash()
    journal = mount(nor)
    journal.save_snapshot(0, b"abc", 3)
    append(journal, 0, 800)
    assert journal.load_snapshot(bytearray(160)) == 0
    assert mount(nor).load_snapshot(bytearray(160)) == 0


def test_erasing_ahead_leaves_no_erase_to_the_append():
    nor = flash()
    journal = mount(nor)
    for i in range(600):
        journal.erase_ahead(60 * i)
        before = sum(nor.erases)
        journal.reading(60 * i, 0, values(i))
        assert sum(nor.erases) == before
    assert not journal.erase_ahead(0)


def test_flash_that_does_not_take_a_record_costs_a_block_not_the_record():
    nor = flash()
    journal = mount(nor)
    append(journal, 0, 5)
    nor.data[journal.tail.block * BLOCK + journal.tail.pos + 5] = 0  # a worn cell, or a bit that rotted in erased flash
    assert journal.reading(360, 0, values(6)) == 7
    append(journal, 7, 9)
    assert [r[0] for r in records(mount(nor))] == list(range(1, 11))


class DeadFlash(Nor):
    dead = False

    def writeblocks(self, block, buf, offset=None):
        if self.dead:
            raise OSError(5)
        Nor.writeblocks(self, block, buf, offset)

    def ioctl(self, request, argument=0):
        if self.dead and request == 6:
            raise OSError(5)
        return Nor.ioctl(self, request, argument)


def test_a_block_with_a_torn_end_takes_no_further_record():
    nor = flash()
    journal = mount(nor)
    append(journal, 0, 5)
    block = journal.tail.block
    program(nor.data, journal.tail.pos, b"\x2a\x06\x00")  # three bytes of a record: bits of their cells may be weak
    before = bytes(nor.data[: BLOCK - MARKS])
    again = mount(nor)
    assert again.reading(360, 0, values(6)) > 7  # the number that the torn record may have used is not used again
    assert again.tail.block == block + 1
    assert bytes(nor.data[: BLOCK - MARKS]) == before


def test_a_loss_is_told_even_where_no_note_of_it_has_room():
    nor = flash()
    journal = mount(nor)
    append(journal, 0, 400)
    while not journal.event(0, 7, 0, 0) or journal.tail.pos > 200:
        pass
    held = [r[0] for r in records(journal) if len(r) == 6]
    nor.data[journal.tail.block * BLOCK + journal.tail.pos] = 0
    append(journal, 401, 401)
    left = records(journal)
    told = [r for r in left if len(r) == 7 and r[4] == READINGS_LOST][-1]
    assert told[5] == len(held) + 1 - len([r for r in left if len(r) == 6])


def test_dead_flash_is_told_and_stops_nothing():
    nor = DeadFlash(bytearray(b"\xff" * 8 * BLOCK), BLOCK)
    journal = mount(nor)
    append(journal, 0, 50)
    nor.dead = True
    for i in range(51, 60):
        assert journal.reading(60 * i, 0, values(i)) == 0
        journal.erase_ahead(60 * i)
    assert journal.failed == 9
    nor.dead = False
    assert append(journal, 60, 69)[0] == 52
    assert [r[0] for r in records(mount(nor))] == list(range(1, 62))


def test_a_mount_reads_every_head_and_two_blocks_at_most():
    nor = flash(64, 4096)
    journal = mount(nor)
    for i in range(2000):
        journal.reading(60 * i, 0, values(i))
        nor.reads = 0
        if i % 67 == 0:
            mount(nor)
            assert nor.reads <= 64 + 2 * 4096 // 120


def test_a_block_waits_to_be_given_up_while_memory_is_short_and_what_it_held_is_counted_later():
    journal = mount(flash())
    i = 1
    while journal.oldest == 0:
        append(journal, i, i)
        i += 1
    written = journal.next_seq - 1
    oldest = journal.oldest
    before = ring.has_room
    ring.has_room = lambda _bytes: False
    try:
        while journal.failed == 0:
            append(journal, i, i)
            i += 1
        assert journal.oldest == oldest and journal.next_seq - 1 > written
        assert [r[0] for r in records(journal)][-1] == journal.next_seq - 1
    finally:
        ring.has_room = before
    assert append(journal, i, i) != [0]
    assert journal.oldest == oldest + 1
    left = records(journal)
    told = sum(r[5] for r in left if len(r) == 7 and r[4] == READINGS_LOST)
    readings = sum(1 for r in left if len(r) == 6)
    events = len(left) - readings
    assert told > 0 and journal.acked == left[0][0] - 1 and readings + events == left[-1][0] - left[0][0] + 1
