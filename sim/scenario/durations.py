"""Times in a scenario: "2d04:00" is two days and four hours, "6h", "90min", "30s", "1h30min" are durations."""

import re

DAY_S = 86_400
_MOST_S = 1e12  # far beyond any run; hundreds of digits are infinite
ALLOWED = 'a text such as "2d04:00" (days, then hours:minutes), "6h", "90min" or "30s"'

_CLOCK = re.compile(r"(?:(\d+)d\s*)?(\d{1,2}):(\d{2})(?::(\d{2}))?", re.ASCII)
_UNITS = re.compile(
    r"(?:(?P<d>\d+(?:\.\d+)?)d)?\s*(?:(?P<h>\d+(?:\.\d+)?)h)?\s*(?:(?P<min>\d+(?:\.\d+)?)min)?\s*(?:(?P<s>\d+)s)?",
    re.ASCII,
)
_SECONDS = {"d": DAY_S, "h": 3600, "min": 60, "s": 1}


def parse_duration(text: object) -> int:
    """Seconds of a duration as written in a scenario. ValueError (its text says what is allowed) for anything else."""
    if not isinstance(text, str):
        raise ValueError(f"must be {ALLOWED}, not {text!r}")
    if clock := _CLOCK.fullmatch(text.strip()):
        days, hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        if hours < 24 and minutes < 60 and seconds < 60:
            return days * DAY_S + hours * 3600 + minutes * 60 + seconds
        raise ValueError(f'hours go from 00 to 23, minutes and seconds from 00 to 59, not "{text}"')
    units = _UNITS.fullmatch(text.strip())
    if units and any(units.groups()):
        seconds_ = sum(float(value or 0) * _SECONDS[unit] for unit, value in units.groupdict().items())
        if seconds_ < _MOST_S:
            return round(seconds_)
    raise ValueError(f'must be {ALLOWED}, not "{text}"')
