"""What the journal costs in memory, on the real virtual machine."""

from tests import vm


def test_appending_reading_and_acknowledging_allocate_nothing_once_warm():
    lines = vm.run(vm.ROOT / "tests/micropython/journal_allocations.py").splitlines()
    assert lines[:2] == ["delivered 0", "overwritten unacknowledged 0"]
    assert int(lines[2].split()[-1]) > 100  # blocks: many times round
