"""The parsers of what comes over a wire: frames of the data sheets, and any garbage."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.catalogue.tables import rows
from unit.control.basics import NONE
from unit.drivers import CHECKSUM, RANGE, REFUSED
from unit.drivers.modbus import crc16, find_answer, write_request
from unit.drivers.registers import RegisterMap, find
from unit.drivers.ultrasonic import A02yyuw

from sim.report.words import columns

GOOD = bytes((0xFF, 0x07, 0xA1, 0xA7))  # 1953 mm, from the sensor's data sheet


class Wire:
    """A UART that gives its bytes in chunks of any size."""

    def __init__(self, data, chunk=64):
        self.data = data
        self.chunk = chunk

    def readinto(self, buffer):
        part = self.data[: min(self.chunk, len(buffer))]
        self.data = self.data[len(part) :]
        buffer[: len(part)] = part
        return len(part) or None


def frame(mm):
    return bytes((0xFF, mm >> 8, mm & 0xFF, (0xFF + (mm >> 8) + mm) & 0xFF))


def distance(data):
    sensor = A02yyuw(Wire(b""), 0)
    for byte in data:
        sensor.feed(byte)
    return sensor.distance_mm


def test_frame_of_the_data_sheet():
    sensor = A02yyuw(Wire(GOOD), 3000)
    assert sensor.read(0) == 3000 - 1953
    assert sensor.read(0) == NONE
    assert sensor.errors == 0


@given(st.integers(30, 4500), st.integers(1, 7))
def test_every_distance_comes_through_in_pieces(mm, chunk):
    sensor = A02yyuw(Wire(frame(mm) * 3, chunk), 0)
    for _ in range(12):
        sensor.poll(0)
    assert sensor.distance_mm == mm
    assert sensor.errors == 0


@given(st.binary(max_size=40))
def test_two_good_frames_are_found_behind_any_garbage(garbage):
    """One may be swallowed by a false start in the garbage, never two."""
    assert distance(garbage + GOOD + GOOD) == 1953


@pytest.mark.parametrize("cut", [b"\xff", b"\xff\x07", b"\xff\xff\xff", b"\xff\x07\xa1", GOOD[1:]])
def test_the_very_next_frame_after_a_cut_one_is_found(cut):
    assert distance(cut + GOOD) == 1953


@given(st.binary(max_size=200))
def test_garbage_never_gives_a_distance_out_of_range(data):
    got = distance(data)
    assert got == NONE or 30 <= got <= 4500


@pytest.mark.parametrize(("data", "code"), [(GOOD[:3] + b"\xa8", CHECKSUM), (frame(0), RANGE), (frame(4501), RANGE)])
def test_bad_frames_are_counted(data, code):
    sensor = A02yyuw(Wire(data), 0)
    assert sensor.read(0) == NONE
    assert (sensor.errors, sensor.last_error) == (1, code)


def answer(address, function, registers):
    body = bytes((address, function, len(registers))) + registers
    return body + struct.pack("<H", crc16(body, 0, len(body)))


def test_frames_of_the_protocol_and_of_a_probes_manual():
    request = bytearray(8)
    write_request(request, 1, 3, 0x2600, 4)
    assert request.hex() == "0103260000044f41"  # Yosemitech's manual of the turbidity probe
    turbidity = find("y511")
    data = bytes.fromhex("010308" + "00008d41" * 2 + "1265")  # its answer there: 17.625 NTU
    assert turbidity.decode(data, find_answer(data, len(data), 1, 3, 4)) == 176


def test_frames_of_the_meters_manuals():
    request = bytearray(8)
    write_request(request, 1, 4, 0x0048, 2)
    assert request.hex() == "010400480002f1dd"
    write_request(request, 1, 3, 0x4000, 2)
    assert request.hex() == "010340000002d1cb"
    asked = {name: (find(name).function, find(name).register) for name in ("eastron", "ddsu666", "dtsu666", "dds238")}
    assert asked == {"eastron": (4, 0x48), "ddsu666": (3, 0x4000), "dtsu666": (3, 0x101E), "dds238": (3, 0)}
    # Totals as the meters show them, in kWh, and in units of 10 Wh.
    for name, number, units in (
        ("eastron", struct.pack(">f", 1234.56), 123456),
        ("ddsu666", struct.pack(">f", 0.01), 1),
        ("dtsu666", struct.pack(">f", 99999.5), 9999950),
        ("dds238", bytes.fromhex("00001bdd"), 7133),
        ("dds238", struct.pack(">I", 99_999_999), 99_999_999),
    ):
        total = find(name).decode(number, 0)
        assert total == pytest.approx(units, rel=2**-22, abs=0), name
        assert total * 10 < 1 << 30  # of a 32-bit board


@given(st.binary(max_size=20), st.binary(min_size=4, max_size=4), st.binary(max_size=8))
def test_an_answer_is_found_behind_noise_and_echo(noise, registers, tail):
    data = noise + answer(9, 3, registers) + tail
    start = find_answer(data, len(data), 9, 3, 2)
    assert start > 0
    assert crc16(data, start - 3, start + 4) == data[start + 4] | data[start + 5] << 8


@given(st.binary(min_size=4, max_size=4), st.data())
def test_no_answer_that_is_short_damaged_or_of_another(registers, data):
    good = answer(9, 3, registers)
    short = good[: data.draw(st.integers(0, len(good) - 1))]
    assert find_answer(short, len(short), 9, 3, 2) <= 0
    bit = data.draw(st.integers(0, 8 * len(good) - 1))
    bad = bytearray(good)
    bad[bit // 8] ^= 1 << bit % 8
    assert find_answer(bad, len(bad), 9, 3, 2) <= 0
    other = answer(8, 3, registers)
    assert find_answer(other, len(other), 9, 3, 2) <= 0
    refusal = bytes((9, 0x83, 2))
    refusal += struct.pack("<H", crc16(refusal, 0, 3))
    assert find_answer(refusal, 5, 9, 3, 2) == -REFUSED


@given(st.binary(max_size=64))
def test_any_bytes_are_an_answer_or_none(data):
    start = find_answer(data, len(data), 1, 3, 2)
    assert start in (0, -CHECKSUM, -REFUSED) or 3 <= start <= len(data) - 6


def register_map(kind, scale, quantity="level", at=0):
    return RegisterMap(["x", quantity, "9600", "3", "0000", "4", str(at), kind, scale, "", ""])


FORMATS = {"u16": ">H", "s16": ">h", "u32": ">I", "s32": ">i", "f32": ">f"}


@given(st.sampled_from(["u16", "s16", "u32", "s32"]), st.integers(-(2**31), 2**32 - 1), st.sampled_from([1, 10, 100]))
def test_whole_numbers(kind, number, times):
    low, high = (0, 2 ** int(kind[1:])) if kind[0] == "u" else (-(2 ** int(kind[1:])) // 2, 2 ** int(kind[1:]) // 2)
    number = low + (number - low) % (high - low)
    data = struct.pack(FORMATS[kind], number).ljust(8, b"\0")
    got = register_map(kind, str(times)).decode(data, 0)
    assert got == (number * times if abs(number * times) <= 0x0FFFFFFF else NONE)


@given(st.floats(width=32), st.sampled_from(["abcd", "cdab", "badc", "dcba"]), st.sampled_from([1, 10, 1000]))
def test_floats_in_every_order_of_bytes(number, order, times):
    most_first = struct.pack(">f", number)
    data = bytes(most_first["abcd".index(c)] for c in order).ljust(8, b"\0")
    got = register_map("f32 " + order, str(times)).decode(data, 0)
    if number != number or abs(number) * times > 0x0FFFFFFF + 0.5:
        assert got == NONE
    else:
        assert abs(got - number * times) <= 0.5 + abs(number * times) * 2**-18


@pytest.mark.parametrize("row", list(rows("probes")), ids=lambda row: row[0])
def test_every_register_map_is_sound(row):
    assert len(row) == len(columns("probes"))
    probe = RegisterMap(row)
    assert probe.quantity in ("level", "distance", "turbidity", "energy")
    assert probe.baud in (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)


@pytest.mark.parametrize(
    ("kind", "scale", "at"), [("f64", "1", 0), ("u16", "0", 0), ("u16", "1", 4), ("f32 abdc", "1", 0)]
)
def test_a_wrong_register_map_is_refused(kind, scale, at):
    with pytest.raises((ValueError, KeyError)):
        register_map(kind, scale, at=at)
