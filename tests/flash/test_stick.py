"""The folder for a USB stick, used as in the field: another computer, no network."""

import os
import re
import subprocess
import sys

import pytest

from host_tools import main
from host_tools.image import micropython_image
from host_tools.records import stick
from host_tools.unitkit.errors import BadInput
from sim.board import standin
from tests import patience
from tests.vm import ROOT


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(BadInput, match="not empty"):
        stick.make(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


@pytest.fixture
def laptop(tmp_path, monkeypatch):
    """A computer that never had Qingxi, with the stick's folder copied to it; runs words there without a network."""
    monkeypatch.setenv("QINGXI_CACHE", str(tmp_path / "cache"))
    micropython_image.pin(micropython_image.read(standin.file(tmp_path)))
    folder = tmp_path / "U 盘"
    stick.make(folder)
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home"), "LANG": "zh_CN.UTF-8"}
    environment |= {"PIP_NO_INDEX": "1", "PYTHON": sys.executable}
    cut_off = ["unshare", "-n"] if subprocess.run(["unshare", "-n", "true"], check=False).returncode == 0 else []

    def run(*words, inside="qingxi", **options):
        return subprocess.Popen(
            [*cut_off, *map(str, words)], env=environment, cwd=folder / inside, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, **options,
        )  # fmt: skip

    return run


def done(process):
    """What a process says until its end, which must be a good one."""
    shown = patience.output(process, 300)[0]
    assert process.returncode == 0, shown
    return shown


@pytest.mark.campaign
def test_a_day_in_the_field_from_the_stick_alone(laptop, tmp_path):
    """Set up from its wheels, a unit file, a blank board that becomes the unit: no network, no other folder."""
    assert "好了 · ready" in done(laptop("sh", "set-up.sh", inside="."))
    assert "改好后" in done(laptop(".venv/bin/qingxi", "config", "new", "xiacun.toml", "--id", "xiacun"))
    done(laptop(".venv/bin/qingxi", "config", "check", "xiacun.toml"))
    words = ("sim.board.romloader", "--unit", "xiacun.toml", "--flash", "out/blank.bin", "--port", "out/tty")
    board = laptop(".venv/bin/python", "-m", *words)
    try:
        assert patience.until((tmp_path / "U 盘/qingxi/out/tty").is_symlink)
        shown = done(laptop("make", "flash", "PORT=out/tty", "UNIT=xiacun.toml"))
        assert "xiacun 已启动，控制程序在运行，自检通过" in shown
        assert "passed" in done(laptop(".venv/bin/qingxi", "register"))
    finally:
        board.kill()
        board.communicate()


def test_the_guide_is_one_page_in_both_languages_and_its_commands_exist():
    guide = stick.guide("3.11", "esp32 1.26.1")
    assert len(guide.splitlines()) <= 50
    for verb in re.findall(r"qingxi ([a-z]+)", guide):
        assert verb in main.VERBS, verb
    targets = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"`make ([a-z]+)", guide):
        assert f"\n{target}: " in targets, target
    for page in re.findall(r"qingxi/(docs/[a-z-]+\.md)", guide):
        assert (ROOT / page).exists(), page
