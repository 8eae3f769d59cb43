"""A second reader, written from docs/journal.md alone and for whole flash: it must find what the firmware's finds."""

import binascii

from unit.control.basics import NONE

from tests.journal.lives import BLOCKS, found, live, mount, replay
from tests.journal.test_ring import BLOCK

_HEADER_KINDS = ("base", "reading", "event", "acknowledged", "snapshot")


class _Numbers:
    def __init__(self, body):
        self.body = list(body)

    def uint(self):
        value = shift = 0
        while self.body:
            byte = self.body.pop(0)
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        return value

    def int(self):
        code = self.uint()
        return None if code == 0 else (code - 1) // 2 if code % 2 else -(code // 2)


def _read_block(block, number):
    """Yield (seq, boot, uptime, fields) of every reading and event of a block."""
    at = 0
    base = None
    while at < BLOCK - 3 and block[at] != 0xFF:
        start = at
        kind = _HEADER_KINDS[block[at] >> 5]
        n = (block[at] >> 1 & 15) + 1
        at += 1
        if n == 16:
            n = (block[at] >> 1) * (2 if kind == "snapshot" else 1)
            at += 1
        body = block[at : at + n]
        at += n
        crc = 0x5101 if kind == "base" else base["crc"]
        if kind in ("reading", "event"):
            crc ^= (base["n"] >> 7) << 8 ^ base["e"] >> 4
        crc = binascii.crc_hqx(block[start:at], crc) % 0xFFFF
        stored = int.from_bytes(block[at : at + 2], "big")
        assert crc == stored
        at += 2
        if kind == "base":
            base = _base(_Numbers(body), number, stored)
        elif kind in ("reading", "event"):
            yield _numbered(base, kind, body)


def _base(numbers, number, crc):
    names = ("gen", "seq", "boot", "uptime", "clock", "interval", "behind", "lost", "snap_gen", "snap_at", "count")
    base = {name: numbers.uint() for name in names}
    base["values"] = [numbers.int() for _ in range(base["count"])]
    assert base["gen"] % BLOCKS == number
    return base | {"n": 0, "e": 0, "crc": crc}


def _numbered(base, kind, body):
    assert body[0] & 127 == base["n"] % 128
    late = body[0] > 127
    if kind == "reading":
        width = -(-(base["count"] + 4) // 8)
        bits = int.from_bytes(body[1 : 1 + width], "little")
        numbers = _Numbers(body[1 + width :])
    else:
        bits = body[1]
        numbers = _Numbers(body[2:])
    assert bits & 15 == base["e"] % 16
    uptime = base["uptime"] + base["interval"] * (base["n"] - base["e"]) + (numbers.int() if late else 0)
    if kind == "reading":
        fields = []
        for i, known in enumerate(base["values"]):
            if bits >> (4 + i) & 1:
                difference = numbers.int()
                known = None if difference is None else (known or 0) + difference
            fields.append(known)
    else:
        fields = [numbers.uint(), numbers.int(), numbers.int()]
        base["e"] += 1
    base["n"] += 1
    return base["seq"] + base["n"] - 1, (kind, base["boot"], uptime, *fields)


def test_the_page_describes_what_is_on_flash():
    for seed in range(4):
        image = replay(live(seed))
        expected = {
            seq: ("reading" if what[0] == 1 else "event", *(None if v == NONE else v for v in what[1:]))
            for seq, what in found(mount(image)).items()
        }
        read = {}
        for number in range(BLOCKS):
            read |= dict(_read_block(image[number * BLOCK : (number + 1) * BLOCK], number))
        assert {seq: read[seq] for seq in expected} == expected
        assert len(expected) > 100
