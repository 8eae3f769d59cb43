"""Wiring that the check takes is wiring that the drivers can be made from, on every board; and what is refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.catalogue import settings as catalogue
from unit.catalogue import settings_problems
from unit.drivers.build import build

from host_tools.records import unitdocs
from host_tools.unitkit import boards, unitfile
from tests.drivers import hardware

# The pins that tests/drivers/hardware.py models are those of this chip.
BOARDS = {name: boards.load(name).compact() for name in boards.names() if boards.load(name).chip == "esp32"}
ROWS = {row[0]: row for row in catalogue.entries()}
WIRES = [key for key in ROWS if key.startswith("wiring.")]


def good(board: str) -> dict:
    """The settings of a new unit file for this board."""
    return dict(unitfile.parse(unitdocs.new_file(boards.load(board), "u"), "new.toml").settings)


def changes(board: str) -> st.SearchStrategy:
    values: dict[str, st.SearchStrategy] = {
        "level.signal": st.integers(0, 1),
        "turbidity.signal": st.integers(0, 1),
        "level.modbus_address": st.integers(1, 3),
        "level.probe": st.sampled_from(catalogue.probes(ROWS["level.probe"])),
        "turbidity.probe": st.sampled_from(catalogue.probes(ROWS["turbidity.probe"])),
        "energy.probe": st.sampled_from(catalogue.probes(ROWS["energy.probe"])),
        "energy.modbus_address": st.integers(1, 3),
    }
    for key in WIRES:
        fit = [n for n, t in BOARDS[board]["terminals"].items() if t[0] in catalogue.kinds(ROWS[key])]
        values[key] = st.sampled_from(["", *fit, *["rs485"] * (4 if "rs485" in fit else 0)])
    return st.fixed_dictionaries({}, optional=values)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(BOARDS)).flatmap(lambda board: st.tuples(st.just(board), changes(board))))
def test_what_the_check_takes_the_drivers_take(case):
    board, changed = case
    full: dict = {}
    problems = list(catalogue.check(good(board) | changed, BOARDS[board], full))
    if not problems:
        assert build(BOARDS[board], full, hardware.fresh(), lambda: 0).problems == []


def on_one_bus(**changed: object) -> list[str]:
    values = good("esp32-devkitc") | {"level.signal": 1, "turbidity.signal": 1}
    values |= {"wiring.level": "rs485", "wiring.turbidity": "rs485"}
    values |= {key.replace("__", "."): value for key, value in changed.items()}
    board = BOARDS["esp32-devkitc"]
    return [settings_problems.sentence(problem, "en", board) for problem in catalogue.check(values, board)]


def test_a_meter_beside_probes_on_one_bus():
    bus = {"turbidity__probe": "y511", "wiring__energy": "rs485"}
    assert on_one_bus(**bus) == []
    assert len(on_one_bus(**bus, energy__probe="eastron-2400")) == 2  # unlike either of the others
    (address,) = on_one_bus(**bus, energy__modbus_address=1)
    assert address.startswith("energy.modbus_address = 1: is the address of level.modbus_address = 1")


def test_a_terminal_that_cannot_count_is_refused_in_a_sentence_that_names_those_that_can():
    values, board = good("kc868-a8") | {"wiring.energy": "in8"}, BOARDS["kc868-a8"]
    (problem,) = catalogue.check(values, board)
    said = [settings_problems.sentence(problem, lang, board) for lang in ("zh", "en")]
    assert said[0] == 'wiring.energy = "in8"：扩展芯片的端子数不了脉冲，应为 控制板端子 s3, s4'
    assert said[1] == (
        'wiring.energy = "in8": a line of an expander misses pulses; must be a terminal of the board: s3, s4'
    )
    values["wiring.energy"] = "relay5"
    assert [settings_problems.sentence(p, "en", board) for p in catalogue.check(values, board)] == [
        'wiring.energy = "relay5": must be a terminal of the board: s3, s4'
    ]


def test_probes_on_one_bus():
    assert on_one_bus(turbidity__probe="y511") == []
    (baud,) = on_one_bus(turbidity__probe="sen0710")
    assert baud.startswith("turbidity.probe = sen0710: does not have the baud rate of level.probe = hydrostatic-mm")
    (address,) = on_one_bus(turbidity__probe="y511", level__modbus_address=2)
    assert address.startswith("turbidity.modbus_address = 2: is the address of level.modbus_address = 2")


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("wiring.energy", "in8", "pulses"),
        ("wiring.energy", "s3", None),
        ("wiring.energy", "ai1", "value"),
        ("wiring.energy", "relay5", "value"),
        ("wiring.p2", "relay1", "twice"),
        ("level.signal", 1, "signal"),
        ("turbidity.signal", 1, None),
    ],
)
def test_wiring_of_an_expander_board(key, value, code):
    values = good("kc868-a8") | {key: value}
    assert [p[0] for p in catalogue.check(values, BOARDS["kc868-a8"])] == ([code] if code else [])
