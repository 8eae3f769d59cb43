"""The settings catalogue: what a unit's settings may be, checked by the same code on the PC and on the board.

A setting's value is an int or a str as the board keeps it: decimals and choices as whole numbers (see settings.txt);
its written form is what a person types in the unit file or at the console; `settings_words` gives it back. Settings as
a whole are a flat mapping from key to value, which may leave out every setting that has a default.

A board is the compact form of a board file: {"name": str, "chip": str, "terminals": {name: [kind, n, pins...]}}, where
n is the active level of a relay or an input, the shunt in ohm of an analog terminal, the bus number of the others.

Everything is streamed from the tables: on a board neither the catalogue nor its words stay in memory.
"""

import gc
import sys

from ..control.basics import const
from .lookup import row as table_row
from .tables import rows

# Columns of settings.txt.
_KEY = const(0)
_TYPE = const(1)
_DECIMALS = const(2)
_DEFAULT = const(3)
_RANGE = const(4)
_FLAGS = const(5)

# Columns of rules.txt.
_LEFT = const(0)
_OP = const(1)
_RIGHT = const(2)
_ONLY_IF = const(3)

_MAX_DIGITS = const(12)  # longer numbers are out of every range, and need not be worked out

_ON_BOARD = sys.implementation.name == "micropython"
_TIDY_ROWS = const(8)

_LOWER = "abcdefghijklmnopqrstuvwxyz"
_LETTERS = _LOWER + _LOWER.upper()
_DIGITS = "0123456789"

TEXTS = ("id", "text", "str", "hosts", "topic", "apn")
_KINDS = TEXTS + ("int", "num", "bool", "tod", "tz", "board")  # noqa: RUF005  MicroPython knows no (*x, ...)


def entries():
    """Yield the catalogue's rows in order, each a list of str: key, type, decimals, default, range, flags, zh, en."""
    return rows("settings")


def _tidy(table):
    """The same rows, for a caller who keeps something of each.

    Rows are garbage at once; on a board what is kept of them would come to lie scattered between, all over the heap,
    until nothing longer than a row fits in anywhere. Collecting now and then keeps it together.
    """
    for count, row in enumerate(table):
        if _ON_BOARD and count % _TIDY_ROWS == 0:
            gc.collect()
        yield row


def find(key):
    """The catalogue's row of `key`, or None."""
    return table_row("settings", key)


def choices(row):
    """The words that a choice allows, in the order of their numbers."""
    return row[_TYPE].split("/")


def kinds(row):
    """The kinds of terminal that a terminal setting allows, the quantities of a probe setting; else an empty list."""
    name, _, kinds_ = row[_TYPE].partition(":")
    return kinds_.split("/") if name in ("terminal", "probe") else []


def probes(row):
    """The names in probes.txt that a probe setting allows."""
    return [probe[0] for probe in rows("probes") if probe[1] in kinds(row)]


def kind_of(row):
    """What sort of value the row holds: a name of _KINDS, terminal, probe or choice."""
    kind = row[_TYPE].split(":")[0]
    if kind in ("terminal", "probe"):
        return kind
    return kind if kind in _KINDS else "choice"


def _only(text, allowed):
    return text != "" and text.strip(allowed) == ""  # not char by char: each one would stay in the heap


def _scaled(text, decimals):
    """The decimal number `text` times 10^decimals, exactly; None if it is no such number."""
    sign = 1
    if text[:1] == "-":
        sign = -1
        text = text[1:]
    whole, _, part = text.partition(".")
    if "." in text and not part:
        return None
    part = part.rstrip("0") if decimals else part
    digits = whole + part
    if not whole or len(part) > decimals or len(digits) > _MAX_DIGITS or not _only(digits, _DIGITS):
        return None
    return sign * int(digits) * 10 ** (decimals - len(part))


def _minutes(text):
    """Minutes of "HH:MM"; None if it is not written like that."""
    if len(text) != 5 or text[2] != ":" or not _only(text[:2] + text[3:], _DIGITS) or text[3] > "5":
        return None
    return int(text[:2]) * 60 + int(text[3:])


def _decode(kind, decimals, text):
    if kind == "int" or kind == "num":
        return _scaled(text, decimals)
    if kind == "tod":
        return _minutes(text)
    if kind == "tz":
        if text[:1] not in ("+", "-"):
            return None
        minutes = _minutes(text[1:])
        return -minutes if minutes is not None and text[0] == "-" else minutes
    return text


def decode(row, text):
    """The value of written form `text`, exactly: an int or a str, or None where it cannot be one of this kind.

    The range is not checked here: see `allows`.
    """
    kind = kind_of(row)
    if kind == "bool":
        return {"true": 1, "false": 0}.get(text)
    if kind == "choice":
        words_ = choices(row)
        return words_.index(text) if text in words_ else None
    return _decode(kind, int(row[_DECIMALS]), text)


