"""The folder for a USB stick, used as in the field: another cache, no package index."""

import os
import subprocess

import pytest

from host_tools import micropython_image, stick
from host_tools.errors import BadInput
from sim.board import standin


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(BadInput, match="not empty"):
        stick.make(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.campaign
def test_a_stick_sets_itself_up_and_builds_an_image_without_a_network(tmp_path, monkeypatch):
    monkeypatch.setenv("QINGXI_CACHE", str(tmp_path / "cache"))
    image = micropython_image.read(standin.file(tmp_path))
    micropython_image.pin(image)
    stick.make(tmp_path / "stick")
    offline = dict(
        os.environ, QINGXI_CACHE=str(tmp_path / "other"), PIP_NO_INDEX="1", PIP_INDEX_URL="http://127.0.0.1:9"
    )
    subprocess.run(["sh", str(tmp_path / "stick/set-up.sh")], check=True, env=offline)
    tree = tmp_path / "stick/qingxi"
    out = tmp_path / "image.bin"
    command = [".venv/bin/qingxi", "image", "build", "--unit", "boards/esp32/units/qiaotou.toml", "--out", str(out)]
    subprocess.run(command, check=True, env=offline, cwd=tree)
    assert out.stat().st_size == 4 << 20
