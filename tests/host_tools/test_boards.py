"""Board files: the ones there are, what is refused in one, and the wiring pages."""

import pytest
from unit.uplink.net.ethernet import CLOCK_OUT

from host_tools.records import boardguide, unitdocs
from host_tools.unitkit import boards, fsimage, variants
from host_tools.unitkit.errors import BadInput
from tests.vm import ROOT

BOARDS = {name: boards.load(name) for name in boards.names()}


def refuse(board, old, new, sentence):
    """The file of this board, changed like that, is refused with this sentence."""
    good = (boards.BOARDS_DIR / f"{board}.toml").read_text(encoding="utf-8")
    assert old in good
    with pytest.raises(BadInput) as caught:
        boards.parse("b", good.replace(old, new, 1))
    assert any(sentence in problem for problem in caught.value.problems), caught.value.problems


@pytest.mark.parametrize("name", boards.names())
def test_board_has_what_a_unit_needs(name):
    board = boards.load(name)
    kinds = [terminal[0] for terminal in board.terminals.values()]
    assert kinds.count("relay") >= 4
    assert kinds.count("input") >= 3
    assert kinds.count("analog") >= 2
    assert board.source.startswith("https://")
    assert all(note["zh"] and note["en"] for note in board.notes)


@pytest.mark.parametrize("name", boards.names())
def test_wiring_page_is_current(name):
    page = (ROOT / "docs" / f"wiring-{name}.md").read_text(encoding="utf-8")
    assert page == unitdocs.wiring_page(boards.load(name)), f"run: qingxi config wiring {name} docs/wiring-{name}.md"


def test_buying_guide_is_current():
    page = (ROOT / "docs" / "boards.md").read_text(encoding="utf-8")
    assert page == boardguide.page(), "run: qingxi config boards docs/boards.md"


def test_buying_guide_holds_every_board_with_what_it_can_do():
    rows = {line.split("]")[0][3:]: line for line in boardguide.page().splitlines() if line.startswith("| [")}
    assert list(rows) == boards.names()
    for name, board in BOARDS.items():
        assert f"`{board.micropython}`" in rows[name]
        assert ("○ 不行 no" in rows[name]) == ("◐ 轮流 in turns" in rows[name]) == (board.psram_mb == 0)


def test_unfit_terminals_of_the_boards():
    found = {name: boards.load(name).unfit for name in boards.names()}
    assert found == {
        "esp32-devkitc": {},
        "esp32-relay-x8": {"relay7": (12, "strapping")},
        "esp32s3-eth-8di-8ro": {},
        "esp32s3-relay-6ch": {"relay5": (45, "strapping"), "relay6": (46, "strapping")},
        "kc868-a8": {},
        "olimex-esp32-poe-wrover": {},
    }


