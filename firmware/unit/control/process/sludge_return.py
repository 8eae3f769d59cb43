"""The sludge return pump: a share of the inflow, or a timer where there is no inflow to go by."""

from ..basics import const
from ..claims import PROCESS
from ..inflow import Inflow
from ..output import Output
from ..reasons import CYCLE_OFF, CYCLE_ON, RATIO_OFF, RATIO_ON

BY_RATIO = const(0)
BY_TIMER = const(1)
_LEASE_S = const(2)
_BATCH_S = const(240)  # the pump starts when this much of its own flow is owed
_MOST_OWED_S = const(3600)  # what a broken pump owes is not made up for ever


class SludgeReturn:
    """Keeps account of what is owed, in ml, and runs the pump in batches."""

    def __init__(self, pump: Output, inflow: Inflow) -> None:
        self.pump: Output = pump
        self.inflow: Inflow = inflow
        self.owed_ml: int = 0
        self.phase_s: int = 0
        self.mode: int = BY_RATIO
        self.ratio_pct: int = 100
        self.flow_ml_s: int = 1  # of the pump, at least 1
        self.on_s: int = 0
        self.off_s: int = 60
        self._paying: int = 0

    def step(self, now_s: int) -> None:
        """While nothing is known of the inflow the timer rules."""
        claims = self.pump.claims
        self.phase_s += 1
        if self.phase_s >= self.on_s + self.off_s:
            self.phase_s = 0
        if self.mode == BY_TIMER or not self.inflow.fresh(now_s):
            on: int = 1 if self.phase_s < self.on_s else 0
            claims.lodge(PROCESS, on, now_s + _LEASE_S, CYCLE_ON if on else CYCLE_OFF)
            return
        self.owed_ml += self.inflow.dl_min * self.ratio_pct // 60
        most_ml: int = self.flow_ml_s * _MOST_OWED_S
        if self.owed_ml > most_ml:
            self.owed_ml = most_ml
        if self.pump.turns() == 1:
            self.owed_ml -= self.flow_ml_s
        if self.owed_ml >= self.flow_ml_s * _BATCH_S:
            self._paying = 1
        elif self.owed_ml <= 0:
            self._paying = 0
            self.owed_ml = 0
        claims.lodge(PROCESS, self._paying, now_s + _LEASE_S, RATIO_ON if self._paying else RATIO_OFF)
