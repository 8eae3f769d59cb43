"""Faults of broker, link and board, one after the other, with independent books: nothing is lost, no tick waits."""

import random
from collections import Counter
from pathlib import Path

import pytest

from . import rig
from .online import Scene

LATE_MS = 128  # the histogram's step above the 100 ms that are allowed


def kinds(scene: Scene):
    """Every fault that this scene knows."""
    found = [
        scene.broker_killed, scene.broker_frozen, scene.link_cut, scene.silence, scene.board_killed,
        scene.wrong_password, scene.connections_refused, scene.puback_lost, scene.puback_late, scene.puback_twice,
        scene.cut_within_a_packet,
    ]  # fmt: skip
    if not scene.secure:
        return [*found, scene.cut_within_a_packet]
    # A PUBACK cannot be told from other bytes within TLS.
    return [f for f in found if "puback" not in f.__name__] + [scene.wrong_certificate] * 2


def strike(scene: Scene, n: int, seed: int) -> list[list[int]]:
    """`n` faults, every kind in turn before one comes again; after each the books must go on, and miss nothing."""
    chance = random.Random(seed)
    total = [[0] * 14 for _ in range(3)]

    def count() -> None:
        for bins, more in zip(total, scene.histograms(), strict=True):
            bins[:] = [a + b for a, b in zip(bins, more, strict=True)]
        scene.shown = ""

    scene.check("start")
    waiting: list = []
    for i in range(n):
        if not waiting:
            waiting = kinds(scene)
            chance.shuffle(waiting)
        fault = waiting.pop()
        if fault == scene.board_killed:
            count()
        fault(chance)
        scene.served(f"fault {i}, {fault.__name__}")
        if i % 25 == 24:
            scene.check(f"fault {i}, {fault.__name__}")
    scene.check("end")
    count()
    twice = Counter(scene.books.entries).most_common(3)
    assert scene.books.seqs("qiaotou") == sorted(set(scene.books.seqs("qiaotou"))), twice
    return total


def show(title: str, total: list[list[int]], speed: int) -> str:
    lines = [f"{title}: ticks by the ms that they began late (board {speed} x as fast as the wall)"]
    lines.append("   under      all  less the PC's own waits  while a secure connection was made")
    for i, row in enumerate(zip(*total, strict=True)):
        if any(row):
            lines.append(f"{1 << i:8d} {row[0]:8d} {row[1]:24d} {row[2]:30d}")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("secure", [False, True])
def test_nothing_is_lost_in_twenty_faults(tmp_path: Path, secure: bool):
    scene = Scene(tmp_path, secure=secure)
    try:
        strike(scene, 8 if secure else 12, seed=1)
    finally:
        scene.close()


@pytest.mark.campaign
@pytest.mark.parametrize(("secure", "n"), [(False, 300), (True, 200)])
def test_nothing_is_lost_and_no_tick_waits_in_five_hundred_faults(tmp_path: Path, secure: bool, n: int):
    """Its histogram goes to the folder `out`: workers of a parallel run print nothing."""
    scene = Scene(tmp_path, watched=True, secure=secure)
    try:
        total = strike(scene, n, seed=7)
    finally:
        scene.close()
    out = rig.ROOT / "out"
    out.mkdir(exist_ok=True)
    way = "tls" if secure else "tcp"
    (out / f"lateness-{way}.txt").write_text(show(f"{n} faults over {way}", total, scene.speed))
    assert sum(total[0]) > 2 * n
    own = total[1]
    late = sum(own[LATE_MS.bit_length() - 1 :])
    assert late <= sum(own) // 10_000, own