@pytest.mark.parametrize(
    ("chip", "kind", "pin_name", "pin", "reason"),
    [
        ("esp32", "relay", "gpio", 25, ""),
        ("esp32", "relay", "gpio", 20, "exists"),
        ("esp32", "relay", "gpio", -1, "exists"),
        ("esp32", "relay", "gpio", 34, "input_only"),
        ("esp32", "input", "gpio", 34, "no_pull"),
        ("esp32", "input", "gpio", 6, "flash"),
        ("esp32", "input", "gpio", 0, "strapping"),
        ("esp32", "relay", "gpio", 5, "strapping"),
        ("esp32", "i2c", "scl", 5, ""),  # an idle I2C bus is high, as GPIO5 must be at reset
        ("esp32", "i2c", "scl", 12, "strapping"),
        ("esp32", "relay", "gpio", 1, "console"),
        ("esp32", "analog", "gpio", 25, "adc"),
        ("esp32", "rs485", "tx", 35, "input_only"),
        ("esp32", "rs485", "rx", 35, ""),
        ("esp32s3", "relay", "gpio", 46, "strapping"),
        ("esp32s3", "relay", "gpio", 19, "usb"),
        ("esp32s3", "relay", "gpio", 30, "flash"),
        ("esp32s3", "relay", "gpio", 22, "exists"),
        ("esp32s3", "analog", "gpio", 11, "adc"),
    ],
)
def test_what_a_pin_is_unfit_for(chip, kind, pin_name, pin, reason):
    assert boards.unfit_for(chip, kind, pin_name, pin) == reason


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('chip = "esp32"', 'chip = "esp8266"', "chip = 'esp8266': must be one of esp32, esp32s3"),
        ("flash_mb = 4", 'flash_mb = "4"', "flash_mb must be given as int"),
        ("flash_mb = 4", "flash_mb = 4\ncolour = 1", "unknown key colour"),
        ("psram_mb = 0", 'psram_mb = "0"', "psram_mb must be given as int"),
        ("psram_mb = 0", "psram_mb = -1", "psram_mb must be 0 or more"),
        ("psram_mb = 0", "psram_mb = 4", "with 4 MB of PSRAM it must be one of ESP32_GENERIC-SPIRAM"),
        ('micropython = "ESP32_GENERIC"\n', "", "micropython must be given as str"),
        ('"ESP32_GENERIC"', '"GENERIC"', 'micropython = "GENERIC": for an esp32 with no PSRAM it must'),
        ('"ESP32_GENERIC"', '"ESP32_GENERIC-SPIRAM"', "for an esp32 with no PSRAM it must be one of ESP32_GENERIC"),
        ('"ESP32_GENERIC"', '"ESP32_GENERIC-UNICORE"', "for an esp32 with no PSRAM it must be one of ESP32_GENERIC"),
        ('"ESP32_GENERIC"', '"ESP32_GENERIC_S3"', "for an esp32 with no PSRAM it must be one of ESP32_GENERIC"),
        ('kind = "relay", gpio = 25', 'kind = "motor", gpio = 25', "terminal relay1: kind must be one of relay, input"),
        ('gpio = 25, active = "high"', 'gpio = 25, active = "on"', 'terminal relay1: active must be "low" or "high"'),
        ('gpio = 25, active = "high"', 'gpio = "25", active = "high"', "terminal relay1: gpio must be a GPIO number"),
        ('gpio = 25, active = "high"', 'gpio = 25, level = "high"', "terminal relay1: unknown key level"),
        ("gpio = 25,", "gpio = 26,", "terminal relay2: GPIO26 is taken by terminal relay1"),
        ("gpio = 34, shunt_ohm = 100", "gpio = 34, shunt_ohm = 1.5", "terminal ai1: shunt_ohm must be a whole number"),
        ("vfs_kib = 640", "vfs_kib = 1024", "partitions: vfs must end before the journal begins"),
        ("journal_kib = 1408", "journal_kib = 2048", "the journal must end within 4 MB"),
        ("journal_kib = 1408", "journal_kib = 1281", "each a multiple of 4"),
        ("journal_kib = 1408", "", "partitions must hold vfs_at_kib"),
        ("[terminals]", "[terminals", ": not a TOML file: "),
        ('gpio = 25, active', 'chip = "pcf8574", line = 8, address = 32, active', "line of a pcf8574 must be 0 to 7"),
        ('gpio = 25, active', 'chip = "ads1115", line = 0, address = 72, active', "chip of a terminal of kind relay"),
        ('gpio = 25, active', 'chip = "hc595", line = 0, active', "chip hc595 needs a terminal of kind hc595"),
    ],
)  # fmt: skip
def test_bad_board_file(old, new, sentence):
    refuse("esp32-devkitc", old, new, sentence)


def test_boot_drives_pins_of_the_chip_only():
    """A line of an expander is no pin: to drive GPIO6 because a relay is line 6 would stop the flash."""
    assert fsimage.relays_off(boards.load("kc868-a8")) == ()
    assert fsimage.relays_off(boards.load("esp32-devkitc")) == ((25, 0), (26, 0), (27, 0), (13, 0))


