"""The names behind the numbers of events, alarms and reasons: the first column of their tables."""

from .tables import rows

_names: dict = {}  # of a table: the first fields of its entries, each behind a line's end


def load_names(*tables):
    """Read the names that payloads need, once: looking each up in its table takes an ESP32 tens of ms a name."""
    for table in tables:
        names = bytearray(b"\n")
        for row in rows(table):
            names.extend(row[0].encode() + b"\n")
        _names[table] = bytes(names)


def forget_names(table):
    """Nobody needs these any more."""
    _names.pop(table, None)


def name_of(table, index):
    """The first field of the entry `index` of a table: the name behind a number, "?" if there is none."""
    if table not in _names:
        load_names(table)
    names = _names[table]
    at = 0
    while index > 0 and at >= 0:
        at = names.find(b"\n", at + 1)
        index -= 1
    end = names.find(b"\n", at + 1) if at >= 0 else -1
    return str(names[at + 1 : end], "utf-8") if end >= 0 else "?"
