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


# What a day in the field leaves in the folder of a stick, and what somebody may have thrown in besides.
SECRETS = (
    "xiacun.toml", "credentials.txt", "console-pin.txt", "wifi.txt", "ca.pem", "county/xiacun/unit.toml", "fleet.csv",
    "county/xiacun/credentials.txt", "boards/esp32/units/xiacun.toml", "boards/esp32/units/wifi.txt", "old.bin",
    "boards/esp32/xiacun.toml", "sim/scenarios/xiacun.toml", "firmware/unit/catalogue/credentials.txt", "tests/x.key",
    "firmware/unit/catalogue/console-pin.txt", "host_tools/unitkit/wifi.txt", "docs/client.key", "docs/passwords.md",
    "out/records/register.jsonl", "broker-passwords.txt", ".env", ".ssh/id_ed25519", "county/key.txt",
    "notes.md",
)  # fmt: skip


@pytest.mark.parametrize("is_repository", [True, False])
def test_a_stick_holds_the_product_and_nobodys_secrets(tmp_path, is_repository):
    """Made from a repository, even where somebody has added his files to it, and from a stick that was in use."""
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, text=True, check=True)
    product = sorted(filter(None, listed.stdout.split("\0")))
    root, tree = tmp_path / "used", tmp_path / "new"
    for name in product:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes((ROOT / name).read_bytes())
    unit_file = (ROOT / "boards/esp32/units/qiaotou.toml").read_text(encoding="utf-8")
    for name in SECRETS:
        assert name not in product
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(unit_file if name.endswith(".toml") else "command_key = 1234\n", encoding="utf-8")
    (tmp_path / "elsewhere.md").write_text("password")
    (root / "docs/link.md").symlink_to(tmp_path / "elsewhere.md")
    if is_repository:
        for words in (["init", "-q"], ["add", "-f", "."]):
            subprocess.run(["git", "-C", str(root), *words], check=True)
    left = stick.copy_source(root, tree)
    copied = sorted(path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.is_file())
    assert copied == product
    assert left == (sorted([*SECRETS, "docs/link.md"]) if is_repository else [])


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
