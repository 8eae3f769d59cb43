"""The two worlds that the firmware runs in: scripts that go through the same steps on CPython and on the real VM."""

import os
import subprocess
import sys
from pathlib import Path

from tests import patience

ROOT = Path(__file__).resolve().parents[2]
WORLDS = ("cpython", "micropython")


def start(world: str, script: str, *args: object, heap: str = "160k") -> subprocess.Popen:
    """Start `tests/uplink/<script>` in `world`; its output is text, both streams together."""
    path = f"{ROOT / 'firmware'}:{ROOT}"
    if world == "cpython":
        command = [sys.executable, "-u"]
    else:
        command = [str(Path(sys.executable).with_name("micropython")), "-X", "heapsize=" + heap]
    return subprocess.Popen(
        [*command, str(ROOT / "tests/uplink" / script), *map(str, args)],
        env=dict(os.environ, MICROPYPATH=path + ":.frozen", PYTHONPATH=path),
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1,
    )  # fmt: skip


def run(world: str, script: str, *args: object, heap: str = "160k", timeout_s: float = 60) -> list[str]:
    """Run a script to its end; the lines it printed. AssertionError with them all if it does not end well."""
    process = start(world, script, *args, heap=heap)
    output, _ = patience.output(process, timeout_s)
    assert process.returncode == 0, output
    return output.splitlines()
