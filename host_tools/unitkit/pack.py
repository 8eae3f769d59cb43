"""A pack: the firmware of one slot as one file, which `firmware/slots.py` mounts on a board.

    0   4  "QXP1"
    4   4  bytes of the whole pack
    8  32  SHA-256 of everything from byte 40 on
    40 22  version, filled up with NUL
    62  2  number of places
    64  6  a place: three bytes of the path's CRC-32, three where the file begins (0 for a folder); in that order
    ...    the files; each .txt is followed by the line END_OF_TEXT

Numbers are little-endian. Equal input gives equal bytes, and a pack is the same for every board and unit. A file has no
length: bytecode says itself where it ends, and a text ends with its line. Files that are 4 KiB blocks each on littlefs
lie close together here.
"""

import hashlib
import struct
import zlib
from dataclasses import dataclass
from pathlib import PurePosixPath

from .errors import BadInput, Both

MAGIC = b"QXP1"
END_OF_TEXT = b"\x04\n"  # `unit.catalogue.tables` stops there
_DIGEST_AT, _VERSION_AT, _COUNT_AT, _HEAD_BYTES = 8, 40, 62, 64


@dataclass(frozen=True)
class Head:
    """What stands at the head of a pack: its version, and its digest in hexadecimal."""

    version: str
    sha256: str


def pack(files: dict[str, bytes], version: str) -> bytes:
    """The pack of these files, by path such as `unit/app.mpy`."""
    places = {folder: 0 for name in files for folder in _folders(name)}
    at = _HEAD_BYTES + 6 * (len(places) + len(files))
    body = b""
    for name, content in sorted(files.items()):
        places[name] = at + len(body)
        body += content
        if name.endswith(".txt"):
            body += (b"" if content.endswith(b"\n") else b"\n") + END_OF_TEXT
    by_key = {_number(zlib.crc32(name.encode())): _number(place) for name, place in places.items()}
    if len(by_key) != len(places):
        raise ValueError("two paths of the firmware have nearly the same CRC-32: rename one")
    covered = version.encode().ljust(_COUNT_AT - _VERSION_AT, b"\0") + struct.pack("<H", len(by_key))
    covered += b"".join(key + place for key, place in sorted(by_key.items())) + body
    return MAGIC + struct.pack("<I", _VERSION_AT + len(covered)) + hashlib.sha256(covered).digest() + covered


def head(data: bytes, what: str) -> Head:
    """The head of a pack, which is checked as a board does. BadInput if `data`, called `what`, is none."""
    sound = data[:4] == MAGIC and len(data) > _HEAD_BYTES and struct.unpack_from("<I", data, 4)[0] == len(data)
    if not sound or hashlib.sha256(data[_VERSION_AT:]).digest() != data[_DIGEST_AT:_VERSION_AT]:
        raise BadInput(Both(f"{what}：不是完好的程序包", f"{what}: is not a sound firmware pack"))
    version = data[_VERSION_AT:_COUNT_AT].rstrip(b"\0").decode()
    return Head(version, data[_DIGEST_AT:_VERSION_AT].hex())


def _number(n: int) -> bytes:
    return struct.pack("<I", n)[:3]


def _folders(name: str) -> list[str]:
    return [str(folder) for folder in PurePosixPath(name).parents if str(folder) != "."]
