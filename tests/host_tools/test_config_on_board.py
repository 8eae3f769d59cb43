"""The two copies of the configuration on a board: which of them counts, and when one follows the other."""

import json
from pathlib import Path

import pytest
from unit import config

from host_tools.unitkit import fsimage, unitfile

ROOT = Path(__file__).resolve().parents[2]
UNIT = unitfile.load(ROOT / "boards/esp32/units/qiaotou.toml")
KEY = "lift.start_level_mm"


@pytest.fixture(autouse=True)
def board(tmp_path, monkeypatch):
    """The files of a board that was just flashed, in the folder where the firmware looks."""
    monkeypatch.chdir(tmp_path)
    for name in config.BOARDS:
        Path(name).write_bytes(fsimage.sealed(UNIT.pins_json().encode()))
    for name in (config.NEWEST, config.LAST_GOOD):
        Path(name).write_bytes(fsimage.sealed(UNIT.board_json().encode()))


def changed():
    config.save({**config.stored(), KEY: 650})


def test_a_change_counts_from_the_next_start_and_is_trusted_after_a_long_life():
    changed()
    settings, _, where = config.load()
    assert (settings[KEY], where) == (650, config.FROM_NEWEST)
    assert config.stored_in(config.LAST_GOOD).get(KEY, 600) == 600
    config.lived()
    assert config.stored_in(config.LAST_GOOD)[KEY] == 650


def test_a_change_with_which_the_unit_does_not_live_is_taken_back():
    changed()
    assert config.load(revert=True)[0][KEY] == 600
    assert config.load()[0][KEY] == 600  # and stays so


def on_trial():
    config.save({**config.stored(), KEY: 650}, config.TRIAL)
    return config.load()


def test_a_trial_counts_for_one_start_alone():
    settings, _, where = on_trial()
    assert (settings[KEY], where) == (650, config.FROM_TRIAL)
    assert config.in_force(where)[KEY] == 650 and KEY not in config.in_force(config.FROM_NEWEST)
    settings, _, where = config.load()  # whatever ended the start before
    assert (settings[KEY], where) == (600, config.FROM_BACK)
    assert config.load()[2] == config.FROM_NEWEST  # told once


def test_settings_from_afar_are_tried_like_those_of_the_console():
    config.save({**config.stored(), KEY: 650}, config.AFAR)
    settings, _, where = config.load()
    assert (settings[KEY], where) == (650, config.FROM_AFAR)
    assert json.loads(config.text_in_force())[KEY] == config.in_force(where)[KEY] == 650
    assert config.load()[2] == config.FROM_BACK
    assert KEY not in json.loads(config.text_in_force())


@pytest.mark.parametrize(("first", "then"), [("TRIAL", "AFAR"), ("AFAR", "TRIAL")])
def test_the_later_of_two_changes_is_tried_alone(first, then):
    config.save({**config.stored(), KEY: 650}, getattr(config, first))
    config.save({**config.stored(), KEY: 700}, getattr(config, then))
    assert config.load()[0][KEY] == 700
    assert config.load()[2] == config.FROM_BACK
    assert config.load()[2] == config.FROM_NEWEST


def test_a_trial_that_is_kept_counts_from_then_on():
    on_trial()
    config.keep()
    settings, _, where = config.load()
    assert (settings[KEY], where) == (650, config.FROM_NEWEST)


def test_a_trial_that_makes_no_valid_configuration_is_passed_over():
    config.save({**config.stored(), KEY: 10}, config.TRIAL)
    settings, _, where = config.load()
    assert (settings[KEY], where) == (600, config.FROM_NEWEST)


def test_a_change_from_afar_ends_a_trial():
    on_trial()
    config.save({**config.stored(), KEY: 700})
    with pytest.raises(OSError):
        config.keep()
    assert config.load()[0][KEY] == 700


def test_a_damaged_copy_gives_way_to_the_other():
    changed()
    newest = Path(config.NEWEST).read_bytes()
    Path(config.NEWEST).write_bytes(newest.replace(b"650", b"651"))
    settings, _, where = config.load()
    assert (settings[KEY], where) == (600, config.FROM_LAST_GOOD)
    Path(config.NEWEST).write_bytes(newest)
    Path(config.LAST_GOOD).write_bytes(newest[:-20])
    assert config.load(revert=True)[0][KEY] == 650  # nothing to go back to


def test_a_copy_that_is_readable_but_not_allowed_is_replaced_by_the_one_in_force():
    config.save({**config.stored(), KEY: "high"})
    settings, _, where = config.load()
    assert (settings[KEY], where) == (600, config.FROM_LAST_GOOD)
    assert config.stored().get(KEY, 600) == 600


def test_without_a_readable_copy_the_defaults_watch_and_wire_no_machine():
    for name in (config.NEWEST, config.LAST_GOOD):
        Path(name).unlink()
    settings, board, where = config.load()
    assert where == config.FROM_DEFAULTS and not board["terminals"] and settings[KEY] == 600


def test_one_copy_of_the_pins_may_be_damaged():
    newest = Path(config.BOARDS[0]).read_bytes()
    Path(config.BOARDS[0]).write_bytes(newest.replace(b"25", b"27", 1))
    assert config.load()[1] == json.loads(UNIT.pins_json())
    assert Path(config.BOARDS[0]).read_bytes() == newest  # and the copy is mended
    config.save({"terminals": {}}, config.BOARDS[0])
    assert config.load()[1] == json.loads(UNIT.pins_json())
    for name in config.BOARDS:
        Path(name).unlink()
    assert config.load()[2] == config.FROM_DEFAULTS
