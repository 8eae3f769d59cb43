"""Who may sign a firmware: lists of keys and files of signatures on the PC, and what a unit is sent as a signature."""

import base64
import hashlib
import random
import sys
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

from unit.uplink.commands import signature

from host_tools.image import signing
from host_tools.unitkit import publisher
from tests.fuzz.engine import Family, Wrong

_DIGEST = hashlib.sha256(b"a pack").digest()


def _list(folder: Path):
    """`publisher.txt`, as the setting update.publisher_file names it."""
    path = folder / "publisher.txt"
    moduli = [1 << 3071 | 1, (1 << 3072) - 1, 0xABCDEF << 3048 | 12345]
    names = ["county", "a.b-c_d", "x" * 32]
    lines = [publisher.PublicKey(name, modulus).line for name, modulus in zip(names, moduli)]
    seeds = [("# who may sign\n" + "".join(lines)).encode(), lines[0].encode("utf-8-sig")]
    seeds.append("".join(reversed(lines)).encode())

    def take(data: bytes) -> bool:
        path.write_bytes(data)
        found = publisher.keys(path)
        if not 1 <= len(found) <= publisher.MOST_KEYS or len({key.modulus for key in found}) != len(found):
            raise Wrong("no list has so many keys")
        again = folder / "again.txt"
        again.write_bytes(publisher.in_pack(found))
        if publisher.keys(again) != found or any(len(key.line.split()) != 2 for key in found):
            raise Wrong("a pack would hold another list")
        return True

    return take, seeds


def _signatures(folder: Path):
    """`signatures.txt`: accepted are those alone that somebody made."""
    path = folder / "signatures.txt"
    made = [publisher.Signature(hashlib.sha256(bytes([i])).hexdigest(), "1.2.3", bytes([i]) * 384) for i in range(3)]
    seeds = ["".join(one.line for one in made).encode(), made[0].line.encode()]

    def take(data: bytes) -> bool:
        path.write_bytes(data)
        found = publisher.signatures(path)
        for sha256, one in found.items():
            if len(one.signature) != 384 or len(sha256) != 64 or int(sha256, 16) < 0:
                raise Wrong("a signature that is none")
        return bool(found)

    return take, seeds


def _signed(folder: Path):
    """What a unit is sent with `switch`: only the publisher's own signature, of this pack, switches."""
    key, other = signing.new_key(), signing.new_key()
    mine = signing.sign(key, _DIGEST.hex())
    whole = [base64.b64encode(mine), base64.b64encode(mine) + b"\n"]
    another = hashlib.sha256(b"another pack").hexdigest()
    foreign = [signing.sign(key, another), signing.sign(other, _DIGEST.hex()), bytes(384)]
    seeds = whole + [base64.b64encode(one) for one in foreign]
    listed = publisher.in_pack([signing.public(key, "county")])
    sys.modules["pack"] = SimpleNamespace(open=lambda name, mode: BytesIO(listed))  # type: ignore[assignment]

    def take(data: bytes) -> bool:
        check = signature.is_signed(data, _DIGEST)
        while True:
            try:
                next(check)
            except StopIteration as e:
                found = e.value
                break
        if found and base64.b64decode(data) != mine:
            raise Wrong("another signature is taken for the publisher's")
        return bool(found)

    return take, seeds


def _line(chance: random.Random, data: bytes) -> bytes:
    """A line is longer, shorter or there twice."""
    lines = data.split(b"\n")
    at = chance.randrange(len(lines))
    lines[at] = chance.choice((lines[at] + b"0", lines[at][:-1], lines[at] + b"\n" + lines[at], lines[at].upper()))
    return b"\n".join(lines)


FAMILIES = [
    Family("list of publishers", _list, damage=(_line,), words=(b"county ", b"\n", b"#", b"0" * 768), share=1.0),
    Family("file of signatures", _signatures, damage=(_line,), words=(b"\n", b"#", b" 1.2.3 ", b"="), share=1.0),
    Family("signature of a firmware", _signed, (), words=(b"=", b"AAAA"), share=1.0),
]
