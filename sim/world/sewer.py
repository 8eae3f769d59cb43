"""What flows into the lift well: the village (or a measured file), rain through leaky sewers, groundwater.

The flow is constant within a minute, or until the next row of the file.
"""

from typing import Any

from unit.control.basics import NONE, const

from .rng import Rng

_DAY_S = const(86400)
_DAY_MIN = const(1440)
_STREAM_MINUTE = const(1)
_STREAM_WEEK = const(1000)  # and one more for every week

# The day of a village: three peaks with a flat top of one hour (start hour, height against the morning's) over a night
# that is nearly dry. Peaks: Chinese rural surveys name two or three, morning, noon and evening.
NIGHT_SHARE = 0.05
PEAK_HEIGHTS = (1.0, 0.8, 0.9)
PEAK_STARTS_H = (7.0, 12.0, 19.0)
HEIGHTS_SUM = 2.7
WIDEST_RAMP_H = 4.0
DAY_SPREAD = 0.15  # a day differs from the mean of its week by about this share ...
MINUTE_SPREAD = 0.5  # ... and a minute from the day's curve by up to this one

# Triangular unit responses (R-T-K method, US EPA SSOAP): share of the water, time to peak, recession over time to peak.
RAIN_SHARES = (0.5, 0.3, 0.2)
RAIN_PEAKS_S = (1800.0, 7200.0, 21600.0)
RAIN_TAILS = (2.0, 2.0, 3.0)
LONGEST_RESPONSE_S = 86400.0


def day_curve(peak_factor: float) -> list[float]:
    """Flow over mean flow for each of the 1440 minutes of a day: mean 1, the highest hour at `peak_factor`.

    Below 1.7 the night grows instead of the peaks; above 8 the peak is as sharp as it gets.
    """
    night = max(NIGHT_SHARE, (24.0 - HEIGHTS_SUM * (WIDEST_RAMP_H + 1.0) * peak_factor) / 10.5)
    height = max(peak_factor - night, 1e-9)
    ramp_h = min(max((1.0 - night) * 24.0 / (HEIGHTS_SUM * height) - 1.0, 1e-3), WIDEST_RAMP_H)
    curve: list[float] = []
    for minute in range(_DAY_MIN):
        hour = (float(minute) + 0.5) / 60.0
        flow = night
        for i in range(3):
            from_middle_h = abs(hour - PEAK_STARTS_H[i] - 0.5)
            gap_h = max(min(from_middle_h, 24.0 - from_middle_h) - 0.5, 0.0)
            if gap_h < ramp_h:
                flow += height * PEAK_HEIGHTS[i] * (1.0 - gap_h / ramp_h)
        curve.append(flow)
    mean = sum(curve) / float(_DAY_MIN)
    return [flow / mean for flow in curve]


def response_share(t_s: float, peak_s: float, tail: float) -> float:
    """Share of a short rain that has arrived `t_s` later: the integral of a triangle that peaks at `peak_s` and ends at
    `peak_s * (1 + tail)`."""
    base_s = peak_s * (1.0 + tail)
    if t_s <= 0.0:
        return 0.0
    if t_s < peak_s:
        return t_s * t_s / (base_s * peak_s)
    if t_s < base_s:
        return 1.0 - (base_s - t_s) * (base_s - t_s) / (base_s * (base_s - peak_s))
    return 1.0


