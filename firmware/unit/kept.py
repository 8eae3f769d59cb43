"""The few settings that a console needs, taken when a unit starts: later there is no room for all of them."""

from .control.basics import const

_KEPT = (
    "unit.id", "unit.name_zh", "unit.name_en", "unit.timezone", "unit.language", "readings.interval_s",
    "console.lock_min",
)  # fmt: skip
# Their places in `App.kept`.
UNIT_ID = const(0)
NAME_ZH = const(1)
NAME_EN = const(2)
TIMEZONE_MIN = const(3)
LANGUAGE = const(4)
INTERVAL_S = const(5)
LOCK_MIN = const(6)


def kept(settings):
    """Their values; `settings` has them all."""
    return tuple([settings[key] for key in _KEPT])
