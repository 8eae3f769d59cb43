"""What a unit's check of a publisher's signature takes, beside the check of the pack's digest that comes before it.

On the real MicroPython, at the PC's speed: one key's arithmetic, and SHA-256 over a pack as slots.py reads it. A unit
has up to four keys in its list, and gives way between two of the 16 squares that a key takes. Then a square as reckoned
for an ESP32 at most: this machine's digits of large numbers are twice as wide as the chip's, so that it does a quarter
of the multiplications.
"""

import subprocess
import sys
from argparse import Namespace
from pathlib import Path

from host_tools.unitkit import fsimage, unitfile
from host_tools.unitkit.places import EXAMPLE_UNIT
from sim.board.slow_board import ESP32_TIMES_SLOWER

_CHIP_MULTIPLICATIONS = 4  # for one of this machine
_SQUARES = 16
_HEAP = "600k"

_SCRIPT = """
import hashlib, time
modulus = (1 << 3072) - 1942289
signature = (1 << 3071) + (1 << 1000) + 12345
def us(work, n):
    begun = time.ticks_us()
    for _ in range(n):
        work()
    return time.ticks_diff(time.ticks_us(), begun) // n
def digest():
    found = hashlib.sha256()
    for _ in range(KB):
        found.update(piece)
piece = bytes(1024)
def square():
    return pow(signature, 2, modulus)
print(us(square, TIMES), us(digest, TIMES))
"""


def measure(pack_bytes: int, times: int) -> tuple[int, int]:
    """Microseconds of one square, and of the digest of a pack of that size."""
    script = _SCRIPT.replace("KB", str(pack_bytes // 1024)).replace("TIMES", str(times))
    vm = str(Path(sys.executable).with_name("micropython"))
    done = subprocess.run([vm, "-X", "heapsize=" + _HEAP, "-c", script], capture_output=True, text=True, check=True)
    square_us, digest_us = done.stdout.split()
    return int(square_us), int(digest_us)


def main(args: Namespace) -> None:
    size = len(fsimage.firmware_pack(unitfile.load(EXAMPLE_UNIT)))
    square_us, digest_us = measure(size, 1 if args.short else 200)
    key_ms = square_us * (_SQUARES + 1) / 1000
    print(f"a key of RSA-3072: {key_ms:.2f} ms; the digest of {size:,} bytes: {digest_us / 1000:.2f} ms")
    chip_ms = square_us * _CHIP_MULTIPLICATIONS * ESP32_TIMES_SLOWER / 1000
    print(f"reckoned for an ESP32 {ESP32_TIMES_SLOWER} times slower: {chip_ms:.0f} ms at most in one stretch")
