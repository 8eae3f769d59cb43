"""The bytes of a record. Runs on CPython and on the MicroPython virtual machine."""

from unit.control.basics import NONE
from unit.journal.block_reader import BlockReader
from unit.journal.layout import BASE, EVENT, READING, crc16, odd, put_frame, put_int, put_uint

from host_tools.unitkit.nor import Nor


def test_the_crc_is_the_known_one():
    text = b"123456789"
    assert crc16(bytearray(text), 0, 9, 0xFFFF) == 0x29B1  # CRC-16/CCITT-FALSE


def test_no_crc_equals_the_end_of_an_unfinished_record():
    data = bytearray(3)
    for i in range(1 << 17):
        data[0] = i & 255
        data[1] = i >> 8 & 255
        data[2] = i >> 16
        assert crc16(data, 0, 3, 0) != 0xFFFF


def test_small_numbers_are_short():
    data = bytearray(8)
    for value, size in ((NONE, 1), (0, 1), (-1, 1), (63, 1), (-63, 1), (64, 2), (-64, 2), (8191, 2), (1000000, 3)):
        assert put_int(data, 0, value) == size
    assert put_uint(data, 0, 127) == 1
    assert put_uint(data, 0, 128) == 2


def test_a_length_with_a_rotten_bit_is_no_length_whatever_the_crc_says():
    for body in (5, 30):
        data = bytearray(64)
        n = put_frame(data, EVENT, 1 + body, 0)
        for place in range(1 if body < 16 else 2):
            for bit in range(8):
                flash = bytearray(b"\xff" * 512)
                flash[:n] = data[:n]
                flash[place] ^= 1 << bit
                reader = BlockReader(Nor(flash, 512), 9)
                reader.base_crc = 0
                length = (flash[0] >> 1 & 15) + 1 if flash[0] >> 1 & 15 != 15 else flash[1] >> 1
                end = length + (2 if flash[0] >> 1 & 15 == 15 else 1)
                crc = crc16(flash, 0, end, 0)
                flash[end] = crc >> 8
                flash[end + 1] = crc & 255
                assert reader.check(0) == 0


def test_erased_flash_is_two_bits_from_every_header():
    for kind in (BASE, READING, EVENT):
        for length in range(16):
            head = kind << 5 | length << 1
            head |= odd(head)
            assert bin(head ^ 0xFF).count("1") >= 2
