"""Board files: which terminals a board has, on which pins, and which of them must not be used.

`boards/esp32/<name>.toml` describes a board, `boards/esp32/chips.toml` what its chip's pins are unfit for.
"""

import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TypeGuard

from unit.catalogue import wiring
from unit.uplink.net.ethernet import CLOCK_OUT, PHYS, SPI_FROM

from . import tomltext, variants
from .errors import BadInput, Problems
from .places import BOARDS_DIR

# A terminal's kind -> (name of its number, names of its pins); "?" marks a pin that may be left out.
KINDS = {
    "relay": ("active", ("gpio",)),
    "input": ("active", ("gpio",)),
    "analog": ("shunt_ohm", ("gpio",)),
    "uart": ("bus", ("tx", "rx")),
    "rs485": ("bus", ("tx", "rx", "de?")),
    "i2c": ("bus", ("scl", "sda")),
    "hc595": ("lines", ("data", "clock", "latch")),
    "ethernet": ("phy_address", ("mdc", "mdio", "clock", "power?")),
}
# Chips with an Ethernet controller, and the pins where its data come and go, which cannot be chosen: ESP32 Series
# Datasheet, Peripheral Pin Configurations. Its clock comes in at GPIO0, or goes out at one of three pins.
_ETHERNET_PINS = {"esp32": (19, 21, 22, 25, 26, 27)}
_CLOCK_PINS = {"in": (0,), "out": (0, 16, 17)}
_SPI_PINS = ("sck", "mosi", "miso", "cs", "int")  # of an Ethernet chip that any ESP32 can have
# A relay, input or analog terminal may be a line of a chip instead of a pin: chip -> kinds that it can be, lines.
CHIPS = {
    "pcf8574": (("relay", "input"), 8),
    "tca9554": (("relay",), 8),
    "hc595": (("relay",), 32),
    "ads1115": (("analog",), 4),
}
_LEVELS = {"low": 0, "high": 1}
# The terminal whose button, pressed right after a reset, has the unit stand for service: boot.py reads it and nothing
# else does. It may be the button for flashing, at a strapping pin: that is read before the reset is over.
SERVICE = "service"
_OUTPUTS = {
    "relay": ("gpio",),
    "uart": ("tx",),
    "rs485": ("tx", "de"),
    "i2c": ("scl", "sda"),
    "hc595": ("data", "clock", "latch"),
    "ethernet": ("mdc", "mdio", "clock", "power", "sck", "mosi", "cs"),
}

# What a board's file holds besides its chip and its terminals.
_KEYS = {
    "title_zh": str, "title_en": str, "flash_mb": int, "psram_mb": int, "micropython": str, "source": str,
    "notes": list, "partitions": dict,
}  # fmt: skip
# Why a pin is refused: (Chinese, English).
_WHY = {
    "exists": ("芯片没有这个引脚", "the chip has no such pin"),
    "flash": ("接在模组内的闪存上", "it is wired to the flash memory inside the module"),
    "psram": ("接在模组内的 PSRAM 上", "it is wired to the PSRAM inside the module"),
    "strapping": ("是启动配置引脚，接线可能使芯片无法启动", "as a strapping pin it can keep the chip from starting"),
    "console": ("是串口控制台", "it is the serial console"),
    "usb": ("是 USB 口", "it is the USB port"),
    "input_only": ("只能输入，不能输出", "it is input only and cannot drive an output"),
    "no_pull": ("没有上拉电阻，触点断开时电平不定", "it has no pull resistor, so an open contact reads anything"),
    "adc": ("不在 ADC1 上，开 Wi-Fi 时不能测量", "it is not on ADC1 and cannot measure while Wi-Fi is on"),
}


