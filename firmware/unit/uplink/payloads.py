"""What the topic `data` carries, written into a `JsonOut` piece by piece; see state.py, event_rows.py for the others.

Values leave in the unit of their point: the recorded integer divided by its 10^decimals. A `record` is a place in the
journal: `seq`, `boot`, `t` (seconds since 2020, NONE while the clock was never set), `uptime_s` and what stood there.
"""

from ..catalogue.tables import rows
from ..control.basics import NONE, const
from ..journal.layout import EPOCH_UNIX_S

VERSION = const(1)  # "v" of every payload

# Columns of points.txt.
ID = const(0)
DECIMALS = const(2)


def points():
    """What a row of values means, in the order of points.txt: ids as bytes with blanks between them, and decimals."""
    ids = bytearray()
    decimals = bytearray()
    for row in rows("points"):  # which together would take 5 KB of a chip's heap
        ids.extend(b" " + row[ID].encode())
        decimals.append(int(row[DECIMALS]))
    return bytes(ids[1:]), bytes(decimals)


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
