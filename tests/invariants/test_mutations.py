"""A test that cannot fail holds nothing: with a line of protection taken out, the invariant's test must fail."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.invariants.mutations import MUTATIONS, stands, take_out
from tests.vm import ROOT

HERE = ROOT / "tests" / "invariants"
TESTS = [
    *(str(HERE / f"test_{name}.py") for name in ("invariants", "believed", "pumps")),
    str(ROOT / "tests" / "control"),
]
SAMPLE = 10  # of the list in every test run, the whole in the campaign


def _ids(mutations):
    return [f"{name}-{k}" for k, (name, *_) in enumerate(mutations)]


@pytest.mark.campaign
@pytest.mark.parametrize(("name", "file", "line", "without"), MUTATIONS, ids=_ids(MUTATIONS))
def test_the_test_sees_it(tmp_path, name, file, line, without):
    see_it_fail(tmp_path, name, file, line, without)


@pytest.mark.parametrize(("name", "file", "line", "without"), MUTATIONS[::SAMPLE], ids=_ids(MUTATIONS[::SAMPLE]))
def test_a_sample_of_it(tmp_path, name, file, line, without):
    see_it_fail(tmp_path, name, file, line, without)


@pytest.mark.campaign
def test_the_invariants_hold_over_many_other_stories():
    env = {**os.environ, "QINGXI_STORIES": "20"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", TESTS[0]]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]


def test_every_line_of_protection_stands_as_the_list_has_it():
    for _, file, line, _ in MUTATIONS:
        assert stands(ROOT, file, line), f"{file}: the line has changed, mend mutations.py: {line}"


def see_it_fail(tmp_path, name, file, line, without):
    shutil.copytree(ROOT / "firmware", tmp_path / "firmware")
    take_out(tmp_path, file, line, without)
    command = [sys.executable, "-m", "pytest", "-x", "-p", "no:cacheprovider", "-k", name, *TESTS]
    env = dict(os.environ, PYTHONPATH=str(tmp_path / "firmware"), PYTHONDONTWRITEBYTECODE="1")
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout[-2000:]
    assert "1 failed" in done.stdout
