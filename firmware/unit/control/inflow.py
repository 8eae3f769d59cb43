"""What flows in, without a meter: from the rise of the level while the pumps rest; and what each pump lifts.

All is taken from means of the level over 16 s, with the signal's own noise measured beside them, so that waves and a
loose probe make an estimate slower and not wrong. Volumes are litres, the well's area comes as m2 times 100, so
litres = mm * area / 100; levels in here are sums of 16 samples, so 1/16 mm.
"""

from .basics import NONE, const

_START_S = const(20)  # after a pump starts the main fills and the surface swings
_STOP_S = const(8)  # after it stops the smoothed level falls on; what a leak brings back comes soon
_BLOCK_S = const(16)  # over so long a mean the waves of a well are still
_WINDOW_S = const(60)  # shortest time over which a rise is measured, unless it is four times what it has to be
_LONG_WINDOW_S = const(300)  # a slow rise is measured at least this long
_RISE = const(15 * 16)
_FINE = const(32000)  # a longer way is reckoned in whole mm, so that the product with any area stays a small integer
_MOST_DL_MIN = const(290000)  # an hour of more would leave the small integers; 1740 m3/h
_HOURS = const(24)
_KNOWN_S = const(2700)  # of an hour that counts as measured
_ENOUGH_HOURS = const(20)  # known of the last 24 to speak of a day
_RUN_S = const(32)  # shortest run that tells a pump's flow
_LONG_RUN_S = const(4000)  # longest run that is judged: the inflow has changed since
_LEARN_RUNS = const(15)  # and one more: the first runs of a pump, from which it is known
_AFTER = const(2)  # the window after a stop that tells the inflow: in the first the riser may still run empty
_BACK_WINDOW = const(4)  # a rise right after a stop is judged by the windows after it
_BACK_PLAIN = const(20 * 16)  # where the inflow explains more, a stop tells only what exceeds half of that
_BACK_STOPS = const(6)  # which have to agree
_BACK = const(5 * 16)  # on the mean of some stops it rises so much more than what flows in: a check valve leaks ...
_BACK_OVER = const(2 * 16)  # ... and no longer
_BACK_MOST = const(30 * 16)  # one stop does not count for more
_OLD_S = const(1800)  # an inflow older than this says nothing about the present
_ALIKE_S = const(72000)  # so long after both pumps have changed alike the day's inflow can tell whether the level has


class PumpFlow:
    """What one pump really lifts, against its own history."""

    def __init__(self) -> None:
        self.flow_l_min: int = 0  # last measured, 0 before the first
        self.usual_l_min: int = 0  # slow mean of healthy runs
        self.new_l_min: int = 0  # that of its first runs; until they are done how many, below 0
        self.new_pct: int = 100  # quick mean: flow over that of the first runs
        self.low_runs: int = 0  # clogged-looking runs in a row
        self.clogged: int = 0
        self.worn: int = 0  # 1 while the usual flow is far below that of the first runs
        self.clog_pct: int = 60  # of the usual flow
        self._rest: int = 0  # what the slow mean has not taken up yet

    def forgive(self) -> None:
        """Somebody has cleared the impeller: the pump may show what it lifts now."""
        self.low_runs = 0
        self.clogged = 0

    def serviced(self) -> None:
        """Somebody has put it in order: what it lifts from now on is what it lifts when new."""
        self.forgive()
        self.new_l_min = 0
        self.new_pct = 100
        self.worn = 0

    def take(self, flow_l_min: int, doubted: int) -> None:
        """One measured run. Two low ones in a row are a clog; one good one ends it. Many lower ones are wear.

        `doubted` 1: it is the level that may be wrong, so this run judges and teaches nothing.
        """
        self.flow_l_min = flow_l_min
        if flow_l_min * 100 < self.usual_l_min * self.clog_pct:
            self.low_runs += 1
            if self.low_runs >= 2 and not doubted:
                self.clogged = 1
            return
        self.low_runs = 0
        self.clogged = 0
        if doubted:
            return
        new_l_min: int = self.new_l_min
        share: int = 16 if new_l_min > 0 else 4
        self._rest += flow_l_min - self.usual_l_min
        self.usual_l_min += self._rest // share
        self._rest %= share
        if new_l_min > 0:
            self.worn = 1 if self.usual_l_min * 100 < new_l_min * (85 if self.worn else 80) else 0
        else:
            self.new_l_min = new_l_min - 1 if new_l_min > -_LEARN_RUNS else self.usual_l_min


