"""The commands that look back into the journal: log and trend."""

from ...catalogue.event_words import describe, plain
from ...catalogue.lookup import nth, row
from ...catalogue.tables import rows
from ...control.basics import NONE, const
from ...journal.layout import END, EVENT, READING
from ..dates import of_journal
from ..terminal.line import width
from ..text import pad
from ..typed import duration, whole

_SOME = const(10)  # records between two times of giving way
_MOST_EVENTS = const(50)
_COLUMNS = const(60)
_BLOCKS = "▁▂▃▄▅▆▇█"
_ASCII = ".:-=+*%#"
_LEAST_S = const(300)


def cmd_log(c, words):
    """The newest events, oldest first."""
    from ...journal.cursor import Cursor

    yield None
    text = words[0] if words else "15"
    n = whole(text)
    if not 1 <= n <= _MOST_EVENTS:
        yield c.say("log_usage", most=_MOST_EVENTS)
        return
    journal = c.app.recorder.journal
    cursor = Cursor(journal)
    found: list = []
    back = 0
    # Readings outnumber events: look back further and further until there are enough.
    while len(found) < n and back < journal.next_seq - 1:
        back = back * 4 or n * 8
        found = []
        count = 0
        cursor.seek(max(1, journal.next_seq - back))
        yield None
        kind = cursor.next()
        while kind != END:
            if kind == EVENT:
                found.append((cursor.t, cursor.boot, cursor.uptime_s, cursor.code, cursor.a, cursor.b))
                if len(found) > n:
                    found.pop(0)
            count += 1
            if count % _SOME == 0:
                yield None
            kind = cursor.next()
    if not found:
        yield c.say("none")
    for t, boot, uptime_s, code, a, b in found:
        when = of_journal(t, c.timezone_s)[5:] or "#%d +%s" % (boot, c.text.span(uptime_s))
        yield "%s  %s" % (when, _event(c, code, a, b))


def _event(c, code, a, b):
    """An event in a sentence."""
    if nth("events", code) is None:
        return "%d %d %d" % (code, a, b)
    text, subject, state, why = describe(code, a, b, lambda kind, number: _word(c, kind, number))
    return text.replace("{subject}", subject).replace("{state}", state).replace("{why}", why)


def _word(c, kind, number):
    if kind == "events":
        return c.text.of(nth("events", number), 1)
    if kind == "alarms":
        return c.text.alarm(number)[0]
    if kind == "reasons":
        return c.text.past_reason(number)
    name = {"states": "alarm_%s", "modes": "mode_%s"}.get(kind, "%s") % plain(kind, number)
    return c.say(name) if kind else name


def cmd_trend(c, words):
    """A point's history as one line of blocks, from the readings in the journal."""
    from ...journal.cursor import Cursor

    yield None
    names = [point[0] for point in rows("points") if point[3] != "bits"]
    yield None
    for_s = duration(words[1]) if len(words) > 1 else 86400
    if not words or words[0] not in names or for_s < _LEAST_S:
        yield c.say("trend_usage", names=" ".join(names))
        return
    index = names.index(words[0])
    yield None
    point = row("points", words[0])
    journal = c.app.recorder.journal
    sums = [0] * _COLUMNS
    counts = [0] * _COLUMNS
    total = point[3] == "total"
    cursor = Cursor(journal)
    # Seconds back from now; records of earlier starts count by the clock, so without one only this start is shown.
    now_t = c.app.clock.utc_s
    cursor.seek(max(1, journal.next_seq - for_s // c.interval_s * 2 - 200))
    yield None
    count = 0
    kind = cursor.next()
    while kind != END:
        if kind == READING:
            back_s = -1
            if cursor.boot == journal.boot:
                back_s = c.app.now_s - cursor.uptime_s
            elif now_t != NONE and cursor.t != NONE:
                back_s = now_t - cursor.t
            if 0 <= back_s < for_s:
                column = _COLUMNS - 1 - back_s * _COLUMNS // for_s
                sums[column] += cursor.values[index]
                counts[column] += 1
        count += 1
        if count % _SOME == 0:
            yield None
        kind = cursor.next()
    values = [sums[i] // (1 if total else counts[i]) if counts[i] else NONE for i in range(_COLUMNS)]
    known = [value for value in values if value != NONE]
    if not known:
        yield c.say("trend_empty")
        return
    low = min(known)
    high = max(known)
    yield "%s, %s" % (c.text.of(point, 6), point[1])
    marks = _BLOCKS if c.text.utf8 else _ASCII
    drawn = ""
    for value in values:
        drawn += " " if value == NONE else marks[(value - low) * 7 // max(1, high - low)]
    yield "[" + drawn + "]"
    yield pad(" " + c.say("ago", span=c.text.span(for_s)), _COLUMNS + 1 - width(c.say("now"))) + c.say("now")
    decimals = int(point[2])
    yield c.say(
        "trend_range",
        low=_scaled(low, decimals),
        high=_scaled(high, decimals),
        last=_scaled(known[-1], decimals),
        unit=point[1],
    )


def _scaled(value, decimals):
    if not decimals:
        return str(value)
    scale = 10**decimals
    return "%s%d.%0*d" % ("-" if value < 0 else "", abs(value) // scale, decimals, abs(value) % scale)