def default(row):
    """The value that stands where a setting is left out; None for one that is required."""
    if "r" in row[_FLAGS]:
        return None
    return decode(row, row[_DEFAULT])


def defaults(required=None):
    """Every setting that has a default, as a dict from key to value; the others too where `required` is given."""
    found = {}
    for row in _tidy(entries()):
        value = default(row)
        if value is None:
            value = required
        if value is not None:
            found[row[_KEY]] = value
    return found


def limits(row):
    """(lowest, highest) value of a row with a range, for a text the (shortest, longest) length; None for others."""
    if not row[_RANGE]:
        return None
    kind = kind_of(row)
    kind = kind if kind in ("int", "num", "tod", "tz") else "int"
    low, high = row[_RANGE].split("..")
    decimals = int(row[_DECIMALS])
    return _decode(kind, decimals, low), _decode(kind, decimals, high)


def _printable(text, blanks):
    from .printable import printable  # a unit at rest does without it

    return (blanks or " " not in text) and printable(text) == text


def _is_spelt(kind, value):
    """Whether a text has only what its kind allows: nothing that a broker, a modem or a resolver would take amiss."""
    if kind == "id":
        return _only(value, _LOWER + _DIGITS + "-")
    if value == "" or kind in ("text", "str"):
        return True
    if kind == "apn":
        return _only(value, _LETTERS + _DIGITS + ".-_@")
    if kind == "topic":  # of MQTT, without wildcards and empty levels
        return _only(value, _LETTERS + _DIGITS + "-_./") and "//" not in value and value.strip("/") == value
    for host in value.split(","):
        name, colon, port = host.partition(":")
        if not _only(name, _LETTERS + _DIGITS + ".-_"):
            return False
        if colon and not (_only(port, _DIGITS) and 0 < int(port[:6]) < 65536):
            return False
    return True


def allows(row, value, board=None):
    """Whether `value` is an allowed value of the row, on this board where one is given."""
    kind = kind_of(row)
    if kind in TEXTS or kind in ("board", "terminal", "probe"):
        if not isinstance(value, str) or not _printable(value, kind == "text"):
            return False
        if kind == "board":
            return value == board["name"] if board else value != ""
        if kind == "probe":
            return value in probes(row)
        if kind == "terminal":
            if not board or not value:
                return value != "" or "r" not in row[_FLAGS]
            terminal = board["terminals"].get(value)
            return terminal is not None and terminal[0] in kinds(row)
        if not _is_spelt(kind, value):
            return False
        shortest, longest = limits(row)
        return shortest <= len(value) <= longest
    if not isinstance(value, int) or isinstance(value, bool):
        return False
    if kind == "bool":
        return 0 <= value <= 1
    if kind == "choice":
        return 0 <= value < len(choices(row))
    lowest, highest = limits(row)
    return lowest <= value <= highest


def check(values, board=None, full=None):
    """Yield what is wrong with the settings `values`, one tuple a problem, for `settings_problems.sentence`.

    `full`, an empty dict, is filled with every good value, defaults included: what the board runs on. The first entry
    of a problem is its code, the second the key (of a rule: its row).
    """
    from . import wiring  # as large as half of all this, and nobody else wants it

    full = {} if full is None else full
    if not isinstance(values, dict):
        yield "shape", "settings"
        return
    if board is not None and not wiring.is_board(board):
        yield "shape", "board"
        return
    unknown = set(values)
    for row in _tidy(entries()):
        key = row[_KEY]
        if key not in values:
            value = default(row)
            if value is None:
                yield "missing", key
                continue
        else:
            unknown.remove(key)
            value = values[key]
            if not allows(row, value, board):
                yield "value", key, value
                continue
        full[key] = value
    for key in sorted(unknown):
        yield "unknown", key
    yield from _check_rules(full)
    if board:
        yield from wiring.check(full, board["terminals"])


def _check_rules(full):
    for rule in rows("rules"):
        problem = broken(rule, full)
        if problem:
            yield problem


def broken(rule, full):
    """The problem where the settings `full` (anything with `get`) break a row of rules.txt, else None."""
    if not _applies(rule[_ONLY_IF], full):
        return None
    left = _work_out(rule[_LEFT], full)
    right = _work_out(rule[_RIGHT], full)
    if left is None or right is None:
        return None  # it has a problem of its own
    op = rule[_OP]
    if left < right if op == "<" else left <= right if op == "<=" else left != right:
        return None
    return "rule", rule, left, right


def _applies(condition, full):
    if not condition:
        return True
    key, _, text = condition.partition("=")
    return full.get(key) == decode(find(key), text)


def _work_out(term, full):
    """The value of one side of a rule; None if a setting in it is not known."""
    if term == '""':
        return ""
    if "*" not in term:
        return int(term) if _only(term, _DIGITS) else full.get(term)
    product = 1
    for factor in term.split("*"):
        value = _work_out(factor.strip(), full)
        if value is None:
            return None
        product *= value
    return product
