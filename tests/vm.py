"""Runs scripts and test functions on the real MicroPython virtual machine.

The firmware and this repository are on its path, so a script says `import unit...`, `import sim...` or
`import tests...` as on CPython. What a VM cannot import (pytest, dataclasses) such a file must not import either.
"""

import os
import sys
from pathlib import Path

from tests import patience

ROOT = Path(__file__).resolve().parent.parent
_RUN_CASES = ROOT / "tests/micropython/run_cases.py"


class ScriptFailed(AssertionError):
    """The script ended with an error; the message holds all that it printed."""


def run(
    script: str | Path,
    *args: str,
    heap: str = "2m",
    timeout_s: float = 120,
    cwd: Path = ROOT,
    firmware: Path = ROOT / "firmware",
) -> str:
    """Run `script` (a file, or source text) on the VM with a heap of `heap` bytes ("160k", "2m"); its standard output.

    `cwd` is the folder that it runs in, `firmware` the one that holds the package `unit`; `timeout_s` is for a quiet
    machine (see `patience`). Raises ScriptFailed with the
    whole output when the script does not end well.
    """
    source = ["-c", script] if isinstance(script, str) else [str(script)]
    command = [str(Path(sys.executable).with_name("micropython")), "-X", "heapsize=" + heap, *source, *args]
    environment = dict(os.environ, MICROPYPATH=f"{firmware}:{ROOT}:.frozen")
    done = patience.run(command, timeout_s, env=environment, cwd=cwd)
    if done.returncode != 0:
        raise ScriptFailed(f"exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def run_cases(module: str, heap: str = "2m", timeout_s: float = 120, cwd: Path = ROOT) -> list[str]:
    """Call every `test_*` function of `module` ("tests.journal.cases") on the VM; the names of those that passed.

    Raises ScriptFailed with the tracebacks when one does not pass, or when there is none.
    """
    lines = run(_RUN_CASES, module, heap=heap, timeout_s=timeout_s, cwd=cwd).splitlines()
    return [line.split()[1] for line in lines if line.startswith("passed ")]
