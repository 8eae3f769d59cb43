"""What is to be learnt from a broker that ends connections. Loaded when one has ended, and forgotten at once.

MQTT 3.1.1 gives no reason for an end. What stands is what had no acknowledgement by then, or got the last one, and the
largest of that is suspected: nearly every limit of a broker is one of size. After two ends on the same, messages get
smaller, down to one record; what is refused small too is left out, or, if it is a record, passed over and told. A unit
that was thrown off soon, twice, looks whether another board uses its id.

What is known is `Uplink.closed`, None as long as no connection was lost, or a list, see below; `Uplink.thrown`, how
often in a row a connection ended soon; `Uplink.left`, the topics that are left out; `Uplink.told`, all that in words.
"""

from ..control.basics import const
from ..control.events import OTHER_BOARD, RECORD_REFUSED
from ..modules import forget
from . import ticks
from .packet import HEAD_SEEN
from .session import TOPIC_BYTES
from .wire import HEAD_BYTES

# Places in the list.
_TOPIC = const(0)  # of the largest packet that was under way when a connection ended, without the root of the unit
_BYTES = const(1)  # its size
_TIMES = const(2)  # how often it was, in a row
_LIMIT = const(3)  # bytes of the largest packet that is sent, 0 for no limit
_REFUSED = const(4)  # number of the newest record that was refused for good, 0 for none
_OTHER = const(5)  # another board uses the id
_BATCH = const(6)  # up to where the broker had the journal when _TOPIC was noted
_SINCE_S = const(7)  # uptime when it was last decided to send less
_SEEN = const(8)  # the beginning of a state under this unit's id that it has not sent
_MINE = const(9)  # the beginnings of the newest states that it has
_ROUNDS = const(10)  # how often the record alone was refused between others that were taken

_SOON_MS = const(300000)
_KEPT_S = const(21600)  # then it is tried again what the broker takes
_LEAST = const(128)  # bytes of a packet: of readings that is one a message
_REFUSALS = const(3)  # after so many a topic is left out, a record given up
_STATES = const(6)
_BOOT_AT = const(14)  # in a state: before it stands {"v":1,"boot":
_HEADERS = const(7)  # bytes of a packet at QoS 1 besides topic and payload
_RECORDS = ("data", "event")


def judge(up, why, now):
    """A connection of the `Uplink` has ended, not by its own wish."""
    forget("uplink.closed")
    note = up.closed
    if not note:
        note = up.closed = ["", 0, 0, 0, 0, False, -1, 0, None, [], 0]
    up.newest.update()
    uptime_s = up.newest.uptime_s
    if note[_SINCE_S] and uptime_s - note[_SINCE_S] >= _KEPT_S:
        _bound(up, 0)
        up.left.clear()
        note[_SINCE_S] = 0
    by_broker = why.startswith(("closed", "connection"))
    if ticks.diff(now, up.up_at) >= _SOON_MS:  # what is refused is so soon after each new connection
        up.thrown = note[_TIMES] = 0
    up.thrown += by_broker
    _weigh(up, note, by_broker)
    _tell(up)


def _weigh(up, note, by_broker):
    """Suspect the largest packet under way; after two ends in a row send less."""
    session, drain = up.session, up.drain
    suspect = session.mute
    if session.newest and session.newest[0] > max(session.proved, suspect[0] if suspect else 0):
        suspect = session.newest
    flying = session.flying
    for i in range(0, len(flying), 4):
        if not suspect or flying[i + 2] > suspect[0]:
            suspect = flying[i + 2 : i + 4]
    if not suspect:
        return
    size, topic = suspect[0], "discovery"
    if suspect[1].startswith(up.root):
        topic = str(suspect[1][len(up.root) :], "utf-8")
    batch = drain.past or drain.journal.acked
    if note[_TOPIC] != topic or (topic in _RECORDS and note[_BATCH] != batch):
        note[_TIMES] = 0
    note[_TIMES] += 1
    note[_TOPIC], note[_BYTES], note[_BATCH] = topic, size, batch
    drain.careful = True
    if note[_TIMES] < 2:
        return
    if topic in _RECORDS and drain.flying and drain.flying[0][2] == 1:
        _alone(up, note)
    elif size > _LEAST and (topic in _RECORDS or size > session.proved):
        limit = _LEAST
        while limit * 2 < size:
            limit *= 2
        _bound(up, limit)
        note[_TIMES] = 0
        note[_SINCE_S] = up.newest.uptime_s
    elif by_broker and note[_TIMES] >= _REFUSALS and topic not in _RECORDS and topic not in up.left:
        up.left.append(topic)
        note[_SINCE_S] = up.newest.uptime_s


