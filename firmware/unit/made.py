"""What makes a unit goes once the unit stands: on a board code lies in the heap, some 10 KB of it only for a start.

That is the `__init__` of classes whose objects are all made at a start, and what wakes control from its snapshot.
`tests/board/test_made.py` looks for any later use. A place that is deleted would still hold what stood there, so None
takes it.
"""

# mypy: disable-error-code="method-assign, misc, assignment"
import sys


def road(app, top):
    """The app and all below it but the uplink. `top`: the module of `App`. For the uplink see made_uplink.py."""
    from . import clock
    from .control import (
        alarms,
        claims,
        controller,
        events,
        inflow,
        io,
        output,
        protection,
        signals,
        snapshot,
        supervision,
        well,
    )
    from .control.process import aeration, contact_oxidation, lift, sludge_return
    from .journal import block_reader, encoder, recorder, ring

    if not on_board():
        return
    settle(
        type(app), clock.Clock, recorder.Recorder, ring.Journal, encoder.Encoder, controller.Controller, io.Inputs,
        io.NoMeter, events.Events, well.Well, signals.Analog, signals.Switch, inflow.Inflow, inflow.PumpFlow,
        output.Output, claims.Claims, claims.Claim, protection.Guard, contact_oxidation.ContactOxidation, lift.Lift,
        aeration.Aeration, sludge_return.SludgeReturn, alarms.AlarmBook, supervision.Supervision,
        type(app.io), type(app.io.clock), *[type(driver) for driver in app.io.inputs],
    )  # fmt: skip
    top._drivers = top._control = top._kept = top._reporting = None
    ring.Journal._mount = ring.Journal._numbers_behind = ring.Journal.load_snapshot = None
    block_reader.BlockReader.read_snapshot = recorder.Recorder.wake = snapshot.Reader = None
    controller.Controller.restore = contact_oxidation.ContactOxidation.restore = inflow.Inflow.restore_day = None
    aeration.Aeration.missed = aeration.Aeration.went_on = None
    protection.Guard.remember_starts = protection.Guard.remember_start = protection.Guard.age_starts = None


def on_board():
    """Not on a PC, where tests make more than one unit."""
    return sys.implementation.name == "micropython"


def settle(*kinds):
    """Nobody makes another object of these classes."""
    for kind in kinds:
        if "__init__" in kind.__dict__:
            kind.__init__ = None
