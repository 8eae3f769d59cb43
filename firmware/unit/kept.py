"""The few settings that a console needs, taken when a unit starts: later there is no room for all of them."""

_KEPT = (
    "unit.id", "unit.name_zh", "unit.name_en", "unit.timezone", "unit.language", "readings.interval_s",
    "console.lock_min",
)  # fmt: skip


def kept(settings):
    """Their values, in the order that console/door.py names."""
    return tuple([settings[key] for key in _KEPT])