def _bound(up, limit):
    """From now on no packet has more than `limit` bytes, but for a record alone; 0 for no limit."""
    up.closed[_LIMIT] = limit
    whole = len(up.session.wire.tx)
    drain = up.drain
    drain.most = min(whole, HEAD_BYTES + limit - len(up.root) - TOPIC_BYTES - _HEADERS) if limit else whole
    up.queue.most = drain.most - HEAD_BYTES
    for reply in up.queue.replies:
        if len(reply[1]) > up.queue.most:
            from .commands.sign import signed

            forget("uplink.commands.sign")
            text = reply[1][: reply[1].find(b',"ok":')]
            text += b',"ok":false,"code":"too_much","why":"the broker takes no more than %d bytes"}' % limit
            reply[1] = signed(up.queue.key, up.identity.unit_id, b"reply", text)


def _alone(up, note):
    """The message in flight held one record, the first that the broker does not have.

    Next time the one behind it is sent first. If that is taken and then the one alone is not, three times in a row, it
    is the record: it is told of, passed, and stays on the flash as long as those that were delivered.
    """
    drain = up.drain
    if drain.past:  # the one behind is not taken either
        drain.past = 0
        return
    record = drain.flying[0][1]
    note[_ROUNDS] = note[_ROUNDS] + 1 if drain.tested else 0
    drain.tested = False
    if note[_ROUNDS] < _REFUSALS:
        drain.past = record
        return
    note[_REFUSED] = record
    note[_TIMES] = note[_ROUNDS] = 0
    drain.careful = False
    drain.journal.event(up.newest.uptime_s, RECORD_REFUSED, record, 0)
    drain.journal.ack(record)
    _bound(up, 0)


def look(up, head):
    """`head` begins the retained state under this unit's id, as the broker has it when the unit comes back.

    Two boards may have the same number of starts, and a broker may have kept an older state of this unit, which then
    does not change. So another board is one that has started more often, or whose state goes on.
    """
    forget("uplink.closed")
    note = up.closed
    head = head[:HEAD_SEEN]
    if head in note[_MINE]:
        note[_SEEN] = None
        note[_OTHER] = False
        _tell(up)
        return
    boot = head[_BOOT_AT:].split(b",")[0]
    more = boot.isdigit() and int(boot) > up.identity.boot
    if (more or note[_SEEN] not in (None, head)) and not note[_OTHER]:
        note[_OTHER] = True
        up.newest.update()
        up.drain.journal.event(up.newest.uptime_s, OTHER_BOARD, 0, 0)
    note[_SEEN] = head
    _tell(up)


def said(up, now):
    """The unit, thrown off lately, has sent its state; the beginning of the payload still stands in the buffer."""
    forget("uplink.closed")
    note = up.closed
    note[_MINE] = (note[_MINE] + [bytes(up.session.wire.tx[HEAD_BYTES : HEAD_BYTES + HEAD_SEEN])])[-_STATES:]
    if ticks.diff(now, up.up_at) >= _SOON_MS:
        up.thrown = 0
        note[_OTHER] = False
        _tell(up)


def _tell(up):
    """Have `Uplink.told`, a member of the topic `state` that the console's `net` reads too, say what is known."""
    note = up.closed
    told = b""
    if note[_TIMES] >= 2 or note[_LIMIT] or up.left:
        told = b',"closed_on":"%s","bytes":%d' % (note[_TOPIC].encode(), note[_BYTES])
    if note[_LIMIT]:
        told += b',"limit":%d' % note[_LIMIT]
    if up.left:
        told += b',"left_out":"%s"' % " ".join(up.left).encode()
    if note[_REFUSED]:
        told += b',"refused_seq":%d' % note[_REFUSED]
    if note[_OTHER]:
        told += b',"other_board":true'
    up.told = told and b',"broker":{' + told[1:] + b"}"
