"""The command alarms: what is wrong and what to do."""

from ...control.alarms import STATE_NAMES, UNACKNOWLEDGED
from ...control.basics import const
from ..text import label, wrap

_INDENT = const(5)


def cmd_alarms(c, words):
    yield from lines(c, c.app.control, len(c.app.control.alarms.state))


def said_first(book, index):
    """Whether an alarm is not over and stands below no other."""
    root = index
    while book.under[root]:
        root = book.under[root] - 1
    return book.state[index] and (root == index or not book.state[root])


def lines(c, control, most):
    """Alarms that are not over, new ones first, each with what it explains, `most` at most; how to acknowledge them."""
    book = control.alarms
    state = book.state
    said = [i for i in range(len(state)) if said_first(book, i)]
    listed = [i for i in said if state[i] == UNACKNOWLEDGED] + [i for i in said if state[i] != UNACKNOWLEDGED]
    while listed and most > 0:
        index = listed.pop(0)
        wrong, remedy = c.text.alarm(index)
        text = "%s%2d. %s (%s, %s%s): %s" % (
            "!" if state[index] == UNACKNOWLEDGED else " ",
            index + 1,
            wrong,
            c.say("alarm_%s" % STATE_NAMES[state[index]]),
            c.text.span(control.now_s - book.since_s[index]),
            c.say("alarm_times", n=book.times[index]) if book.times[index] > 1 else "",
            remedy,
        )
        yield None
        yield from wrap(text, _INDENT)
        most -= 1
        below = [i for i in range(len(state)) if i != index and book.active[i] and book.belongs(i, index)]
        if below and most > 0:
            yield None
            names = ("、" if c.text.lang == "zh" else "; ").join([c.text.alarm(i)[0] for i in below])
            yield from wrap(" " * _INDENT + c.say("alarm_below", names=names), _INDENT)
            most -= 1
    if listed:
        yield c.say("alarms_more", n=len(listed))
    yield c.say("alarms_hint") if said else label(c, "alarms") + c.say("none")
