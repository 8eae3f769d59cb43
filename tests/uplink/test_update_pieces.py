"""A firmware in pieces through the command queue: what a piece takes, and every place at which it may break off."""

from pathlib import Path

from tests import publishers
from tests.uplink.worlds import run


def test_a_piece_takes_one_slice_and_whatever_breaks_off_goes_on_and_leaves_no_memory(world: str, tmp_path: Path):
    (tmp_path / "key").write_text(publishers.numbers())
    line = run(world, "update_steps.py", tmp_path, heap="600k")[-1].split()
    assert line[:3] == ["cuts", "50", "grown"] and int(line[3]) <= 512
