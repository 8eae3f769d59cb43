"""A MicroPython image for an ESP32, as it is downloaded: boot loader, partition table, application in one file.

The file begins where the chip's ROM looks for the boot loader. An image is used only when its digest is known: see
`images.toml` and the cache, a folder of images that somebody has confirmed.
"""

import hashlib
import os
import re
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ..unitkit import partitions
from ..unitkit.errors import AnswerIsNo, BadInput, reading, writing
from ..unitkit.places import BOARDS_DIR
from . import esp_image

_BANNER = re.compile(rb"MicroPython v(\d+)\.(\d+)(?:\.(\d+))?\S* on \d{4}-\d\d-\d\d")
# Version of the bytecode files that MicroPython loads since 1.19: documentation, ".mpy files". Only machine code, of
# which the firmware has none, looks at the sub-version too.
MPY_VERSION = 6
OLDEST = (1, 23)  # the firmware uses what came with it
_MOST_BYTES = 16 << 20


@dataclass(frozen=True)
class MicroPython:
    """A whole and sound image. `version` such as (1, 26, 1); `boot_at` is where its first byte goes in the flash."""

    data: bytes
    chip: str
    version: tuple[int, int, int]
    boot_at: int
    boot_size: int
    table: tuple[partitions.Partition, ...]
    app: partitions.Partition
    app_size: int

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def version_text(self) -> str:
        return ".".join(map(str, self.version))

    @property
    def bootloader(self) -> bytes:
        return self.data[: self.boot_size]

    @property
    def application(self) -> bytes:
        """The bytes for the partition `app`."""
        at = self.app.at - self.boot_at
        return self.data[at : at + self.app_size]

    def summary(self) -> dict[str, object]:
        return {"chip": self.chip, "version": self.version_text, "size": len(self.data), "sha256": self.sha256}


def read(path: Path) -> MicroPython:
    """A MicroPython image from a file. BadInput if it is damaged, none or unreadable."""
    with reading(path), path.open("rb") as f:
        data = f.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise BadInput.of(
            f"{path}：超过 {_MOST_BYTES} 字节：不是 ESP32 的 MicroPython 映像",
            f"{path}: larger than {_MOST_BYTES} bytes: this is no MicroPython image for an ESP32",
        )
    try:
        return parse(data)
    except esp_image.Damaged as e:
        raise BadInput.of(f"{path}：{e.said.zh}；请重新取得这个文件", f"{path}: {e}; get the file again") from e


def parse(data: bytes) -> MicroPython:
    """Check everything that can be checked without knowing the digest. `esp_image.Damaged` says what is wrong."""
    boot = esp_image.check(data, 0, "boot loader")
    boot_at = esp_image.BOOTLOADER_AT.get(boot.chip)
    if boot_at is None:
        able = ", ".join(esp_image.BOOTLOADER_AT)
        raise esp_image.Damaged(
            f"它是 {boot.chip} 芯片的：控制板用 {able}", f"it is for the chip {boot.chip}: the boards have {able}"
        )
    table_at = partitions.TABLE_AT - boot_at
    table_bytes = data[table_at : table_at + partitions.TABLE_SIZE]
    if not partitions.is_sound(table_bytes):
        raise esp_image.Damaged(
            f"{partitions.TABLE_AT:#x} 处没有分区表，或其 MD5 不对",
            f"partition table: none at {partitions.TABLE_AT:#x}, or its MD5 is wrong",
        )
    table = partitions.decode(table_bytes)
    app_partition = next((p for p in table if p.is_app), None)
    if app_partition is None:
        raise esp_image.Damaged("分区表里没有应用程序", "partition table: it has no application")
    app = esp_image.check(data, app_partition.at - boot_at, "application")
    if app.chip != boot.chip:
        raise esp_image.Damaged(
            f"引导程序是 {boot.chip} 的，应用程序却是 {app.chip} 的",
            f"the boot loader is for {boot.chip}, the application for {app.chip}",
        )
    if app.size > app_partition.size:
        raise esp_image.Damaged(
            f"应用程序有 {app.size} 字节，分区只有 {app_partition.size}",
            f"application: {app.size} bytes: its partition has {app_partition.size}",
        )
    version = _BANNER.search(data)
    if version is None:
        raise esp_image.Damaged(
            f"应用程序 {app.project} 不是 MicroPython：找不到版本",
            f"application: {app.project or 'it'} is not MicroPython: no version in it",
        )
    major, minor, patch = (int(number or 0) for number in version.groups())
    if (major, minor) < OLDEST:
        raise esp_image.Damaged(
            f"MicroPython {major}.{minor} 太旧：应为 {OLDEST[0]}.{OLDEST[1]} 或更新",
            f"MicroPython {major}.{minor} is too old: it must be {OLDEST[0]}.{OLDEST[1]} or newer",
        )
    return MicroPython(
        data, boot.chip, (major, minor, patch), boot_at, boot.size, tuple(table), app_partition, app.size
    )


