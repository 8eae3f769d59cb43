"""What is wrong with settings, in a sentence that says what is allowed. In memory only when something is."""

from ..control.basics import const
from .lookup import words
from .settings import find, kind_of
from .settings_words import allowed, show

# Columns of settings.txt.
_ZH = const(6)
_EN = const(7)

# Columns of rules.txt.
_LEFT = const(0)
_OP = const(1)
_RIGHT = const(2)
_WHY_ZH = const(4)
_WHY_EN = const(5)

_MAX_SHOWN = const(40)


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
