"""A sample of the fuzz with each run of the tests, all of it as a campaign; what was found is printed behind it."""

import os

import pytest

from tests.fuzz import campaign, engine

SAMPLE = 6_000
CAMPAIGN = 1_000_000
JOBS = os.cpu_count() or 1


def judge(found: list[engine.Found], inputs: int) -> None:
    assert not any(one.findings for one in found), "\n".join(campaign.table(found))
    assert all(one.accepted and one.refused for one in found if one.tried > 500), "a parser that has no choice"
    assert sum(one.tried for one in found) >= inputs * 0.99


def test_a_sample_finds_nothing(tmp_path):
    judge(campaign.run(campaign.FAMILIES, SAMPLE), SAMPLE)


@pytest.mark.campaign
def test_a_million_inputs_find_nothing(record_property):
    found = campaign.run(campaign.FAMILIES, CAMPAIGN, first=SAMPLE, jobs=JOBS)
    record_property("found", campaign.table(found))
    judge(found, CAMPAIGN)




def _faulty(folder):
    def take(data: bytes) -> bool:
        kind = data[:1]
        if kind == b"t":
            raise KeyError("traceback")
        if kind == b"w":
            raise engine.Wrong("taken for sound")
        if kind == b"m":
            return bool(bytearray(8 << 30))
        if kind == b"d":
            os.abort()
        if kind == b"s":
            raise engine.ToolError("")
        if kind == b"h":
            while True:
                pass
        return True

    return take, [b"g", b"t", b"w", b"m", b"d", b"s", b"h"]


def test_the_engine_sees_every_kind_of_fault(tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "HANG_S", 0.2)
    nothing = (lambda chance, data: data,)
    family = engine.Family("faulty", _faulty, damage=nothing, only_own_damage=True)
    found = engine.run(family, 0, 40, tmp_path)
    kinds = {what.partition(" ")[0].rstrip(":") for what in found.findings}
    assert kinds == {"KeyError", "Wrong", "MemoryError", "the", "a", "Hang"}, found.findings
    assert found.tried == 40 and found.accepted


def test_an_input_has_a_number_by_which_it_is_found_again(tmp_path):
    for family in campaign.FAMILIES[:3]:
        first, again = engine.Player(family, tmp_path), engine.Player(family, tmp_path)
        assert [first.input(n) for n in range(30)] == [again.input(n) for n in range(30)]
