"""Bytes at the port while a unit starts: no prompt, no restart, no relay, with a PIN or not; and the ways that stay.

A start of the firmware has some 33,000 steps (`sim.board.stepped`). An ESP32 needs five seconds for them, so 500 evenly
spaced ones are 10 ms of it each.
"""

import os
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import pytest

from host_tools.device.raw_repl import RawRepl
from host_tools.unitkit import fsimage, partitions
from sim.board.plant import ScenarioPlant
from sim.board.shim import wire
from sim.board.stepped import SteppedBoard
from sim.board.virtual_board import VirtualBoard
from sim.scenario import scenario

from . import damage, rig

PIN = {"console-pin": fsimage.pin_hash("qiaotou", "2580")}
NO_PIN: dict[str, bytes] = {}
BYTES = b"\x03\xff"  # two Ctrl-C in a row are somebody's wish, where there is no PIN
LIFE_S = 4  # in which the firmware starts and ticks, and no machine has had its turn yet
EVERY_10_MS = 500
ACTIVE = {(pin, level) for pin, level in damage.RELAYS}


def flashed(found: VirtualBoard, files: dict[str, bytes]) -> VirtualBoard:
    """The board with these files on its flash besides those of the firmware, or in their place."""
    vfs = partitions.named(partitions.of_board(found.unit.board), "vfs")
    image = fsimage.littlefs_image(fsimage.firmware_files(found.unit) | files, vfs.size)
    found.flash.flash_tool_write(vfs.at, image)
    return found


def stepped(folder: Path, files: dict[str, bytes]) -> SteppedBoard:
    (folder / "quiet.toml").write_text(rig.QUIET, encoding="utf-8")
    unit = rig.unit()
    plant = ScenarioPlant(unit.control_settings(), scenario.load(folder / "quiet.toml"))
    (folder / "flash").unlink(missing_ok=True)
    board = SteppedBoard(unit, folder / "flash", None, plant, None, rig.ROOMY_HEAP)
    return flashed(board, files)  # type: ignore[return-value]


def start(
    folder: Path, files: dict[str, bytes], stops: Iterable[int] = (), keys: bytes = b"", sharp: bool = False
) -> tuple[int, int]:
    """Start a unit and type `keys` at these steps. Returns the steps where it first hears, and first ticks.

    `sharp`: only where a Ctrl-C would interrupt at that very step.
    """
    board = stepped(folder, files)
    shown: list[bytes] = []
    board.serial.listener = shown.append
    board.stops, board.keys = stops, lambda step: keys if not sharp or board.serial._interrupts() else b""
    board.run(LIFE_S)
    text = b"".join(shown)
    assert board.starts == 1 and board.memory.u32(wire.WDT_TIMEOUT_MS) == wire.TICKING_MS, (stops, text)
    assert b">>> " not in text and b"Traceback" not in text and b"Service" not in text, (stops, text)
    assert not closed(board)
    places = board.listens_at, board.ticks_at
    board.close()
    return places


def closed(found: VirtualBoard) -> bool:
    """Whether a relay has ever been energised, as far as the log of pins goes back."""
    return any(mode == 3 and (pin, level) in ACTIVE for pin, mode, level in found.memory.pin_log())


