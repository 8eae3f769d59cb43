"""Whatever breaks while a board is flashed: the next run ends in a working unit, and a unit keeps its journal."""

import functools
import json
import random
import subprocess
import time
from importlib.metadata import version

import pytest

from host_tools.image import image_build
from host_tools.unitkit import fsimage, pack, partitions, unitfile
from host_tools.verbs import flash as flash_verb
from sim.board.romloader import FLASH_DEFL_DATA, SPI_FLASH_MD5
from tests.host_tools.test_replacement import records

from .desk import (
    ROOT,
    SENT,
    UNIT_FILE,
    WAITING,
    Desk,
    command,
    holds,
    in_service,
    journal_of,
    killed_at,
    stored,
)  # fmt: skip


def test_a_run_that_was_killed_is_ended_by_the_next(flash, tmp_path, image):
    built = image_build.build(unitfile.load(UNIT_FILE), image)
    journal = built.blanks[-1]
    with Desk(tmp_path) as desk:
        desk.flash.flash_tool_write(journal.at, b"of another firmware")
        for kind, count in ((FLASH_DEFL_DATA, 1), (FLASH_DEFL_DATA, 40), (SPI_FLASH_MD5, 52)):
            assert killed_at(desk, kind, count, "flash", "--unit", UNIT_FILE) == -9
            assert not holds(desk.content(), built)
        code, out, err = flash(desk, "--unit", UNIT_FILE, "--json")
        assert code == 0, err
        content = desk.as_flashed
    assert holds(content, built) and content[journal.at :] == journal.data
    assert json.loads(out)["written"]["skipped_bytes"] > len(journal.data)  # not only what was blank anyway


def test_a_cable_that_is_pulled_out_is_named_and_the_next_run_goes_on(flash, tmp_path, image):
    with Desk(tmp_path) as desk:
        desk.pull_cable_at(FLASH_DEFL_DATA, 30)
        code, _, err = flash(desk, "--unit", UNIT_FILE)
        assert code == 3 and "went away. Plug it in and run again" in err
    with Desk(tmp_path) as desk:
        code, _, err = flash(desk, "--unit", UNIT_FILE)
        assert code == 0, err
    assert holds(desk.as_flashed, image_build.build(unitfile.load(UNIT_FILE), image))


def test_a_unit_in_service_that_was_interrupted_keeps_its_journal(flash, tmp_path, image, monkeypatch):
    monkeypatch.setattr(flash_verb, "_STARTS_S", 3.0)
    built = image_build.build(unitfile.load(UNIT_FILE), image)
    journal = partitions.named(list(built.table), "journal").at
    with Desk(tmp_path, dead=True) as desk:
        desk.flash.flash_tool_write(0, built.whole())
        for name in ("vfs", "micropython"):
            part = built.part(name)
            desk.flash.flash_tool_write(part.at, b"\x55" * len(part.data))
        desk.flash.program(journal, b"readings")
        for count in (2, 30):
            assert killed_at(desk, FLASH_DEFL_DATA, count, "flash", "--unit", UNIT_FILE) == -9
        code, _, err = flash(desk, "--unit", UNIT_FILE)
        assert code == 0 and "its journal is kept" in err
        assert desk.as_flashed[journal : journal + 8] == b"readings" and holds(desk.as_flashed, built)


# To the loader in a whole run, about. An update goes on at the prompt of the unit, for so many seconds.
COMMANDS = {"new": 1060, "update": 60, "MicroPython": 660, "swap": 1060}
UPDATE_S = 25
WAYS = {
    "update": ("killed", "killed at work", "killed at work", "power cut", "power cut", "gone", "noise"),
    "new": ("killed", "killed", "killed at work", "gone", "gone", "noise"),
}


def noisy(chance, rate, data):
    return bytes(byte ^ 4 if chance.random() < rate else byte for byte in data)