@dataclass(frozen=True)
class Board:
    """One board: `terminals` in the compact form of `unit.catalogue.settings`, fit ones only; `unfit` maps the rest to
    (GPIO number, reason), reason a key for `why`."""

    name: str
    title_zh: str
    title_en: str
    chip: str
    flash_mb: int
    psram_mb: int  # 0: the module has none
    micropython: str  # the build that it wants, one of `variants.table`
    source: str
    notes: list[dict[str, str]]  # what to mind when wiring it: {"zh": ..., "en": ...}
    partitions: dict[str, int]
    terminals: dict[str, list[int | str]]
    unfit: dict[str, tuple[int, str]] = field(default_factory=dict)
    service: int = -1  # GPIO of the service button, low when pressed; -1: none

    @property
    def psram_kind(self) -> str:
        """One of `variants.PSRAM_KINDS`."""
        return variants.psram_kind(self.chip, self.psram_mb)

    @property
    def variant(self) -> variants.Variant:
        """The MicroPython build that is right for it."""
        return variants.table()[self.micropython]

    def compact(self) -> dict:
        """What the board itself reads: its name, chip and terminals."""
        return {"name": self.name, "chip": self.chip, "terminals": self.terminals}


def names() -> list[str]:
    """Names of the boards that there are files for."""
    return sorted(path.stem for path in BOARDS_DIR.glob("*.toml") if path.stem != "chips")


def why(board: Board, terminal: str, lang: str) -> str:
    """A sentence in `lang` on why `terminal`, one of `board.unfit`, must not be used."""
    pin, reason = board.unfit[terminal]
    text = _WHY[reason]
    return f"GPIO{pin} {text[0]}" if lang == "zh" else f"GPIO{pin} must not be used: {text[1]}"


@cache
def _chips() -> dict[str, dict[str, set[int]]]:
    chips = tomllib.loads((BOARDS_DIR / "chips.toml").read_text(encoding="utf-8"))
    return {
        chip: {what: _numbers(ranges) for what, ranges in data.items() if what != "source"}
        for chip, data in chips.items()
    }


def _numbers(ranges: list[str]) -> set[int]:
    found: set[int] = set()
    for span in ranges:
        first, _, last = span.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return found


def unfit_for(chip: str, kind: str, pin_name: str, pin: int, has_psram: bool = False) -> str:
    """Why `pin` must not be used as `pin_name` of a terminal of `kind`; "" if it may."""
    pins = _chips()[chip]
    if pin not in pins["exists"]:
        return "exists"
    if has_psram and pin in pins["psram"]:
        return "psram"
    for reason in ("flash", "strapping", "console", "usb"):
        if pin in pins[reason] and not (reason == "strapping" and _may_strap(kind, pin in pins["strapping_high"])):
            return reason
    if pin_name in _OUTPUTS.get(kind, ()) and pin in pins["input_only"]:
        return "input_only"
    if kind == "input" and pin in pins["input_only"]:
        return "no_pull"
    if kind == "analog" and pin not in pins["adc"]:
        return "adc"
    return ""


def _may_strap(kind: str, wants_high: bool) -> bool:
    """An idle I2C bus is high; Ethernet is wired on the board itself, by people who have seen to it."""
    return kind == "ethernet" or (kind == "i2c" and wants_high)


@cache
def load(name: str) -> Board:
    """The board called `name`. BadInput if there is none, or its file is wrong."""
    path = BOARDS_DIR / f"{name}.toml"
    if name not in names():
        able = ", ".join(names())
        raise BadInput.of(
            f"没有控制板 {name!r}：应为 {able} 之一", f"there is no board {name!r}: it must be one of {able}"
        )
    return parse(name, path.read_text(encoding="utf-8"))


def parse(name: str, text: str) -> Board:
    """A board from the text of its file. BadInput names every wrong key."""
    data = tomltext.tables_of(Path(f"{name}.toml"), text)
    problems = Problems()

    def take(key: str, kind: type):
        value = data.pop(key, None)
        if type(value) is not kind:
            problems.append(f"{name}.toml: {key} must be given as {kind.__name__}")
            return kind()
        return value

    chip = take("chip", str)
    if chip not in _chips():
        raise BadInput(*problems, f"{name}.toml: chip = {chip!r}: must be one of {', '.join(_chips())}")
    has_psram = data.get("psram_mb") not in (None, 0)
    rows = take("terminals", dict)
    service = -1
    if SERVICE in rows:
        try:
            service = _service(chip, rows.pop(SERVICE), has_psram)
        except ValueError as e:
            problems.append(f"{name}.toml: terminal {SERVICE}: {e}")
    terminals: dict[str, list[int | str]] = {}
    unfit: dict[str, tuple[int, str]] = {}
    for terminal, row in rows.items():
        try:
            compact, refused = _terminal(chip, row, has_psram)
        except ValueError as e:
            problems.append(f"{name}.toml: terminal {terminal}: {e}")
            continue
        if refused:
            unfit[terminal] = refused
        else:
            terminals[terminal] = compact
    taken = {key: take(key, kind) for key, kind in _KEYS.items()}
    board = Board(name=name, chip=chip, terminals=terminals, unfit=unfit, service=service, **taken)
    problems += [f"{name}.toml: unknown key {key}" for key in data]
    wrong = _wrong_memory(board) + _wrong_partitions(board) + _wrong_terminals(board)
    problems += [f"{name}.toml: {sentence}" for sentence in wrong]
    problems.refuse()
    return board


