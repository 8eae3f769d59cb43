"""What a new connection begins with. `uplink.py` imports this for each; it and what it needs are forgotten at once."""

from ..modules import forget
from .packet import length, sized
from .session import TOPIC_BYTES


def greet(up, prefix):
    """Generator of the steps of an `Uplink`, each a packet; yields the id that the next step waits for, 0 for none."""
    forget("uplink.greeting")
    session, root, out = up.session, up.root, up.out
    left = up.left
    if "cmd?" not in left:
        yield ask(session, root + b"cmd")
    look = up.thrown >= 2 and "state?" not in left
    if look:
        yield ask(session, root + b"state")
    if "availability" not in left:
        yield up.publish(b"availability", b"online")
    if look:  # the retained state came before the acknowledgement of what followed
        ask_no_more(session, root + b"state")
        yield 0
    if "meta" not in left:
        for topic in _meta(up):
            yield session.send(root + topic, out.size(), 1, True)
    # While something is suspected `online` is said again: the acknowledgement tells that what was sent before is well.
    careful = up.drain.careful and "availability" not in left
    if careful:
        yield up.publish(b"availability", b"online")
    up.send_state()
    if careful:
        yield 0
        yield up.publish(b"availability", b"online")
    if prefix and "discovery" not in left:
        yield 0
        from .discovery import announce

        forget("uplink.discovery", "uplink.json_value")
        for topic in announce(out, prefix, str(root, "utf-8"), up.identity):
            if out.full or out.at + len(topic) > out.limit + len(root) + TOPIC_BYTES:
                continue  # too large
            # Acknowledged or not: the next connection announces them again.
            session.send(topic, out.size(), 1, True)
            yield 0


def _meta(up):
    """Write `meta` into the buffer, whole or in pieces, signed where there is a key; yields the end of each topic."""
    from .meta import meta  # some KB of code

    forget("uplink.meta", "uplink.json_value")
    out, key = up.out, up.queue.key
    if key:
        from .commands import sign

        forget("uplink.commands.sign")
        sign.leave_room(out)
    meta(out, up.identity, up.newest.metered)
    del meta
    if key:
        sign.seal(out, key, up.identity.unit_id, b"meta")
    if not out.full:
        yield b"meta"
        return
    from .meta_pieces import pieces

    forget("uplink.meta_pieces", "uplink.meta", "uplink.json_value")
    if key:
        sign.leave_room(out)
    for topic in pieces(out, up.identity, up.newest.metered):
        if key:
            sign.seal(out, key, up.identity.unit_id, topic)
        yield topic
        if key:
            sign.leave_room(out)
    if key:
        out.limit += sign.TAIL_BYTES  # what was left for a piece that did not come


def ask(session, topic):
    """Subscribe to `topic` at QoS 1. Returns the packet id that `on_ack` will name."""
    packet_id = session.next_id()
    body = packet_id + sized(topic) + b"\1"
    session.put(b"\x82" + length(len(body)) + body, 0, 0, packet_id, topic + b"?")
    return session.pid


def ask_no_more(session, topic):
    """Unsubscribe; nobody waits for the answer."""
    body = session.next_id() + sized(topic)
    session.put(b"\xa2" + length(len(body)) + body)
