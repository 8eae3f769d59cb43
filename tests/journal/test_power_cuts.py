"""The power goes at every operation of flash, and in the middle of each; what was reported as written is found."""

import random

import pytest

from tests.journal.lives import check, cuts, live


def _cut_everywhere(seed: int, share: float) -> int:
    life = live(seed)
    count = 0
    for cut in cuts(life, random.Random(seed), share):
        check(life, cut)
        count += 1
    return count


def test_a_sample_of_cuts():
    assert sum(_cut_everywhere(seed, 0.065) for seed in range(4)) >= 2000


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(100, 113))
def test_every_cut(seed):
    assert _cut_everywhere(seed, 1.0) >= 8_000  # 104,000 together
