"""The command levels: what the sensors say."""

from ...control.basics import FAILURE, GOOD, NONE, const
from ..terminal.line import width
from ..text import LABEL, label, pad

_BAR = const(44)


def cmd_levels(c, words):
    control = c.app.control
    yield from bar(c, control)
    yield label(c, "turbidity") + turbidity(c, control)
    flow = control.inflow
    yield label(c, "inflow") + "%d L/min  %s" % (flow.l_min, c.say("inflow_day", m3="%d.%d" % _tenths(flow.day_l)))
    for name, switch in (("float_high", control.well.float_high), ("float_low", control.well.float_low)):
        state = "not_fitted" if switch.value == NONE else "lifted" if switch.value else "hangs"
        yield label(c, name) + c.say(state)
    yield label(c, "mains") + c.say("there" if control.mains_on else "gone")


def _tenths(litres):
    return litres // 1000, litres // 100 % 10


def _quality(c, signal):
    if signal.quality == GOOD:
        return ""
    return "  (%s)" % c.say("failed_signal" if signal.quality == FAILURE else "doubtful_signal")


def turbidity(c, control):
    """The turbidity with its unit."""
    if not control.supervision.turbidity_wired:
        return c.say("not_fitted")
    signal = control.turbidity
    value = "%d.%d" % (signal.value // 10, signal.value % 10) if signal.quality != FAILURE else "?"
    return value + " NTU" + _quality(c, signal)


def bar(c, control):
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
        place = LABEL + 1 + level_mm * _BAR // most_mm
        if width(marks) < place:
            marks = pad(marks, place)
        marks += "^" + c.say(key) + str(level_mm) + " "
    yield marks.rstrip()