def spread(places: tuple[int, int], n: int) -> range:
    """`n` steps between the two, evenly."""
    return range(places[0], places[1], max(1, (places[1] - places[0]) // n))


@pytest.mark.parametrize("files", [NO_PIN, PIN], ids=["no PIN", "PIN"])
def test_no_byte_in_a_start_leads_anywhere(tmp_path, files):
    places = start(tmp_path, files)
    start(tmp_path, files, [*range(places[0], places[0] + 600, 10), *spread(places, 60)], BYTES)
    start(tmp_path, files, spread(places, 3)[1:2], BYTES)
    start(tmp_path, files, range(*places, 2), BYTES, sharp=True)


@pytest.mark.campaign
@pytest.mark.parametrize("files", [NO_PIN, PIN], ids=["no PIN", "PIN"])
def test_no_byte_at_every_10_ms_of_a_start_leads_anywhere(tmp_path, files):
    places = start(tmp_path, files)
    for step in (*range(places[0], places[0] + 200), *spread(places, EVERY_10_MS)):
        start(tmp_path, files, (step,), BYTES)
    for keys in (b"\xff", b"\x03" if files else BYTES):
        start(tmp_path, files, spread(places, EVERY_10_MS), keys)


# --- the ways in that stay


def live(found: VirtualBoard, until_s: float, typed: dict[float, bytes] | None = None) -> str:
    """What a board in virtual time shows; `typed` at these seconds."""
    user = os.open(found.serial.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    shown = b""

    def look() -> bool:
        nonlocal shown
        shown += found.serial.settle(user)
        found.agenda.add(found.now_us + 500_000, look)
        return False

    def typing(keys: bytes) -> bool:
        os.write(user, keys)
        found.serial._user_to_machine()
        return False

    found.prompt_s = 5.0
    found.agenda.add(0, look)
    for at_s, keys in (typed or {}).items():
        found.agenda.add(round(at_s * 1e6), partial(typing, keys))
    found.run(until_s)
    os.close(user)
    return shown.decode("utf-8", "replace")


def resets(found: VirtualBoard) -> list[tuple[float, str]]:
    """Fills with (second, why) of each reset."""
    told: list[tuple[float, str]] = []

    def log(line: str) -> None:
        at, _, why = line.partition(" s: reset, ")
        told.append((float(at), why))

    found.log = log
    return told


@pytest.mark.parametrize("files", [NO_PIN, PIN], ids=["no PIN", "PIN"])
def test_service_mode_ends_by_itself_after_ten_minutes_and_is_in_the_journal(tmp_path, files):
    found = flashed(rig.board(tmp_path, plant=True), files)
    told = resets(found)
    unlock = b"unlock 2580\r" if files else b""
    shown = live(found, 1300, {400: b"\r", 405: unlock, 420: b"\x03", 421: b"\x03", 500: b"1+1\r"})
    assert "Service mode" in shown and ">>> " in shown
    assert [why for _, why in told] == ["the watchdog was not fed"] and 1020 < told[0][0] < 1060, told
    assert found.starts == 2 and damage.records_events(found).count("service_mode") == 1


@pytest.mark.parametrize("files", [NO_PIN, PIN], ids=["no PIN", "PIN"])
def test_the_service_button_leads_to_the_prompt_and_ten_minutes_later_back(tmp_path, files):
    found = flashed(rig.board(tmp_path, plant=True), files)
    button = wire.PIN_IN + found.unit.board.service
    found.memory.bytes[button] = 0

    def released() -> bool:
        found.memory.bytes[button] = wire.FLOATING
        return False

    found.agenda.add(5_000_000, released)
    told = resets(found)
    shown = live(found, 700)
    assert "Service mode" in shown and ">>> " in shown and "Traceback" not in shown
    assert [why for _, why in told] == ["the watchdog was not fed"] and 600 < told[0][0] < 606, told
    assert found.starts == 2 and damage.records_events(found).count("service_mode") == 1


def after_short_lives(found: VirtualBoard, lives: int) -> VirtualBoard:
    """The board as it is when so many starts in a row have not lived long."""
    kept = bytes((4, 0, 0x51, lives, 2, 0))
    found.memory.bytes[wire.RTC_MEMORY : wire.RTC_MEMORY + len(kept)] = kept
    return found


def test_a_damaged_firmware_opens_no_prompt_where_a_pin_is_set_and_tries_again_for_ever(tmp_path):
    broken = PIN | {"main.py": b"mai", "main.py.copy": b"n"}
    found = flashed(rig.board(tmp_path, plant=True), broken)
    told = resets(found)
    shown = live(found, 1400, {100: b"\x03\r\x03\r\x01", 700: b"\x03\x03"})
    assert ">>> " not in shown and "raw REPL" not in shown
    assert shown.count("main.py is damaged") == 14 + 7
    assert "flash it anew" in shown and "请重新刷写" in shown
    rests = [at - before for (before, _), (at, _) in zip(told, told[1:])]
    assert [round(rest, -1) for rest in rests if rest > 10] == [600, 600], told
    assert not closed(found)


def test_without_a_pin_a_damaged_firmware_leads_to_the_prompt_and_back(tmp_path):
    found = flashed(rig.board(tmp_path, plant=True), {"main.py": b"mai", "main.py.copy": b"n"})
    told = resets(found)
    shown = live(found, 640)
    assert "flash it anew" in shown and ">>> " in shown
    (back_s,) = [at for at, why in told if why == "the watchdog was not fed"]
    assert 600 < back_s < 640


def test_a_damaged_main_is_mended_from_its_copy(tmp_path):
    found = flashed(rig.board(tmp_path, plant=True), PIN | {"main.py": b"mai"})
    shown = live(found, 20)
    assert found.starts == 1 and not shown
    assert rig.stored(found, "main.py") == fsimage.firmware_files(found.unit)["main.py"]


@pytest.mark.parametrize("files", [NO_PIN, PIN], ids=["no PIN", "PIN"])
def test_safe_mode_asks_for_the_pin_and_counts_wrong_ones(tmp_path, files):
    found = after_short_lives(flashed(rig.board(tmp_path, plant=True), files), 5)
    told = resets(found)
    knocks = b"\x03\x03\r\x03\r\x01"
    typed = {60: knocks}
    if files:
        typed |= {120: b"unlock 1234\r" * 3 + b"unlock 2580\r", 300: b"unlock 2580\r", 430: b"\x03"}
    shown = live(found, 1100, typed)
    assert "Safe mode" in shown and ">>> " in shown and "Traceback" not in shown, shown
    if files:
        assert shown.count("wrong PIN") == 3 and shown.count("too many wrong ones") == 1, shown
        assert shown.index("unlocked") < shown.index("Service mode") < shown.index(">>> ")
    begun_s = 430 if files else 60
    assert begun_s + 600 < told[0][0] < begun_s + 650, told


def test_safe_mode_pumps_on_where_the_code_of_the_pin_is_broken(tmp_path, monkeypatch):
    source = (rig.ROOT / "firmware/unit/door.py").read_text(encoding="utf-8")
    sources = fsimage.sources() | {"unit/door.py": source.replace("self._line = b", "self._line = 1 // 0 or b", 1)}
    monkeypatch.setattr(fsimage, "sources", lambda: sources)
    found = after_short_lives(flashed(rig.board(tmp_path, plant=True), PIN), 5)
    shown = live(found, 300, {60: b"\x03\x03\r\x03\r\x01"})
    assert "Safe mode" in shown and "ZeroDivisionError" in shown and ">>> " not in shown
    assert found.starts == 1 and found.memory.u32(wire.WDT_TIMEOUT_MS) == wire.TICKING_MS


@pytest.mark.parametrize("files", [NO_PIN, PIN], ids=["no PIN", "PIN"])
def test_the_tools_get_in_where_safe_mode_runs(tmp_path, files):
    found = after_short_lives(flashed(rig.board(tmp_path, plant=True, speed=1.0), files), 5)
    shown: list[bytes] = []
    found.serial.listener = shown.append
    with rig.running(found):
        rig.until(lambda: b"Safe mode" in b"".join(shown))
        with RawRepl(str(tmp_path / "tty"), "en", "2580" if files else "") as prompt:
            assert prompt.run("print(6*7)", 10) == "42\r\n"
