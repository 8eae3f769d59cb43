"""The commands that read catalogues: set, show and log. `commands.py` imports this for one answer and forgets it."""

from .. import settings as catalogue
from ..control.basics import const
from . import payloads
from .commands import Refusal, is_int, only

_MAX_KEYS = const(16)
_MAX_EVENTS = const(20)


def change(actions, args):
    """Check settings as the unit file is checked, then store and use them: whole or not at all."""
    only(args, ("values", "confirm"))
    wanted = args.get("values")
    if not isinstance(wanted, dict) or not 1 <= len(wanted) <= _MAX_KEYS:
        raise Refusal("args", "values is an object of 1 to %d settings" % _MAX_KEYS)
    stored, board = actions.stored()
    stored = dict(stored)
    reboot = False
    for key in wanted:
        row = _row(key)
        if "s" in row[5] or "p" in row[5]:
            raise Refusal("args", "not a setting of the board: " + key[:40])
        if "a" in row[5] and args.get("confirm") is not True:
            raise Refusal("confirm", key + " is risky to change: send confirm true with it")
        value = catalogue.decode(row, _written(wanted[key]))
        if value is None:
            raise Refusal("value", _sentence(("value", key, str(wanted[key])), board))
        if value == catalogue.default(row):
            stored.pop(key, None)
        else:
            stored[key] = value
        reboot = reboot or "b" in row[5]
    full: dict = {}
    for problem in catalogue.check(stored, board, full):
        full.clear()  # its memory is needed for the words
        raise Refusal("value", _sentence(problem, board))
    why = actions.change(stored, full)
    if why:
        raise Refusal("not_stored", why)
    return {"reboot": True} if reboot else None


def show(actions, args):
    """The written form of some settings."""
    from .. import settings_words

    only(args, ("keys",))
    keys = args.get("keys")
    if not isinstance(keys, list) or not 1 <= len(keys) <= _MAX_KEYS:
        raise Refusal("args", "keys is a list of 1 to %d settings" % _MAX_KEYS)
    stored, _ = actions.stored()
    values = {}
    for key in keys:
        row = _row(key)
        value = stored.get(key, catalogue.default(row))
        if value is None:
            raise Refusal("args", "no value: " + key)
        values[key] = settings_words.encode(row, value)
    return {"values": values}


def log(actions, args):
    """The newest events."""
    only(args, ("n",))
    n = args.get("n", 10)
    if not is_int(n) or not 1 <= n <= _MAX_EVENTS:
        raise Refusal("args", "n is 1 to %d" % _MAX_EVENTS)
    events = []
    for t, uptime_s, code, a, b in actions.events(n):
        name, happened, why = payloads.event_words(code, a, b)
        events.append([payloads.unix(t), uptime_s, name, happened, why])
    return {"events": events}


def _row(key):
    row = catalogue.find(key) if isinstance(key, str) else None
    if not row:
        raise Refusal("args", "unknown setting: %s" % str(key)[:40])
    return row


def _sentence(problem, board):
    from .. import settings_words

    return settings_words.sentence(problem, "en", board)


def _written(value):
    """A setting's value as a person would write it in the unit file."""
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, float):
        return "%.7g" % value
    return value if isinstance(value, str) else str(value)
