"""What the topics `state`, `data` and `event` carry; each is written into a `JsonOut`, piece by piece.

Values leave in the unit of their point: the recorded integer divided by its 10^decimals. A `record` is a place in the
journal: `seq`, `boot`, `t` (seconds since 2020, NONE while the clock was never set), `uptime_s` and what stood there.
"""

from ..catalogue.tables import rows
from ..control.basics import NONE, const
from ..control.events import ALARM, CLAIM, CLAIM_END, DUTY, OUTPUT_OFF, OUTPUT_ON
from ..control.io import OUTPUT_NAMES, P1
from ..journal.layout import EPOCH_UNIX_S

VERSION = const(1)  # "v" of every payload

# Columns of points.txt.
ID = const(0)
DECIMALS = const(2)

ALARM_STATES = ("normal", "unacknowledged", "acknowledged", "returned", "shelved", "out_of_service")
_SOURCES = ("process", "backup", "remote", "hand")


class Points:
    """What a row of values means: the ids and decimals of points.txt, in its order."""

    def __init__(self):
        self.ids = []
        self.decimals = []
        for row in rows("points"):
            self.ids.append(row[ID])
            self.decimals.append(int(row[DECIMALS]))


_names: dict = {}  # of a table: the first fields of its entries, each behind a line's end


def load_names():
    """Read the names that payloads need, once: looking each up in its table takes an ESP32 tens of ms a name."""
    for table in ("reasons", "alarms", "events"):
        _names[table] = b"\n" + b"\n".join([row[0].encode() for row in rows(table)]) + b"\n"


def name_of(table, index):
    """The first field of the entry `index` of a table: the name behind a number, "?" if there is none."""
    if table not in _names:
        load_names()
    names = _names[table]
    at = 0
    while index > 0 and at >= 0:
        at = names.find(b"\n", at + 1)
        index -= 1
    end = names.find(b"\n", at + 1) if at >= 0 else -1
    return str(names[at + 1 : end], "utf-8") if end >= 0 else "?"


def unix(t):
    """Unix seconds of `t`, NONE for NONE."""
    return t if t == NONE else t + EPOCH_UNIX_S


def _time(out, record):
    """Unix seconds; null, and the uptime beside it, while the clock was never set."""
    out.key("t")
    out.number(unix(record.t))
    if record.t == NONE:
        out.key("uptime_s")
        out.number(record.uptime_s)


def state(out, boot, points, now):
    """The newest values. `now` is like a reading, and has control's `outputs` and `alarms` besides."""
    out.begin()
    out.raw(b'{"v":%d,"boot":%d' % (VERSION, boot))
    _time(out, now)
    out.raw(b',"q":%d,"values":{' % now.quality)
    for i in range(len(points.ids)):
        out.key(points.ids[i], i == 0)
        out.number(now.values[i], points.decimals[i])
    out.raw(b'},"outputs":{')
    first = True
    for output in now.outputs:
        out.key(output.name, first)
        first = False
        out.raw(b'{"on":true,"why":' if output.on else b'{"on":false,"why":')
        out.text(name_of("reasons", output.reason))
        out.raw(b"}")
    out.raw(b'},"alarms":[')
    comma = b""
    for index, alarm_state in enumerate(now.alarms.state):
        if alarm_state:
            out.raw(comma + b'{"code":')
            comma = b","
            out.text(name_of("alarms", index))
            out.key("state")
            out.text(ALARM_STATES[alarm_state])
            out.raw(b"}")
    out.raw(b"]}")


def data_head(out, record, points):
    """The beginning of a batch of readings. A batch whose clock was never set has the uptime as its last point."""
    out.begin()
    out.raw(b'{"v":%d,"boot":%d,"seq":%d,"points":[' % (VERSION, record.boot, record.seq))
    for i in range(len(points.ids)):
        if i:
            out.raw(b",")
        out.text(points.ids[i])
    out.raw(b',"uptime_s"],"rows":[' if record.t == NONE else b'],"rows":[')


def data_row(out, record, points):
    """One reading, without a comma."""
    out.raw(b"[")
    out.number(unix(record.t))
    out.raw(b",%d" % record.quality)
    for i in range(len(points.ids)):
        out.raw(b",")
        out.number(record.values[i], points.decimals[i])
    out.raw(b",%d]" % record.uptime_s if record.t == NONE else b"]")


def event_head(out, record):
    """The beginning of a batch of events."""
    out.begin()
    out.raw(b'{"v":%d,"boot":%d,"seq":%d,"events":[' % (VERSION, record.boot, record.seq))


def event_row(out, record):
    """One event, without a comma."""
    code, happened, why = event_words(record.code, record.a, record.b)
    out.raw(b'{"code":')
    out.text(code)
    out.key("state")
    out.text(happened)
    if why:
        out.key("why")
        out.text(why)
    _time(out, record)
    out.raw(b"}")


def event_words(code, a, b):
    """(code, state, why or "") of an event of control, for a machine to read."""
    if code in (OUTPUT_ON, OUTPUT_OFF):
        return OUTPUT_NAMES[a], "on" if code == OUTPUT_ON else "off", name_of("reasons", b)
    if code == ALARM:
        return name_of("alarms", a), ALARM_STATES[b], ""
    if code == DUTY:
        return "duty", OUTPUT_NAMES[P1 + a], ""
    if code == CLAIM:
        return "claim", OUTPUT_NAMES[a] + (" on" if b & 1 else " off"), _SOURCES[b >> 1]
    if code == CLAIM_END:
        return "claim", OUTPUT_NAMES[a] + " auto", _SOURCES[b]
    return name_of("events", code), str(a), ""
