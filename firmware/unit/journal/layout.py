"""The bytes of a record: kinds, header, numbers, checksum. docs/journal.md has the whole layout.

A record is `header, body, CRC`. The header byte holds the kind (3 bits), the length of the body less one (4 bits; 15
says that a length byte follows) and a parity bit. The parity bit makes a single rotten bit in a length visible, so
that a CRC is never taken over the wrong span. No header is 0xFF, so erased flash is never taken for a record.
"""

from array import array

from ..control.basics import NONE, const

# Kinds of record. Those between BASE and ACK have a sequence number.
BASE = const(0)  # what the records behind it are relative to
READING = const(1)
EVENT = const(2)
ACK = const(3)  # what the broker holds, and how many readings were given up
SNAPSHOT = const(4)
END = const(-1)  # no further record

# The last bytes of a block are marks, programmed to 0 one by one in the life of the block.
ERASING = const(0)  # the erase of the next block begins
READY = const(1)  # the next block is erased
SEALED = const(2)  # the next block is in use, this one is complete
MARKS = const(3)
RESERVE = const(16)  # the last bytes before the marks take only the note that readings were given up: it has room

FORMAT = const(0x5101)  # start value of the CRC of a base: another format is not this journal
WINDOW = const(256)  # bytes read at a time; no record is longer
MAX_SNAPSHOT = const(240)
EPOCH_UNIX_S = 1577836800  # 2020-01-01 in Unix seconds; counted from it, times fit a small int on a board until 2054


def _table():
    table = array("H", [0] * 256)
    for i in range(256):
        crc = i << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
        table[i] = crc
    return table


_TABLE = _table()


def crc16(data: bytearray, start: int, end: int, crc: int) -> int:
    """CRC-16 (polynomial 0x1021) of data[start:end], never 0xFFFF: that is what an unfinished record ends in."""
    table = _TABLE
    for i in range(start, end):
        crc = table[crc >> 8 ^ data[i]] ^ (crc & 0xFF) << 8
    return 0 if crc == 0xFFFF else crc


def odd(byte: int) -> int:
    """1 if an odd number of bits is set."""
    byte ^= byte >> 4
    return 0x6996 >> (byte & 15) & 1


def put_uint(data: bytearray, at: int, value: int) -> int:
    """Write `value` >= 0, 7 bits a byte, low ones first, the top bit: more follow; returns the place behind."""
    while value > 127:
        data[at] = value & 127 | 128
        value >>= 7
        at += 1
    data[at] = value
    return at + 1


def put_int(data: bytearray, at: int, value: int) -> int:
    """Write a signed value, small ones short: 0 is NONE, then 0, -1, 1, -2, ... count from 1."""
    if value == NONE:
        return put_uint(data, at, 0)
    return put_uint(data, at, 2 * value + 1 if value >= 0 else -2 * value)


def put_frame(data: bytearray, kind: int, end: int, crc: int) -> int:
    """Make a record of the body in data[1:end], moved by one where a length byte is needed; returns its length.

    `crc` is the start value: that of the base record in force, so that no record is ever read under another base.
    """
    n = end - 1
    if n < 16:
        head = kind << 5 | (n - 1) << 1
    else:
        if kind == SNAPSHOT:  # counts in pairs
            data[end] = 0
            n = (n + 1) >> 1 << 1
            end = n + 1
        for i in range(end, 1, -1):
            data[i] = data[i - 1]
        end += 1
        n = n >> 1 if kind == SNAPSHOT else n
        data[1] = n << 1 | odd(n)
        head = kind << 5 | 30
    data[0] = head | odd(head)
    crc = crc16(data, 0, end, crc)
    data[end] = crc >> 8
    data[end + 1] = crc & 255
    return end + 2
