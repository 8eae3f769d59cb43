"""How an uplink says goodbye. In memory only while it does."""

from ..modules import forget
from .packet import UP


def leave(up, visit):
    """Say why there will be nothing more, then goodbye: a packet a call. True once that has left, or cannot."""
    if up.session.state == UP:
        if not up.session.free():
            return False
        up.drain.busy = False
        if visit and up.serving and not up.said_visit:
            up.said_visit = True
            up.send_state(True)
            return False
    close(up)
    return True


def close(up):
    """Say goodbye before a planned end; what did not arrive stays in the journal."""
    forget("uplink.leaving")
    up.drain.busy = False
    said = up.session.state == UP and up.session.free() and up.session.room() > 0
    if said:
        up.publish(b"availability", b"offline")
    up.session.stop("closed", polite=said)  # else the last will says it
