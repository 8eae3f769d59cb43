"""What the topics `state` and `data` carry, written into a `JsonOut` piece by piece; for `event` see event_rows.py.

Values leave in the unit of their point: the recorded integer divided by its 10^decimals. A `record` is a place in the
journal: `seq`, `boot`, `t` (seconds since 2020, NONE while the clock was never set), `uptime_s` and what stood there.
"""

from ..catalogue.names import name_of
from ..catalogue.tables import rows
from ..control.alarms import STATE_NAMES
from ..control.basics import NONE, const
from ..journal.layout import EPOCH_UNIX_S

VERSION = const(1)  # "v" of every payload

# Columns of points.txt.
ID = const(0)
DECIMALS = const(2)


def points():
    """What a row of values means, in the order of points.txt: ids as bytes with blanks between them, and decimals."""
    found = list(rows("points"))
    return " ".join([row[ID] for row in found]).encode(), bytes([int(row[DECIMALS]) for row in found])


def unix(t):
    """Unix seconds of `t`, NONE for NONE."""
    return t if t == NONE else t + EPOCH_UNIX_S


def time_of(out, record):
    """Unix seconds; null, and the uptime beside it, while the clock was never set."""
    out.key("t")
    out.number(unix(record.t))
    if record.t == NONE:
        out.key("uptime_s")
        out.number(record.uptime_s)


def state(out, boot, points, now, told=b"", less=0):
    """The newest values. `now` is like a reading, and has control's `outputs` and `alarms` besides.

    `told`: a member more. `less`: 1 to leave out the outputs, 2 the values too.
    """
    out.begin()
    out.raw(b'{"v":%d,"boot":%d' % (VERSION, boot))
    time_of(out, now)
    out.raw(b',"q":%d' % now.quality)
    mark = b',"values":{"%s":'
    ids, decimals = points
    for i, name in enumerate(ids.split() if less < 2 else ()):
        out.raw(mark % name)
        mark = b',"%s":'
        out.number(now.values[i], decimals[i])
    if not less:
        comma = b'},"outputs":{'
        for output in now.outputs:
            out.raw(comma)
            comma = b","
            out.name(output.name)
            out.raw(b':{"on":true,"why":' if output.on else b':{"on":false,"why":')
            out.name(name_of("reasons", output.reason))
            out.raw(b"}" if output.running != NONE else b',"feedback":false}')
    out.raw(b',"alarms":[' if less > 1 else b'},"alarms":[')
    comma = b""
    book = now.alarms
    for index, alarm_state in enumerate(book.state):
        if alarm_state:
            out.raw(comma + b'{"code":')
            comma = b","
            out.name(name_of("alarms", index))
            out.key("state")
            out.name(STATE_NAMES[alarm_state])
            if book.times[index] > 1:
                out.raw(b',"times":%d' % book.times[index])
            mark = b',"below":['
            for below, active in enumerate(book.active):
                if active and below != index and book.belongs(below, index):
                    out.raw(mark)
                    mark = b","
                    out.name(name_of("alarms", below))
            out.raw(b"]}" if mark == b"," else b"}")
    out.raw(b"]")
    out.raw(told)
    out.raw(b"}")


def data_head(out, record, points):
    """The beginning of a batch of readings. A batch whose clock was never set has the uptime as its last point."""
    out.begin()
    out.raw(b'{"v":%d,"boot":%d,"seq":%d,"points":["' % (VERSION, record.boot, record.seq))
    out.raw(points[0].replace(b" ", b'","'))
    out.raw(b'","uptime_s"],"rows":[' if record.t == NONE else b'"],"rows":[')


def data_row(out, record, points):
    """One reading, without a comma."""
    out.raw(b"[")
    out.number(unix(record.t))
    out.raw(b",%d" % record.quality)
    for i, decimals in enumerate(points[1]):
        out.raw(b",")
        out.number(record.values[i], decimals)
    out.raw(b",%d]" % record.uptime_s if record.t == NONE else b"]")
