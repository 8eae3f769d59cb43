"""The two worlds that the firmware runs in: scripts that go through the same steps on CPython and on the real VM."""

import os
import subprocess
import sys
from pathlib import Path

from host_tools.unitkit import upackages
from tests import patience

ROOT = Path(__file__).resolve().parents[2]
WORLDS = ("cpython", "micropython")
NEWER = ROOT / "tests/uplink/newer"  # a folder with another umqtt.simple, for `library`


def start(
    world: str, script: str, *args: object, heap: str = "160k", library: Path | None = None
) -> subprocess.Popen:
    """Start `tests/uplink/<script>` in `world`; its output is text, both streams together."""
    before = f"{library}:" if library else ""
    path = f"{before}{ROOT / 'firmware'}:{ROOT}:{upackages.ensure()}:.frozen"
    if world == "cpython":
        # The old names of MicroPython's modules come with on_cpython().
        code = "import runpy, sys; from host_tools.unitkit import upackages; upackages.on_cpython(); " \
               "sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
        command = [sys.executable, "-u", "-c", code]
    else:
        command = [str(Path(sys.executable).with_name("micropython")), "-X", "heapsize=" + heap]
    return subprocess.Popen(
        [*command, str(ROOT / "tests/uplink" / script), *map(str, args)],
        env=dict(os.environ, MICROPYPATH=path, PYTHONPATH=f"{before}{ROOT / 'firmware'}:{ROOT}"),
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1,
    )  # fmt: skip


def run(
    world: str, script: str, *args: object, heap: str = "160k", timeout_s: float = 60, library: Path | None = None
) -> list[str]:
    """Run a script to its end; the lines it printed. AssertionError with them all if it does not end well."""
    process = start(world, script, *args, heap=heap, library=library)
    output, _ = patience.output(process, timeout_s)
    assert process.returncode == 0, output
    return output.splitlines()
