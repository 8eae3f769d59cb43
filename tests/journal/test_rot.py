"""Bits rot: what is damaged is recognised, never returned as good, and what follows is still read."""

import random

import pytest
from unit.journal.cursor import Cursor
from unit.journal.layout import END

from tests.journal.lives import BLOCKS, found, live, mount, replay
from tests.journal.test_ring import BLOCK, append, flash, records
from tests.journal.test_ring import mount as mount_nor


def _flip(image, count, rng):
    rotten = bytearray(image)
    for _ in range(count):
        bit = rng.randrange(8 * BLOCKS * BLOCK)
        rotten[bit >> 3] ^= 1 << (bit & 7)
    return rotten


def _one_bit_costs_one_record_at_most(seed, flips):
    image = replay(live(seed))
    whole = found(mount(image))
    rng = random.Random(seed)
    for _ in range(flips):
        journal = mount(_flip(image, 1, rng))
        left = found(journal)
        missing = [seq for seq in whole if seq not in left]
        assert len(missing) <= 1
        assert all(whole[seq] == what for seq, what in left.items())
        assert journal.next_seq > max(whole)
        if missing:
            cursor = Cursor(journal)
            cursor.seek(0)
            while cursor.next() != END:
                pass
            assert cursor.damaged + cursor.torn == 1


def _many_bits_never_alter(seed, rounds):
    image = replay(live(seed))
    whole = found(mount(image))
    rng = random.Random(seed)
    for _ in range(rounds):
        journal = mount(_flip(image, rng.randrange(2, 200), rng))
        assert all(whole[seq] == what for seq, what in found(journal).items())
        assert journal.reading(60, 0, [0] * 9)


def _numbers_rise_while_any_block_is_readable(seed, rounds):
    image = replay(live(seed))
    before = mount(image)
    rng = random.Random(seed)
    for _ in range(rounds):
        journal = mount(_flip(image, rng.randrange(2, 60), rng))
        assert journal.next_seq >= before.next_seq or journal.tail.gen < 0
        assert journal.boot >= before.boot or journal.tail.gen < 0


def test_one_bit_costs_one_record_at_most():
    _one_bit_costs_one_record_at_most(0, 150)
    _one_bit_costs_one_record_at_most(1, 150)


def test_many_bits_never_alter():
    _many_bits_never_alter(2, 100)


def test_numbers_rise_while_any_block_is_readable():
    _numbers_rise_while_any_block_is_readable(3, 200)


def test_a_block_of_rubbish_costs_that_block():
    nor = flash()
    journal = mount_nor(nor)
    append(journal, 0, 150)
    before = records(journal)
    nor.data[2 * BLOCK : 3 * BLOCK] = random.Random(1).randbytes(BLOCK)
    again = mount_nor(nor)
    left = records(again)
    assert [r for r in before if r in left] == left
    assert 100 < len(left) < len(before)
    cursor = Cursor(again)
    cursor.seek(0)
    while cursor.next() != END:
        pass
    assert cursor.unreadable == 1


def test_a_start_that_cannot_be_read_keeps_its_number():
    nor = flash()
    append(mount_nor(nor), 0, 5)
    second = mount_nor(nor)
    start = second.tail.pos
    append(second, 0, 5)
    middle = (start + second.tail.pos) // 2
    for place in range(start, middle):
        nor.data[place] &= 0x7E  # both base records of the second start
    third = mount_nor(nor)
    assert third.boot > second.boot
    assert third.next_seq >= second.next_seq


def test_numbers_of_several_unreadable_blocks_are_not_used_again():
    nor = flash()
    journal = mount_nor(nor)
    append(journal, 0, 200)
    for gen in range(journal.tail.gen - 2, journal.tail.gen + 1):
        start = gen % BLOCKS * BLOCK
        nor.data[start + 3 : start + 90] = bytes(87)  # both base records
    assert mount_nor(nor).next_seq >= journal.next_seq


@pytest.mark.parametrize("kind", ["zeros", "random", "text"])
def test_foreign_flash_is_taken_into_use(kind):
    rng = random.Random(5)
    for _ in range(20):
        size = BLOCKS * BLOCK
        journal = mount(
            {
                "zeros": bytearray(size),
                "random": bytearray(rng.randbytes(size)),
                "text": bytearray(b"{}\n " * (size // 4)),
            }[kind]
        )
        assert journal.boot == 1
        assert append(journal, 0, 100) == list(range(1, 102))


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(200, 204))
def test_ten_thousand_flips(seed):
    _one_bit_costs_one_record_at_most(seed, 2500)
    _many_bits_never_alter(seed, 500)
    _numbers_rise_while_any_block_is_readable(seed, 1000)