class Sewer:
    """Inflow and rain of the scenario. `flow_m3_s`, `sewage_share` (the rest is clean water) and `tss_g_m3` of the
    sewage (below 0: not known) hold until `next_s`."""

    def __init__(self, scenario: Any, local_start_s: int) -> None:
        """`local_start_s`: local second of the day at the scenario's start."""
        inflow = scenario.inflow
        self.flow_m3_s: float = 0.0
        self.sewage_share: float = 1.0
        self.tss_g_m3: float = -1.0
        self.rain_mm_h: float = 0.0
        self.next_s: int = 0

        self._seed: int = scenario.seed
        self._local_start_s: int = local_start_s
        self._mean_m3_s: float = float(inflow.population) * float(inflow.litres_per_person_day) / 1000.0 / 86400.0
        self._curve: list[float] = day_curve(float(inflow.peak_factor))
        self._rng: Rng = Rng(self._seed, _STREAM_MINUTE)
        self._minute_end_s: int = 0
        self._minute_even: int = 0
        self._minute_factor: float = 1.0
        self._day: int = -1
        self._day_factor: float = 1.0
        self._clean_m3_s: float = float(inflow.infiltration_m3_d) / 86400.0

        holidays = sorted(scenario.holidays, key=lambda h: h.at_s)
        self._holiday_from_s: list[int] = [h.at_s for h in holidays]
        self._holiday_to_s: list[int] = [h.at_s + h.for_s for h in holidays]
        self._holiday_factor: list[float] = [float(h.factor) for h in holidays]

        rains = sorted(scenario.rain, key=lambda r: r.at_s)
        self._rain_from_s: list[float] = [float(r.at_s) for r in rains]
        self._rain_for_s: list[float] = [float(r.for_s) for r in rains]
        self._rain_mm_h: list[float] = [float(r.mm_h) for r in rains]
        self._rain_first: int = 0  # rains before this one have run off
        self._leaky_area_m2: float = float(inflow.leaky_area_m2)

        first_s = inflow.rows[0][0] if inflow.rows else 0
        self._row_s: list[int] = [row[0] - first_s for row in inflow.rows]
        self._row_m3_s: list[float] = [float(row[1]) * float(inflow.scale) / 86400.0 for row in inflow.rows]
        self._row_tss: list[float] = [float(row[2]) for row in inflow.rows]
        self._row: int = -1
        self._row_end_s: int = 0
        self._cycle_s: int = 0  # start of this repetition of the file
        self._file_m3_s: float = 0.0

    def update(self, t_s: int) -> None:
        """The flow from second `t_s` on; call when `t_s` reaches `next_s`."""
        new_minute = t_s >= self._minute_end_s
        if new_minute:
            self._minute_end_s = t_s - t_s % 60 + 60
        sewage_m3_s = 0.0
        if len(self._row_s) > 0:
            while t_s >= self._row_end_s:
                self._next_row()
            sewage_m3_s = self._file_m3_s
        elif new_minute:
            sewage_m3_s = self._people_m3_s(t_s)
        clean_m3_s = self._clean_m3_s + self._rain_m3_s(float(t_s) + 30.0)
        self.flow_m3_s = sewage_m3_s + clean_m3_s
        self.sewage_share = sewage_m3_s / self.flow_m3_s if self.flow_m3_s > 0.0 else 1.0
        self.next_s = self._minute_end_s
        if len(self._row_s) > 0 and self._row_end_s < self.next_s:
            self.next_s = self._row_end_s

    def _people_m3_s(self, t_s: int) -> float:
        local_s = self._local_start_s + t_s
        day = local_s // _DAY_S
        if day != self._day:
            self._day = day
            self._day_factor = self._factor_of_day(day)
        # Minutes come in pairs that make up for each other.
        if self._minute_even == 0:
            self._minute_even = 1
            self._minute_factor = 1.0 + MINUTE_SPREAD * self._rng.even()
        else:
            self._minute_even = 0
            self._minute_factor = 2.0 - self._minute_factor
        guests = 1.0
        for i in range(len(self._holiday_from_s)):
            if self._holiday_from_s[i] <= t_s < self._holiday_to_s[i]:
                guests = self._holiday_factor[i]
        curve = self._curve[local_s % _DAY_S // 60]
        return self._mean_m3_s * curve * self._day_factor * self._minute_factor * guests

    def _factor_of_day(self, day: int) -> float:
        """This day over the mean day; the seven days of each week from the start have the mean 1."""
        rng = Rng(self._seed, _STREAM_WEEK + day // 7)
        mean = 0.0
        here = 0.0
        for i in range(7):
            drawn = rng.even()
            mean += drawn / 7.0
            if i == day % 7:
                here = drawn
        return 1.0 + DAY_SPREAD * (here - mean)

    def _rain_m3_s(self, t_s: float) -> float:
        """Rain that arrives at `t_s`: each rain is a rectangle, its response the difference of two response curves."""
        arriving = 0.0
        self.rain_mm_h = 0.0
        n = len(self._rain_from_s)
        while self._rain_first < n:
            over_s = self._rain_from_s[self._rain_first] + self._rain_for_s[self._rain_first] + LONGEST_RESPONSE_S
            if over_s > t_s:
                break
            self._rain_first += 1
        for i in range(self._rain_first, n):
            since_s = t_s - self._rain_from_s[i]
            if since_s < 0.0:
                break
            for_s = self._rain_for_s[i]
            if since_s < for_s:
                self.rain_mm_h += self._rain_mm_h[i]
            share = 0.0
            for j in range(3):
                peak_s = RAIN_PEAKS_S[j]
                tail = RAIN_TAILS[j]
                share += RAIN_SHARES[j] * (
                    response_share(since_s, peak_s, tail) - response_share(since_s - for_s, peak_s, tail)
                )
            arriving += self._rain_mm_h[i] * share
        return arriving / 1000.0 / 3600.0 * self._leaky_area_m2

    def _next_row(self) -> None:
        """Steps to the next row; after the last, which holds as long as the one before it, to the first."""
        n = len(self._row_s)
        if n == 1:
            self._row = 0
            self._row_end_s = -NONE
        else:
            self._row += 1
            if self._row == n:
                self._row = 0
                self._cycle_s = self._row_end_s
            if self._row == n - 1:
                hold_s = self._row_s[n - 1] - self._row_s[n - 2]
            else:
                hold_s = self._row_s[self._row + 1] - self._row_s[self._row]
            self._row_end_s = self._cycle_s + self._row_s[self._row] + hold_s
        self._file_m3_s = self._row_m3_s[self._row]
        self.tss_g_m3 = self._row_tss[self._row]
