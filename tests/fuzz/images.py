"""MicroPython images as they are downloaded: boot loader, partition table, application in one file."""

import random
import struct
from pathlib import Path

from host_tools.image import esp_image, image_build, micropython_image
from host_tools.unitkit import boards, partitions
from host_tools.unitkit.partitions import Partition
from sim.board import standin
from tests.fuzz.engine import Family, Wrong

_SIZE = 14_000


def _seeds() -> list[bytes]:
    whole = [standin.micropython(chip, size=_SIZE) for chip in ("esp32", "esp32s3")]
    table = [Partition("a" * 16, 0, 0, 0x10000, 0x8000), *standin.STOCK_TABLE[:2]]
    whole.append(standin.micropython(table=table, size=_SIZE))
    return [*whole, standin.micropython(build="ESP32_GENERIC-SPIRAM", size=_SIZE)]


def _places(data: bytes) -> list[tuple[int, int]]:
    """What in an image is checked: from and to."""
    boot_at = 0 if len(data) > 0x8000 and data[0x8000:0x8002] == b"\xaaP" else 0x1000
    return [(0, 64), (0, 9300), (0x8000 - boot_at, 0x80C0 - boot_at), (0x10000 - boot_at, len(data))]


def _checked(chance: random.Random, data: bytes) -> bytes:
    start, end = chance.choice(_places(data))
    made = bytearray(data)
    if start < min(end, len(made)):
        made[chance.randrange(start, min(end, len(made)))] ^= chance.randrange(1, 256)
    return bytes(made)


def _other_table(chance: random.Random, data: bytes) -> bytes:
    """A table with other places, whose MD5 fits."""
    boot_at = 0x8000 - _places(data)[2][0]
    numbers = (0, 1, 0x1000, 0x8000, 0x9000, 0x10000, 0x10010, 0x1F0000, 0x7FFFFFFF, 0xFFFFFFFF, 0xFFFF0000)
    names = ("nvs", "factory", "vfs", "journal", "ota_0", "../x", "\x1b[0m")
    table = [
        Partition(
            chance.choice(names),
            chance.choice((0, 0, 1, 255)),
            chance.randrange(256),
            chance.choice(numbers),
            chance.choice(numbers),
        )
        for _ in range(chance.choice((1, 2, 5, 94)))
    ]
    encoded = partitions.encode(table)[: partitions.TABLE_SIZE]
    at = 0x8000 - boot_at
    return data[:at] + encoded + data[at + len(encoded) :]


def _other_segments(chance: random.Random, data: bytes) -> bytes:
    """A segment's length, or how many there are, said otherwise."""
    start = chance.choice((_places(data)[0][0], _places(data)[3][0]))
    made = bytearray(data)
    if len(made) < start + 40:
        return data
    if chance.random() < 0.3:
        made[start + 1] = chance.randrange(256)
    else:
        struct.pack_into("<I", made, start + 28, chance.choice((0, 1, 3, 1 << 20, 0x7FFFFFFF, 0xFFFFFFFF, 0xFFFFFFF0)))
    return bytes(made)


def _image(folder: Path):
    path = folder / "micropython.bin"
    seeds = _seeds()
    every_board = [boards.load(name) for name in boards.names()]

    def take(data: bytes) -> bool:
        path.write_bytes(data)
        image = micropython_image.read(path)
        if image.application not in {seed_app(seed) for seed in seeds}:
            raise Wrong("an application that nobody built")
        end = image.boot_at + image.boot_size
        if not (end <= partitions.TABLE_AT < image.app.at):
            raise Wrong("boot loader, table and application lie upon each other")
        for board in every_board:
            if micropython_image.refused(image, board) is None:
                micropython_image.wasted(image, board)
                try:
                    partitions.edited(list(image.table), board)
                except ValueError as e:
                    if not str(e):
                        raise
        image_build._check_bytecode({}, image)
        esp_image.with_flash_size(image.bootloader, 4 << 20)
        if micropython_image.is_pinned(image):
            raise Wrong("an image that nobody confirmed")
        return bool(image.title and image.summary())

    applications: dict[bytes, bytes] = {}

    def seed_app(seed: bytes) -> bytes:
        if seed not in applications:
            applications[seed] = micropython_image.parse(seed).application
        return applications[seed]

    return take, seeds


FAMILIES = [Family("MicroPython image", _image, damage=(_checked, _other_table, _other_segments), share=1.0)]
