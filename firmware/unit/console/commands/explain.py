"""The commands that explain: help, pumps, why, hours, lang, lock."""

from ...catalogue.lookup import row
from ...catalogue.tables import rows
from ...control.claims import BACKUP, HAND, SOURCE_NAMES
from ...control.io import P2
from ..text import contrary, pad, unproven

_COMPLETE = 3  # columns of commands.txt
_ZH = -2


def cmd_help(c, words):
    if words:
        found = row("commands", words[0].lower())
        if found:
            yield "%s %s" % (found[0], found[4])
            yield "  " + c.text.of(found, _ZH)
            if found[_COMPLETE] == "outputs":
                from . import machines

                yield "  " + c.say("which_output", names=machines.names(c))
        else:
            yield c.say("unknown", word=words[0][:20])
        return
    for found in rows("commands"):
        yield pad("%s %s" % (found[0], found[4]), 25) + ("*" if "u" in found[2] else " ") + c.text.of(found, _ZH)
    yield c.say("help_end")


def cmd_pumps(c, words):
    control = c.app.control
    for output in control.outputs:
        guard = output.guard
        yield c.say(
            "pump_line",
            name=pad(c.say(output.name), 8),
            state=pad(c.say("on" if output.on else "off"), 4),
            span=pad(c.text.span(control.now_s - guard.since_s), 10),
            starts=guard.starts_last_hour(control.now_s),
            most=guard.max_starts_per_h,
        ) + unproven(c, output)
        if contrary(output, control.now_s):
            yield "  ! " + c.say("turns" if output.running else "stands")
        if output.index <= P2:
            flow = control.inflow.pumps[output.index]
            yield "  " + c.say("pump_flow", flow=flow.flow_l_min or "-", usual=flow.usual_l_min)


def cmd_why(c, words):
    """The chain behind an output's state: who wants what, what protection says, when it may start."""
    from . import machines

    control = c.app.control
    index = machines.find(c, words[0]) if words else -1
    if index < 0:
        yield c.say("which_output", names=machines.names(c))
        return
    output = control.outputs[index]
    yield c.say(
        "why_on" if output.on else "why_off",
        name=c.say(output.name),
        why=c.text.reason(output.reason, control, output) + unproven(c, output),
    )
    claims = output.claims
    if claims.reason != output.reason:
        yield c.say(
            "why_claim",
            who=c.say(SOURCE_NAMES[claims.source]),
            wish=c.say("on" if claims.on else "off"),
            why=c.text.reason(claims.reason, control, output),
        )
    for source in (BACKUP, HAND):
        if source != claims.source and claims.holds(source, control.now_s):
            yield c.say(
                "why_also", who=c.say(SOURCE_NAMES[source]), wish=c.say("on" if claims.wants(source) else "off")
            )
    dry = control.well.dry if output.index <= P2 else 0
    blocked = 0 if output.on else output.guard.block(control.now_s, control.mains_on, dry)
    if blocked and blocked != output.reason:
        yield c.say("why_blocked", why=c.text.reason(blocked, control, output))
    if contrary(output, control.now_s):
        yield "! " + c.say("turns" if output.running else "stands")
    if output.index <= P2 and not output.on and not blocked and control.well.level_ok:
        lift = control.process.lift
        # The standby pump starts at the second level, or when it has the duty.
        level_mm = lift.assist_level_mm if lift.wanted and lift.duty != output.index else lift.start_level_mm
        yield c.say("why_next", level="%d mm" % level_mm)


def cmd_hours(c, words):
    control = c.app.control
    watch = control.supervision
    for output in control.outputs:
        since_s = output.run_s - output.serviced_run_s
        due_s = watch.blower_service_s if output.name == "blower" else watch.pump_service_s
        left_s = due_s - since_s
        yield c.say(
            "hours_line",
            name=pad(c.say(output.name), 8),
            hours=_hours(output.run_s),
            starts=output.starts,
            since=_hours(since_s),
            due=c.say("due_in", hours=_hours(left_s)) if left_s > 0 else c.say("due_now"),
        )
    meter = control.meter
    how = c.say("energy_metered" if meter.counts else "energy_nominal")
    yield c.say("energy", kwh="%d.%d" % (control.energy_wh // 1000, control.energy_wh // 100 % 10), how=how)
    if meter.failures:
        yield "  ! " + c.say("energy_failures", n=meter.failures)


def _hours(seconds):
    return "%d.%d h" % (seconds // 3600, seconds // 360 % 10)


def cmd_lang(c, words):
    lang = c.text.lang
    utf8 = c.text.utf8
    known = len(words) > 0
    for word in words:
        if word in ("zh", "en"):
            lang = word
        elif word in ("ascii", "utf8"):
            utf8 = word == "utf8"
        else:
            known = False
    if known:
        c.text.choose(lang, utf8)
    yield c.say("lang_usage" if not known else "lang_is" if c.text.utf8 else "lang_ascii")


def cmd_bye(c, words):
    c.leave()
    yield c.say("bye")


def cmd_lock(c, words):
    c.lock()
    yield c.say("locked_now")
