"""What an event says: for the console, MQTT, the PC's tools and events.csv.

Here alone stands what the two numbers of an event mean.
"""

from ..control.alarms import STATE_NAMES
from ..control.claims import SOURCE_NAMES
from ..control.events import AERATION_MODE, ALARM, CLAIM, CLAIM_END, DUTY, OUTPUT_OFF, OUTPUT_ON, SERVICE
from ..control.io import OUTPUT_NAMES
from .names import name_of


def plain(kind, number):
    """The word for a number of an event that a machine reads: the catalogues' and the core's own names."""
    if kind in ("events", "alarms", "reasons"):
        return name_of(kind, number)
    if kind == "outputs":
        return OUTPUT_NAMES[number]
    if kind == "states":
        return STATE_NAMES[number]
    if kind == "sources":
        return SOURCE_NAMES[number]
    return ("off", "on")[number] if kind == "switch" else str(number)


def describe(code, a, b, word=plain):
    """(event, subject, state, why) of an event of control, "" where it has none.

    `word(kind, number)` is asked for each. Kinds: events, alarms, reasons; outputs, sources, switch (0 off, 1 on),
    states (of an alarm), modes (of aeration), and "" for a number that is nothing else.
    """
    event = word("events", code)
    if code in (OUTPUT_ON, OUTPUT_OFF):
        return event, word("outputs", a), "", word("reasons", b)
    if code == ALARM:
        return event, word("alarms", a), word("states", b), ""
    if code in (DUTY, SERVICE):
        return event, word("outputs", a), "", ""
    if code == CLAIM:
        return event, word("outputs", a), word("switch", b & 1), word("sources", b >> 1)
    if code == CLAIM_END:
        return event, word("outputs", a), "", word("sources", b)
    return event, "", word("modes" if code == AERATION_MODE else "", a), ""


def for_mqtt(code, a, b):
    """(code, state, why or "") of an event, as the topic `event` has it: `code` is what has changed."""
    event, subject, state, why = describe(code, a, b)
    if code in (OUTPUT_ON, OUTPUT_OFF):
        return subject, "on" if code == OUTPUT_ON else "off", why
    if code == ALARM:
        return subject, state, ""
    if why:
        return "claim", subject + " " + (state or "auto"), why
    return event, subject if code == DUTY else str(a), ""
