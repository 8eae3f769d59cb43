"""The image format that an ESP32's boot loaders read: header, segments, checksum, appended SHA-256.

Source: ESP-IDF Programming Guide, "App Image Format", and esptool's documentation, "Firmware Image Format".
"""

import hashlib
import struct
from dataclasses import dataclass

from ..unitkit.errors import Both

MAGIC = 0xE9
_CHECKSUM_SEED = 0xEF
_HEADER_SIZE = 24
_SIZE_AND_FREQ = 3  # byte of the header: flash size in the high half, flash frequency in the low one
_HASH_APPENDED = 23
_MOST_SEGMENTS = 16
# Chip's number in the header -> its name; only some of them are on boards of ours.
CHIP_NAMES = {0: "esp32", 2: "esp32s2", 5: "esp32c3", 9: "esp32s3", 12: "esp32c2", 13: "esp32c6", 16: "esp32h2"}
# Where the ROM looks for the second boot loader, in bytes from the start of the flash.
BOOTLOADER_AT = {"esp32": 0x1000, "esp32s3": 0x0}
_DESCRIPTION_MAGIC = 0xABCD5432
_NAMES_ZH = {"boot loader": "引导程序", "application": "应用程序"}


class Damaged(Exception):
    """The bytes are no image, or not whole: the sentence says what is wrong."""

    def __init__(self, zh: str, en: str):
        super().__init__(en)
        self.said = Both(zh, en)


class Unusable(Damaged):
    """The bytes are a sound image of something that no board here runs; the sentence says what is wanted instead."""


@dataclass(frozen=True)
class EspImage:
    """One checked image: `size` in bytes with checksum and hash; `project` is empty in a boot loader."""

    chip: str
    size: int
    project: str


def check(data: bytes, at: int, what: str) -> EspImage:
    """Check the image that begins at `at`; `what` is its name in the sentence of Damaged."""
    zh = _NAMES_ZH.get(what, what)
    header = data[at : at + _HEADER_SIZE]
    if len(header) < _HEADER_SIZE or header[0] != MAGIC:
        raise Damaged(
            f"{zh}：{at:#x} 处没有 ESP 映像：应以字节 {MAGIC:#x} 开头",
            f"{what}: no ESP image at {at:#x}: it must begin with the byte {MAGIC:#x}",
        )
    segments = header[1]
    chip_id = struct.unpack_from("<H", header, 12)[0]
    if not 1 <= segments <= _MOST_SEGMENTS:
        raise Damaged(
            f"{zh}：有 {segments} 段，应为 1 到 {_MOST_SEGMENTS}",
            f"{what}: {segments} segments: it must have 1 to {_MOST_SEGMENTS}",
        )
    if chip_id not in CHIP_NAMES:
        raise Damaged(f"{zh}：不认识芯片号 {chip_id}", f"{what}: chip number {chip_id} is unknown")
    end = at + _HEADER_SIZE
    checksum = _CHECKSUM_SEED
    for _ in range(segments):
        size = int.from_bytes(data[end + 4 : end + 8], "little")
        segment = data[end + 8 : end + 8 + size]
        if end + 8 > len(data) or len(segment) < size:
            raise Damaged(f"{zh}：文件不完整", f"{what}: it ends in the middle")
        checksum ^= _xor(segment)
        end += 8 + size
    end += 16 - (end - at) % 16  # the checksum is the last byte of a block of 16
    if end > len(data) or data[end - 1] != checksum:
        raise Damaged(f"{zh}：校验和不对", f"{what}: its checksum is wrong")
    if header[_HASH_APPENDED]:
        if data[end : end + 32] != hashlib.sha256(data[at:end]).digest():
            raise Damaged(f"{zh}：SHA-256 不对", f"{what}: its SHA-256 is wrong")
        end += 32
    return EspImage(CHIP_NAMES[chip_id], end - at, _project(data, at + _HEADER_SIZE + 8))


def with_flash_size(data: bytes, flash_bytes: int) -> bytes:
    """The image with another flash size in its header, and its hash made to fit. `data` is a checked image alone.

    Without it the boot loader takes the flash for as small as the stock image says, and refuses what lies above.
    """
    patched = bytearray(data)
    code = (flash_bytes >> 20).bit_length() - 1
    patched[_SIZE_AND_FREQ] = code << 4 | patched[_SIZE_AND_FREQ] & 0x0F
    if patched[_HASH_APPENDED]:
        patched[-32:] = hashlib.sha256(patched[:-32]).digest()
    return bytes(patched)


def _xor(data: bytes) -> int:
    """The exclusive or of all bytes, folded by halves: a loop over a megabyte would take a quarter of a second."""
    width = 1 << max(0, (len(data) - 1).bit_length())
    value = int.from_bytes(data, "little")
    while width > 1:
        width //= 2
        value = value >> width * 8 ^ value & (1 << width * 8) - 1
    return value


def _project(data: bytes, at: int) -> str:
    """The project's name in the application description at the start of an application's first segment."""
    if len(data) < at + 80 or struct.unpack_from("<I", data, at)[0] != _DESCRIPTION_MAGIC:
        return ""
    return data[at + 48 : at + 80].split(b"\0")[0].decode("ascii", "replace")
