"""Tab: what could stand where the cursor is, from the tables of commands, settings and points."""

from ...catalogue.lookup import row
from ...catalogue.tables import rows
from ...control.io import OUTPUT_NAMES
from ..text import COLUMNS

_MOST = 40
_SOME = 4  # lines of a table between two times of giving way


def complete(c, words):
    """`words` holds one string, the line up to the cursor. Inserts what is certain, else lists what is possible."""
    typed = words[0]
    first, blank, rest = typed.partition(" ")
    word = typed.rsplit(" ", 1)[-1]
    table = "commands"
    if blank:
        found = row("commands", first.lower())
        table = found[3] if found and " " not in rest else ""
    common = None
    count = 0
    some: list = []
    for i, name in enumerate(_names(table)):
        if i % _SOME == 0:
            yield None
        if name.startswith(word):
            count += 1
            if common is None:
                common = name
            while not name.startswith(common):
                common = common[:-1]
            if len(some) < _MOST:
                some.append(name)
    if common is None:
        return
    if count == 1:
        common += " "
    if len(common) > len(word):
        c.insert(common[len(word) :])
        return
    c.clear_line()
    line = ""
    for name in some:
        if len(line) + len(name) + 2 > COLUMNS:
            yield line
            line = ""
        line += name + "  "
    yield line + ("..." if count > len(some) else "")


def _names(table):
    if table == "outputs":
        yield from OUTPUT_NAMES
    elif table in ("commands", "points"):
        for found in rows(table):
            yield found[0]
    elif table == "settings":
        for found in rows(table):
            if "s" not in found[5] and "p" not in found[5]:
                yield found[0]
    elif table != "-":
        yield from table.split("/")
