"""Calendar days without the time module, whose epoch differs from world to world. Days count from 2000-01-01."""

from ..control.basics import NONE, const

_DAY_S = const(86400)
_DAYS_TO_2020 = const(7305)
_MONTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def month_days(year, month):
    """Days of a month, until 2099."""
    return 29 if month == 2 and year % 4 == 0 else _MONTHS[month - 1]


def written(day, second):
    """ "2026-06-15 08:30:00" of a day since 2000-01-01 and a second of it."""
    year = 2000 + day // 1461 * 4
    day %= 1461
    while day >= (366 if year % 4 == 0 else 365):
        day -= 366 if year % 4 == 0 else 365
        year += 1
    month = 1
    while day >= month_days(year, month):
        day -= month_days(year, month)
        month += 1
    return "%d-%02d-%02d %02d:%02d:%02d" % (year, month, day + 1, second // 3600, second // 60 % 60, second % 60)


def of_journal(t, timezone_s):
    """The same of a journal's time, seconds since 2020-01-01 UTC; "" for NONE."""
    if t == NONE:
        return ""
    t += timezone_s
    return written(t // _DAY_S + _DAYS_TO_2020, t % _DAY_S)
