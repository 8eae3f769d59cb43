"""What makes a unit goes once the unit stands: on a board code lies in the heap, some 7 KB of it in `__init__`.

Only for classes whose objects are all made at a start, by each other or by what builds a unit;
`tests/board/test_made.py` looks for any other place that makes one.
"""

import sys


def road(app):
    """`App` and all below it but the uplink, for which see uplink/made.py."""
    from . import app as unit
    from . import clock, recorder
    from .control import alarms, claims, controller, events, inflow, io, output, protection, signals, supervision, well
    from .control.process import aeration, contact_oxidation, lift, sludge_return
    from .journal import encoder, ring

    settle(
        unit.App, clock.Clock, recorder.Recorder, ring.Journal, encoder.Encoder, controller.Controller, io.Inputs,
        events.Events, well.Well, signals.Analog, signals.Switch, inflow.Inflow, inflow.PumpFlow, output.Output,
        claims.Claims, claims.Claim, protection.Guard, contact_oxidation.ContactOxidation, lift.Lift,
        aeration.Aeration, sludge_return.SludgeReturn, alarms.AlarmBook, supervision.Supervision,
        type(app.io), type(app.io.clock), *[type(driver) for driver in app.io.inputs],
    )  # fmt: skip


def settle(*kinds):
    """Nobody makes another object of these classes; on a PC, where tests do, nothing happens."""
    if sys.implementation.name == "micropython":
        for kind in kinds:
            if "__init__" in kind.__dict__:
                kind.__init__ = None  # a place that is deleted would still hold what stood there
