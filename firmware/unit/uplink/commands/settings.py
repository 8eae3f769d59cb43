"""The commands that read the settings catalogue. `handler.py` imports this for one answer and forgets it.

Both are generators that yield None between pieces of work, and return what the answer holds.
"""

import gc

from ...catalogue import settings as catalogue
from ...control.basics import const
from ...modules import forget
from .refusal import Refusal, only

_MAX_KEYS = const(16)
_ROWS_A_STEP = const(4)
# These go with what is in the cabinet, as the wiring does.
_NOT_FROM_AFAR = ("unit.board", "unit.process", "network.kind")
_AT_STARTS = ("mqtt.", "network.")  # these are looked at only then


def change(actions, args):
    """Check settings, then store and use them: whole or not at all."""
    only(args, ("values", "confirm"))
    wanted = args.get("values")
    if not isinstance(wanted, dict) or not 1 <= len(wanted) <= _MAX_KEYS:
        raise Refusal("args", "values is an object of 1 to %d settings" % _MAX_KEYS)
    stored, board = actions.stored()
    stored = dict(stored)
    reboot = False
    written = {}
    yield None
    for key in wanted:
        row = _row(key)
        if "s" in row[5] or "p" in row[5] or key.startswith("wiring.") or key in _NOT_FROM_AFAR:
            raise Refusal("args", "cannot be set from afar: " + key[:40])
        if "a" in row[5] and args.get("confirm") is not True:
            raise Refusal("confirm", key + " is risky to change: send confirm true with it")
        written[key] = _written(wanted[key])
        reboot = reboot or "b" in row[5]
        yield None
    from ...catalogue.settings_change import change as changed

    yield None
    problem = yield from changed(stored, written, board)
    if problem:
        from ...catalogue.settings_words import sentence

        raise Refusal("value", sentence(problem, "en", board))
    del changed, board, written
    forget("catalogue.settings_change")  # what follows is the most that a command wants of the memory
    full: dict = {}
    for row in catalogue.entries():
        if "s" in row[5] or "p" in row[5] or row[0].startswith(_AT_STARTS):
            continue
        value = stored.get(row[0], catalogue.default(row))
        if value is not None:
            full[row[0]] = value
        if len(full) % _ROWS_A_STEP == 0:
            gc.collect()  # so that what stays lies close together; see settings.py
            yield None
    yield None
    why = actions.change(stored, full)
    if why:
        raise Refusal("not_stored", why)
    return {"reboot": True} if reboot else None


def show(actions, args):
    """The written form of some settings."""
    only(args, ("keys",))
    keys = args.get("keys")
    if not isinstance(keys, list) or not 1 <= len(keys) <= _MAX_KEYS:
        raise Refusal("args", "keys is a list of 1 to %d settings" % _MAX_KEYS)
    from ...catalogue.settings_words import encode

    yield None
    stored, _ = actions.stored()
    values = {}
    for key in keys:
        row = _row(key)
        value = stored.get(key, catalogue.default(row))
        if value is None:
            raise Refusal("args", "no value: " + key)
        values[key] = encode(row, value)
        yield None
    return {"values": values}


def _row(key):
    row = catalogue.find(key) if isinstance(key, str) else None
    if not row:
        raise Refusal("args", "unknown setting: %s" % str(key)[:40])
    return row


def _written(value):
    """A setting's value as a person would write it in the unit file."""
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, float):
        return "%.7g" % value
    return value if isinstance(value, str) else str(value)
