"""The tests of the control core, the very same files, on the real MicroPython virtual machine."""

import importlib

import pytest

from tests import vm

MODULES = [
    "test_signals", "test_inflow", "test_lift", "test_protection", "test_guard", "test_aeration", "test_alarms",
    "test_supervision", "test_witnesses", "test_dry_well", "test_effect", "test_pump_check", "test_backup",
    "test_claims",
    "test_meter",
]  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_same_tests_pass(name):
    module = f"tests.control.{name}"
    here = sorted(n for n in dir(importlib.import_module(module)) if n.startswith("test_"))
    assert vm.run_cases(module, heap="8m", timeout_s=600) == here


def test_every_test_file_of_the_core_is_run():
    files = {p.stem for p in (vm.ROOT / "tests" / "control").glob("test_*.py")}
    assert files == set(MODULES)
