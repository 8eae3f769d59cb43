"""A pack as a file system: all files of one firmware in one file, which `host_tools/unitkit/pack.py` makes.

This module is itself what `vfs.mount` takes, for it stays in memory: what is needed once a start is in slots.py. A
reader gets the pack, standing where its file begins, and knows the end when it sees it.
"""

import builtins
from binascii import crc32

from micropython import const
from unit.pack_head import ENTRY_BYTES

_ENOENT = const(2)
_EROFS = const(30)
_DIRECTORY = const(0x4000)
_FILE = const(0x8000)

name = ""  # of the pack in force, with a slash
places = b""  # of its files, each three bytes of the path's CRC-32 and three of where it begins, 0 for a folder


def open(path, mode):
    if mode not in ("r", "rb", "rt"):
        raise OSError(_EROFS)
    at = _find(path)
    if not at:
        raise OSError(_ENOENT)
    f = builtins.open(name, mode)  # noqa: SIM115  the reader closes it
    f.seek(at)
    return f


def stat(path):
    return (_FILE if _find(path) else _DIRECTORY, 0, 0, 0, 0, 0, 0, 0, 0, 0)


def mount(_readonly, _mkfs):
    pass


def _find(path):
    """Where a file begins, 0 for a folder. OSError if there is neither."""
    key = crc32(path.strip("/").encode()).to_bytes(4, "little")[:3]
    at = places.find(key)
    while at % ENTRY_BYTES:
        if at < 0:
            raise OSError(_ENOENT)
        at = places.find(key, at + 1)
    return int.from_bytes(places[at + 3 : at + ENTRY_BYTES], "little")
