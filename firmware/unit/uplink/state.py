"""What the topic `state` carries. In memory only while one is written: see `Uplink.send_state`."""

from ..catalogue.names import name_of
from ..control.alarms import STATE_NAMES
from ..control.basics import NONE
from ..modules import forget
from .payloads import VERSION, time_of


def send(up, now, visit):
    """Send the newest values of an `Uplink`. `visit`: somebody at the console has the rest."""
    forget("uplink.state")
    out = up.out
    told = up.told
    if visit:
        told += b',"visit":true'
    if up.drain.throttled():
        told += b',"throttled":true'
    mark = b',"refused":{'
    for code, times in up.queue.refused.items():
        told += b'%s"%s":%d' % (mark, code.encode(), times)
        mark = b","
    if mark == b",":
        told += b"}"
    key = up.queue.key
    if key:
        from .commands import sign

        forget("uplink.commands.sign")
    for less in range(0 if "state" in up.left else 3):
        if key:
            sign.leave_room(out)
        state(out, up.identity.boot, up.points, up.newest, told, less)
        if key:
            sign.seal(out, key, up.identity.unit_id, b"state")
        if not out.full:
            up.session.send(up.root + b"state", out.size(), 0, True)
            if up.thrown:
                from .closed import said

                said(up, now)
            break


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
