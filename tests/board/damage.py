"""Damaged flash for the tests: an image of a unit in service, ways to spoil it, and what a unit makes of it."""

import os
import random
import re
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from littlefs import UserContext

from host_tools.unitkit import fsimage, partitions
from host_tools.verbs import journal
from sim.board.plant import ScenarioPlant
from sim.board.virtual_board import VirtualBoard
from sim.scenario import scenario

from . import rig

UNIT = rig.unit()
VFS = partitions.named(partitions.of_board(UNIT.board), "vfs")
JOURNAL = partitions.named(partitions.of_board(UNIT.board), "journal")
RELAYS = [(terminal[2], terminal[1]) for terminal in UNIT.board.terminals.values() if terminal[0] == "relay"]
_BLOCK = partitions.BLOCK
_FIRST_LIFE_S = 3600
_TYPED_S = 300  # when somebody presses Enter; where no console answers, Ctrl-C follows again and again
_LIFE_S = 1000
_HELD_S = 0.5  # on the clock: so long the port may hold a Ctrl-C back that follows another
_AGAIN_S = 30  # the machine may die of a Ctrl-C in the middle of a collection: see docs/virtual-board.md
_MOST_STARTS = 12
_PROMPT = b">>> "
_CONSOLE = re.compile(rb"[a-z0-9-]{1,32}> \x1b\[K")


@dataclass
class Outcome:
    """How a unit with this flash got on.

    `console`: somebody at the serial port gets an answer, of the console or of the interpreter's prompt. `safe`: no
    relay's first level was closed, and none is closed at the prompt. `closed`: a relay was closed at some time.
    `controls`: and readings were recorded, all before somebody came.
    """

    shown: str
    console: bool
    safe: bool
    closed: bool
    controls: bool
    starts: int


@cache
def in_service() -> bytes:
    """The flash of a unit after an hour of service."""
    with tempfile.TemporaryDirectory() as folder:
        found = rig.board(Path(folder), plant=True)
        found.run(_FIRST_LIFE_S)
        flash = found.flash.read(0, found.flash.size)
        found.close()
    return flash


def start(flash: bytes, folder: Path) -> Outcome:
    """Power on with this flash, press Enter after a while, Ctrl-C if nothing answers."""
    (folder / "quiet.toml").write_text(rig.QUIET, encoding="utf-8")
    (folder / "flash").write_bytes(flash)
    plant = ScenarioPlant(UNIT.control_settings(), scenario.load(folder / "quiet.toml"))
    found = VirtualBoard(UNIT, folder / "flash", None, plant, None, rig.ROOMY_HEAP)
    shown: list[bytes] = []
    closed: set[int] = set()

    def listen(text: bytes) -> None:
        shown.append(text)
        if _answered(shown):
            found.stop()

    found.serial.listener = listen
    user = os.open(found.serial.path, os.O_RDWR | os.O_NOCTTY)

    in_control = False

    def interrupt() -> bool:
        time.sleep(_HELD_S)
        return not os.write(user, b"\x03")

    def enter() -> bool:
        nonlocal in_control
        in_control = bool(closed) and _recorded(found)
        return not os.write(user, b"\r")

    def watch() -> bool:
        closed.update(pin for pin, active in RELAYS if found.memory.drives(pin, active))
        found.serial.pump()
        if found.starts > _MOST_STARTS:
            found.stop()
        found.agenda.add(found.now_us + 1_000_000, watch)
        return False

    found.agenda.add(0, watch)
    found.agenda.add(_TYPED_S * 1_000_000, enter)
    for at_s in range(_TYPED_S + 30, _LIFE_S, _AGAIN_S):
        found.agenda.add(at_s * 1_000_000, interrupt)
    found.run(_LIFE_S)
    os.close(user)
    text = b"".join(shown)
    at_prompt = _PROMPT in text
    safe = all(level != active for pin, active in RELAYS for level in _first_level(found, pin))
    if at_prompt:
        safe = safe and not any(found.memory.drives(pin, active) for pin, active in RELAYS)
    outcome = Outcome(
        text.decode("utf-8", "replace"), _answered(shown), safe, bool(closed), in_control, found.starts
    )
    found.close()
    return outcome


def _answered(shown: list[bytes]) -> bool:
    text = b"".join(shown[-20:])
    return _PROMPT in text or _CONSOLE.search(text) is not None


def _first_level(found: VirtualBoard, pin: int) -> list[int]:
    """The level with which the pin was first driven; empty if it never was."""
    return [level for logged, mode, level in found.memory.pin_log() if logged == pin and mode == 3][:1]


def _recorded(found: VirtualBoard) -> bool:
    """Whether the newest start has written readings."""
    flash = found.flash.read(JOURNAL.at, JOURNAL.size)
    held = journal.Journal(journal.Nor(flash, _BLOCK), len(journal._points()), 60)
    newest = [r for r in journal.records(journal.Cursor(held)) if r.boot == held.boot - 1]
    return sum(r.event is None for r in newest) >= 3


# --- ways to spoil a stretch of bytes


def flip(data: bytearray, rng: random.Random) -> None:
    """A few bits, or hundreds."""
    for _ in range(rng.choice((1, 2, 5, 20, 200))):
        bit = rng.randrange(8 * len(data))
        data[bit >> 3] ^= 1 << (bit & 7)


def truncate(data: bytearray, rng: random.Random) -> None:
    """All from some place on is blank, or zeros, as after a copy that ended early."""
    at = rng.randrange(len(data))
    data[at:] = rng.choice((b"\xff", b"\0")) * (len(data) - at)


def blocks(data: bytearray, rng: random.Random) -> None:
    """Whole blocks of something else."""
    for _ in range(rng.choice((1, 1, 2, 8, 50))):
        at = rng.randrange(len(data) // _BLOCK) * _BLOCK
        data[at : at + _BLOCK] = rng.choice((rng.randbytes(_BLOCK), b"\0" * _BLOCK, b"\xff" * _BLOCK))


def with_files(flash: bytes, files: dict[str, bytes]) -> bytes:
    """The flash with these files written anew in its file system."""
    context = UserContext(VFS.size)
    context.buffer[:] = flash[VFS.at : VFS.at + VFS.size]
    fs = fsimage.file_system(VFS.size, context)
    for name, content in files.items():
        with fs.open(name, "wb") as f:
            f.write(content)
    return flash[: VFS.at] + bytes(context.buffer) + flash[VFS.at + VFS.size :]


def records_events(found: VirtualBoard) -> list[str]:
    """The codes of all events in a board's journal, in order."""
    held = journal.Journal(journal.Nor(found.flash.read(JOURNAL.at, JOURNAL.size), _BLOCK), len(journal._points()), 60)
    names = journal._events()
    return [names[r.event[0]] for r in journal.records(journal.Cursor(held)) if r.event is not None]
