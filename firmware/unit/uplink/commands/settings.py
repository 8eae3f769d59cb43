"""The commands that read the settings catalogue. `handler.py` imports this for one answer and forgets it.

Both are generators that yield None between pieces of work, and return what the answer holds; `stored` are the settings
that differ from their defaults.
"""

from ...catalogue import settings as catalogue
from ...control.basics import const
from .refusal import Refusal, only

_MAX_KEYS = const(16)
# These go with what is in the cabinet, as the wiring does, and with the key that lies there.
_NOT_FROM_AFAR = ("unit.board", "unit.process", "network.kind", "mqtt.keyed")
# With a wrong one of these nobody reaches the unit any more: they are tried.
_WAY_HOME = ("mqtt.", "network.", "unit.id")
# Who chooses these gets the password that the unit sends.
_TO_WHOM = ("mqtt.broker", "mqtt.port", "network.dns")


def change(actions, args, stored, keyed):
    """Check settings, then store them, to be taken into use when this is over, or to be tried: whole or not at all."""
    only(args, ("values", "confirm"))
    wanted = args.get("values")
    if not isinstance(wanted, dict) or not 1 <= len(wanted) <= _MAX_KEYS:
        raise Refusal("args", "values is an object of 1 to %d settings" % _MAX_KEYS)
    if actions.tries():
        raise Refusal("on_trial", "settings of before are on trial in this start")
    reboot = on_trial = False
    written = {}
    yield None
    for key in wanted:
        row = _row(key)
        if "s" in row[5] or "p" in row[5] or key.startswith("wiring.") or key in _NOT_FROM_AFAR:
            raise Refusal("args", "cannot be set from afar: " + key[:40])
        if "a" in row[5] and args.get("confirm") is not True:
            raise Refusal("confirm", key + " is risky to change: send confirm true with it")
        written[key] = _written(wanted[key])
        if stored.get("mqtt.tls") and key == "mqtt.tls" and written[key] != "true":
            raise Refusal("args", "TLS is never switched off from afar")
        if key in _TO_WHOM and not (keyed or stored.get("mqtt.tls")) and actions.has_password():
            raise Refusal("no_key", key + " decides who gets the unit's password: it wants a signed command, or TLS")
        reboot = reboot or "b" in row[5]
        on_trial = on_trial or key.startswith(_WAY_HOME)
        yield None
    from ...catalogue.settings_change import change as changed

    yield None
    problem = yield from changed(stored, written)
    if problem:
        from ...catalogue.settings_problems import sentence

        raise Refusal("value", sentence(problem, "en"))
    yield None
    why, on_trial = actions.change(stored, on_trial)
    if why:
        raise Refusal("not_stored", why)
    if on_trial:
        return {"reboot": True, "trial": True}
    return {"reboot": True} if reboot else None


def show(args, stored):
    """The written form of some settings."""
    only(args, ("keys",))
    keys = args.get("keys")
    if not isinstance(keys, list) or not 1 <= len(keys) <= _MAX_KEYS:
        raise Refusal("args", "keys is a list of 1 to %d settings" % _MAX_KEYS)
    from ...catalogue.settings_words import encode

    yield None
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
