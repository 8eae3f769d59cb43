"""The command `log`. `handler.py` imports this for one answer and forgets it."""

from ...catalogue.event_words import for_mqtt
from ...control.basics import const
from .refusal import Refusal, is_int, only

_MAX_EVENTS = const(20)
_A_PIECE = const(4)


def log(actions, args):
    """The newest events, newest first. A generator like those of settings.py."""
    only(args, ("n",))
    n = args.get("n", 10)
    if not is_int(n) or not 1 <= n <= _MAX_EVENTS:
        raise Refusal("args", "n is 1 to %d" % _MAX_EVENTS)
    newest = []
    for event in actions.events():
        if event is None:
            yield None
            continue
        newest.append(event)
        if len(newest) > n:
            newest.pop(0)
    events = []
    while newest:
        unix_s, uptime_s, code, a, b = newest.pop()
        name, happened, why = for_mqtt(code, a, b)
        events.append([unix_s, uptime_s, name, happened, why])
        if len(newest) % _A_PIECE == 0:
            yield None
    return {"events": events}
