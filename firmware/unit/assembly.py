"""Puts the control core together from checked settings: the same on the board, in the simulator and in tests."""

from .alarms import definitions


def control_settings(settings):
    """The part of a unit's settings that control decides by: a dict of key -> int, with the unit's own `unit.hash`.

    `settings`: key -> int or str, every setting with its default filled in.
    """
    numbers = {}
    for key, value in settings.items():
        if isinstance(value, int):
            numbers[key] = value
    numbers["unit.hash"] = hash_of(settings["unit.id"])
    return numbers


def hash_of(unit_id):
    """A number by which units of one village differ."""
    digest = 0
    for char in unit_id:
        digest = (digest * 31 + ord(char)) & 0xFFFF
    return digest


def controller(settings, kind):
    """A `kind` (Controller, plain or compiled) over a unit's settings, to which `unit.hash` is added.

    A second dict, without the texts that control does not look at, would cost a board 4 KB just when memory is short.
    """
    settings["unit.hash"] = hash_of(settings["unit.id"])
    return kind(settings, definitions())
