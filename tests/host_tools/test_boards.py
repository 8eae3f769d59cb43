"""Board files: terminals that are lines of a chip."""

import pytest

from host_tools import boards
from host_tools.errors import BadInput

HEAD = """
title_zh = "板"
title_en = "board"
chip = "esp32"
flash_mb = 4
source = "test"
[partitions]
vfs_at_kib = 2048
vfs_kib = 512
journal_at_kib = 2560
journal_kib = 1536
[terminals]
"""


def test_a_line_of_a_chip_is_a_terminal():
    board = boards.parse(
        "b",
        HEAD + 'k1 = { kind = "relay", active = "low", line = 3, chip = "pcf8574", address = 0x24 }\n'
        'a1 = { kind = "analog", shunt_ohm = 100, line = 0, chip = "ads1115", address = 0x48 }\n'
        'k2 = { kind = "relay", active = "high", line = 0, chip = "hc595" }\n'
        'sr = { kind = "hc595", lines = 8, data = 25, clock = 26, latch = 27 }\n',
    )
    assert board.terminals == {
        "k1": ["relay", 0, 3, "pcf8574", 0x24],
        "a1": ["analog", 100, 0, "ads1115", 0x48],
        "k2": ["relay", 1, 0, "hc595", 0],
        "sr": ["hc595", 8, 25, 26, 27],
    }


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (
            '{ kind = "relay", active = "low", line = 8, chip = "pcf8574", address = 36 }',
            "line of a pcf8574 must be 0 to 7",
        ),
        (
            '{ kind = "relay", active = "low", line = 0, chip = "ads1115", address = 72 }',
            "must be one of pcf8574, tca9554",
        ),
        ('{ kind = "rs485", bus = 1, line = 0, chip = "pcf8574", address = 36 }', "must be one of none"),
        ('{ kind = "relay", active = "low", line = 0, chip = "tca9554", address = 3 }', "address must be"),
        ('{ kind = "relay", active = "low", line = 0, chip = "pcf8574", gpio = 3 }', "unknown key gpio"),
    ],
)
def test_a_wrong_line_is_refused(row, sentence):
    with pytest.raises(BadInput) as caught:
        boards.parse("b", HEAD + "k = " + row + "\n")
    assert any(sentence in problem for problem in caught.value.problems), caught.value.problems
