"""What flows in, without a meter: from the rise of the level while the pumps rest; and what each pump lifts.

Volumes are litres, the well's area comes as m2 times 100, so litres = mm * area / 100.
"""

from .basics import NONE, const

_SETTLE_S = const(20)  # after a pump stops or starts the surface swings and the riser drains
_WINDOW_S = const(60)  # shortest time over which a rise is measured
_LONG_WINDOW_S = const(300)  # a slow rise is measured at least this long
_RISE_MM = const(15)
_HOURS = const(24)
_RUN_S = const(45)  # shortest run that tells a pump's flow
_BACK_WINDOW = const(2)  # a rise right after a stop is judged by this window after it: the riser is empty by then
_BACK_MM = const(5)  # on the mean of some stops it rises so much more than what flows in: a check valve leaks ...
_BACK_OVER_MM = const(2)  # ... and no longer
_BACK_MOST_MM = const(30)  # one stop does not count for more
_LONG_RUN_S = const(4000)  # longest run that is judged: the inflow has changed since
_OLD_S = const(1800)  # an inflow older than this says nothing about the present


class PumpFlow:
    """What one pump really lifts, against its own history."""

    def __init__(self) -> None:
        self.flow_l_min: int = 0  # last measured, 0 before the first
        self.usual_l_min: int = 0  # slow mean of healthy runs
        self.low_runs: int = 0  # clogged-looking runs in a row
        self.clogged: int = 0
        self.worn: int = 0  # 1 while it lifts lastingly less than it once did
        self.clog_pct: int = 60  # of the usual flow

    def forgive(self) -> None:
        """Somebody has cleared the impeller: the pump may show what it lifts now."""
        self.low_runs = 0
        self.clogged = 0

    def take(self, flow_l_min: int) -> None:
        """One measured run. Two low ones in a row are a clog; one good one ends it."""
        self.flow_l_min = flow_l_min
        if flow_l_min * 100 < self.usual_l_min * self.clog_pct:
            self.low_runs += 1
            if self.low_runs >= 2:
                self.clogged = 1
            return
        self.low_runs = 0
        self.clogged = 0
        self.usual_l_min += (flow_l_min - self.usual_l_min) // 16


