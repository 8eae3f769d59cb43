"""The journal's tests on the real MicroPython virtual machine."""

import pytest

from tests import vm


@pytest.mark.parametrize("module", ["test_layout", "test_ring"])
def test_passes_on_micropython(module):
    assert vm.run_cases("tests.journal." + module)
