"""What people type: numbers, lengths of time, dates."""

from ..control.basics import const
from .dates import month_days

_DAY_S = const(86400)
_DAYS_TO_2020 = const(7305)
_UNITS = (
    ("d", 86400), ("天", 86400), ("h", 3600), ("小时", 3600), ("min", 60), ("分钟", 60), ("分", 60), ("m", 60),
    ("s", 1), ("秒", 1),
)  # fmt: skip
_LONGEST_S = 10**8


def parse(date, tod):
    """Seconds since 2020-01-01 of "2026-06-15" and "08:30" or "08:30:15"; -1 if it is no time from 2024 to 2098."""
    numbers = []
    for part in date.split("-") + tod.split(":"):
        number = whole(part)
        if number < 0 or len(part) > 4:
            return -1
        numbers.append(number)
    if len(numbers) == 5:
        numbers.append(0)
    if len(numbers) != 6 or date.count("-") != 2:
        return -1
    year, month, day, hour, minute, second = numbers
    if not (2024 <= year < 2099 and 1 <= month <= 12 and hour < 24 and minute < 60 and second < 60):
        return -1
    if not 1 <= day <= month_days(year, month):
        return -1
    years = year - 2000
    days = years * 365 + (years + 3) // 4 + day - 1 - _DAYS_TO_2020
    for m in range(1, month):
        days += month_days(year, m)
    return days * _DAY_S + hour * 3600 + minute * 60 + second


def whole(text):
    """The number that `text` is, of one to eight digits and nothing else; -1 if it is none."""
    data = text.encode()  # not its characters: see `line`
    for byte in data:
        if not 48 <= byte <= 57:
            return -1
    return int(text) if 0 < len(data) <= 8 else -1


def duration(text):
    """Seconds of "30s", "10min", "2h", "1h30min", "10分钟"; -1 if it is none."""
    total = 0
    number = ""
    text = text.lower()
    while text:
        if whole(text[:1]) >= 0 and len(number) < 8:
            number += text[:1]
            text = text[1:]
            continue
        for unit, seconds in _UNITS:
            if number and text.startswith(unit):
                total += int(number) * seconds
                number = ""
                text = text[len(unit) :]
                break
        else:
            return -1
    return total if not number and 0 < total <= _LONGEST_S else -1
