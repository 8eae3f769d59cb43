"""`qingxi sim board` as a program: killed, ended, started again."""

import os
import signal
import time

from . import rig


def test_killed_in_the_middle_the_flash_keeps_what_was_written(tmp_path):
    with rig.program(tmp_path) as process:
        rig.mpremote(tmp_path / "tty", "exec", "f = open('kept.txt', 'w'); f.write('still here'); f.close()")
        children = _children(process.pid)
        assert children
        process.send_signal(signal.SIGKILL)
        process.wait()
        _gone(children)
    with rig.program(tmp_path):
        assert "still here" in rig.mpremote(tmp_path / "tty", "fs", "cat", ":kept.txt")


def test_sigterm_ends_it_cleanly(tmp_path):
    with rig.program(tmp_path, "--json") as process:
        time.sleep(1.0)
        children = _children(process.pid)
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=20)
        assert process.returncode == 0
        assert b'"starts": 1' in out
        assert not (tmp_path / "tty").is_symlink()
        _gone(children)


def _children(pid: int) -> list[int]:
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat") as f:
                parent = int(f.read().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it has ended meanwhile
        if parent == pid:
            found.append(int(entry))
    return found


def _gone(pids: list[int]) -> None:
    deadline = time.monotonic() + 10
    while any(os.path.exists(f"/proc/{pid}") for pid in pids):
        assert time.monotonic() < deadline, "the virtual machine has outlived its host"
        time.sleep(0.02)
