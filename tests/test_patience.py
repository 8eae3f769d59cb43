"""The tests' own clock: what never comes is told, what comes late on a busy machine is waited for."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

from tests import patience


class Wall:
    """A clock on the wall that goes only while somebody sleeps, on a machine so much slower than a quiet one."""

    def __init__(self, monkeypatch, slowness: float):
        self.now_s = 0.0
        monkeypatch.setattr(patience, "time", SimpleNamespace(monotonic=lambda: self.now_s, sleep=self.sleep))
        monkeypatch.setattr(patience, "slowness", lambda: slowness)
        monkeypatch.setattr(patience, "monotonic", patience._Clock().look)

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


@pytest.mark.parametrize("slowness", [1, 10])
def test_a_limit_is_as_much_longer_as_the_machine_is_slower(monkeypatch, slowness):
    wall = Wall(monkeypatch, slowness)
    assert not patience.until(lambda: False, 2)
    assert wall.now_s == pytest.approx(2 * slowness, abs=0.1)
    assert patience.until(lambda: wall.now_s > 3.9 * slowness, 2)  # and each limit begins anew


def test_a_clock_that_is_to_be_kept_goes_slower_too(monkeypatch):
    Wall(monkeypatch, 4)
    assert patience.speed(40) == 20 and patience.speed(1.5) == 1


def test_a_program_that_never_ends_is_ended_and_told():
    sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"])
    with pytest.raises(AssertionError, match="not done after"):
        patience.output(sleeper, 0.05)
    assert sleeper.returncode == -9


def test_what_is_typed_and_said_comes_whole_however_long_it_takes():
    echo = "import sys, time; time.sleep(1.2); print(sys.stdin.read().upper()); sys.exit(3)"
    done = patience.run([sys.executable, "-c", echo], 20, "typed")
    assert (done.returncode, done.stdout) == (3, "TYPED\n")
