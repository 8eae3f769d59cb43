"""`qingxi console` against a virtual board's pseudo-terminal, and what it says when a port cannot be had."""

import os
import pty
import subprocess
import sys
import time

from tests.board import rig
from tests.vm import ROOT


def run_console(port, typed: list[bytes], *words: str, pause_s: float = 1.0):
    """Type pieces of text, then leave; (exit code, standard output, standard error)."""
    command = [sys.executable, "-m", "host_tools.main", "console", "--port", str(port), *words]
    environment = dict(os.environ, LC_ALL="C.UTF-8", PYTHONPATH=f"{ROOT}:{ROOT / 'firmware'}", PYTHONIOENCODING="utf-8")
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdin is not None
    for text in typed:
        time.sleep(pause_s)
        process.stdin.write(text)
        process.stdin.flush()
    time.sleep(pause_s)
    out, err = process.communicate(b"\x1d", timeout=20)
    return process.returncode, out.decode(), err.decode()


def test_a_crew_talks_to_a_unit(tmp_path):
    found = rig.board(tmp_path, plant=True, speed=1.0)
    log = tmp_path / "visit.log"
    with rig.running(found):
        time.sleep(2.0)
        typed = [b"\r", b"why p1\r", b"lang en\r", b"why p1\r"]
        code, out, err = run_console(tmp_path / "tty", typed, "--log", str(log))
    assert code == 0, err
    assert "清溪" in out and "1号泵停止" in out and "pump 1 off: " in out
    assert "1号泵停止" in log.read_text(encoding="utf-8")
    assert "connected to" in err


def test_missing_port_is_named(tmp_path):
    code, out, err = run_console(tmp_path / "ttyUSB9", [], pause_s=0)
    assert code == 3 and "there is no port" in err and out == ""


def test_busy_port_names_who_has_it():
    master, side = pty.openpty()
    name = os.ttyname(side)
    script = f"import serial; p = serial.Serial({name!r}, exclusive=True); print('open', flush=True); p.read()"
    holder = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None and holder.stdout.readline()
        code, _, err = run_console(name, [], pause_s=0)
        assert code == 3 and "is in use by" in err and str(holder.pid) in err
    finally:
        holder.kill()
        holder.wait()
        os.close(master)
        os.close(side)
