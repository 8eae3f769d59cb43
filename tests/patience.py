"""How long a test waits: for the event, and at most so many seconds of a quiet machine, however busy this one is.

On a busy machine everything takes longer, and a limit on the wall clock fails what is well. So the clock of the tests
does a known piece of work now and then, and goes as much slower as that takes longer than it should. Nobody waits
longer for what is there, and what never comes is still told.
"""

import subprocess
import threading
import time
from collections.abc import Callable
from typing import Any

_WORK = 300_000  # rounds
_WORK_S = 0.012  # that a quiet machine takes for them; a faster one gives no less time
_MEASURE_S = 0.5
_POLL_S = 0.02


def slowness() -> float:
    """How many times longer than on a quiet machine a piece of work takes right now; at least 1."""
    begun_s = time.perf_counter()
    n = 0
    for i in range(_WORK):
        n = (n * 31 + i) & 0xFFFF
    return max(1.0, (time.perf_counter() - begun_s) / _WORK_S)


def speed(most: float) -> float:
    """How fast a clock may go whose deadlines this machine shall meet: `most` times as fast as the wall, or less.

    The root, because programs that mostly wait have a busy machine sooner than one that computes.
    """
    return max(1.0, most / max(slowness() for _ in range(3)) ** 0.5)


class _Clock:
    """Seconds of a quiet machine, for as long as somebody looks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._slowness = 1.0
        self._quiet_s = 0.0
        self._looked_s = self._measured_s = -1e9

    def look(self) -> float:
        with self._lock:
            now_s = time.monotonic()
            self._quiet_s += (now_s - self._looked_s) / self._slowness
            if now_s - self._measured_s >= _MEASURE_S:
                self._slowness = slowness()
                now_s = self._measured_s = time.monotonic()
            self._looked_s = now_s
            return self._quiet_s


monotonic = _Clock().look  # `time.monotonic` of a quiet machine
sleep = time.sleep  # so that this module can stand in for `time` in a tool under test


class Patience:
    """Begins at once and is `over` after `limit_s` seconds of a quiet machine."""

    def __init__(self, limit_s: float):
        self._until_s = monotonic() + limit_s

    @property
    def over(self) -> bool:
        return monotonic() > self._until_s


def until(condition: Callable[[], Any], limit_s: float = 20, changed: threading.Condition | None = None) -> bool:
    """True once `condition()` holds, False if it does not in time. `changed`: held by the caller, told of changes."""
    if condition():
        return True
    patience = Patience(limit_s)
    while not condition():
        if patience.over:
            return False
        if changed:
            changed.wait(_MEASURE_S)
        else:
            time.sleep(_POLL_S)
    return True


def output(process: subprocess.Popen, limit_s: float, typed: Any = None) -> tuple[Any, Any]:
    """Both streams of a process that ends in time. AssertionError with them if it does not."""
    patience = Patience(limit_s)
    while True:
        try:
            return process.communicate(typed, timeout=_MEASURE_S)
        except subprocess.TimeoutExpired:
            typed = None  # it has been given
            if patience.over:
                process.kill()
                raise AssertionError(f"not done after {limit_s} s: {process.communicate()}") from None


def run(command: list[str], limit_s: float, typed: str | None = None, **options: Any) -> subprocess.CompletedProcess:
    """`subprocess.run` with its output captured as text, for a program that ends in time."""
    pipe = subprocess.PIPE
    stdin = None if typed is None else pipe
    with subprocess.Popen(command, text=True, stdin=stdin, stdout=pipe, stderr=pipe, **options) as process:
        out, err = output(process, limit_s, typed)
    return subprocess.CompletedProcess(command, process.returncode, out, err)
