"""Calendar days. Runs on CPython and on MicroPython alike."""

from unit.console.dates import of_journal, written
from unit.console.typed import duration, parse
from unit.control.basics import NONE


def test_days_and_their_names_are_inverse():
    day = 8766
    for text in ("2024-01-01", "2024-02-29", "2024-12-31", "2025-01-01", "2026-06-15", "2028-02-29", "2098-12-31"):
        seconds = parse(text, "08:30:15")
        assert of_journal(seconds, 0) == text + " 08:30:15"
        assert of_journal(seconds - 8 * 3600, 8 * 3600) == text + " 08:30:15"
        assert seconds // 86400 + 7305 >= day
    assert written(0, 0) == "2000-01-01 00:00:00"
    assert of_journal(NONE, 0) == ""


def test_what_is_no_time():
    for date, tod in (
        ("2023-12-31", "00:00"), ("2099-01-01", "00:00"), ("2026-02-29", "00:00"), ("2026-13-01", "00:00"),
        ("2026-06-15", "24:00"), ("2026-06-15", "08:60"), ("2026-06-15", "08"), ("2026-06", "08:00"), ("", ""),
        ("15.6.2026", "08:00"), ("2026-06-15", "08:00:00:00"), ("２０２６-06-15", "08:00"),
    ):  # fmt: skip
        assert parse(date, tod) == -1, (date, tod)


def test_durations():
    for text, seconds in (
        ("30s", 30), ("10min", 600), ("10m", 600), ("2h", 7200), ("1h30min", 5400), ("1d", 86400), ("10分钟", 600),
        ("2小时", 7200), ("1H", 3600), ("5分", 300), ("90秒", 90),
    ):  # fmt: skip
        assert duration(text) == seconds, text
    for text in ("", "10", "s", "-5s", "1.5h", "0s", "h2", "10 min", "99999999d", "9" * 50 + "s"):
        assert duration(text) == -1, text
