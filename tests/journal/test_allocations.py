"""What the journal costs in memory, on the real virtual machine."""

from unit.journal import ring

from sim.board import chips
from tests import vm


def test_appending_reading_and_acknowledging_allocate_nothing_once_warm():
    lines = vm.run(vm.ROOT / "tests/micropython/journal_allocations.py").splitlines()
    delivered, overwritten, at_block = ([int(word) for word in line.split() if word.isdigit()] for line in lines[:3])
    assert delivered[:2] == [0, 0] and delivered[2] >= 50
    taken, kept, blocks = overwritten
    # Only a look at a block that is given up takes memory, no more than was asked for, and gives it back.
    assert kept == 0 and blocks >= 50
    assert 0 < taken / blocks < chips.unscaled(ring._UNSENT_BYTES)
    assert at_block[0] > 100  # blocks: many times round
