"""The screens that say how the unit is as a whole: hello, status."""

from ...control.alarms import RETURNED, UNACKNOWLEDGED
from ...control.basics import const
from ..text import contrary, label, pad, unproven, wrap

_MOST_ALARMS = const(4)  # all fits a terminal of 24 lines
_WHY = const(28)  # the column of the reasons


def hello(c, words):
    """What somebody sees who comes to the unit and presses Enter."""
    yield "== %s %s (%s)" % (c.say("qingxi"), c.name(), c.unit_id)
    from .alarms import said_first

    book = c.app.control.alarms
    waiting = [s for i, s in enumerate(book.state) if s in (UNACKNOWLEDGED, RETURNED) and said_first(book, i)]
    yield c.say("hello_alarms", n=len(waiting)) if waiting else c.say("hello_calm")
    yield from _trial(c)
    if c.listener.reports_rest():
        yield c.say("hello_rests")
    yield c.say("hello_help")


def cmd_status(c, words):
    app = c.app
    control = app.control
    by_hand = False
    for output in control.outputs:
        by_hand = by_hand or output.claims.source > 1
    yield "== %s (%s)  %s  %s" % (c.name(), c.unit_id, c.say("by_hand" if by_hand else "automatic"), clock_text(c))
    # The first line is out. A module at a time: no slice is long.
    from .levels import bar, turbidity

    yield from bar(c, control)
    yield label(c, "turbidity") + turbidity(c, control)
    for output in control.outputs:
        name = label(c, output.name)
        state = c.say("on" if output.on else "off")
        if contrary(output, control.now_s):
            state = c.say("turns" if output.turns() else "stands")
        since = c.text.span(control.now_s - output.guard.since_s)
        yield None
        why = c.text.reason(output.reason, control, output) + unproven(c, output)
        yield from wrap("%s%s %s  %s" % (name, pad(state, 4), pad(since, 10), why), _WHY)
    from .alarms import lines

    yield from lines(c, control, _MOST_ALARMS)
    yield from _trial(c)
    yield label(c, "network") + network(c)
    from .visits import last

    visit = last()
    yield label(c, "last_visit") + (visit if visit else c.say("none"))


def _trial(c):
    """A warning while settings are on trial."""
    if c.app.trial_ends_s:
        yield c.say("trial_runs", span=c.text.span(c.app.trial_ends_s - c.app.now_s))


def clock_text(c):
    from ..dates import written

    clock = c.app.clock
    return written(clock.day, clock.tod_s) if clock.tod_s >= 0 else c.say("clock_unset")


def network(c):
    uplink = c.app.uplink
    waiting = c.app.recorder.journal.next_seq - 1 - c.app.recorder.journal.acked
    if uplink is None:
        return c.say("net_rests" if c.listener.reports_rest() else "net_none", n=waiting)
    if not uplink.net.up():
        return c.say("net_down", n=waiting)
    return c.say("net_up" if uplink.connected() else "net_no_broker", n=waiting)
