"""Anoxic tank, contact oxidation, settling: a lift well with two pumps, a blower, a sludge return pump."""

from ..events import Events
from ..inflow import Inflow
from ..io import BLOWER, P1, P2, RETURN
from ..output import Output
from ..witnesses import Well
from .aeration import Aeration
from .lift import Lift
from .sludge_return import SludgeReturn


class ContactOxidation:
    """The recipe: which machines it moves, and by what."""

    def __init__(self, outputs: list[Output], well: Well, inflow: Inflow, events: Events) -> None:
        self.well: Well = well
        self.lift: Lift = Lift(outputs[P1], outputs[P2], well, inflow, events)
        self.aeration: Aeration = Aeration(outputs[BLOWER], inflow, events)
        self.sludge_return: SludgeReturn = SludgeReturn(outputs[RETURN], inflow)

    def step(self, now_s: int, tod_s: int, mains: int) -> None:
        """Lodge this second's claims on every machine of the recipe."""
        self.lift.step(now_s)
        self.aeration.step(now_s, tod_s, mains)
        self.sludge_return.step(now_s)
