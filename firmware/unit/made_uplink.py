"""Like `made`, for all of an uplink but its network."""

# mypy: disable-error-code="assignment"
from .made import on_board, settle
from .uplink import clock, dial, drain, session, wire
from .uplink import uplink as whole


def uplink(*kinds):
    """Once an `Online` stands. `kinds`: the classes of its module."""
    if not on_board():
        return
    settle(
        *kinds, whole.Uplink, wire.Wire, session.Session, dial.Dialer, clock.Clock, drain.Drain
    )
    dial.broker_list = None
