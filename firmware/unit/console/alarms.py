"""The command alarms: what is wrong and what to do."""

from ..control.alarms import ACKNOWLEDGED, NORMAL, OUT_OF_SERVICE, RETURNED, SHELVED, UNACKNOWLEDGED
from ..control.basics import const
from .text import label, wrap

_INDENT = const(5)


def cmd_alarms(c, words):
    yield from lines(c, c.app.control)


def lines(c, control):
    """Every alarm that is not over, and how to acknowledge it."""
    shown = 0
    for index, state in enumerate(control.alarms.state):
        if state == NORMAL:
            continue
        shown += 1
        word = {
            UNACKNOWLEDGED: "alarm_new",
            ACKNOWLEDGED: "alarm_seen",
            RETURNED: "alarm_over",
            SHELVED: "alarm_shelved",
            OUT_OF_SERVICE: "alarm_out",
        }[state]
        wrong, remedy = c.text.alarm(index)
        text = "%s%2d. %s (%s, %s): %s" % (
            "!" if state == UNACKNOWLEDGED else " ",
            index + 1,
            wrong,
            c.say(word),
            c.text.span(control.now_s - control.alarms.since_s[index]),
            remedy,
        )
        yield None
        yield from wrap(text, _INDENT)
    yield c.say("alarms_hint") if shown else label(c, "alarms") + c.say("none")
