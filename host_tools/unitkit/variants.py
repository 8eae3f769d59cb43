"""MicroPython's builds for the boards' chips, from `boards/esp32/micropython/variants.toml`: which module wants which.

A build that runs and wastes something is named, one that cannot run is refused.
"""

import tomllib
from dataclasses import dataclass
from functools import cache

from .errors import Both, both
from .places import BOARDS_DIR

PSRAM_KINDS = {
    "none": ("没有 PSRAM", "no PSRAM"),
    "quad": ("四线 PSRAM", "quad PSRAM"),
    "octal": ("八线 PSRAM", "octal PSRAM"),
}
MEASURED = "1.26.1"  # the version that a file to look for is named with: most of what is known was measured on it

_SEARCHES = Both(
    "它能运行，但慢一些，每次启动都到 GPIO16、17 上找没有的 PSRAM",
    "it runs, but is slower and at every start looks for PSRAM, which is not there, at GPIO16 and 17",
)
_UNUSED = Both(
    "它能运行，但不用模组上的 PSRAM：内存和没有 PSRAM 的板子一样",
    "it runs, but leaves the module's PSRAM unused: there is no more memory than without",
)


@dataclass(frozen=True)
class Variant:
    """One build. `psram`: the kinds that it is made for; `mind`: what speaks against it on any board here, or None."""

    name: str
    chip: str
    psram: tuple[str, ...]
    heading: str
    machine: str
    mind: Both | None

    @property
    def psram_words(self) -> Both:
        """The modules that it is for, by their PSRAM."""
        kinds = [PSRAM_KINDS[kind] for kind in self.psram]
        return Both("或".join(zh for zh, _ in kinds), " or ".join(en for _, en in kinds))

    @property
    def file(self) -> str:
        """What its file on the download page is called."""
        return f"{self.name}-YYYYMMDD-v{MEASURED}.bin"

    @property
    def where(self) -> Both:
        """Where its file is found."""
        page = self.name.partition("-")[0]
        return Both(
            f"下载页 {page} 上“{self.heading}”下面的 {self.file}",
            f'{self.file}, on the download page {page} below "{self.heading}"',
        )

    def fits(self, chip: str, psram_kind: str) -> bool:
        """Whether it is the right one for modules of this kind."""
        return chip == self.chip and psram_kind in self.psram and self.mind is None

    def refused(self, chip: str, psram_kind: str) -> Both | None:
        """Why it cannot run on such a module; None if it can.

        Octal PSRAM takes GPIO33 to 37 besides: a build for it takes them where a board may use them.
        """
        if why := other_chip(self.chip, chip):
            return why
        if self.psram == ("octal",) and psram_kind != "octal":
            zh, en = PSRAM_KINDS[psram_kind]
            return Both(
                f"它把 GPIO33 到 37 用作八线 PSRAM，这块模组是{zh}",
                f"it takes GPIO33 to 37 for octal PSRAM, and this module has {en}",
            )
        return None

    def wasted(self, psram_kind: str) -> list[Both]:
        """What it wastes on a module that it runs on: sentences, none for the right one."""
        found = [self.mind] if self.mind else []
        if psram_kind not in self.psram:
            found.append(_SEARCHES if psram_kind == "none" else _UNUSED)
        return found


def other_chip(its: str, chip: str) -> Both | None:
    """Why what is made for the chip `its` is none for `chip`; None where they are the same."""
    return (
        None if its == chip else Both(f"它是 {its} 芯片的，不是 {chip} 的", f"it is for the chip {its}, not for {chip}")
    )


@cache
def table() -> dict[str, Variant]:
    """Every build that is known, by name."""
    rows = tomllib.loads((BOARDS_DIR / "micropython" / "variants.toml").read_text(encoding="utf-8"))
    return {
        name: Variant(
            name,
            row["chip"],
            tuple(row["psram"]),
            row["heading"],
            row["machine"],
            both((row["mind"]["zh"], row["mind"]["en"])) if "mind" in row else None,
        )
        for name, row in rows.items()
    }


def psram_kind(chip: str, psram_mb: int) -> str:
    """How a module's PSRAM is wired, which its size tells.

    An ESP32's is quad. Of the ESP32-S3's 2 MB are quad, 8 and more octal: ESP32-S3-WROOM-1 Datasheet, Ordering
    Information (R2, R8, R16).
    """
    if psram_mb == 0:
        return "none"
    return "octal" if chip == "esp32s3" and psram_mb > 2 else "quad"


def fitting(chip: str, psram_mb: int) -> list[str]:
    """Names of the builds that are right for such a module, the usual one first."""
    kind = psram_kind(chip, psram_mb)
    return [name for name, variant in table().items() if variant.fits(chip, kind)]
