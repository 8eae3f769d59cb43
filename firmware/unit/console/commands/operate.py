"""The commands that move or book something: run, off, auto, ack, service, visit, reboot. All of them need the PIN."""

from ...control.basics import NONE
from ...control.claims import HAND
from ...control.events import VISIT
from ...control.io import OUTPUT_NAMES
from ..dates import written
from ..listener import CALM_MS
from ..typed import duration, whole
from . import machines


def _claim(c, words, on):
    control = c.app.control
    index = machines.find(c, words[0]) if words else -1
    for_s = duration("".join(words[1:])) if len(words) > 1 else -1
    if index < 0:
        yield c.say("which_output", names=machines.names(c))
        return
    if for_s < 0:
        yield c.say("which_time", span=c.text.span(control.max_lease_s))
        return
    output = control.outputs[index]
    refused = control.command(index, on, for_s, HAND)
    if refused:
        yield c.say("refused", name=c.say(output.name), why=c.text.reason(refused, control, output))
        return
    begun_s = control.now_s
    while control.now_s - begun_s < 2 and control.now_s >= begun_s:
        yield None  # what came of it shows after the next second
    done = "hand_on" if output.on else "hand_off"
    if output.on != on:
        done = "hand_waits"
    yield c.say(
        done, name=c.say(output.name), span=c.text.span(for_s), why=c.text.reason(output.reason, control, output)
    )


def cmd_run(c, words):
    return _claim(c, words, 1)


def cmd_off(c, words):
    return _claim(c, words, 0)


def cmd_auto(c, words):
    if words == ["all"]:
        indices = list(range(len(OUTPUT_NAMES)))
    elif len(words) == 1 and machines.find(c, words[0]) >= 0:
        indices = [machines.find(c, words[0])]
    else:
        yield c.say("which_output", names=machines.names(c) + ", all")
        return
    for index in indices:
        c.app.control.auto(index, HAND)
        yield c.say("auto_done", name=c.say(OUTPUT_NAMES[index]))


def cmd_ack(c, words):
    control = c.app.control
    known = len(control.alarms.state)
    if words == ["all"]:
        yield c.say("acked", n=control.acknowledge(NONE))
        return
    text = words[0] if len(words) == 1 else ""
    number = whole(text)
    if not 1 <= number <= known:
        yield c.say("which_alarm")
        return
    index = number - 1
    if not control.alarms.state[index]:
        yield c.say("ack_calm", name=c.text.alarm(index)[0])
        return
    control.acknowledge(index)
    yield c.say("acked_one", name=c.text.alarm(index)[0])


def cmd_service(c, words):
    index = machines.find(c, words[0]) if words else -1
    if index < 0 or len(words) < 2 or words[1] != "done":
        yield c.say("which_service", names=machines.names(c))
        return
    c.app.control.service_done(index)
    yield from _note(c, c.say("serviced", name=c.say(OUTPUT_NAMES[index])), " ".join(words[2:]))
    yield c.say("service_done", name=c.say(OUTPUT_NAMES[index]))


def cmd_visit(c, words):
    from . import visits

    if not words:
        yield from visits.read()[-10:] or [c.say("none")]
        yield c.say("visit_hint")
        return
    if not c.unlocked:
        yield c.say("locked" if c.has_pin else "no_pin")  # the book is short: who writes pushes older lines out
        return
    c.app.control.events.add(VISIT, 0, 0)
    yield from _note(c, words[0], " ".join(words[1:]))
    yield c.say("visit_done")


def _note(c, who, note):
    from . import visits

    yield CALM_MS
    clock = c.app.clock
    visits.add(written(clock.day, clock.tod_s)[:16] if clock.tod_s >= 0 else "?", who, note)


def cmd_reboot(c, words):
    yield c.say("reboot_ask")
    answer = yield (c.say("sure"),)
    if answer.lower() not in ("y", "yes", "是"):
        yield c.say("left")
        return
    yield c.say("rebooting")
    yield None  # until the wire has taken it
    c.app.restart()
