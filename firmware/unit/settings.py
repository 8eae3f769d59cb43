"""The settings catalogue: what a unit's settings may be, checked by the same code on the PC and on the board.

A setting's value is an int or a str as the board keeps it: decimals and choices as whole numbers (see settings.txt);
its written form is what a person types in the unit file or at the console. Settings as a whole are a flat mapping
from key to value, which may leave out every setting that has a default.

A board is the compact form of a board file: {"name": str, "chip": str, "terminals": {name: [kind, n, pins...]}}, where
n is the active level of a relay or an input, the shunt in ohm of an analog terminal, the bus number of the others.

Everything is streamed from the tables: on a board neither the catalogue nor its words stay in memory.
"""

from .control.basics import const
from .tables import rows, words

# Columns of settings.txt.
_KEY = const(0)
_TYPE = const(1)
_DECIMALS = const(2)
_DEFAULT = const(3)
_RANGE = const(4)
_FLAGS = const(5)
_ZH = const(6)
_EN = const(7)

# Columns of rules.txt.
_LEFT = const(0)
_OP = const(1)
_RIGHT = const(2)
_ONLY_IF = const(3)
_WHY_ZH = const(4)
_WHY_EN = const(5)

_MAX_DIGITS = const(12)  # longer numbers are out of every range, and need not be worked out
_MAX_SHOWN = const(40)

_LOWER = "abcdefghijklmnopqrstuvwxyz"
_DIGITS = "0123456789"

# A key's last words and the unit they stand for; the longer ending comes first.
UNITS = (
    ("_mm_s", "mm/s"),
    ("_ntu_s", "NTU/s"),
    ("_m3_h", "m3/h"),
    ("_m3_d", "m3/d"),
    ("_per_h", "/h"),
    ("_starts", ""),
    ("_pumps", ""),
    ("_pct", "%"),
    ("_ntu", "NTU"),
    ("_min", "min"),
    ("_tod", ""),
    ("_address", ""),
    ("_ratio", ""),
    ("_ma", "mA"),
    ("_ms", "ms"),
    ("_mv", "mV"),
    ("_per_kwh", "/kWh"),
    ("_m2", "m2"),
    ("_m3", "m3"),
    ("_mm", "mm"),
    ("_m", "m"),
    ("_s", "s"),
    ("_h", "h"),
    ("_w", "W"),
)


def entries():
    """Yield the catalogue's rows in order, each a list of str: key, type, decimals, default, range, flags, zh, en."""
    return rows("settings")


def find(key):
    """The catalogue's row of `key`, or None."""
    for row in entries():
        if row[_KEY] == key:
            return row
    return None


def unit(key):
    """The unit of `key`'s value, "" for one without."""
    for ending, name in UNITS:
        if key.endswith(ending):
            return name
    return ""


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
    """What sort of value the row holds: int, num, bool, id, text, str, tod, tz, board, terminal, probe or choice."""
    kind = row[_TYPE].split(":")[0]
    if kind in ("terminal", "probe"):
        return kind
    return kind if kind in ("int", "num", "bool", "id", "text", "str", "tod", "tz", "board") else "choice"


def _only(text, allowed):
    return text != "" and all(c in allowed for c in text)


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


