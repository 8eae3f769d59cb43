"""Whatever breaks while a board is flashed: the next run ends in a working unit, and a unit keeps its journal."""

import functools
import json
import random
import subprocess
import time

import pytest

from host_tools import image_build, partitions, unitfile
from sim.board.romloader import FLASH_DEFL_DATA, SPI_FLASH_MD5
from tests.host_tools.test_succession import Life, records

from .desk import ROOT, UNIT_FILE, Desk, command, holds, killed_at


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


def test_a_unit_in_service_that_was_interrupted_keeps_its_journal(flash, tmp_path, image):
    built = image_build.build(unitfile.load(UNIT_FILE), image)
    journal = partitions.named(list(built.table), "journal").at
    with Desk(tmp_path) as desk:
        desk.flash.flash_tool_write(0, built.whole())
        desk.flash.flash_tool_write(built.part("vfs").at, b"\x55" * (512 * 1024))
        desk.flash.program(journal, b"readings")
        for count in (2, 30):
            assert killed_at(desk, FLASH_DEFL_DATA, count, "flash", "--unit", UNIT_FILE) == -9
        code, _, err = flash(desk, "--unit", UNIT_FILE)
        assert code == 0 and "its journal is kept" in err
        assert desk.as_flashed[journal : journal + 8] == b"readings" and holds(desk.as_flashed, built)


COMMANDS = {"new": 1060, "update": 660, "swap": 1060}  # to the loader in a whole run, about
SENT, WAITING = 20, 25  # readings of the unit in service


def noisy(chance, rate, data):
    return bytes(byte ^ 4 if chance.random() < rate else byte for byte in data)


def interrupt(how, desk, chance, words, commands):
    """Run `qingxi` once and break it at a random point, of its writing or of the first start after it."""
    if how == "killed":
        killed_at(desk, None, chance.randrange(1, commands), *words)
    elif how == "killed at the start":
        killed_at(desk, None, 0, *words, after_start_s=chance.uniform(0, 4))
    elif how == "gone":
        desk.pull_cable_at(None, chance.randrange(1, commands))
        subprocess.run(command(desk, *words), cwd=ROOT, capture_output=True)
    else:
        desk.loader.noise = functools.partial(noisy, chance, 10 ** chance.uniform(-5, -2))
        subprocess.run(command(desk, *words), cwd=ROOT, capture_output=True)


@pytest.mark.parametrize(
    "seed", [pytest.param(seed, marks=[pytest.mark.campaign] if seed >= 3 else []) for seed in range(100)]
)
def test_whatever_breaks_the_next_run_ends_in_a_working_unit(tmp_path, image, seed):
    """A new board, a unit in service that is updated, a spare for a failed one: broken off at a random point.

    After the next run the flash is what it should be, the unit works (its self-test passed), and no reading that was
    there before is missing from it, nor has its number changed.
    """
    chance = random.Random(seed)
    what = ("update", "new", "swap")[seed % 3]
    how = chance.choice(("killed", "killed", "killed at the start", "gone", "gone", "noise"))
    built = image_build.build(unitfile.load(UNIT_FILE), image)
    words = ["flash", "--unit", UNIT_FILE]
    before = tmp_path / "before.toml"
    before.write_text(UNIT_FILE.read_text(encoding="utf-8").replace("start_level_mm = 600", "start_level_mm = 610"))
    flash = in_service(image_build.build(unitfile.load(before), image))
    if what == "swap":
        (tmp_path / "backup.bin").write_bytes(in_service(built))
        words = ["swap", "--unit", UNIT_FILE, "--from", tmp_path / "backup.bin"]
    with Desk(tmp_path) as desk:
        if what == "update":
            desk.flash.flash_tool_write(0, flash)
        interrupt(how, desk, chance, words, COMMANDS[what])
        table = built.part("table")
        if what == "swap" and desk.content()[table.at : table.at + len(table.data)] == table.data:
            words = ["flash", "--unit", UNIT_FILE]  # it is the unit already, as `swap` says: go on with it as one
    with Desk(tmp_path) as desk:
        done = subprocess.run(command(desk, *words), cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, (what, how, done.stderr)
        assert holds(desk.as_flashed, built)
        journal = built.blanks[-1]
        kept = [seq for seq, _ in records(desk.as_flashed[journal.at : journal.at + len(journal.data)])]
        if what != "new":
            assert kept[: SENT + WAITING] == list(range(1, SENT + WAITING + 1)), (what, how)
        assert len(kept) == len(set(kept))


def in_service(built):
    """The flash of a unit in service, some of whose readings are not delivered yet."""
    flash = bytearray(built.whole())
    journal = built.blanks[-1]
    life = Life(journal.data, int(time.time()) - 600)
    life.journal.ack(life.readings(SENT)[-1])
    life.readings(WAITING)
    flash[journal.at : journal.at + len(journal.data)] = life.data
    return bytes(flash)
