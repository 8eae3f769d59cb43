"""How settings are shown to people: a value's written form, its unit, and what is allowed.

Apart from `settings`, so that a board which only runs need not hold it in memory: the console loads it when asked.
"""

from ..control.basics import const
from .lookup import words
from .settings import TEXTS, choices, kind_of, kinds, probes

# Columns of settings.txt.
_KEY = const(0)
_DECIMALS = const(2)
_RANGE = const(4)

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
        between = "%s..%s" if kind in TEXTS else words("refusals", "range", lang)
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
                    from .wiring import counts

                    names = [name for name in names if counts(at[name])]
        text = text.replace("{choices}", ", ".join(names))
    return text
