"""The visitors' book: a file of short lines, the newest last, of which the oldest half goes when it grows too long."""

import os

from ..control.basics import const

_BOOK = "visits.txt"
_MOST_BYTES = const(3000)


def read():
    """The lines of the book, oldest first."""
    try:
        with open(_BOOK, encoding="utf-8") as f:
            return f.read().split("\n")[:-1]
    except (OSError, UnicodeError):
        return []


def last():
    """The newest line, "" if nobody has been here."""
    lines = read()
    return lines[-1] if lines else ""


def add(when, who, note):
    """Write a line; OSError when the flash takes none. A power cut leaves either the old book or the new one."""
    lines = read()
    lines.append(" ".join((when, who, note)).strip())
    while len(lines) > 1 and sum([len(line.encode()) + 1 for line in lines]) > _MOST_BYTES:
        lines = lines[len(lines) // 2 :]
    with open(_BOOK + ".new", "w", encoding="utf-8") as f:
        for line in lines:
            f.write(line + "\n")
    os.rename(_BOOK + ".new", _BOOK)
