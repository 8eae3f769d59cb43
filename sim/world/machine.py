"""A pump or blower with its contactor: what it does with a command, and what breaks in it."""

CLOG_TORQUE = 0.6  # rags in an impeller or dirt in a filter: this much more power, times the share of the flow lost
IDLE_POWER = 0.6  # of the rated power at no flow; the rest grows with the flow (radial impeller, [G])
DRY_POWER = 0.5  # of the rated power, running in air [G]


class Machine:
    """One actuator. `set_faults_none()`, then the faults of the moment as attributes, then `decide()` each second."""

    def __init__(self, rated_w: float) -> None:
        self.rated_w: float = rated_w
        self.running: int = 0  # it turns and draws current: what the feedback contact shows
        self.run_s: int = 0
        self.dry: int = 0  # it ran dry in this second
        self.dry_run_s: int = 0
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

    def lose_flow(self, share: float, clogged: int) -> None:
        """`share` of the flow is lost, on top of what is lost already; a clog makes it draw more power too."""
        self.flow_share *= 1.0 - share
        if clogged:
            self.power_share *= 1.0 + CLOG_TORQUE * share

    def decide(self, commanded: int, mains_on: int) -> None:
        """Whether it runs in this second."""
        self.dry = 0
        self.running = 0
        if mains_on and not self.stopped and (commanded or self.welded):
            self.running = 1
            self.run_s += 1

    def power_w(self, load: float) -> float:
        """Power at `load`, the flow over the rated flow, while it runs."""
        return self.rated_w * (IDLE_POWER + (1.0 - IDLE_POWER) * load) * self.power_share
