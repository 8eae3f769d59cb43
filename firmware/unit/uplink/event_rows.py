"""What the topic `event` carries. In memory only while there are events to be sent: see drain.py and payloads.py."""

from ..catalogue.event_words import for_mqtt
from .payloads import VERSION, time_of


def head(out, record):
    """The beginning of a batch of events."""
    out.begin()
    out.raw(b'{"v":%d,"boot":%d,"seq":%d,"events":[' % (VERSION, record.boot, record.seq))


def row(out, record):
    """One event, without a comma."""
    code, happened, why = for_mqtt(record.code, record.a, record.b)
    out.raw(b'{"code":')
    out.name(code)
    out.key("state")
    out.name(happened)
    if why:
        out.key("why")
        out.name(why)
    time_of(out, record)
    out.raw(b"}")
