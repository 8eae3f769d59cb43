"""Two slots: a new firmware stays after a healthy hour only; whatever goes wrong ends with the one before."""

import zlib

import pytest
from littlefs import UserContext

from host_tools.unitkit import fsimage, pack, partitions
from sim.board.virtual_board import VirtualBoard
from tests.board.damage import records_events

from . import rig

A, B = 0, 1
_TRUSTED, _ON_TRIAL = 0, 1


def firmware(version: str, scripts: str = "", **modules: bytes) -> bytes:
    """A pack with these modules in the place of the real ones; what `scripts` names keeps its name."""
    named = {f"unit/{name.replace('__', '/')}.mpy": content for name, content in modules.items()}
    return pack.pack(fsimage.slot_files(rig.unit().board, scripts) | named, version)


def install(found: VirtualBoard, files: dict[str, bytes], use: int, trial: int, mqtt: int = 0) -> None:
    """Put packs on the flash of a board that is off, and what its slots shall believe."""
    state = bytes((use, trial, mqtt, trial))
    files = files | {"slot.state": state + zlib.crc32(state).to_bytes(4, "little")}
    vfs = partitions.named(partitions.of_board(found.unit.board), "vfs")
    context = UserContext(vfs.size)
    context.buffer[:] = found.flash.read(vfs.at, vfs.size)
    fs = fsimage.file_system(vfs.size, context)
    for name in set(files) & set(fs.listdir("/")):
        fs.remove(name)  # or there would have to be room for three packs
    for name, content in files.items():
        with fs.open(name, "wb") as f:
            f.write(content)
    found.flash.flash_tool_write(vfs.at, bytes(context.buffer))


def state(found: VirtualBoard) -> tuple[int, int]:
    """(slot in force, trial) as they stand on the flash."""
    data = rig.stored(found, "slot.state")
    return data[0], data[1]


def live(folder, files, seconds, mqtt=0, trial=_ON_TRIAL):
    """(board, events of its journal) after a life with these packs, the slot B in force."""
    found = rig.board(folder, plant=True)
    install(found, files, B, trial, mqtt)
    found.run(seconds)
    return found, records_events(found)


def test_a_firmware_that_lives_a_healthy_hour_stays(tmp_path):
    found, events = live(tmp_path, {"b.pack": firmware("2")}, 4000)
    assert state(found) == (B, _TRUSTED) and found.starts == 1
    assert "firmware_trial" in events and "firmware_kept" in events and "firmware_back" not in events


def test_a_firmware_that_crashes_at_start_goes_back_by_itself(tmp_path):
    found, events = live(tmp_path, {"b.pack": firmware("2", app=b"nonsense")}, 600)
    assert state(found) == (A, _TRUSTED) and found.starts == 4
    assert events.count("firmware_back") == 1 and "firmware_trial" not in events


def test_a_firmware_without_its_broker_goes_back_after_the_hour(tmp_path):
    found, events = live(tmp_path, {"b.pack": firmware("2")}, 4200, mqtt=1)
    assert state(found) == (A, _TRUSTED) and found.starts == 2
    assert "firmware_trial" in events and "firmware_back" in events and "firmware_kept" not in events


def test_a_firmware_that_never_says_that_it_is_well_goes_back_after_the_hour(tmp_path):
    text = "def judge(app): return 0\ndef stamp(): return '', ''"
    silent = fsimage.compiled(text, "f")
    found, events = live(tmp_path, {"b.pack": firmware("2", text, firmware=silent)}, 4200)
    assert state(found) == (A, _TRUSTED) and found.starts == 2 and "firmware_back" in events


@pytest.mark.parametrize("spoil", [lambda d: d[:-9], lambda d: d[:5000] + b"?" + d[5001:], lambda d: b""])
def test_a_damaged_pack_gives_way_to_the_other(tmp_path, spoil):
    found, events = live(tmp_path, {"b.pack": spoil(firmware("2"))}, 400, trial=_TRUSTED)
    assert state(found) == (A, _TRUSTED) and found.starts == 1 and "firmware_damaged" in events


_SWITCH = """
import slots, pack
print("runs", pack.name)
if pack.name == "/a.pack":
    slots.switch(0)
    print("switched")
"""


def test_the_power_fails_at_every_flash_operation_of_a_switch(tmp_path):
    operations, new = 0, firmware("2")
    while True:
        folder = tmp_path / str(operations)
        folder.mkdir()
        found = rig.board(folder, _SWITCH)
        vfs = partitions.named(partitions.of_board(found.unit.board), "vfs")
        files = fsimage.firmware_files(found.unit, own_main=True) | {"main.py": _SWITCH.encode(), "b.pack": new}
        found.flash.flash_tool_write(vfs.at, fsimage.littlefs_image(files, vfs.size))
        if not cut_after(found, operations):
            break
        again = VirtualBoard(found.unit, found.flash.path, str(folder / "tty"), None, None, rig.ROOMY_HEAP)
        shown = rig.output(again)
        assert ("runs /a.pack" in shown and "switched" in shown) or "runs /b.pack" in shown, (operations, shown)
        operations += 1
    assert operations > 3


def cut_after(found: VirtualBoard, operations: int) -> bool:
    """Let a board live; its power fails before the flash operation of that number. False if it did not come so far."""
    left = operations
    cut = False

    def counted(real):
        def operate(*words):
            nonlocal left, cut
            if left == 0:
                cut = True
                found.stop()
            left -= 1
            if not cut:
                real(*words)

        return operate

    found.flash.program, found.flash.erase = counted(found.flash.program), counted(found.flash.erase)  # type: ignore
    shown: list[bytes] = []

    def listen(text: bytes) -> None:
        shown.append(text)
        if b">>> " in b"".join(shown):
            found.stop()

    found.serial.listener = listen
    found.run()
    found.close()
    return cut
