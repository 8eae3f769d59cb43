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

from ..unitkit import partitions, variants
from ..unitkit.boards import Board
from ..unitkit.errors import AnswerIsNo, BadInput, Both, read_at_most, writing
from ..unitkit.places import BOARDS_DIR
from . import esp_image

_BANNER = re.compile(rb"MicroPython v(\d+)\.(\d+)(?:\.(\d+))?\S* on \d{4}-\d\d-\d\d")
# Version of the bytecode files that MicroPython loads since 1.19: documentation, ".mpy files". Only machine code, of
# which the firmware has none, looks at the sub-version too.
MPY_VERSION = 6
OLDEST = (1, 26)  # of what is older nothing has been measured
# The name of the build, `sys.implementation._build`: a text of its own, between zeros.
_BUILD = re.compile(rb"\0(ESP32_GENERIC(?:_[A-Z0-9]+)*(?:-[A-Z0-9_]+)?)\0")
# What MicroPython greets with after its version: `sys.implementation._machine`.
_MACHINE = re.compile(rb"; ([ -~]+ with ESP32[ -~]*)\0")
_MOST_BYTES = 16 << 20
_NO_IMAGE = "不是 ESP32 的 MicroPython 映像", "this is no MicroPython image for an ESP32"


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
    build: str  # such as ESP32_GENERIC-SPIRAM; "" where the image does not say it
    machine: str  # what the image says of itself, in words

    @property
    def variant(self) -> variants.Variant | None:
        """The build, if it is one that is known; from its bytes, for a file may have any name."""
        return _variant(self.build, self.machine)

    @property
    def title(self) -> str:
        """Version and build, for people."""
        return f"{self.version_text} {self.variant.name if self.variant else self.build or self.machine or '?'}"

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
        shown = {"chip": self.chip, "version": self.version_text, "build": self.build, "machine": self.machine}
        shown["variant"] = self.variant.name if self.variant else ""
        return shown | {"size": len(self.data), "sha256": self.sha256}


def read(path: Path) -> MicroPython:
    """A MicroPython image from a file. BadInput if it is damaged, none or unreadable."""
    data = read_at_most(path, _MOST_BYTES, _NO_IMAGE)
    try:
        return parse(data)
    except esp_image.Unusable as e:
        raise BadInput.of(f"{path}：{e.said.zh}", f"{path}: {e}") from e
    except esp_image.Damaged as e:
        raise BadInput.of(f"{path}：{e.said.zh}；请重新取得这个文件", f"{path}: {e}; get the file again") from e