def _terminal(chip: str, row: object, has_psram: bool) -> tuple[list[int | str], tuple[int, str] | None]:
    """(compact form, (pin, reason) if a pin of it must not be used). ValueError on a malformed row."""
    if not isinstance(row, dict) or not _is_one_of(row.get("kind"), KINDS):
        raise ValueError(f"kind must be one of {', '.join(KINDS)}")
    kind = row["kind"]
    number_name, pin_names = KINDS[kind]
    on_spi = kind == "ethernet" and _on_spi(row)
    if on_spi:
        pin_names, row = _SPI_PINS, row | {number_name: 0}
    elif "chip" in row:
        pin_names = ("line", "chip", "address")
    wanted = {"kind", number_name} | {pin.rstrip("?") for pin in pin_names}
    if kind == "ethernet":
        wanted |= {"phy"} if on_spi else {"phy", "clock_mode"}
    if unknown := set(row) - wanted:
        raise ValueError(f"unknown key {min(unknown)}; a terminal of kind {kind} has {', '.join(sorted(wanted))}")
    number = row.get(number_name)
    if number_name == "active":
        if not _is_one_of(number, _LEVELS):
            raise ValueError('active must be "low" or "high"')
        number = _LEVELS[number]
    elif type(number) is not int or number < 0:
        raise ValueError(f"{number_name} must be a whole number")
    if kind == "ethernet":
        number = _ethernet(chip, row)
    compact: list[int | str] = [kind, number]
    refused = None
    if "chip" in row:
        return compact + _line(kind, row), None
    for pin_name in pin_names:
        plain = pin_name.rstrip("?")
        pin = row.get(plain, -1 if pin_name.endswith("?") else None)
        if type(pin) is not int:
            raise ValueError(f"{plain} must be a GPIO number")
        compact.append(pin)
        if plain in row and (reason := unfit_for(chip, kind, plain, pin, has_psram)):
            refused = refused or (pin, reason)
    return compact, refused


def _service(chip: str, row: object, has_psram: bool) -> int:
    """The GPIO of the service button. ValueError where the row is malformed or the pin must not be used."""
    compact, refused = _terminal(chip, row, has_psram)
    if compact[:2] != ["input", 0] or len(compact) > 3:
        raise ValueError('it must be an input on a pin of the chip, kind = "input", gpio, active = "low"')
    if refused and refused[1] != "strapping":
        raise ValueError(f"GPIO{refused[0]} must not be used: {_WHY[refused[1]][1]}")
    return int(compact[2])


def _is_one_of(value: object, known: dict) -> TypeGuard[str]:
    """Whether a value of a board file, which may be of any type, is a key of `known`."""
    return isinstance(value, str) and value in known


def _on_spi(row: dict) -> bool:
    return row.get("phy") in PHYS[SPI_FROM >> 6 :]


