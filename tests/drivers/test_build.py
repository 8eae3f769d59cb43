"""The cases of this folder on CPython and on the MicroPython machine, and the tables behind them."""

import pytest
from unit.catalogue import settings as catalogue
from unit.catalogue.tables import rows
from unit.drivers import build

from host_tools.unitkit import boards
from tests import vm
from tests.drivers import cases

CASES = sorted(name for name in dir(cases) if name.startswith("test_"))


@pytest.mark.parametrize("name", CASES)
def test_here(name):
    getattr(cases, name)()


def test_on_the_real_machine():
    assert sorted(vm.run_cases("tests.drivers.cases")) == CASES


def test_every_problem_has_words():
    known = {row[0] for row in rows("wiring_problems")}
    assert known == {
        build.NO_TERMINAL, build.WRONG_KIND, build.BAD_PIN, build.NO_CHIP, build.NO_PROBE, build.MIXED_BAUD,
    }  # fmt: skip


def test_every_wire_is_a_setting_and_every_chip_of_a_board_file_has_a_driver():
    wires = {row[0][7:] for row in catalogue.entries() if row[0].startswith("wiring.")}
    assert wires == set(build.NAMES) | {"p1", "p2", "blower", "return", "network"}
    for chip, (kinds, _) in boards.CHIPS.items():
        for kind in kinds:
            terminals = dict(cases.TERMINALS, new=[kind, 1, 0, chip, 0x21], sr=["hc595", 8, 25, 26, 27])
            wire = {"relay": "p1", "input": "float_high", "analog": "level"}[kind]
            assert cases.unit({"wiring." + wire: "new"}, terminals).problems == []
