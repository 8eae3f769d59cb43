"""The tests of the console, the very same files, on the real MicroPython virtual machine."""

import importlib

import pytest

from tests import vm

FILES = ("test_line", "test_console", "test_answers", "test_fuzz", "test_dates", "test_printable")


@pytest.mark.parametrize("name", FILES)
def test_same_tests_pass(name, tmp_path):
    module = f"tests.console.{name}"
    here = sorted(n for n in dir(importlib.import_module(module)) if n.startswith("test_"))
    assert vm.run_cases(module, heap="4m", timeout_s=300, cwd=tmp_path) == here
