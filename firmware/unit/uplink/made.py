"""Like `unit.made`, for all of an uplink but its network."""

# mypy: disable-error-code="assignment"
from .. import online
from ..made import on_board, settle
from . import clock, dial, drain, orders, payloads, session, topics, wire
from . import uplink as whole


def uplink():
    """Once an `Online` stands."""
    if not on_board():
        return
    settle(
        online.Online, online.Newest, online.Actions, whole.Uplink, wire.Wire, session.Session, dial.Dialer,
        clock.Clock, drain.Drain, orders.Orders, payloads.Points, topics.Topics,
    )  # fmt: skip
    dial.broker_list = None
