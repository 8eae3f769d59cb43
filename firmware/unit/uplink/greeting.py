"""What a new connection begins with. `uplink.py` imports this for each and forgets it."""

from ..modules import forget


def greet(up, prefix):
    """Generator of the steps of an `Uplink`, each a packet; yields the id that the next step waits for, 0 for none."""
    yield up.session.ask(up.root + b"cmd")
    yield up.publish(b"availability", b"online")
    from .meta import meta  # some KB of code

    meta(up.out, up.identity, up.newest.metered)
    del meta
    yield up.session.send(up.root + b"meta", up.out.size(), 1, True)
    up.send_state()
    if prefix:
        yield 0
        forget("uplink.meta")
        from .discovery import announce

        for topic in announce(up.out, prefix, str(up.root, "utf-8"), up.identity):
            # Acknowledged or not: the next connection announces them again.
            up.session.send(topic, up.out.size(), 1, True)
            yield 0
