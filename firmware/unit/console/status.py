"""The screens that say how the unit is: hello, status, levels, alarms."""

from ..control.alarms import ACKNOWLEDGED, NORMAL, OUT_OF_SERVICE, RETURNED, SHELVED, UNACKNOWLEDGED
from ..control.basics import FAILURE, GOOD, NONE, const
from .line import width
from .text import contrary, pad, wrap

_BAR = const(44)
_LABEL = const(11)
_WHY = const(28)  # the column of the reasons
_ALARM = const(5)


def hello(c, words):
    """What somebody sees who comes to the unit and presses Enter."""
    yield "== %s %s (%s)" % (c.say("qingxi"), c.name(), c.unit_id)
    waiting = sum([1 for state in c.app.control.alarms.state if state in (UNACKNOWLEDGED, RETURNED)])
    yield c.say("hello_alarms", n=waiting) if waiting else c.say("hello_calm")
    yield from _trial(c)
    yield c.say("hello_help")


def cmd_status(c, words):
    app = c.app
    control = app.control
    by_hand = False
    for output in control.outputs:
        by_hand = by_hand or output.claims.source > 1
    yield "== %s (%s)  %s  %s" % (c.name(), c.unit_id, c.say("by_hand" if by_hand else "automatic"), clock_text(c))
    yield from _level(c, control)
    yield label(c, "turbidity") + _turbidity(c, control)
    for output in control.outputs:
        name = label(c, output.name)
        yield None
        state = c.say("on" if output.on else "off")
        if contrary(output, control.now_s):
            state = c.say("turns" if output.turns() else "stands")
        since = c.text.span(control.now_s - output.guard.since_s)
        yield None
        why = c.text.reason(output.reason, control, output)
        yield from wrap("%s%s %s  %s" % (name, pad(state, 4), pad(since, 10), why), _WHY)
    yield from _alarm_lines(c, control)
    yield from _trial(c)
    yield label(c, "network") + network(c)
    yield None  # a module at a time: no slice is long
    from .visits import last

    visit = last()
    yield label(c, "last_visit") + (visit if visit else c.say("none"))


def cmd_levels(c, words):
    control = c.app.control
    yield from _level(c, control)
    yield label(c, "turbidity") + _turbidity(c, control)
    flow = control.inflow
    yield label(c, "inflow") + "%d L/min  %s" % (flow.l_min, c.say("inflow_day", m3="%d.%d" % _tenths(flow.day_l)))
    for name, switch in (("float_high", control.well.float_high), ("float_low", control.well.float_low)):
        state = "not_fitted" if switch.value == NONE else "lifted" if switch.value else "hangs"
        yield label(c, name) + c.say(state)
    yield label(c, "mains") + c.say("there" if control.mains_on else "gone")


def cmd_alarms(c, words):
    yield from _alarm_lines(c, c.app.control)


def _trial(c):
    """A warning while settings are on trial."""
    if c.app.trial_ends_s:
        yield c.say("trial_runs", span=c.text.span(c.app.trial_ends_s - c.app.now_s))


def clock_text(c):
    from .dates import written

    clock = c.app.clock
    return written(clock.day, clock.tod_s) if clock.tod_s >= 0 else c.say("clock_unset")


def network(c):
    uplink = c.app.uplink
    waiting = c.app.recorder.journal.next_seq - 1 - c.app.recorder.journal.acked
    if uplink is None:
        return c.say("net_none", n=waiting)
    if not uplink.net.up():
        return c.say("net_down", n=waiting)
    return c.say("net_up" if uplink.connected() else "net_no_broker", n=waiting)


def label(c, key):
    """The word `key` as the head of a line."""
    return pad(c.say(key), _LABEL)


def _tenths(litres):
    return litres // 1000, litres // 100 % 10


def _quality(c, signal):
    if signal.quality == GOOD:
        return ""
    return "  (%s)" % c.say("failed_signal" if signal.quality == FAILURE else "doubtful_signal")


def _turbidity(c, control):
    if not control.supervision.turbidity_wired:
        return c.say("not_fitted")
    signal = control.turbidity
    value = "%d.%d" % (signal.value // 10, signal.value % 10) if signal.quality != FAILURE else "?"
    return value + " NTU" + _quality(c, signal)


def _level(c, control):
    """The level, a bar up to where the well spills, and the marks under it."""
    well = control.well
    lift = control.process.lift
    most_mm = max(1, control.supervision.spill_level_mm)
    known = well.level.quality != FAILURE
    full = max(0, min(_BAR, well.level_mm * _BAR // most_mm)) if known else 0
    ink, rest = ("█", "·") if c.text.utf8 else ("#", ".")
    yield label(c, "level") + "[%s%s] %s mm%s" % (
        ink * full,
        rest * (_BAR - full),
        well.level_mm if known else "?",
        _quality(c, well.level),
    )
    marks = ""
    for key, level_mm in (
        ("mark_stop", lift.stop_level_mm),
        ("mark_start", lift.start_level_mm),
        ("mark_high", control.supervision.high_level_mm),
        ("mark_spill", most_mm),
    ):
        yield None
        place = _LABEL + 1 + level_mm * _BAR // most_mm
        if width(marks) < place:
            marks = pad(marks, place)
        marks += "^" + c.say(key) + str(level_mm) + " "
    yield marks.rstrip()


def _alarm_lines(c, control):
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
        yield from wrap(text, _ALARM)
    yield c.say("alarms_hint") if shown else label(c, "alarms") + c.say("none")
