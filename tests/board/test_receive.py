"""The power fails at every flash operation of an update: while it arrives, at the switch, in the trial's book-keeping.

The operations are recorded once, on the real littlefs of the real MicroPython; then boards are started from what the
flash holds after each of them, and in the middle of each.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from unit import config

from host_tools.device import in_service, raw_repl
from host_tools.unitkit import fsimage, pack, partitions, publisher, unitfile
from sim.board.flash_file import BLOCK
from sim.board.virtual_board import VirtualBoard
from tests import publishers

from . import rig

VFS = partitions.named(partitions.of_board(rig.unit().board), "vfs")
SAMPLE = 8  # cuts of each story in a short run
PARTS = 4  # of a story, for several workers

# The outputs are nobody's here: a start only says which firmware it is and goes on with the story.
_MAIN = """
import pack, slots, machine
name = pack.name[1:]
for sound in slots.checking(name): pass
state = slots.load()
print("runs", name, sound, bytes(state), "!")
def receive():
    from binascii import b2a_base64, hexlify
    from unit.uplink.commands.update import update
    class Keeper: incoming = None
    keeper = Keeper()
    def ask(**args):
        if keeper.incoming:
            if keeper.incoming.is_piece(args):
                return keeper.incoming.take(args)
            keeper.incoming.close()
        job = update(args, keeper)
        try:
            while True: next(job)
        except StopIteration as e:
            return e.value
    with open("source", "rb") as f:
        head = f.read(40)
        sha256 = str(hexlify(head[8:]), "utf-8")
        at = ask(sha256=sha256)["at"]
        f.seek(at)
        while piece := f.read(510):
            ask(sha256=sha256, at=at, data=b2a_base64(piece))
            at += len(piece)
    ask(sha256=sha256, switch=True, signature="SIGNATURE")
    machine.reset()
