"""The true world of a lift well: water, two pumps behind contactors, mains. Nothing in here knows what a sensor says.

Lengths are mm, flows litres a second, areas m2, so that a millimetre on a square metre is a litre.
"""

from unit.control.basics import const

_WINDOW_S = const(1800)
_HOUR_S = const(3600)
_STARTS = const(400)  # starts that are remembered: more than an hour can hold


class Motor:
    """One pump as an electrician with a clamp meter sees it: contactor, shaft, starts, runs, dry seconds."""

    def __init__(self, flow_l_s: float) -> None:
        self.flow_l_s: float = flow_l_s  # of the pump when new
        self.share: float = 1.0  # of it that is lifted today: worn, blocked, air-locked (0)
        self.dead: int = 0  # breaker tripped or missing: the contactor pulls in and nothing turns
        self.contactor: int = 0
        self.turns: int = 0
        self.dry: int = 0  # turns without water at its inlet
        self.since_s: int = -100000  # begin of the present run or rest
        self.run_s: int = 0  # in all
        self.starts: int = 0
        self.tripped_s: int = -100000  # last second in which it turned and lost its mains
        self.bounced: int = 0  # 1: the present run began by a contactor that fell for one second and pulled in again
        self.pulled_again: int = 0  # 1: it began by mains that came back to a closed relay, not by a command
        self._relay: int = 0
        self.dry_s: int = 0  # in the last half hour
        self.dry_all_s: int = 0
        self._dry: bytearray = bytearray(_WINDOW_S)
        self._started_s: list[int] = [-100000] * _STARTS
        self._next: int = 0

    def step(self, t_s: int, relay: int, mains: int) -> None:
        """Decide whether it turns in this second."""
        self.contactor = 1 if relay and mains else 0
        turns: int = 1 if self.contactor and not self.dead else 0
        if turns != self.turns:
            if turns:
                self.pulled_again = self._relay
                self.bounced = 1 if self.tripped_s == t_s - 1 else 0
                self._started_s[self._next] = t_s
                self._next = (self._next + 1) % _STARTS
                self.starts += 1
            elif relay and not mains:
                self.tripped_s = t_s
            self.turns = turns
            self.since_s = t_s
        self._relay = relay
        if turns:
            self.run_s += 1

    def wet(self, t_s: int, water: int) -> None:
        """Book whether there was water at the inlet."""
        self.dry = 1 if self.turns and not water else 0
        if self.dry or self.dry_s:
            i: int = t_s % _WINDOW_S
            self.dry_s += self.dry - self._dry[i]
            self._dry[i] = self.dry
            self.dry_all_s += self.dry

    def starts_in_hour(self, t_s: int) -> int:
        """Starts of the hour that ends now."""
        n: int = 0
        i: int = self._next
        while n < _STARTS:
            i = i - 1 if i > 0 else _STARTS - 1
            if t_s - self._started_s[i] >= _HOUR_S:
                return n
            n += 1
        return n


class Plant:
    """A bucket that fills, spills, and is emptied by two pumps."""

    def __init__(self, area_m2: float, spill_mm: float, suction_mm: float, flow_l_s: float) -> None:
        """`suction_mm`: below this no pump has water; `flow_l_s`: of one new pump alone in the riser."""
        self.area_m2: float = area_m2
        self.spill_mm: float = spill_mm
        self.suction_mm: float = suction_mm
        self.head_loss: float = 0.0  # share of the flow that is lost from a full to an empty well
        self.together: float = 1.0  # what two pumps in one riser lift, as a share of twice one
        self.level_mm: float = 0.0
        self.inflow_l_s: float = 0.0  # of this second
        self.target_l_s: float = 0.0  # the inflow swings towards this
        self.swing_s: float = 60.0
        self.mains: int = 1
        self.motors: list[Motor] = [Motor(flow_l_s), Motor(flow_l_s)]
        self.inflow_l: float = 0.0
        self.spilt_l: float = 0.0
        self.spills: int = 0  # 1 in a second in which it spills

    def advance(self, t_s: int, relay_1: int, relay_2: int) -> None:
        """One second."""
        one = self.motors[0]
        two = self.motors[1]
        one.step(t_s, relay_1, self.mains)
        two.step(t_s, relay_2, self.mains)
        self.inflow_l_s += (self.target_l_s - self.inflow_l_s) / self.swing_s
        self.inflow_l += self.inflow_l_s
        water: int = 1 if self.level_mm > self.suction_mm else 0
        one.wet(t_s, water)
        two.wet(t_s, water)
        lifted: float = 0.0
        if water:
            lifted = self.lift_l_s(self.level_mm, one.turns, two.turns)
            most: float = (self.level_mm - self.suction_mm) * self.area_m2 + self.inflow_l_s
            if lifted > most:
                lifted = most
        self.level_mm += (self.inflow_l_s - lifted) / self.area_m2
        self.spills = 0
        if self.level_mm > self.spill_mm:
            self.spilt_l += (self.level_mm - self.spill_mm) * self.area_m2
            self.level_mm = self.spill_mm
            self.spills = 1

    def lift_l_s(self, level_mm: float, one: int, two: int) -> float:
        """What the pumps that turn lift at this level."""
        lifted: float = 0.0
        if one:
            lifted += self.motors[0].flow_l_s * self.motors[0].share
        if two:
            lifted += self.motors[1].flow_l_s * self.motors[1].share
        if one and two:
            # A pump that lifts little leaves the riser to the other.
            lesser: float = min(self.motors[0].share, self.motors[1].share, 1.0)
            lifted *= 1.0 - (1.0 - self.together) * lesser
        return lifted * (1.0 - self.head_loss * (1.0 - level_mm / self.spill_mm))