def test_pins_of_the_psram_are_refused_where_there_is_some():
    """An ESP32 with PSRAM has it at GPIO16 and 17."""
    assert boards.unfit_for("esp32", "rs485", "tx", 17, has_psram=True) == "psram"
    assert boards.unfit_for("esp32", "rs485", "tx", 17, has_psram=False) == ""
    good = (boards.BOARDS_DIR / "esp32-devkitc.toml").read_text(encoding="utf-8")
    wrover = good.replace("psram_mb = 0", "psram_mb = 8").replace('"ESP32_GENERIC"', '"ESP32_GENERIC-SPIRAM"')
    assert boards.parse("b", wrover).unfit == {"rs485": (17, "psram")}


def test_the_module_of_each_board():
    """Public facts: the makers' pages and data sheets, as the boards' files name them."""
    found = {name: (board.psram_mb, board.psram_kind, board.micropython) for name, board in BOARDS.items()}
    assert found == {
        "esp32-devkitc": (0, "none", "ESP32_GENERIC"),
        "esp32-relay-x8": (0, "none", "ESP32_GENERIC"),
        "esp32s3-eth-8di-8ro": (8, "octal", "ESP32_GENERIC_S3-SPIRAM_OCT"),
        "esp32s3-relay-6ch": (0, "none", "ESP32_GENERIC_S3"),
        "kc868-a8": (0, "none", "ESP32_GENERIC"),
        "olimex-esp32-poe-wrover": (8, "quad", "ESP32_GENERIC-SPIRAM"),
    }


@pytest.mark.parametrize(
    ("chip", "psram_mb", "builds"),
    [
        ("esp32", 0, ["ESP32_GENERIC"]),
        ("esp32", 2, ["ESP32_GENERIC-SPIRAM"]),
        ("esp32", 8, ["ESP32_GENERIC-SPIRAM"]),
        ("esp32s3", 0, ["ESP32_GENERIC_S3"]),
        ("esp32s3", 2, ["ESP32_GENERIC_S3"]),
        ("esp32s3", 8, ["ESP32_GENERIC_S3-SPIRAM_OCT"]),
        ("esp32s3", 16, ["ESP32_GENERIC_S3-SPIRAM_OCT"]),
    ],
)
def test_the_build_for_a_module(chip, psram_mb, builds):
    assert variants.fitting(chip, psram_mb) == builds


@pytest.mark.parametrize(
    ("build", "psram_kind", "refused", "wasted"),
    [
        ("ESP32_GENERIC", "none", "", ""),
        ("ESP32_GENERIC", "quad", "", "leaves the module's PSRAM unused"),
        ("ESP32_GENERIC-SPIRAM", "quad", "", ""),
        ("ESP32_GENERIC-SPIRAM", "none", "", "at every start looks for PSRAM, which is not there"),
        ("ESP32_GENERIC-UNICORE", "none", "", "one of the chip's two cores"),
        ("ESP32_GENERIC-OTA", "none", "", "two places for MicroPython"),
        ("ESP32_GENERIC-D2WD", "none", "", "no Ethernet"),
        ("ESP32_GENERIC_S3", "none", "", ""),
        ("ESP32_GENERIC_S3", "quad", "", ""),
        ("ESP32_GENERIC_S3", "octal", "", "leaves the module's PSRAM unused"),
        ("ESP32_GENERIC_S3-SPIRAM_OCT", "octal", "", ""),
        ("ESP32_GENERIC_S3-SPIRAM_OCT", "quad", "this module has quad PSRAM", None),
        ("ESP32_GENERIC_S3-SPIRAM_OCT", "none", "this module has no PSRAM", None),
        ("ESP32_GENERIC_S3-FLASH_4M", "none", "", "4 MB of flash"),
    ],
)
def test_what_runs_and_what_it_wastes(build, psram_kind, refused, wasted):
    variant = variants.table()[build]
    why = variant.refused(variant.chip, psram_kind)
    assert (refused in why and why.zh) if refused else why is None
    assert "not for esp32c3" in variant.refused("esp32c3", psram_kind)
    if wasted is not None:
        found = variant.wasted(psram_kind)
        assert len(found) == bool(wasted) and all(wasted in sentence and sentence.zh for sentence in found)
        assert variant.fits(variant.chip, psram_kind) == (not wasted)


