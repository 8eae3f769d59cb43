"""How settings are shown to people: a value's written form, what is allowed, and what is wrong, in a sentence.

Apart from `settings`, so that a board which only runs need not hold it in memory: the console loads it when asked.
"""

from ..control.basics import const
from . import wiring
from .lookup import words
from .settings import choices, find, kind_of, kinds, probes

# Columns of settings.txt.
_KEY = const(0)
_DECIMALS = const(2)
_RANGE = const(4)
_ZH = const(6)
_EN = const(7)

# Columns of rules.txt.
_LEFT = const(0)
_OP = const(1)
_RIGHT = const(2)
_WHY_ZH = const(4)
_WHY_EN = const(5)

_MAX_SHOWN = const(40)

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


def unit(key):
    """The unit of `key`'s value, "" for one without."""
    for ending, name in UNITS:
        if key.endswith(ending):
            return name
    return ""


def encode(row, value):
    """The written form of a value that `settings.allows` accepts, without unit; inverse of `settings.decode`."""
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
                at = board["terminals"]
                names = sorted(name for name in at if at[name][0] in names)
                if row[_KEY] == "wiring.energy":
                    names = [name for name in names if wiring.counts(at[name])]
        text = text.replace("{choices}", ", ".join(names))
    return text


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
    """One problem of `settings.check` as a sentence in `lang` ("zh" or "en"): key, value, what is allowed."""
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
    if code in ("baud", "address"):
        other = problem[3] + " = " + _term_shown(problem[3], problem[4])
        return text.replace("{value}", _term_shown(key, problem[2])).replace("{other}", other)
    if code == "network":
        return text.replace("{value}", _quoted(problem[2]))
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
    if code in ("value", "pulses"):
        value = problem[2]
        whole = isinstance(value, int) and not isinstance(value, bool)
        # A number out of its range is shown as it is written; what is not even of the right kind as it came.
        numeric = kind_of(row) in ("int", "num", "tod", "tz")
        text = text.replace("{value}", show(row, value) if whole and numeric else _quoted(value))
    return text
