"""`qingxi sim board` as a program: killed, ended, started again."""

import json
import os
import signal

from tests import patience

from . import rig


def test_killed_in_the_middle_the_flash_keeps_what_was_written(tmp_path):
    with rig.program(tmp_path) as process:
        rig.mpremote(tmp_path / "tty", "exec", "f = open('kept.txt', 'w'); f.write('still here'); f.close()")
        children = _machines(process.pid)
        assert children
        process.send_signal(signal.SIGKILL)
        process.wait()
        _gone(children)
    with rig.program(tmp_path):
        assert "still here" in rig.mpremote(tmp_path / "tty", "fs", "cat", ":kept.txt")


def test_sigterm_ends_it_cleanly(tmp_path):
    with rig.program(tmp_path, "--json", flashed=False) as process:
        # With its machine it has taken charge of the signal, too.
        assert patience.until(lambda: _machines(process.pid))
        children = _machines(process.pid)
        process.send_signal(signal.SIGTERM)
        out, _ = patience.output(process, 20)
        assert process.returncode == 0
        assert b'"starts": 1' in out
        assert not (tmp_path / "tty").is_symlink()
        _gone(children)


def test_it_tells_what_became_of_the_chips_memory(tmp_path):
    with rig.program(tmp_path, "--chip", "esp32", "--speed", "max", "--for", "2s", "--json") as process:
        out, err = patience.output(process, 30)
    assert process.returncode == 0, err
    chip = json.loads(out)["chip"]
    assert chip["heap_growths"] == 1 and chip["heap"] > 100_000  # the firmware's start has filled the first half
    assert 0 < chip["idf_least_free"] <= chip["idf_free"]


def _machines(pid: int) -> list[int]:
    """The virtual machines that a program has started; the compiler is another."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat") as stat, open(f"/proc/{entry}/cmdline") as command:
                parent = int(stat.read().rpartition(")")[2].split()[1])
                is_machine = "sim.board.vm" in command.read()
        except OSError:
            continue  # it has ended meanwhile
        if parent == pid and is_machine:
            found.append(int(entry))
    return found


def _gone(pids: list[int]) -> None:
    gone = patience.until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids), 10)
    assert gone, "the virtual machine has outlived its host"