def test_no_such_board():
    with pytest.raises(BadInput, match="there is no board 'uno': it must be one of esp32-devkitc"):
        boards.load("uno")


@pytest.mark.parametrize(
    "reason", ["exists", "flash", "psram", "strapping", "console", "usb", "input_only", "no_pull", "adc"]
)
def test_every_reason_has_words_in_both_languages(reason):
    board = boards.Board("b", "", "", "esp32", 4, 0, "ESP32_GENERIC", "", [], {}, {}, {"x": (7, reason)})
    assert boards.why(board, "x", "zh").startswith("GPIO7 ")
    assert boards.why(board, "x", "en").startswith("GPIO7 must not be used: ")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('phy = "LAN8720"', 'phy = "ENC28J60"', "terminal lan: phy must be one of LAN8720, LAN8710"),
        ('phy = "LAN8720"', 'phy = "W5500"', "terminal lan: unknown key clock"),
        ("phy_address = 0", "phy_address = 32", "terminal lan: phy_address must be 0 to 31"),
        ("phy_address = 0", 'phy_address = "0"', "terminal lan: phy_address must be a whole number"),
        ('clock_mode = "out"', 'clock_mode = "both"', 'terminal lan: clock_mode must be "in" or "out"'),
        ("clock = 17", "clock = 5", 'terminal lan: clock must be GPIO0 or GPIO16 or GPIO17 where clock_mode is "out"'),
        ('clock_mode = "out"', 'clock_mode = "in"', 'terminal lan: clock must be GPIO0 where clock_mode is "in"'),
        ("mdc = 23", "mdc = 4", "terminal lan: GPIO4 is taken by terminal i2c"),
        ("gpio = 32", "gpio = 25", "terminal lan: GPIO25 is taken by terminal s3"),
        ("mdc = 23", "mdc = 23, speed = 1", "terminal lan: unknown key speed"),
        ('chip = "esp32"', 'chip = "esp32s3"', "terminal lan: an esp32s3 has no Ethernet of its own: phy must"),
    ],
)
def test_bad_ethernet_of_a_board_file(old: str, new: str, sentence: str):
    refuse("kc868-a8", old, new, sentence)


def test_a_pin_of_ethernet_that_only_reads_is_refused():
    good = (boards.BOARDS_DIR / "kc868-a8.toml").read_text(encoding="utf-8")
    assert boards.parse("b", good.replace("mdc = 23", "mdc = 34")).unfit == {"lan": (34, "input_only")}


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("sck = 15", 'sck = "15"', "terminal lan: sck must be a GPIO number"),
        (", int = 12", "", "terminal lan: int must be a GPIO number"),
        ("sck = 15", "sck = 17", "terminal lan: GPIO17 is taken by terminal rs485"),
    ],
)
def test_bad_ethernet_on_spi(old: str, new: str, sentence: str):
    refuse("esp32s3-eth-8di-8ro", old, new, sentence)


def test_the_compact_form_of_ethernet():
    assert boards.load("esp32s3-eth-8di-8ro").terminals["lan"] == ["ethernet", 7 << 6, 15, 13, 14, 16, 12]
    assert boards.load("olimex-esp32-poe-wrover").terminals["lan"] == ["ethernet", CLOCK_OUT, 23, 18, 0, 12]
    assert boards.load("kc868-a8").terminals["lan"] == ["ethernet", CLOCK_OUT, 23, 18, 17, -1]
