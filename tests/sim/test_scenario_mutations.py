"""A story that cannot fail tells nothing: with its protection taken out, its expectations must see it.

Each case runs the story through the real command, on a copy of the sources in which one line is missing: in the
campaign all of them, compiled, as any run; in every test run a sample, by the plain source, which decides the same to
the byte: a compiler would have to see every copy anew, which takes longer than the story.
"""

import os
import shutil
import subprocess
import sys

import pytest

from tests.invariants.mutations import stands, take_out
from tests.vm import ROOT

# story, file below firmware/unit/control, the line as it stands, the line without its protection
CASES = [
    ("dry-week", "process/lift.py", "            self.duty = 1 - self.duty\n        elif", "            self.duty = 0\n        elif"),
    ("dry-week", "process/aeration.py", "        self.phase_s += 1", "        self.phase_s = 0"),
    ("storm", "process/lift.py", "            self.wanted = 2", "            self.wanted = 1"),
    ("clogged-pump", "inflow.py", "self.clogged = 1", "self.clogged = 0"),
    ("clogged-pump", "process/pump_check.py", "return 1 if self.inflow.pumps[k].clogged and not", "return 1 if 0 and not"),
    ("stuck-level", "process/lift.py", "        self._back_up(now_s)\n        self._tell", "        self._tell"),
    ("storm", "process/lift.py", "guard.rest_until_s = min(guard.rest_until_s, now_s)", "pass"),
    ("stuck-level-high", "witnesses.py", "low_dry: int = 1 if low == 0 else 0", "low_dry: int = 0"),
    ("stuck-level-high", "witnesses.py", "                self.level.contradict(FLAT)", "                pass"),
    ("welded-relay", "protection.py", "            self.runs_uncommanded = 1", "            pass"),
    ("mains-bursts", "controller.py", "        elif on and not self.mains_on:\n            self._hold_starts(now_s)\n", ""),
    ("spring-festival", "process/lift.py", "        if not self.pumps[duty].guard.available(now_s):\n            return other\n", ""),
    ("empty-village", "process/lift.py", "        self._exercise(now_s)\n", ""),
    ("empty-village", "process/aeration.py", "                return HOLIDAY", "                return DAY"),
    ("clock-never-set", "process/aeration.py", "        if tod_s < 0:\n            return DAY\n", ""),
    ("clock-never-set", "supervision.py", "            self._cause(CLOCK_UNSET)", "            pass"),
    ("fouled-turbidity", "supervision.py", "                    self._cause(TURBIDITY_HIGH)", "                    pass"),
    ("leaking-check-valve", "inflow.py", "            self.backflow = 1", "            pass"),
    ("blower-dead-at-night", "protection.py", "            self.fails_to_run = 1", "            pass"),
    ("lightning", "witnesses.py", "low_dry: int = 1 if low == 0 else 0", "low_dry: int = 0"),
    ("lightning", "signals.py", "            if raw < _FAIL_LOW_UA or raw > _FAIL_HIGH_UA:", "            if 0:"),
    ("week", "inflow.py", "self.clogged = 1", "self.clogged = 0"),
]  # fmt: skip
SAMPLE = 13  # every so many of them in every test run


def _ids(cases):
    return [f"{story}-{k}" for k, (story, *_) in enumerate(cases)]


@pytest.mark.campaign
@pytest.mark.parametrize(("story", "file", "line", "without"), CASES, ids=_ids(CASES))
def test_the_story_sees_it(tmp_path, story, file, line, without):
    see_it_fail(tmp_path, story, file, line, without)


@pytest.mark.parametrize(("story", "file", "line", "without"), CASES[::SAMPLE], ids=_ids(CASES[::SAMPLE]))
def test_a_sample_of_it(tmp_path, story, file, line, without):
    see_it_fail(tmp_path, story, file, line, without, "--plain")


def test_every_line_of_protection_stands_as_the_list_has_it():
    for _, file, line, _ in CASES:
        assert stands(ROOT, file, line), f"{file}: the line has changed, mend the list: {line}"


def see_it_fail(tmp_path, story, file, line, without, *words):
    for folder in ("firmware", "sim", "host_tools", "boards"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    take_out(tmp_path, file, line, without)
    paths = os.pathsep.join(map(str, (tmp_path, tmp_path / "firmware")))
    env = dict(os.environ, PYTHONPATH=paths, PYTHONDONTWRITEBYTECODE="1")
    scenario = tmp_path / f"sim/scenarios/{story}.toml"
    command = [
        sys.executable,
        "-m",
        "host_tools.main",
        "sim",
        "run",
        str(scenario),
        "--out",
        str(tmp_path / "out"),
        *words,
    ]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert ("compiling the simulator (" in done.stderr) == (not words) and "failed" not in done.stderr, done.stderr
    assert done.returncode == 1, done.stdout + done.stderr
    assert "FAILED" in done.stdout