"""
# What each start of a story does, after it has said what it is.
_STORIES = {
    "over MQTT, and kept": "if name == 'a.pack': receive()\nelse: slots.trust(); print('over')",
    "over MQTT, and back": "if state[3] == 2: slots.told(); print('over')\nelif name == 'a.pack': receive()\nelse: "
    "machine.reset()",
    "over the cable": "if name == 'b.pack': slots.trust(); print('over')",
}


@dataclass(frozen=True)
class Story:
    """A flash before an update, and what happens to it: (place, bytes), or (place, None) for an erase."""

    before: bytes
    operations: tuple[tuple[int, bytes | None], ...]
    packs: dict[str, str]  # digest -> which it is
    configs: frozenset[bytes]


def new_pack() -> bytes:
    """A small firmware."""
    return pack.pack(new_modules(), "2")


def new_modules() -> dict[str, bytes]:
    return {"unit/__init__.mpy": fsimage.compiled("", "unit"), "unit/a.txt": bytes(range(32, 96)) * 70}


@cache
def told(name: str, folder: Path) -> Story:
    """Let a board live the story, and note every operation of its flash."""
    found = rig.board(folder, heap_bytes=rig.ROOMY_HEAP, speed=1.0)
    changed = folder / "changed.toml"
    text = rig.UNIT_FILE.read_text(encoding="utf-8")
    changed.write_text(text.replace("start_level_mm = 600", "start_level_mm = 610"), encoding="utf-8")
    new_unit = unitfile.load(changed)
    script = _MAIN.replace("SIGNATURE", publishers.sign_text(pack.head(new_pack(), "new").sha256)) + _STORIES[name]
    main = script.encode()
    files = fsimage.firmware_files(found.unit, script) | {"main.py": main, "source": new_pack()}
    running = fsimage.slot_files(found.unit.board, script) | {publisher.FILE: publishers.listed()}
    files[fsimage.PACK] = pack.pack(running, "1")
    found.flash.flash_tool_write(VFS.at, fsimage.littlefs_image(files, VFS.size))
    before = found.flash.read(0, found.flash.size)
    operations: list[tuple[int, bytes | None]] = []
    program, erase = found.flash.program, found.flash.erase

    def noted_program(at: int, data: bytes) -> None:
        operations.append((at, bytes(data)))
        program(at, data)

    def noted_erase(at: int) -> None:
        operations.append((at, None))
        erase(at)

    found.flash.program, found.flash.erase = noted_program, noted_erase  # type: ignore[method-assign]
    shown: list[bytes] = []
    found.serial.listener = shown.append
    with rig.running(found), pytest.MonkeyPatch.context() as patch:
        if name == "over the cable":
            held = fsimage.firmware_files(new_unit, script) | {"main.py": main, fsimage.PACK: new_pack()}
            patch.setattr(fsimage, "firmware_files", lambda _: dict(held))
            rig.until(lambda: b">>> " in b"".join(shown))
            with raw_repl.RawRepl(str(folder / "tty"), "en") as board:
                brought = in_service.bring(board, new_unit, "", served=False)
            assert brought.files == ("config.json",) and brought.firmware_bytes > 4000
        rig.until(lambda: b"over\r\n" in b"".join(shown))
    found.close()
    old_sha256 = pack.head(files["a.pack"], "a.pack").sha256
    configs = frozenset(unit.board_json().encode() for unit in (found.unit, new_unit))
    return Story(before, tuple(operations), {old_sha256: "old"}, configs)


def flashes(story: Story) -> Iterator[tuple[int, str, bytes]]:
    """(number, where, flash) after each operation, and in the middle of it."""
    flash = bytearray(story.before)
    for number, (at, data) in enumerate(story.operations):
        done, half = flash[at : at + BLOCK], bytearray(flash)
        if data is None:
            half[at : at + BLOCK // 2] = b"\xff" * (BLOCK // 2)
            done[:] = b"\xff" * BLOCK
        else:
            done[: len(data)] = bytes(old & new for old, new in zip(done, data))
            middle = len(data) // 2
            half[at : at + middle] = done[:middle]
            half[at + middle] &= data[middle] | 0x0F
        yield number, "in the middle of", bytes(half)
        flash[at : at + len(done)] = done
        yield number, "after", bytes(flash)


def starts(flash: bytes, story: Story, folder: Path) -> str:
    """What a board with this flash says when it starts."""
    folder.mkdir()
    (folder / "flash").write_bytes(flash)
    found = VirtualBoard(rig.unit(), folder / "flash", None, None, None, rig.ROOMY_HEAP)
    shown: list[bytes] = []

    def listen(text: bytes) -> None:
        shown.append(text)
        if b"!" in b"".join(shown) or b">>> " in b"".join(shown):
            found.stop()

    found.serial.listener = listen
    found.run()
    name = b"".join(shown).decode().partition("!")[0]
    assert "runs a.pack True" in name or "runs b.pack True" in name, name
    running = rig.stored(found, name.split()[1])
    digest = hashlib.sha256(running[40:]).hexdigest()
    assert digest == pack.head(running, "the pack").sha256
    stored = [config.unsealed(rig.stored(found, copy)) for copy in (config.NEWEST, config.LAST_GOOD)]
    assert all(text in story.configs for text in stored), stored
    found.close()
    for path in folder.iterdir():
        path.unlink()
    return story.packs.get(digest, "new")


@pytest.mark.parametrize("name", _STORIES)
def test_a_power_cut_in_an_update_leaves_a_firmware_whole(tmp_path, tmp_path_factory, name):
    story = told(name, tmp_path_factory.mktemp("story"))
    every = list(flashes(story))
    step = len(every) // SAMPLE
    assert step > 10
    sample = [every[0], *every[step // 2 :: step], every[-1]]
    found = [starts(flash, story, tmp_path / f"{n}{where}") for n, where, flash in sample]
    assert found[0] == "old" and found[-1] == ("old" if "back" in name else "new")


@pytest.mark.campaign
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("name", _STORIES)
def test_a_power_cut_at_any_operation_of_an_update_leaves_a_firmware_whole(tmp_path, tmp_path_factory, name, part):
    story = told(name, tmp_path_factory.mktemp("story"))
    for n, where, flash in list(flashes(story))[part::PARTS]:
        starts(flash, story, tmp_path / f"{n}{where}")