class Inflow:
    """Inflow of the lift well and the flow of its pumps, from level and running pumps alone."""

    def __init__(self) -> None:
        self.l_min: int = 0  # newest estimate
        self.measured_s: int = -_OLD_S
        self.day_l: int = 0  # inflow of the last 24 h
        self.hours_known: int = 0
        self.stopped: int = 0  # 1 when nothing flows in where something did
        self.backflow: int = 0  # 1 when the well rises much faster right after a stop: a check valve leaks
        self.pumps: list[PumpFlow] = [PumpFlow(), PumpFlow()]
        self.area_m2_100: int = 100
        self._bins_l: list[int] = [0] * _HOURS
        self._bin: int = 0
        self._bin_s: int = 0
        self._bin_lmin: int = 0  # litres times 60 of the running hour
        self._rest_since_s: int = NONE  # all pumps at rest since
        self._mark_mm: int = 0
        self._mark_s: int = NONE
        self._windows: int = 0  # measured since the stop
        self._lowest_mm: int = 0  # just after the stop: a level that is smoothed still falls for some seconds
        self._lowest_s: int = 0
        self._early_mm: int = 0  # rise while the surface settled after the stop ...
        self._early_s: int = 0  # ... and the time it took
        self._run_pump: int = -1
        self._run_mm: int = 0
        self._run_since_s: int = 0
        self._run_mark_s: int = NONE
        self._fall_l_min: int = NONE  # of the run that waits for the inflow after it
        self._fall_pump: int = 0
        self._before_l_min: int = 0
        self._back_mm_16: int = 0  # slow mean of the rise that the inflow does not explain, in 1/16 mm

    def fresh(self, now_s: int) -> int:
        """1 while the estimate is young enough to decide on."""
        return 1 if now_s - self.measured_s < _OLD_S else 0

    def step(self, now_s: int, level_mm: int, level_ok: int, p1_turns: int, p2_turns: int) -> None:
        self._count_hour()
        if not level_ok:
            self._mark_s = NONE
            self._run_mark_s = NONE
            self._run_pump = -1
            self._rest_since_s = NONE
            self._fall_l_min = NONE
            return
        if p1_turns or p2_turns:
            self._follow_run(now_s, level_mm, p1_turns, p2_turns)
        else:
            self._follow_rest(now_s, level_mm)

    def restore_day(self, day_l: int, hours_known: int) -> None:
        """Take up the 24 h sum of before a power cut, spread evenly."""
        self.hours_known = hours_known
        i: int = 0
        while i < _HOURS:
            self._bins_l[i] = day_l // _HOURS
            i += 1
        self.day_l = day_l

    def _litres_per_min(self, mm: int, seconds: int) -> int:
        # In this order every product fits the small integers of a 32-bit board.
        return mm * self.area_m2_100 // 10 * 6 // seconds

    def _count_hour(self) -> None:
        self._bin_lmin += self.l_min
        self._bin_s += 1
        if self._bin_s < 3600:
            return
        litres: int = self._bin_lmin // 60
        self.day_l += litres - self._bins_l[self._bin]
        self._bins_l[self._bin] = litres
        self._bin = (self._bin + 1) % _HOURS
        self._bin_s = 0
        self._bin_lmin = 0
        if self.hours_known < _HOURS:
            self.hours_known += 1

    def _follow_rest(self, now_s: int, level_mm: int) -> None:
        if self._run_pump >= 0:
            self._end_run(now_s, level_mm)
        if self._rest_since_s == NONE:
            self._rest_since_s = now_s
            self._mark_s = NONE
            self._windows = 0
            self._lowest_mm = level_mm
            self._lowest_s = now_s
        if now_s - self._rest_since_s < _SETTLE_S:
            if level_mm < self._lowest_mm:
                self._lowest_mm = level_mm
                self._lowest_s = now_s
            return
        if self._mark_s == NONE:
            self._mark_s = now_s
            self._mark_mm = level_mm
            self._early_mm = level_mm - self._lowest_mm
            self._early_s = now_s - self._lowest_s
            return
        seconds: int = now_s - self._mark_s
        rise_mm: int = level_mm - self._mark_mm
        if seconds < _WINDOW_S or (rise_mm < _RISE_MM and seconds < _LONG_WINDOW_S):
            return
        self.l_min = self._litres_per_min(rise_mm, seconds) if rise_mm > 0 else 0
        self.measured_s = now_s
        self._mark_s = now_s
        self._mark_mm = level_mm
        self._windows += 1
        if self._windows == _BACK_WINDOW:
            self._judge_backflow()
        self._judge_run()

    def _follow_run(self, now_s: int, level_mm: int, p1_turns: int, p2_turns: int) -> None:
        self._rest_since_s = NONE
        if p1_turns and p2_turns:
            # Two pumps together say nothing about either, but a pump that needed help is known to be weak.
            if self._run_pump >= 0 and self._run_pump < 2:
                self._end_run(now_s, level_mm)
            self._run_pump = 2
            return
        pump: int = 0 if p1_turns else 1
        if self._run_pump != pump:
            self._run_pump = pump
            self._run_since_s = now_s
            self._run_mark_s = NONE
            self._before_l_min = self.l_min if self.fresh(now_s) else NONE
        if self._run_mark_s == NONE and now_s - self._run_since_s >= _SETTLE_S:
            self._run_mark_s = now_s
            self._run_mm = level_mm

    def _end_run(self, now_s: int, level_mm: int) -> None:
        pump: int = self._run_pump
        self._run_pump = -1
        if pump > 1 or self._run_mark_s == NONE or self._before_l_min == NONE:
            return
        seconds: int = now_s - self._run_mark_s
        if seconds < _RUN_S or seconds > _LONG_RUN_S:
            return
        self._fall_l_min = self._litres_per_min(self._run_mm - level_mm, seconds)
        self._fall_pump = pump

    def _judge_backflow(self) -> None:
        """What drains back through a leaking check valve shows in the first seconds after a stop."""
        excess_mm: int = self._early_mm - self.l_min * self._early_s * 10 // 6 // self.area_m2_100
        if excess_mm > _BACK_MOST_MM:
            excess_mm = _BACK_MOST_MM
        elif excess_mm < -_BACK_MOST_MM:
            excess_mm = -_BACK_MOST_MM
        self._back_mm_16 += (excess_mm * 16 - self._back_mm_16) // 8
        if self._back_mm_16 > _BACK_MM * 16:
            self.backflow = 1
        elif self._back_mm_16 < _BACK_OVER_MM * 16:
            self.backflow = 0

    def _judge_run(self) -> None:
        """A run is judged once the inflow after it is known too: the larger of both, so that rain is no clog."""
        if self._fall_l_min == NONE:
            return
        inflow: int = self._before_l_min if self._before_l_min > self.l_min else self.l_min
        self.pumps[self._fall_pump].take(self._fall_l_min + inflow)
        self._fall_l_min = NONE
