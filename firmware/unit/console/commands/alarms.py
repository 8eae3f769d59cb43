"""The command alarms: what is wrong and what to do."""

from ...control.alarms import NORMAL, STATE_NAMES, UNACKNOWLEDGED
from ...control.basics import const
from ..text import label, wrap

_INDENT = const(5)


def cmd_alarms(c, words):
    yield from lines(c, c.app.control, len(c.app.control.alarms.state))


def lines(c, control, most):
    """Alarms that are not over, new ones first, `most` at most, and how to acknowledge them."""
    state = control.alarms.state
    listed = [i for i in range(len(state)) if state[i] == UNACKNOWLEDGED]
    listed += [i for i in range(len(state)) if state[i] not in (UNACKNOWLEDGED, NORMAL)]
    for index in listed[:most]:
        wrong, remedy = c.text.alarm(index)
        text = "%s%2d. %s (%s, %s): %s" % (
            "!" if state[index] == UNACKNOWLEDGED else " ",
            index + 1,
            wrong,
            c.say("alarm_%s" % STATE_NAMES[state[index]]),
            c.text.span(control.now_s - control.alarms.since_s[index]),
            remedy,
        )
        yield None
        yield from wrap(text, _INDENT)
    if len(listed) > most:
        yield c.say("alarms_more", n=len(listed) - most)
    yield c.say("alarms_hint") if listed else label(c, "alarms") + c.say("none")