def cache_folder() -> Path:
    """Where confirmed images lie: $QINGXI_CACHE, or `qingxi` in the user's cache folder (XDG)."""
    if own := os.environ.get("QINGXI_CACHE"):
        return Path(own) / "micropython"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "qingxi" / "micropython"


def known(sha256: str) -> dict | None:
    """The entry of `images.toml` with this digest."""
    entries = tomllib.loads((BOARDS_DIR / "micropython" / "images.toml").read_text(encoding="utf-8"))["image"]
    return next((entry for entry in entries if entry["sha256"] == sha256), None)


def is_pinned(image: MicroPython) -> bool:
    """Whether this very image was imported here, or is a confirmed one."""
    entry = known(image.sha256)
    return bool(entry and entry["confirmed"]) or _pin_path(image.sha256).is_file()


def pin(image: MicroPython) -> Path:
    """Keep an image in the cache under its digest. SurroundingsFailed if it cannot be written."""
    path = _pin_path(image.sha256)
    fresh = path.with_suffix(f".{os.getpid()}")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(image.data)
        fresh.replace(path)  # an import that is interrupted leaves no half image under a good name
    return path


def pinned() -> list[MicroPython]:
    """Every image of the cache, newest version last. AnswerIsNo if one no longer has the digest that it is named by."""
    found = []
    for path in sorted(cache_folder().glob("*.bin")):
        try:
            image = parse(path.read_bytes())
            whole = image.sha256 == path.stem
        except esp_image.Damaged:
            whole = False
        if not whole:
            raise AnswerIsNo.of(
                f"{path}：导入以后损坏了；删掉它，重新导入映像",
                f"{path}: damaged since it was imported; delete it and import the image again",
            )
        found.append(image)
    return sorted(found, key=lambda image: (image.version, image.sha256))


def choose(chip: str, path: Path | None) -> MicroPython:
    """The image to flash: the file given, which must be a pinned one, or the newest in the cache for this chip."""
    if path is None:
        able = [image for image in pinned() if image.chip == chip]
        if not able:
            raise BadInput.of(
                f"{cache_folder()} 里没有 {chip} 的 MicroPython 映像：用 qingxi image import FILE 导入一个",
                f"no MicroPython image for {chip} in {cache_folder()}: import one with: qingxi image import FILE",
            )
        return able[-1]
    image = read(path)
    if image.chip != chip:
        raise BadInput.of(
            f"{path}：是 {image.chip} 的映像，站点的控制板是 {chip}",
            f"{path}: is for {image.chip}: the unit's board has {chip}",
        )
    if not is_pinned(image):
        raise BadInput.of(
            f"{path}：这台电脑没有确认过摘要 {image.sha256}：先运行 qingxi image import {path}",
            f"{path}: its digest {image.sha256} is not confirmed here: qingxi image import {path}",
        )
    return image


def _pin_path(sha256: str) -> Path:
    return cache_folder() / f"{sha256}.bin"