def parse(data: bytes) -> MicroPython:
    """Check everything that can be checked without knowing the digest. `esp_image.Damaged` says what is wrong."""
    boot = esp_image.check(data, 0, "boot loader")
    boot_at = esp_image.BOOTLOADER_AT.get(boot.chip)
    if boot_at is None:
        able = ", ".join(esp_image.BOOTLOADER_AT)
        raise esp_image.Unusable(
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
    if boot.size > table_at or app_partition.at < partitions.TABLE_AT + partitions.BLOCK:
        raise esp_image.Damaged(
            f"引导程序、分区表和应用程序（{app_partition.at:#x}）重叠",
            f"boot loader, partition table and application ({app_partition.at:#x}) lie upon each other",
        )
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
        raise esp_image.Unusable(
            f"应用程序 {app.project} 不是 MicroPython：找不到版本",
            f"application: {app.project or 'it'} is not MicroPython: no version in it",
        )
    major, minor, patch = (int(number or 0) for number in version.groups())
    application = data[app_partition.at - boot_at :][: app.size]
    build, machine = _text(_BUILD, application), _text(_MACHINE, application)
    if (major, minor) < OLDEST:
        raise _too_old(f"{major}.{minor}", boot.chip, _variant(build, machine))
    return MicroPython(
        data,
        boot.chip,
        (major, minor, patch),
        boot_at,
        boot.size,
        tuple(table),
        app_partition,
        app.size,
        build,
        machine,
    )


def _text(pattern: re.Pattern[bytes], data: bytes) -> str:
    found = pattern.search(data)
    return found.group(1).decode("ascii") if found else ""


def _variant(build: str, machine: str) -> variants.Variant | None:
    """By the build's name; an image that does not say it, as before 1.25, by what it says of itself in words."""
    if build:
        return variants.table().get(build)
    return next((variant for variant in variants.table().values() if variant.machine == machine), None)


def _too_old(version: str, chip: str, variant: variants.Variant | None) -> esp_image.Unusable:
    """Says which is wanted: the same build where that is right for some module, else all that are for the chip."""
    right = [v for v in variants.table().values() if v.chip == chip and v.mind is None]
    wanted = [v for v in right if v == variant] or right
    zh = "；".join(f"{v.psram_words.zh}：{v.where.zh}" for v in wanted)
    en = "; ".join(f"{v.psram_words}: {v.where}" for v in wanted)
    is_ = f" ({variant.name})" if variant else ""
    oldest = f"{OLDEST[0]}.{OLDEST[1]}"
    return esp_image.Unusable(
        f"MicroPython {version}{is_} 太旧：应为 {oldest} 或更新。{zh}",
        f"MicroPython {version}{is_} is too old: it must be {oldest} or newer. {en}",
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
    """Every image of the cache, newest version last; one that no board runs any more, for it is too old, is left out.

    AnswerIsNo if one no longer has the digest that it is named by.
    """
    found = []
    for path in sorted(cache_folder().glob("*.bin")):
        try:
            image = parse(path.read_bytes())
            whole = image.sha256 == path.stem
        except esp_image.Unusable:
            continue
        except esp_image.Damaged:
            whole = False
        if not whole:
            raise AnswerIsNo.of(
                f"{path}：导入以后损坏了；删掉它，重新导入映像",
                f"{path}: damaged since it was imported; delete it and import the image again",
            )
        found.append(image)
    return sorted(found, key=lambda image: (image.version, image.sha256))


def choose(board: Board, path: Path | None) -> MicroPython:
    """The image to flash: the file given, which must be a pinned one, or the newest in the cache.

    Without a file the build that is right for the board comes before one that only runs. BadInput where there is none.
    """
    if path is None:
        able = [image for image in pinned() if refused(image, board) is None]
        if not able:
            raise BadInput.of(
                f"{cache_folder()} 里没有控制板 {board.name} 能用的 MicroPython 映像：用 qingxi image import FILE 导入 "
                f"{board.variant.where.zh}",
                f"no MicroPython image for board {board.name} in {cache_folder()}: import one with qingxi image import "
                f"FILE: {board.variant.where}",
            )
        return max(able, key=lambda image: (not wasted(image, board), image.version, image.sha256))
    image = read(path)
    if why := refused(image, board):
        raise BadInput.of(f"{path}：{why.zh}", f"{path}: {why}")
    if not is_pinned(image):
        raise BadInput.of(
            f"{path}：这台电脑没有确认过摘要 {image.sha256}：先运行 qingxi image import {path}",
            f"{path}: its digest {image.sha256} is not confirmed here: qingxi image import {path}",
        )
    return image


def refused(image: MicroPython, board: Board) -> Both | None:
    """Why the image cannot run on the board, with what it wants instead; None if it can."""
    why = variants.other_chip(image.chip, board.chip)
    if why is None and image.variant:
        why = image.variant.refused(board.chip, board.psram_kind)
    if why is None:
        return None
    return Both(
        f"MicroPython {image.title} 不能用在控制板 {board.name} 上：{why.zh}。要用{board.variant.where.zh}",
        f"MicroPython {image.title} cannot run on board {board.name}: {why}. It wants {board.variant.where}",
    )


def wasted(image: MicroPython, board: Board) -> list[Both]:
    """What the image wastes on a board that it runs on, or that nobody here knows it; none for the right build."""
    name, wants = board.name, board.variant
    if image.variant is None:
        found = [
            Both(
                "不认识这个版本：用不用 PSRAM、有没有以太网，要自己知道",
                "it is no build that is known here: whether it uses PSRAM and has Ethernet is for you to know",
            )
        ]
    else:
        found = image.variant.wasted(board.psram_kind)
    return [
        Both(
            f"MicroPython {image.title}，控制板 {name}：{why.zh}。合适的是{wants.where.zh}",
            f"MicroPython {image.title} on board {name}: {why}. The right one is {wants.where}",
        )
        for why in found
    ]


def _pin_path(sha256: str) -> Path:
    return cache_folder() / f"{sha256}.bin"