def interrupt(how, desk, chance, words, commands, work_s):
    """Run `qingxi` once and break it at a random point: of its writing, or of the `work_s` after the board started."""
    if how == "killed":
        killed_at(desk, None, chance.randrange(1, commands), *words)
    elif how == "killed at work":
        killed_at(desk, None, 0, *words, after_start_s=chance.uniform(0, work_s))
    elif how == "power cut":
        process = subprocess.Popen(command(desk, *words), cwd=ROOT, stderr=subprocess.DEVNULL, stdout=subprocess.PIPE)
        while process.poll() is None and not desk.starts:
            time.sleep(0.05)
        time.sleep(chance.uniform(0, work_s))
        desk.cut_power()
        process.communicate()
    elif how == "gone":
        desk.pull_cable_at(None, chance.randrange(1, commands))
        subprocess.run(command(desk, *words), cwd=ROOT, capture_output=True)
    else:
        desk.loader.noise = functools.partial(noisy, chance, 10 ** chance.uniform(-5, -2))
        subprocess.run(command(desk, *words), cwd=ROOT, capture_output=True)


@pytest.mark.parametrize(
    "seed", [pytest.param(seed, marks=[pytest.mark.campaign] if seed >= 4 else []) for seed in range(100)]
)
def test_whatever_breaks_the_next_run_ends_in_a_working_unit(tmp_path, image, seed):
    """A new board, a unit in service, another MicroPython for one, a spare for a failed one: broken off at random.

    After the next run the flash is what it should be, the unit works (its self-test passed), and no reading that was
    there before is missing from it, nor has its number changed. A firmware that was brought to a unit in service has
    the one before beside it.
    """
    chance = random.Random(seed)
    what = ("update", "new", "MicroPython", "swap")[seed % 4]
    how = chance.choice(WAYS.get(what, WAYS["new"]))
    built = image_build.build(unitfile.load(UNIT_FILE), image)
    words = ["flash", "--unit", UNIT_FILE]
    flash = bytearray(in_service(built))
    if what == "swap":
        (tmp_path / "backup.bin").write_bytes(flash)
        words = ["swap", "--unit", UNIT_FILE, "--from", tmp_path / "backup.bin"]
    elif what == "update":
        vfs = built.part("vfs")
        flash[vfs.at : vfs.at + len(vfs.data)] = older(tmp_path, len(vfs.data))
    elif what == "MicroPython":
        part = built.part("micropython")
        flash[part.at + 4096 : part.at + 8192] = b"\x55" * 4096
    with Desk(tmp_path) as desk:
        if what in ("update", "MicroPython"):
            desk.flash.flash_tool_write(0, bytes(flash))
        interrupt(how, desk, chance, words, COMMANDS[what], UPDATE_S if what == "update" else 4)
        table = built.part("table")
        if what == "swap" and desk.content()[table.at : table.at + len(table.data)] == table.data:
            words = ["flash", "--unit", UNIT_FILE]  # it is the unit already, as `swap` says: go on with it as one
    with Desk(tmp_path) as desk:
        done = subprocess.run(command(desk, *words), cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, (what, how, done.stderr)
        assert "cannot be updated while it runs" not in done.stderr, (what, how)
    content = desk.content()
    # The file system is the unit's own from its first start on, its files are what they were.
    assert all(content[part.at : part.at + len(part.data)] == part.data for part in built.parts if part.name != "vfs")
    assert stored(content, built, "config.json") == fsimage.sealed(unitfile.load(UNIT_FILE).board_json().encode())
    packs = ("a.pack", "b.pack") if what == "update" else ("a.pack",)
    versions = {pack.head(stored(content, built, name), name).version for name in packs}
    assert versions == ({"older", version("qingxi")} if what == "update" else {version("qingxi")}), (how, versions)
    kept = [seq for seq, _ in records(journal_of(content, built))]
    if what != "new":
        assert kept[: SENT + WAITING] == list(range(1, SENT + WAITING + 1)), (what, how)
    assert len(kept) == len(set(kept))


def older(folder, size):
    """The file system of a unit with another setting and an older firmware."""
    path = folder / "before.toml"
    path.write_text(UNIT_FILE.read_text(encoding="utf-8").replace("start_level_mm = 600", "start_level_mm = 610"))
    files = fsimage.firmware_files(unitfile.load(path))
    return fsimage.littlefs_image(
        files | {"a.pack": pack.pack(fsimage.slot_files(unitfile.load(path).board), "older")}, size
    )
