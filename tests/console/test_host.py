"""`qingxi console` against a virtual board's pseudo-terminal, and what it says when a port cannot be had."""

import os
import pty
import subprocess
import sys

from tests import patience
from tests.board import rig
from tests.vm import ROOT

from .test_wire import PATHS, PATIENCE_S, Tool


def refused(port) -> str:
    """What the console says, in vain, about a port that cannot be had."""
    command = [sys.executable, "-m", "host_tools.main", "console", "--port", str(port)]
    environment = dict(os.environ, PYTHONPATH=PATHS, PYTHONIOENCODING="utf-8")
    done = patience.run(command, PATIENCE_S, "\x1d", cwd=ROOT, env=environment)
    assert (done.returncode, done.stdout) == (3, "")
    return done.stderr


def test_a_crew_talks_to_a_unit(tmp_path):
    found = rig.board(tmp_path, plant=True, speed=1.0)
    log = tmp_path / "visit.log"
    with rig.running(found):
        rig.until_it_serves(found)
        tool = Tool(tmp_path, tmp_path / "tty", "--log", str(log))
        tool.until(lambda out, err: "connected to" in err)
        for keys, answer in (("", "清溪"), ("why p1", "1号泵停止"), ("lang en", "English"), ("why p1", "pump 1 off: ")):
            tool.type(f"{keys}\r".encode())
            tool.until(lambda out, err, answer=answer: answer in out)
        tool.leave()
    assert "1号泵停止" in log.read_text(encoding="utf-8")


def test_missing_port_is_named(tmp_path):
    assert "there is no port" in refused(tmp_path / "ttyUSB9")


def test_busy_port_names_who_has_it():
    master, side = pty.openpty()
    name = os.ttyname(side)
    script = f"import serial; p = serial.Serial({name!r}, exclusive=True); print('open', flush=True); p.read()"
    holder = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None and holder.stdout.readline()
        err = refused(name)
        assert "is in use by" in err and str(holder.pid) in err
    finally:
        holder.kill()
        holder.wait()
        os.close(master)
        os.close(side)
