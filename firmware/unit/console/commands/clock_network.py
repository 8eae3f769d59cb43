"""The commands about the world outside: the clock and the network."""

from ..text import LABEL, label, wrap
from .status import clock_text, network


def cmd_net(c, words):
    yield label(c, "network") + network(c)
    uplink = c.app.uplink
    if c.listener.reports_rest():
        why = c.app.reporting.link()[3]
        if why:
            yield label(c, "last_error") + why
    elif uplink is not None:
        yield label(c, "broker") + c.say("net_connects", n=uplink.connects)
        if uplink.dialer.why:
            yield label(c, "last_error") + uplink.dialer.why
        if uplink.told:
            for line in _broker(c, uplink.told):
                yield from wrap(" " * LABEL + line, LABEL)
    journal = c.app.recorder.journal
    yield label(c, "journal") + c.say("net_journal", first=journal.acked, last=journal.next_seq - 1)


def _broker(c, told):
    """What the unit has learnt of a broker that closes connections; `told`: see uplink/closed.py."""
    import json

    found = json.loads(b"{" + told[1:] + b"}")["broker"]
    if "closed_on" in found:
        yield c.say("net_closed", topic=found["closed_on"], bytes=found["bytes"])
    if "limit" in found:
        yield c.say("net_limit", n=found["limit"])
    if "left_out" in found:
        yield c.say("net_left", topics=found["left_out"])
    if "refused_seq" in found:
        yield c.say("net_refused", n=found["refused_seq"])
    if "other_board" in found:
        yield c.say("net_other", id=c.unit_id)


def cmd_time(c, words):
    """The clock, or `time 2026-06-15 08:30` to set it."""
    if not words:
        yield clock_text(c)
        if c.app.clock.refused:
            yield from wrap(c.say("time_refused", n=c.app.clock.refused))
        yield c.say("uptime", span=c.text.span(c.app.now_s))
        yield c.say("time_hint")
        return
    from ..typed import parse

    words = words[1:] if words[0] == "set" else words
    seconds = parse(words[0], words[1]) if len(words) == 2 else -1
    if seconds < 0:
        yield c.say("time_usage")
    elif not c.unlocked:
        yield c.say("locked" if c.has_pin else "no_pin")
    else:
        clock = c.app.clock
        clock.set(seconds - c.timezone_s)
        clock.read()
        clock.begun_s = clock.utc_s - c.app.now_s  # whoever stands before the unit is believed, and servers by that
        yield clock_text(c)
