"""The way to the virtual machine itself: it must be the real one, and a failure there must be a failure here."""

import pytest

from tests import vm


def test_it_is_micropython_with_the_firmware_on_its_path():
    assert vm.run("import sys, unit.catalogue.tables; print(sys.implementation.name)") == "micropython\n"


def test_an_error_on_the_vm_is_an_error_here():
    with pytest.raises(vm.ScriptFailed, match="ZeroDivisionError"):
        vm.run("1 // 0")


def test_the_heap_is_bounded():
    with pytest.raises(vm.ScriptFailed, match="MemoryError"):
        vm.run("bytearray(200000)", heap="160k")


def test_a_module_without_tests_does_not_pass():
    with pytest.raises(vm.ScriptFailed, match="0 of 0"):
        vm.run_cases("unit.catalogue.tables")
