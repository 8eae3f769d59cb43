"""What a new connection begins with. `uplink.py` imports this for each; it and what it needs are forgotten at once."""

from ..modules import forget


def greet(up, prefix):
    """Generator of the steps of an `Uplink`, each a packet; yields the id that the next step waits for, 0 for none."""
    forget("uplink.greeting")
    yield up.session.ask(up.root + b"cmd")
    yield up.publish(b"availability", b"online")
    from .meta import meta  # some KB of code

    forget("uplink.meta", "uplink.json_value")
    meta(up.out, up.identity, up.newest.metered)
    del meta
    yield up.session.send(up.root + b"meta", up.out.size(), 1, True)
    up.send_state()
    if prefix:
        yield 0
        from .discovery import announce

        forget("uplink.discovery", "uplink.json_value")
        for topic in announce(up.out, prefix, str(up.root, "utf-8"), up.identity):
            # Acknowledged or not: the next connection announces them again.
            up.session.send(topic, up.out.size(), 1, True)
            yield 0
