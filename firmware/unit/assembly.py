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
    digest = 0
    for char in settings["unit.id"]:
        digest = (digest * 31 + ord(char)) & 0xFFFF
    numbers["unit.hash"] = digest
    return numbers


def controller(settings, kind):
    """A `kind` (Controller, plain or compiled) over a unit's settings."""
    return kind(control_settings(settings), definitions())
