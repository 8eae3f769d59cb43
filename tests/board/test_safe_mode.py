"""Safe mode by its floats, second by second."""

import importlib
import sys
import types

import pytest

RUN_S = 300


@pytest.fixture
def step(monkeypatch):
    for name in ("machine", "micropython"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    yield importlib.import_module("unit.safe_mode").step
    for name in ("unit.safe_mode", "unit.restart"):  # they hold the module of this test
        sys.modules.pop(name, None)


def ran(step, floats) -> list[bool]:
    """Whether the pump runs in each second; `floats` yields (high, low)."""
    run, seconds = (0, 1800), []
    for high, low in floats:
        run = step(*run, high, low, RUN_S)
        seconds.append(run[0] > 0)
    return seconds


def test_it_pumps_for_its_time_after_the_high_float_has_fallen(step):
    seconds = ran(step, [(0, 1)] * 5 + [(1, 1)] * 10 + [(0, 1)] * 600)
    assert seconds[:5] == [False] * 5
    assert sum(seconds) == 10 + RUN_S - 1


def test_it_stops_where_the_low_float_says_dry(step):
    assert sum(ran(step, [(1, 1)] * 10 + [(0, 0)] * 600)) == 10


@pytest.mark.parametrize("low", [1, -1])
def test_it_pumps_as_long_as_the_high_float_is_up(step, low):
    assert all(ran(step, [(1, low)] * 3600))


def test_a_high_float_that_hangs_over_a_dry_well_runs_no_pump_for_long(step):
    seconds = ran(step, [(1, 0)] * 3600)
    assert sum(seconds) == 2 * 180
    assert max(map(len, "".join("x" if on else " " for on in seconds).split())) == 180
