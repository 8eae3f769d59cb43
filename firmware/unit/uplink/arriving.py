"""What the broker publishes to the unit: loaded when such a packet arrives, forgotten with the code of commands."""

from .broken import Broken
from .packet import HEAD_SEEN, UP


def message(session, kind, size, have):
    """A PUBLISH. An over-long one is passed over unread, but acknowledged, or the broker would send it for ever."""
    wire = session.wire
    rx = wire.rx
    too_long = size > len(rx)
    if have < (8 if too_long else size) or not session.free():  # its PUBACK needs the buffer
        return False
    end = wire.rx_from + size
    at = wire.rx_from + 1
    while rx[at] & 0x80:
        at += 1
    topic_at = topic_to = at + 3
    if topic_at <= end:
        topic_to += rx[at + 1] << 8 | rx[at + 2]
    at = topic_to + 2 if kind & 6 else topic_to
    if session.state != UP or kind & 6 > 2 or at > end or at - wire.rx_from > len(rx):
        raise Broken("malformed packet")
    if at > wire.rx_to or (too_long and at + HEAD_SEEN > wire.rx_to and have < len(rx)):
        return False
    puback = b"\x40\2" + rx[topic_to:at] if kind & 6 else b""
    if too_long:
        session.passing = [size, puback, bytes(rx[at : at + HEAD_SEEN]) if kind & 1 else None]
        return True
    wire.rx_from = end
    payload = bytes(memoryview(rx)[at:end])  # a kilobyte, for which a full heap has hardly two places
    session.listener.on_message(bytes(rx[topic_at:topic_to]), payload, bool(kind & 1))
    if puback:
        session.put(puback)
    return True


def pass_over(session, have):
    """A piece of an over-long one: `session.passing` is [bytes to come, PUBACK or b"", head if it is retained]."""
    if not session.free():
        return False
    left, puback, head = session.passing
    n = min(left, have)
    session.wire.rx_from += n
    session.passing[0] -= n
    if n == left:
        session.passing = None
        if puback:
            session.put(puback)
        session.listener.on_message(None, head, head is not None)
    return n > 0
