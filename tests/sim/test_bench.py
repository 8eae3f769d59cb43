"""Every bench runs to its end, in its short form; what it measures is for people to read, not for a test."""

import subprocess
import sys

import pytest

from sim import bench
from tests.vm import ROOT

PACKAGES = ("host_tools.bench", "sim.bench")


def ran(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", bench.benches(PACKAGES))
def test_every_bench_runs_to_its_end(name):
    done = ran("host_tools.bench", name, "--short")
    assert done.returncode == 0 and "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
    assert done.stdout.startswith(f"== {name}: ") and any(char.isdigit() for char in done.stdout), done.stdout


def test_a_bench_is_registered_by_lying_in_a_package():
    """None is forgotten: a module without `main` is a part of others, and there is only one of those."""
    files = {path.stem for package in PACKAGES for path in (ROOT / package.replace(".", "/")).glob("[a-z]*.py")}
    assert files - set(bench.benches(PACKAGES)) == {"workload"}


@pytest.mark.parametrize("package", PACKAGES)
def test_a_name_that_no_bench_has_is_bad_input(package):
    done = ran(package, "journal", "nosuch")
    assert done.returncode == 2 and done.stdout == ""  # before the first has begun
    assert len(done.stderr.splitlines()) == 1 and "nosuch" in done.stderr and "journal" in done.stderr, done.stderr


def test_an_option_that_a_bench_does_not_have_is_bad_input():
    done = ran("sim.bench", "journal", "--for", "30d")
    assert done.returncode == 2 and "--for" in done.stderr and "Traceback" not in done.stderr, done.stderr


def test_a_duration_is_checked_before_a_bench_begins():
    done = ran("sim.bench", "tick", "--for", "soon")
    assert done.returncode == 2 and "soon" in done.stderr and "30s" in done.stderr, done.stderr


def test_what_a_bench_lacks_is_a_sentence_and_the_others_run(capsys, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("sim.bench.uplink.shutil.which", lambda *_, **__: None)
    assert bench.run(PACKAGES, ["uplink", "journal", "--short"]) == 3
    shown = capsys.readouterr()
    assert shown.err.startswith("missing: mosquitto") and "mount of a full journal" in shown.out
