"""The few settings that a console needs, and their places in `App.kept`: for all of them a board has no room."""

from .control.basics import const

_KEPT = (
    "unit.id", "unit.name_zh", "unit.name_en", "unit.timezone", "unit.language", "readings.interval_s",
    "console.lock_min",
)  # fmt: skip
UNIT_ID = const(0)
NAME_ZH = const(1)
NAME_EN = const(2)
TIMEZONE_MIN = const(3)
LANGUAGE = const(4)
INTERVAL_S = const(5)
LOCK_MIN = const(6)



def kept(texts, numbers):
    """Of all settings, checked, those few as a tuple; `texts` and `numbers` may be one mapping."""
    return tuple([texts[key] if key in texts else numbers[key] for key in _KEPT])
