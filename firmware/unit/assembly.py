"""Puts the control core together from checked settings: the same on the board, in the simulator and in tests."""

from .catalogue.alarms import definitions
from .control.io import OUTPUT_NAMES


def control_settings(settings):
    """The part of a unit's settings that control decides by: a dict of key -> int, with what `derive` adds.

    `settings`: key -> int or str, every setting with its default filled in.
    """
    numbers = {}
    for key, value in settings.items():
        if isinstance(value, int):
            numbers[key] = value
    derive(settings, numbers)
    return numbers


def parts(settings):
    """What a `Controller` is made of: `settings`, to which the derived numbers are added, and the alarms' definitions.

    A second dict, without the texts that control does not look at, would cost a board 4 KB just when memory is short.
    """
    derive(settings, settings)
    return settings, definitions()


def derive(settings, numbers):
    """Put into `numbers` what follows from the texts among `settings`.

    `unit.hash`, by which each unit of a village waits its own while after mains return; `wired.turbidity`,
    `wired.energy` and `wired.<output>_running`, 1 where the unit file names a terminal.
    """
    digest = 0
    for byte in settings["unit.id"].encode():
        digest = (digest * 31 + byte) & 0xFFFF
    numbers["unit.hash"] = digest
    for name in ("turbidity", "energy"):
        numbers["wired." + name] = 1 if settings["wiring." + name] else 0
    for name in OUTPUT_NAMES:
        numbers["wired." + name + "_running"] = 1 if settings["wiring." + name + "_running"] else 0
