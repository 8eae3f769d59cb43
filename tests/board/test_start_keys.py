"""Bytes at the port while a unit starts: no prompt, no restart, no relay, with a PIN and without; and the ways that stay.

A start of the firmware has some 33,000 steps (`sim.board.stepped`). An ESP32 needs five seconds for them, so 500 evenly
spaced ones are 10 ms of it each.
"""

from collections.abc import Iterable
from pathlib import Path

import pytest

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


def start(folder: Path, files: dict[str, bytes], stops: Iterable[int] = (), keys: bytes = b"") -> tuple[int, int]:
    """Start a unit and type `keys` at these steps. Returns the steps where it first hears, and first ticks."""
    board = stepped(folder, files)
    shown: list[bytes] = []
    board.serial.listener = shown.append
    board.stops, board.keys = stops, lambda step: keys
    board.run(LIFE_S)
    text = b"".join(shown)
    assert board.starts == 1 and board.memory.u32(wire.WDT_TIMEOUT_MS) == wire.TICKING_MS, (stops, text)
    assert b">>> " not in text and b"Traceback" not in text and b"Service" not in text, (stops, text)
    assert not [(pin, level) for pin, mode, level in board.memory.pin_log() if mode == 3 and (pin, level) in ACTIVE]
    places = board.listens_at, board.ticks_at
    board.close()
    return places


def spread(places: tuple[int, int], n: int) -> range:
    """`n` steps between the two, evenly."""
    return range(places[0], places[1], max(1, (places[1] - places[0]) // n))


@pytest.mark.parametrize("files", [NO_PIN, PIN], ids=["no PIN", "PIN"])
def test_no_byte_in_a_start_leads_anywhere(tmp_path, files):
    places = start(tmp_path, files)
    start(tmp_path, files, range(places[0], places[0] + 300, 2), BYTES)  # closely around the first lines of boot.py
    start(tmp_path, files, spread(places, EVERY_10_MS), BYTES)
    for step in spread(places, 4):
        start(tmp_path, files, (step,), BYTES)


@pytest.mark.campaign
@pytest.mark.parametrize("files", [NO_PIN, PIN], ids=["no PIN", "PIN"])
def test_no_byte_at_every_10_ms_of_a_start_leads_anywhere(tmp_path, files):
    places = start(tmp_path, files)
    for step in (*range(places[0], places[0] + 200), *spread(places, EVERY_10_MS)):
        start(tmp_path, files, (step,), BYTES)
    for keys in (b"\xff", b"\x03"):
        start(tmp_path, files, spread(places, 100), keys if files else keys + b"\xff")
