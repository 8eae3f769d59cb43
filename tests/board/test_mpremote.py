"""The unmodified mpremote on the board's pseudo-terminal, over the prompt and over a running firmware."""

import pytest

from . import rig


@pytest.fixture
def port(tmp_path):
    """A board at wall speed that runs the real firmware."""
    found = rig.board(tmp_path, plant=True, speed=1.0)
    with rig.running(found):
        rig.until_it_serves(found)  # mpremote has to interrupt it
        yield tmp_path / "tty"


def test_lists_copies_and_executes(port, tmp_path):
    there, back = tmp_path / "there.bin", tmp_path / "back.bin"
    there.write_bytes(bytes(range(256)) * 20)
    listing = rig.mpremote(port, "fs", "ls")
    assert "boot.py" in listing and "main.py" in listing and "a.pack" in listing and "shim" not in listing
    assert rig.mpremote(port, "exec", "import sys; print(sys.platform, 6*7)").split()[-1] == "42"
    rig.mpremote(port, "fs", "cp", str(there), ":copy.bin")
    rig.mpremote(port, "fs", "cp", ":copy.bin", str(back))
    assert back.read_bytes() == there.read_bytes()


def test_soft_reset_starts_anew(port):
    rig.mpremote(port, "exec", "import builtins; builtins.mark = 1")
    told = rig.mpremote(port, "soft-reset", "exec", "import builtins; print(hasattr(builtins, 'mark'))")
    assert "False" in told
    told = rig.mpremote(port, "exec", "import machine; print(machine.reset_cause() == machine.SOFT_RESET)")
    assert "True" in told


def test_resume_keeps_what_is_there(port):
    rig.mpremote(port, "exec", "kept = 7")
    assert "7" in rig.mpremote(port, "resume", "exec", "print(kept)")
