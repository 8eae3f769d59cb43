"""Whatever breaks while a board is flashed: the next run ends in a working unit, and a unit keeps its journal."""

import functools
import json
import random
import subprocess

import pytest

from host_tools import image_build, partitions, unitfile
from sim.board.romloader import FLASH_DEFL_DATA, SPI_FLASH_MD5

from .desk import ROOT, UNIT_FILE, Desk, command, holds, killed_at


def test_a_run_that_was_killed_is_ended_by_the_next(flash, tmp_path, image):
    built = image_build.build(unitfile.load(UNIT_FILE), image)
    journal = built.blanks[-1]
    with Desk(tmp_path) as desk:
        desk.flash.flash_tool_write(journal.at, b"of another firmware")
        for kind, count in ((FLASH_DEFL_DATA, 1), (FLASH_DEFL_DATA, 40), (SPI_FLASH_MD5, 52)):
            assert killed_at(desk, kind, count, "--unit", UNIT_FILE) == -9
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
            assert killed_at(desk, FLASH_DEFL_DATA, count, "--unit", UNIT_FILE) == -9
        code, _, err = flash(desk, "--unit", UNIT_FILE)
        assert code == 0 and "its journal is kept" in err
        assert desk.as_flashed[journal : journal + 8] == b"readings" and holds(desk.as_flashed, built)


def noisy(chance, rate, data):
    return bytes(byte ^ 4 if chance.random() < rate else byte for byte in data)


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(12))
def test_whatever_breaks_the_next_run_ends_in_a_working_unit(tmp_path, image, seed):
    """Killed, the port gone, or noise on the line, at a random point; every third board is a unit in service."""
    chance = random.Random(seed)
    built = image_build.build(unitfile.load(UNIT_FILE), image)
    journal = built.blanks[-1].at
    in_service = seed % 3 == 0
    with Desk(tmp_path) as desk:
        if in_service:
            desk.flash.flash_tool_write(0, built.whole())
            desk.flash.flash_tool_write(built.part("vfs").at, bytes(512 * 1024))
            desk.flash.program(journal, b"readings")
        how = chance.choice(("killed", "gone", "noise"))
        if how == "killed":
            killed_at(desk, FLASH_DEFL_DATA, chance.randrange(1, 250), "--unit", UNIT_FILE)
        else:
            if how == "gone":
                desk.pull_cable_at(FLASH_DEFL_DATA, chance.randrange(1, 250))
            else:
                rate = 10 ** chance.uniform(-5, -2)
                desk.loader.noise = functools.partial(noisy, chance, rate)
            subprocess.run(command(desk, "--unit", UNIT_FILE), cwd=ROOT, capture_output=True)
        started = desk.starts
    with Desk(tmp_path) as desk:
        done = subprocess.run(command(desk, "--unit", UNIT_FILE), cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, (how, done.stderr)
        assert holds(desk.as_flashed, built)
        if in_service and not started:  # a unit that was started writes its journal itself
            assert desk.as_flashed[journal : journal + 8] == b"readings"