def encode(row, value):
    """The written form of a value that `allows` accepts, without its unit; the inverse of `decode`."""
    kind = kind_of(row)
    if kind == "num":
        decimals = int(row[_DECIMALS])
        scale = 10**decimals
        sign = "-" if value < 0 else ""
        return "%s%d.%0*d" % (sign, abs(value) // scale, decimals, abs(value) % scale)
    if kind == "int":
        return str(value)
    if kind == "bool":
        return "true" if value else "false"
    if kind == "tod":
        return "%02d:%02d" % (value // 60, value % 60)
    if kind == "tz":
        return "%s%02d:%02d" % ("-" if value < 0 else "+", abs(value) // 60, abs(value) % 60)
    if kind == "choice":
        return choices(row)[value]
    return value


def show(row, value):
    """The written form of a value with its unit, for people: "600 mm", "1.80 m2", "06:00", "starts"."""
    text = encode(row, value)
    name = unit(row[_KEY])
    return text + " " + name if name else text


def default(row):
    """The value that stands where a setting is left out; None for one that is required."""
    if "r" in row[_FLAGS]:
        return None
    return decode(row, row[_DEFAULT])


def defaults():
    """Every setting that has a default, as a dict from key to value."""
    found = {}
    for row in entries():
        value = default(row)
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
    lowest = " " if blanks else "!"
    return all(lowest <= c != "\x7f" for c in text)


def allows(row, value, board=None):
    """Whether `value` is an allowed value of the row, on this board where one is given."""
    kind = kind_of(row)
    if kind in ("id", "text", "str", "board", "terminal", "probe"):
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
        if kind == "id" and not _only(value, _LOWER + _DIGITS + "-"):
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


def allowed(row, lang, board=None):
    """What the row allows, in words of `lang`, as the end of a sentence "must be ..."."""
    kind = kind_of(row)
    text = words("refusals", kind, lang)
    if row[_RANGE]:
        low, high = row[_RANGE].split("..")
        name = unit(row[_KEY])
        between = "%s..%s" if kind in ("id", "text", "str") else words("refusals", "range", lang)
        span = between % (low, high) + (" " + name if name else "")
        text = text.replace("{range}", span).replace("{decimals}", row[_DECIMALS])
    if "{choices}" in text:
        if kind == "choice":
            names = choices(row)
        elif kind == "probe":
            names = probes(row)
        elif kind == "board":
            names = [board["name"]] if board else []
        else:
            names = kinds(row)
            if board:
                names = sorted(name for name, terminal in board["terminals"].items() if terminal[0] in names)
        text = text.replace("{choices}", ", ".join(names))
    return text


def check(values, board=None, full=None):
    """Yield what is wrong with the settings `values`, one tuple a problem, for `sentence`; nothing if all is well.

    `full`, an empty dict, is filled with every good value, defaults included: what the board runs on. The first entry
    of a problem is its code, the second the key (of a rule: its row).
    """
    full = {} if full is None else full
    unknown = set(values)
    for row in entries():
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
        yield from _check_pins(full, board["terminals"])
        yield from _check_signals(full, board["terminals"])


def _check_rules(full):
    for rule in rows("rules"):
        if not _applies(rule[_ONLY_IF], full):
            continue
        left = _work_out(rule[_LEFT], full)
        right = _work_out(rule[_RIGHT], full)
        if left is None or right is None:
            continue  # it has a problem of its own
        op = rule[_OP]
        if not (left < right if op == "<" else left <= right if op == "<=" else left != right):
            yield "rule", rule, left, right


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


def pins(terminal):
    """The GPIO numbers that a terminal of a board takes; none if it is a line of a chip, whose name stands fourth."""
    if len(terminal) > 3 and isinstance(terminal[3], str):
        return []
    return [pin for pin in terminal[2:] if pin >= 0]


def _check_pins(full, terminals):
    taken: dict = {}  # GPIO number, or line of a chip -> key
    for key in sorted(key for key in full if key.startswith("wiring.")):
        name = full[key]
        if name not in terminals:
            continue
        for pin in pins(terminals[name]) or [tuple(terminals[name][2:])]:
            other = taken.setdefault(pin, key)
            # Several sensors share an RS-485 bus by their addresses.
            if other != key and not (terminals[name][0] == "rs485" and full[other] == name):
                yield "twice", key, name, other, pin
                break


def _check_signals(full, terminals):
    """A sensor with a direct value speaks over a serial line, one with a current sits at an analog terminal."""
    for sensor in ("level", "turbidity"):
        name = full.get("wiring." + sensor)
        if name not in terminals or sensor + ".signal" not in full:
            continue
        direct = full[sensor + ".signal"]
        kind = terminals[name][0]
        # The TS-300B is both: a voltage that stands for a value.
        if direct != (kind != "analog") and not (direct and sensor == "turbidity"):
            yield "signal", sensor + ".signal", name


def _quoted(value):
    text = '"%s"' % value if isinstance(value, str) else repr(value)
    return text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "..."


def _pin_shown(pin):
    if isinstance(pin, int):
        return "GPIO%d" % pin
    return "%s@0x%02x.%d" % (pin[1], pin[2], pin[0])


def _term_shown(term, value):
    row = find(term)
    if value == "":
        return '""'
    return show(row, value) if row else str(value)


def sentence(problem, lang, board=None):
    """One problem of `check` as a sentence in `lang` ("zh" or "en"): key, value, what is allowed."""
    code = problem[0]
    text = words("refusals", code, lang)
    if code == "rule":
        _, rule, left, right = problem
        term = rule[_RIGHT]
        other = term + " = " + _term_shown(term, right) if find(term) else _term_shown(term, right)
        return (
            text.replace("{key}", rule[_LEFT])
            .replace("{value}", _term_shown(rule[_LEFT], left))
            .replace("{op}", words("refusals", rule[_OP], lang))
            .replace("{other}", other)
            .replace("{why}", rule[_WHY_ZH if lang == "zh" else _WHY_EN])
        )
    key = problem[1]
    text = text.replace("{key}", _quoted(key)[1:-1])
    if code == "signal":
        return text.replace("{other}", "wiring." + key.split(".")[0]).replace("{value}", _quoted(problem[2]))
    if code == "twice":
        return (
            text.replace("{value}", _quoted(problem[2]))
            .replace("{other}", problem[3])
            .replace("{pin}", _pin_shown(problem[4]))
        )
    row = find(key)
    if row is None:
        return text
    text = text.replace("{name}", row[_ZH if lang == "zh" else _EN]).replace("{allowed}", allowed(row, lang, board))
    if code == "value":
        value = problem[2]
        whole = isinstance(value, int) and not isinstance(value, bool)
        # A number out of its range is shown as it is written; what is not even of the right kind as it came.
        numeric = kind_of(row) in ("int", "num", "tod", "tz")
        text = text.replace("{value}", show(row, value) if whole and numeric else _quoted(value))
    return text
