"""A stand-in for a MicroPython image: valid headers, table, checksums and hashes, and no code in it.

`QINGXI_MICROPYTHON=FILE` puts a real one in its place; the tests that damage an image work on either.
"""

import hashlib
import os
import random
import struct
from pathlib import Path

from host_tools.unitkit import partitions
from host_tools.unitkit.partitions import Partition

BOOT_AT = {"esp32": 0x1000, "esp32s3": 0}
CHIP_IDS = {"esp32": 0, "esp32s3": 9, "esp32c3": 5}
APP_AT, APP_SIZE = 0x10000, 0x1F0000
BANNER = b"MicroPython v%s on 2025-09-11\0"
BUILDS = {"esp32": "ESP32_GENERIC", "esp32s3": "ESP32_GENERIC_S3"}
STOCK_TABLE = [
    Partition("nvs", 1, 0x02, 0x9000, 0x6000),
    Partition("phy_init", 1, 0x01, 0xF000, 0x1000),
    Partition("factory", 0, 0x00, APP_AT, APP_SIZE),
    Partition("vfs", 1, 0x81, 0x200000, 0x200000),
]


def esp_image(segments: list[bytes], chip_id: int, with_hash: bool = True, size_code: int = 2) -> bytes:
    """An image as ESP-IDF's tools lay it out, written down independently of the checker."""
    image = bytearray(struct.pack("<BBBBI", 0xE9, len(segments), 2, size_code << 4, 0x40080000))
    image += struct.pack("<BBBBHBHHBBBBB", 0xEE, 0, 0, 0, chip_id, 0, 0, 0xFFFF, 0, 0, 0, 0, with_hash)
    checksum = 0xEF
    for segment in segments:
        image += struct.pack("<II", 0x3F400020, len(segment)) + segment
        for byte in segment:
            checksum ^= byte
    image += bytes(15 - len(image) % 16)
    image.append(checksum)
    return bytes(image + hashlib.sha256(image).digest()) if with_hash else bytes(image)


def micropython(
    chip="esp32",
    version="1.26.1",
    banner=BANNER,
    table=None,
    size=60_000,
    app_chip=None,
    seed=1,
    build=None,
    machine="Some module with ESP32",
) -> bytes:
    """A whole file as from the download page, of about `size` bytes of application.

    `build`: "" leaves it out, as images before 1.25 do; they say `machine` alone.
    """
    noise = random.Random(seed).randbytes(size)
    description = struct.pack("<I12x32s32s", 0xABCD5432, b"v" + version.encode(), b"micropython").ljust(256, b"\0")
    text = banner % version.encode() if b"%" in banner else banner
    build = BUILDS.get(chip, "") if build is None else build
    text = b"\0%s\0; %s\0%s\0\0" % (build.encode(), machine.encode(), text)
    app = esp_image([description + text.ljust(64, b"\0"), noise[:-4000], noise[-4000:]], CHIP_IDS[app_chip or chip])
    boot = esp_image([noise[:9000], noise[9000:9100]], CHIP_IDS[chip])
    boot_at = BOOT_AT.get(chip, 0)
    whole = bytearray(b"\xff" * (APP_AT - boot_at))
    whole[: len(boot)] = boot
    encoded = partitions.encode(STOCK_TABLE if table is None else table)
    whole[0x8000 - boot_at : 0x8000 - boot_at + len(encoded)] = encoded
    return bytes(whole) + app


def file(folder: Path) -> Path:
    """The image for an ESP32 that the tests use: the real one if there is one."""
    if real := os.environ.get("QINGXI_MICROPYTHON"):
        return Path(real)
    path = folder / "micropython.bin"
    path.write_bytes(micropython())
    return path
