"""A pack: the firmware of one slot as one file, which `firmware/slots.py` mounts on a board.

Its head: `unit/pack_head.py`. Equal input gives equal bytes, and with the same publishers (publisher.py) a pack is the
same for every unit whose board has PSRAM, and for every unit whose board has none. A file has no length: bytecode says
itself where it ends, and a text ends with its line. Files that are 4 KiB blocks each on littlefs lie close together
here.
"""

import hashlib
import re
import struct
import zlib
from dataclasses import dataclass
from pathlib import PurePosixPath

from unit.pack_head import COUNT_AT, DIGEST_AT, ENTRY_BYTES, HEAD_BYTES, MAGIC, VERSION_AT

from .errors import BadInput

END_OF_TEXT = b"\x04\n"  # `unit.catalogue.tables` stops there


@dataclass(frozen=True)
class Head:
    """What stands at the head of a pack: its version, and its digest in hexadecimal."""

    version: str
    sha256: str


def pack(files: dict[str, bytes], version: str) -> bytes:
    """The pack of these files, by path such as `unit/app.mpy`."""
    places = {folder: 0 for name in files for folder in _folders(name)}
    at = HEAD_BYTES + ENTRY_BYTES * (len(places) + len(files))
    body = b""
    for name, content in sorted(files.items()):
        places[name] = at + len(body)
        body += content
        if name.endswith(".txt"):
            body += (b"" if content.endswith(b"\n") else b"\n") + END_OF_TEXT
    by_key = {_number(zlib.crc32(name.encode())): _number(place) for name, place in places.items()}
    if len(by_key) != len(places):
        raise ValueError("two paths of the firmware have nearly the same CRC-32: rename one")
    covered = version.encode().ljust(COUNT_AT - VERSION_AT, b"\0") + struct.pack("<H", len(by_key))
    covered += b"".join(key + place for key, place in sorted(by_key.items())) + body
    return struct.pack("<II", MAGIC, VERSION_AT + len(covered)) + hashlib.sha256(covered).digest() + covered


def head(data: bytes, what: str) -> Head:
    """The head of a pack, which is checked as a board does. BadInput if `data`, called `what`, is none."""
    sound = len(data) > HEAD_BYTES and struct.unpack_from("<II", data) == (MAGIC, len(data))
    if not sound or hashlib.sha256(data[VERSION_AT:]).digest() != data[DIGEST_AT:VERSION_AT]:
        raise BadInput.of(f"{what}：不是完好的程序包", f"{what}: is not a sound firmware pack")
    version = data[VERSION_AT:COUNT_AT].rstrip(b"\0").decode("ascii", "replace")
    if not re.fullmatch(r"[\w.+!-]+", version, re.ASCII):
        raise BadInput.of(
            f"{what}：程序包的版本号不是版本号", f"{what}: the version in this firmware pack is none; take another pack"
        )
    return Head(version, data[DIGEST_AT:VERSION_AT].hex())


def _number(n: int) -> bytes:
    return struct.pack("<I", n)[:3]


def _folders(name: str) -> list[str]:
    return [str(folder) for folder in PurePosixPath(name).parents if str(folder) != "."]