def _ethernet(chip: str, row: dict) -> int:
    """The number of an Ethernet terminal, see `uplink/net/ethernet.py`. ValueError if the chip has no such Ethernet."""
    if _on_spi(row):
        return 64 * PHYS.index(row["phy"])
    if chip not in _ETHERNET_PINS:
        raise ValueError(f"an {chip} has no Ethernet of its own: phy must be {', '.join(PHYS[SPI_FROM >> 6 :])}")
    if row["phy_address"] > 31:
        raise ValueError("phy_address must be 0 to 31")
    if row.get("phy") not in PHYS:
        raise ValueError(f"phy must be one of {', '.join(PHYS)}")
    mode = row.get("clock_mode")
    if not _is_one_of(mode, _CLOCK_PINS):
        raise ValueError('clock_mode must be "in" or "out"')
    if row.get("clock") not in _CLOCK_PINS[mode]:
        able = " or ".join(f"GPIO{pin}" for pin in _CLOCK_PINS[mode])
        raise ValueError(f'clock must be {able} where clock_mode is "{mode}"')
    return row["phy_address"] + CLOCK_OUT * (mode == "out") + 64 * PHYS.index(row["phy"])


def _line(kind: str, row: dict) -> list[int | str]:
    """[line, chip, address] of a terminal that is a line of a chip; a 74HC595 has no address. ValueError if wrong."""
    chip, line, address = row["chip"], row.get("line"), row.get("address", 0)
    able = [name for name, (kinds, _) in CHIPS.items() if kind in kinds]
    if chip not in able:
        raise ValueError(f"chip of a terminal of kind {kind} must be one of {', '.join(able) or 'none'}")
    lines = CHIPS[chip][1]
    if type(line) is not int or not 0 <= line < lines:
        raise ValueError(f"line of a {chip} must be 0 to {lines - 1}")
    if type(address) is not int or not (address == 0 if chip == "hc595" else 0x08 <= address <= 0x77):
        raise ValueError("address must be the chip's I2C address, 8 to 119")
    return [line, chip, address]


def _wrong_terminals(board: Board) -> list[str]:
    """A pin belongs to one terminal; a chip's lines need the bus that the chip sits on."""
    wrong = []
    owner: dict[int, str] = {board.service: SERVICE} if board.service >= 0 else {}
    if owner and any(terminal[0] == "relay" and len(terminal) > 3 for terminal in board.terminals.values()):
        wrong.append(f"terminal {SERVICE}: relays behind a chip stay as they were over a reset: no service button here")
    for name, terminal in board.terminals.items():
        own = _ETHERNET_PINS[board.chip] if terminal[0] == "ethernet" and int(terminal[1]) < SPI_FROM else ()
        for pin in [*wiring.pins(terminal), *own]:
            if (other := owner.setdefault(pin, name)) != name:
                wrong.append(f"terminal {name}: GPIO{pin} is taken by terminal {other}")
    kinds = {terminal[0] for terminal in board.terminals.values()}
    for name, terminal in board.terminals.items():
        chip = terminal[3] if len(terminal) > 3 else None
        bus = "hc595" if chip == "hc595" else "i2c"
        if isinstance(chip, str) and bus not in kinds:
            wrong.append(f"terminal {name}: chip {chip} needs a terminal of kind {bus}")
    return wrong


def _wrong_memory(board: Board) -> list[str]:
    """The MicroPython build must be one that uses what the module has, and needs no more."""
    if board.psram_mb < 0:
        return ["psram_mb must be 0 or more"]
    able = variants.fitting(board.chip, board.psram_mb)
    if board.micropython in able:
        return []
    has = f"{board.psram_mb} MB of PSRAM" if board.psram_mb else "no PSRAM"
    return [f'micropython = "{board.micropython}": for an {board.chip} with {has} it must be one of {", ".join(able)}']


def _wrong_partitions(board: Board) -> list[str]:
    """The journal and the file system must fit into the flash without overlapping (all sizes in KiB)."""
    p = board.partitions
    wanted = ("vfs_at_kib", "vfs_kib", "journal_at_kib", "journal_kib")
    if sorted(p) != sorted(wanted) or any(type(size) is not int or size <= 0 or size % 4 for size in p.values()):
        return [f"partitions must hold {', '.join(wanted)}, each a multiple of 4"]
    if p["vfs_at_kib"] + p["vfs_kib"] > p["journal_at_kib"]:
        return ["partitions: vfs must end before the journal begins"]
    if p["journal_at_kib"] + p["journal_kib"] > board.flash_mb * 1024:
        return [f"partitions: the journal must end within {board.flash_mb} MB of flash"]
    return []
