"""The visitors' book: a file of short lines, the newest last, of which the oldest half goes when it grows too long."""

import os

from ...control.basics import const

_BOOK = "visits.txt"
_MOST_BYTES = const(3000)
_LAST_BYTES = const(512)  # among the last of the book the newest line is whole
_SIZE = const(6)  # in what `os.stat` returns


def read():
    """The lines of the book, oldest first."""
    return _lines(_MOST_BYTES + _LAST_BYTES)


def last():
    """The newest line, "" if nobody has been here."""
    lines = _lines(_LAST_BYTES)
    return lines[-1] if lines else ""


def add(when, who, note):
    """Write a line; OSError when the flash takes none. A power cut leaves either the old book or the new one."""
    line = " ".join((when, who, note)).strip() + "\n"
    if _size() + len(line.encode()) > _MOST_BYTES:
        lines = read()
        with open(_BOOK + ".new", "w", encoding="utf-8") as f:
            for kept in lines[len(lines) // 2 :]:
                f.write(kept + "\n")
        os.rename(_BOOK + ".new", _BOOK)
    with open(_BOOK, "a", encoding="utf-8") as f:  # writing the book anew would take a board half a second
        f.write(line)


def _size():
    try:
        return os.stat(_BOOK)[_SIZE]
    except OSError:
        return 0


def _lines(most_bytes):
    """The lines among the last bytes of the book."""
    skipped = max(0, _size() - most_bytes)
    try:
        with open(_BOOK, "rb") as f:
            f.seek(skipped)
            data = f.read()
        if skipped:
            data = data[data.find(b"\n") + 1 :]
        return str(data, "utf-8").split("\n")[:-1]
    except (OSError, UnicodeError):
        return []
