"""A pump or blower with its contactor: what it does with a command, and what breaks in it."""

from unit.control.basics import const

_HALF_HOUR_S = const(1800)
CLOG_TORQUE = 0.6  # rags in an impeller or dirt in a filter: this much more power, times the share of the flow lost
IDLE_POWER = 0.6  # of the rated power at no flow; the rest grows with the flow (radial impeller, [G])
DRY_POWER = 0.5  # of the rated power, running in air [G]


class Machine:
    """One actuator. At each change of faults `set_faults_none()` and `add_fault()`; each second `decide()`."""

    def __init__(self, rated_w: float) -> None:
        self.rated_w: float = rated_w
        self.running: int = 0  # it turns and draws current: what the feedback contact shows
        self.run_s: int = 0
        self.dry: int = 0  # it ran dry in this second
        self.was_dry: int = 0  # ... and in the one before
        self.dry_run_s: int = 0
        self.most_dry_s: int = 0  # in any 30 minutes
        self._dry_at: list[int] = []  # the dry seconds of the last 30 minutes
        self.flow_share: float = 1.0  # of the healthy flow
        self.power_share: float = 1.0
        self.leak_share: float = 0.0  # of the rated flow, back through the check valve while it stands
        self.welded: int = 0
        self.stopped: int = 0  # tripped or dead: no command moves it

    def set_faults_none(self) -> None:
        """In full health again."""
        self.flow_share = 1.0
        self.power_share = 1.0
        self.leak_share = 0.0
        self.welded = 0
        self.stopped = 0

    def add_fault(self, kind: str, amount: float) -> None:
        """One more fault. Losses of flow multiply; a clog makes it draw more power too."""
        if kind == "clogged":
            self.flow_share *= 1.0 - amount
            self.power_share *= 1.0 + CLOG_TORQUE * amount
        elif kind == "worn":
            self.flow_share *= 1.0 - amount
        elif kind == "leaking":
            self.leak_share = amount
        elif kind == "welded":
            self.welded = 1
        else:  # tripped or dead: alike for the plant, the motor stands and its feedback shows it
            self.stopped = 1

    def decide(self, commanded: int, mains_on: int) -> None:
        """Whether it runs in this second."""
        self.was_dry = self.dry
        self.dry = 0
        self.running = 0
        if mains_on and not self.stopped and (commanded or self.welded):
            self.running = 1
            self.run_s += 1

    def note_dry(self, t_s: int) -> None:
        """It has run dry in the second that ends at `t_s`."""
        self._dry_at.append(t_s)
        while self._dry_at[0] <= t_s - _HALF_HOUR_S:
            self._dry_at.pop(0)
        self.most_dry_s = max(self.most_dry_s, len(self._dry_at))

    def power_w(self, load: float) -> float:
        """Power at `load`, the flow over the rated flow, while it runs."""
        return self.rated_w * (IDLE_POWER + (1.0 - IDLE_POWER) * load) * self.power_share
