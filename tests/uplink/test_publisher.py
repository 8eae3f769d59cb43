"""Who may say which firmware a unit runs: nobody without a publisher's signature, and nobody an older one."""

from pathlib import Path

from tests import publishers
from tests.uplink.worlds import run


def test_only_a_publishers_firmware_that_is_not_older_is_put_in_force(world: str, tmp_path: Path):
    (tmp_path / "key").write_text(publishers.numbers())
    assert run(world, "publisher_steps.py", tmp_path, heap="600k")[-1] == "forgeries 21 versions 10"