class Inflow:
    """Inflow of the lift well and the flow of its pumps, from level and running pumps alone."""

    def __init__(self) -> None:
        self.l_min: int = 0  # newest estimate, 0 or more
        self.dl_min: int = 0  # the same in 0.1 L/min; below 0 where noise or a leak lowers the level
        self.measured_s: int = -_OLD_S
        self.day_l: int = 0  # inflow of the known ones among the last 24 h
        self.hours_known: int = 0
        self.usual_day_l: int = 0  # slow mean of what flows in within 24 h, 0 before the first
        self.stopped: int = 0  # 1 when for 24 h next to nothing has come where something used to
        self.scale_suspect: int = 0  # 1 when both pumps and the inflow have changed alike: the level's scale is wrong
        self.backflow: int = 0  # 1 when the well rises much faster right after a stop: a check valve leaks
        self.pumps: list[PumpFlow] = [PumpFlow(), PumpFlow()]
        self.area_m2_100: int = 100
        self.most_mm: int = 1 << 20  # at and above this level the well spills or the sensor ends: a rise says nothing
        self._bins_l: list[int] = [NONE] * _HOURS  # by hour, NONE where it was not measured
        self._bin: int = 0
        self._bin_end_s: int = 3599  # its last second
        self._bin_known_s: int = 0
        self._bin_dl: int = 0  # 0.1 L times 60 of the running hour
        self._phase: int = NONE  # pumps that turn, a bit a pump; NONE without a level
        self._n: int = 0  # samples of the block; below 0 while the surface settles
        self._sum: int = 0
        self._blocks: int = 0  # since the mark, with it
        self._last: int = 0  # the last block ...
        self._moved: int = 0  # ... against the one before
        self._noise_8: int = 0  # slow mean of how unevenly blocks follow each other, times 8
        self._mark: int = 0  # the block at which the window, or the run, began
        self._windows: int = 0  # measured since the stop
        self._first: int = 0  # rise in the first of them ...
        self._first_s: int = 0  # ... how long it was ...
        self._later: int = 0  # ... and the same of those after it
        self._later_s: int = 0
        self._before_dl_min: int = NONE  # inflow before the run, NONE where it was not measured
        self._fall_dl_min: int = NONE  # of the run that waits for the inflow after it
        self._fall_pump: int = 0
        self._back: int = 0  # slow mean of the rise that the inflow does not explain ...
        self._back_off: int = 0  # ... and of how far single stops are from it
        self._back_stops: int = 0
        self._alike_s: int = NONE  # since when both pumps lift the same share of what they lifted when new

    def fresh(self, now_s: int) -> int:
        """1 while the estimate is young enough to decide on."""
        return 1 if now_s - self.measured_s < _OLD_S else 0

    def per_day_l(self) -> int:
        """What flows in within 24 h, NONE while too few of the last hours are known."""
        if self.hours_known < _ENOUGH_HOURS:
            return NONE
        return self.day_l * _HOURS // self.hours_known

    def step(self, now_s: int, level_mm: int, level_ok: int, p1_turns: int, p2_turns: int) -> None:
        phase: int = NONE
        if level_ok and level_mm < self.most_mm:
            phase = (p1_turns != 0) + 2 * (p2_turns != 0)
        was: int = self._phase
        if phase != was:
            # Other pumps turn than in the second before, or the level has come or gone.
            self._phase = phase
            self._fall_dl_min = NONE
            seconds: int = (self._blocks - 1) * _BLOCK_S
            if phase != 0:
                self._before_dl_min = self.dl_min if was == 0 and self._windows else NONE
            elif 0 < was < 3 and self._before_dl_min != NONE and _RUN_S <= seconds <= _LONG_RUN_S:
                self._fall_pump = was - 1
                if self._flow_dl_min(self._noise_8 // 8, seconds) <= self.pumps[was - 1].usual_l_min:
                    self._fall_dl_min = self._flow_dl_min(self._mark - self._last, seconds)
            self._n = -_START_S if phase else -_STOP_S
            self._sum = 0
            self._blocks = 0
            self._windows = 0
        self._bin_dl += self.dl_min
        self._bin_known_s += self.fresh(now_s)
        if now_s >= self._bin_end_s:
            self.let_pass(1, self._bin_dl // 600 if self._bin_known_s >= _KNOWN_S else NONE)
            self._bin_end_s = now_s + 3600
            self._bin_known_s = 0
            self._bin_dl = 0
            self._learn_day()
        if phase == NONE:
            return
        n: int = self._n + 1
        self._n = n
        if n > 0:
            self._sum += level_mm
        if n < _BLOCK_S:
            return
        mean: int = self._sum
        moved: int = mean - self._last
        if self._blocks == 0:
            self._mark = mean
        elif self._blocks > 1:
            # Of a steady rise or fall nothing is left in here.
            uneven: int = moved - self._moved
            self._noise_8 += max(uneven, -uneven) - self._noise_8 // 8
        self._moved = moved
        self._last = mean
        self._blocks += 1
        self._sum = 0
        self._n = 0
        if phase == 0:
            self._follow_rest(now_s)

    def restore_day(self, day_l: int, hours_known: int) -> None:
        """Take up the 24 h sum of before a power cut, spread evenly over the hours that made it, none of them late."""
        self.let_pass(hours_known, day_l // max(1, hours_known))
        self.let_pass(_HOURS - hours_known, NONE)

    def let_pass(self, hours: int, litres: int) -> None:
        """So many hours have passed, each with `litres`, or NONE where nothing is known of them."""
        bins_l = self._bins_l
        while hours > 0:
            hours -= 1
            out: int = bins_l[self._bin]
            if out != NONE:
                self.day_l -= out
                self.hours_known -= 1
            bins_l[self._bin] = litres
            if litres != NONE:
                self.day_l += litres
                self.hours_known += 1
            self._bin = (self._bin + 1) % _HOURS

    def _flow_dl_min(self, way: int, seconds: int) -> int:
        """0.1 L/min of a rise or fall of `way` 1/16 mm."""
        dl_min: int = 0
        # In this order every product fits the small integers of a 32-bit board.
        if -_FINE <= way <= _FINE:
            dl_min = (way * self.area_m2_100 // 8 * 3 + seconds // 2) // seconds
        else:
            dl_min = way // 16 * self.area_m2_100 // 8 * 3 // seconds * 16
        return min(max(dl_min, -_MOST_DL_MIN), _MOST_DL_MIN)

    def _learn_day(self) -> None:
        """What a usual day brings, and whether this one brings nothing."""
        day_l: int = self.per_day_l()
        if day_l == NONE:
            self.stopped = 0
            return
        usual_l: int = self.usual_day_l
        if self.hours_known == _HOURS:
            # It has to come back in earnest, so that a trickle does not make it one alarm after the other.
            self.stopped = 1 if self.area_m2_100 < usual_l and day_l < usual_l // (20 if self.stopped else 50) else 0
        if usual_l == 0:
            if day_l > self.area_m2_100:  # 100 mm of the well: a smaller day may be noise
                self.usual_day_l = day_l
        elif not self.stopped:
            self.usual_day_l = usual_l + (day_l - usual_l) // 192  # about eight days

    def forget_run(self) -> None:
        """The pump draws air: this run says nothing of what it lifts."""
        self._before_dl_min = NONE

    def _follow_rest(self, now_s: int) -> None:
        seconds: int = (self._blocks - 1) * _BLOCK_S
        rise: int = self._last - self._mark
        need: int = max(_RISE, self._noise_8 // 2)
        if rise < need:
            if seconds < _LONG_WINDOW_S:
                return
        elif seconds < _WINDOW_S and rise < 4 * need:
            return
        self._mark = self._last
        self._blocks = 1
        if rise < -need or (rise == 0 and self._noise_8 < 8):
            # Something drains it, or the level does not live: no measurement of what flows in.
            self._windows = 0
            return
        self.dl_min = self._flow_dl_min(rise, seconds)
        self.l_min = max(0, (self.dl_min + 5) // 10)
        self.measured_s = now_s
        self._windows += 1
        if self._windows == 1:
            self._first = rise
            self._first_s = seconds
            self._later = 0
            self._later_s = 0
            return
        self._later += rise
        self._later_s += seconds
        if self._windows == _AFTER:
            self._judge_run(now_s)
        if self._windows != _BACK_WINDOW:
            return
        # What drains back through a leaking check valve shows in the first window after a stop, beside what the inflow
        # of those after it explains. A well may be narrower at its bottom: a quarter of that is forgiven; and windows
        # end where noise favours them. Single stops differ by noise, waves and uneven inflow; a leak stands out.
        explained: int = self._later * self._first_s // self._later_s
        excess: int = self._first - explained
        if excess > 0:
            excess -= explained // 4 + self._noise_8 // 8
        if explained > _BACK_PLAIN and -explained < 2 * excess < explained:
            return
        stops: int = min(self._back_stops + 1, _BACK_STOPS)
        self._back_stops = stops
        back: int = self._back
        off: int = min(max(excess, -_BACK_MOST), _BACK_MOST) - back
        back += off // stops
        self._back = back
        self._back_off += (max(off, -off) - self._back_off) // stops
        if back < _BACK_OVER:
            self.backflow = 0
        elif stops == _BACK_STOPS and back > _BACK and back > 2 * self._back_off:
            self.backflow = 1

    def _judge_run(self, now_s: int) -> None:
        """A run counts once the inflow after it is known too, if that agrees with the one before or is small."""
        if self._fall_dl_min == NONE:
            return
        pump = self.pumps[self._fall_pump]
        before: int = self._before_dl_min
        after: int = self.dl_min
        apart: int = max(before - after, after - before)
        inflow: int = (before + after) // 2
        if inflow > 5 * pump.usual_l_min or (apart > 2 * pump.usual_l_min and apart * 5 > inflow):
            return
        flow_l_min: int = max(0, (self._fall_dl_min + inflow) // 10)
        if pump.new_l_min > 0:
            pump.new_pct += (flow_l_min * 100 // pump.new_l_min - pump.new_pct) // 2
        pump.take(flow_l_min, self._doubts_scale(now_s))
        self._fall_dl_min = NONE

    def _doubts_scale(self, now_s: int) -> int:
        """1 while both pumps lift another share than when new, and alike, and the inflow has not denied it.

        Two pumps hardly wear or clog alike within the same days; a level whose scale has changed, or a wrong area of
        the well, changes both, and the inflow as well.
        """
        off: int = self.pumps[0].new_pct - 100
        other: int = self.pumps[1].new_pct - 100
        edge: int = 15 if self._alike_s == NONE else 10
        if -edge <= off <= edge or -edge <= other <= edge or not -15 <= off - other <= 15:
            self._alike_s = NONE
            self.scale_suspect = 0
            return 0
        if self._alike_s == NONE:
            self._alike_s = now_s
        day_l: int = self.per_day_l()
        percent_l: int = self.usual_day_l // 100
        if now_s - self._alike_s < _ALIKE_S or day_l == NONE or percent_l == 0:
            return 1
        # Is the inflow nearer to the pumps' share than to what it was?
        if (day_l // percent_l - 100) * 2 // off > 0:
            self.scale_suspect = 1
        return self.scale_suspect
