"""Reads the journal of a unit in service over its serial port: its raw partition, in pieces, each with its digest."""

import base64
import hashlib
import sys

from ..unitkit.errors import SurroundingsFailed, both
from ..unitkit.partitions import BLOCK, MOST_FLASH
from ..unitkit.progress import say
from .raw_repl import RawRepl

_PIECE = 512  # what a board with little memory left can still hold in one stretch, twice
_BLOCKS_AT_A_TIME = 8
_TIMES = 4
_SILENT_S = 10.0

# A piece that was never written is one character; all others are base64.
_READER = f"""
import esp32, binascii, hashlib
_p = esp32.Partition.find(esp32.Partition.TYPE_DATA, label="journal")[0]
_b = bytearray({_PIECE})
_blank = b"\\xff" * {_PIECE}
def _read(first, last):
    digest = hashlib.sha256()
    for i in range(first, last):
        _p.readblocks(i * {_PIECE} // {BLOCK}, _b, i * {_PIECE} % {BLOCK})
        digest.update(_b)
        print("-" if _b == _blank else str(binascii.b2a_base64(_b), "utf-8"), end="\\n")
    print("#", str(binascii.hexlify(digest.digest()), "utf-8"))
print(_p.ioctl(4, 0))
"""

_WORDS = {
    "stands": (
        "读取期间设备全停，约 {minutes} 分钟，读完控制器自动重启",
        "while it is read all machines stand, for some {minutes} minutes; then the unit restarts by itself",
    ),
    "noise": (
        "{port}：第 {block} 块读了 {times} 次都不对：换一根 USB 线，离电机线远一点",
        "{port}: block {block} came wrong {times} times: take another USB cable, away from the motors' cables",
    ),
}
_BYTES_PER_MINUTE = 115200 // 10 * 60 * 3 // 4


def read(port: str, lang: str) -> bytes:
    """The bytes of the partition `journal`. SurroundingsFailed in a sentence for whatever goes wrong."""
    with RawRepl(port, lang) as unit:
        blocks = unit.number(_READER, _SILENT_S, MOST_FLASH // BLOCK)
        minutes = -(-blocks * BLOCK // _BYTES_PER_MINUTE)
        say(lang, both(_WORDS["stands"], minutes=minutes))
        held = bytearray()
        for first in range(0, blocks, _BLOCKS_AT_A_TIME):
            held += _some(unit, port, first, min(first + _BLOCKS_AT_A_TIME, blocks))
            print(f"\r{len(held) * 100 // (blocks * BLOCK):3} %", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
    return bytes(held)


def _some(unit: RawRepl, port: str, first: int, last: int) -> bytes:
    for _ in range(_TIMES):
        text = unit.run(f"_read({first * BLOCK // _PIECE}, {last * BLOCK // _PIECE})", _SILENT_S)
        data = _decoded(text)
        if data is not None and len(data) == (last - first) * BLOCK:
            return data
    raise SurroundingsFailed(both(_WORDS["noise"], port=port, block=first, times=_TIMES))


def _decoded(text: str) -> bytes | None:
    """The bytes that `_read` printed; None where something was lost or changed on the way."""
    *lines, last = text.split("\n")[:-1] or [""]
    try:
        data = b"".join(
            b"\xff" * _PIECE if line == "-" else base64.b64decode(line, validate=True)
            for line in (line.strip() for line in lines)
            if line
        )
    except ValueError:
        return None
    return data if last.strip() == "# " + hashlib.sha256(data).hexdigest() else None
