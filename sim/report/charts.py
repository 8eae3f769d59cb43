"""Charts as HTML: the shapes are inline SVG that stretches with the page, the words are HTML that does not.

All charts of a page share the time axis. Values are floats, NaN leaves a hole. Colours come from the classes of
`report.css` (the palette of Okabe and Ito, which colour-blind readers can tell apart).
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from itertools import groupby

WIDTH = 1000.0  # of the view box; the browser stretches it


@dataclass(frozen=True)
class Tick:
    """A mark on an axis at `share` (0..1) of its length."""

    share: float
    label: str
    minor: bool = False  # hidden on a narrow screen


@dataclass(frozen=True)
class TimeAxis:
    """The run's time: `start` in local time, `seconds` long."""

    start: datetime
    seconds: int

    def x(self, t_s: float) -> float:
        """Place of second `t_s` in the view box."""
        return WIDTH * t_s / self.seconds

    def ticks(self) -> list[Tick]:
        """Labels at round moments: hours of a short run, days, or months of a long one."""
        days = self.seconds / 86_400
        if days > 60:
            return self._months()
        steps = (1, 2, 3, 6, 12, 24, 48, 96, 168)
        step_h = next((h for h in steps if days * 24 / h <= 14), steps[-1])
        midnight = self.start.replace(hour=0, minute=0, second=0)
        ticks: list[Tick] = []
        moment, i = midnight, 0
        while (t_s := (moment - self.start).total_seconds()) <= self.seconds:
            if t_s >= 0:
                label = f"{moment:%m-%d}" if moment.hour == 0 else f"{moment:%H:%M}"
                ticks.append(Tick(t_s / self.seconds, label, minor=i % 2 == 1))
            moment += timedelta(hours=step_h)
            i += 1
        return ticks

    def _months(self) -> list[Tick]:
        ticks: list[Tick] = []
        year, month = self.start.year, self.start.month
        while True:
            moment = self.start.replace(year=year, month=month, day=1, hour=0, minute=0, second=0)
            t_s = (moment - self.start).total_seconds()
            if t_s > self.seconds:
                return ticks
            if t_s >= 0:
                ticks.append(Tick(t_s / self.seconds, f"{moment:%Y-%m}", minor=len(ticks) % 3 != 0))
            year, month = year + month // 12, month % 12 + 1


def nice_top(value: float) -> float:
    """The next of 1, 1.5, 2, 3, 4, 5, 6, 8 times a power of ten at or above `value`."""
    if not (value > 0 and math.isfinite(value)):
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next((m * power for m in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if m * power >= value * 0.9999), 10 * power)


class Chart:
    """One plot of `height_px`, values from `low` to `high`, with a faint line at every label of the time axis.

    Add shapes, then take `html()`.
    """

    def __init__(self, axis: TimeAxis, height_px: int, low: float, high: float):
        self.axis = axis
        self.height = height_px
        self.low = low
        self.high = high
        self._shapes: list[str] = []
        self._words: list[str] = []
        for tick in axis.ticks():
            self._shape("grid", f"M{WIDTH * tick.share:.1f} 0V{height_px}")

    def y(self, value: float) -> float:
        """Place of a value in the view box, kept inside the plot."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.height * (1 - share)

    def _shape(self, css: str, path: str, title: str = "") -> None:
        """One more shape; `title` is a text that shows under the pointer."""
        end = f"><title>{escape(title)}</title></path>" if title else "/>"
        self._shapes.append(f'<path class="{css}" d="{path}"{end}')

    def scale(self, parts: int, digits: int = 0) -> None:
        """Numbers at the left edge, from `low` in equal parts to `high`, with a faint line each."""
        for i in range(parts + 1):
            value = self.low + (self.high - self.low) * i / parts
            y = self.y(value)
            self._shape("grid", f"M0 {y:.1f}H{WIDTH:.0f}")
            self._words.append(f'<span class="scale" style="top:{y / self.height:.2%}">{value:,.{digits}f}</span>')

    def mark(self, value: float, words: str, css: str) -> None:
        """A horizontal line with a name at the right edge."""
        y = self.y(value)
        self._shape(f"mark {css}", f"M0 {y:.1f}H{WIDTH:.0f}")
        self._words.append(f'<span class="name {css}" style="top:{y / self.height:.2%}">{escape(words)}</span>')

    def envelope(self, bin_s: int, lows: Sequence[float], highs: Sequence[float], css: str) -> None:
        """The band between the lowest and the highest value of each bin."""
        for first, last in _runs(highs):
            up, down = [], []
            for i in range(first, last + 1):  # one more, to the end of the last bin
                x, bin_at = self.axis.x(min(i * bin_s, self.axis.seconds)), min(i, last - 1)
                up.append(f"{x:.1f} {self.y(highs[bin_at]):.1f}")
                down.append(f"{x:.1f} {self.y(lows[bin_at]):.1f}")
            self._shape(f"band {css}", f"M{'L'.join(up)}L{'L'.join(reversed(down))}Z")

    def line(self, bin_s: int, values: Sequence[float], css: str) -> None:
        """A line through the middle of each bin."""
        for first, last in _runs(values):
            points = [
                f"{self.axis.x(min((i + 0.5) * bin_s, self.axis.seconds)):.1f} {self.y(values[i]):.1f}"
                for i in range(first, last)
            ]
            self._shape(f"line {css}", "M" + "L".join(points))

    def area(self, bin_s: int, values: Sequence[float], css: str, hanging: bool = False) -> None:
        """Steps filled down to the bottom, or up to the top when `hanging` (rain)."""
        parts = []
        for value, first, last in _stretches(values):
            if value > 0:
                x0, x1 = self.axis.x(first * bin_s), self.axis.x(min(last * bin_s, self.axis.seconds))
                base, y = self.height, self.y(value)
                if hanging:
                    base, y = 0, self.height - y
                parts.append(f"M{x0:.1f} {base}V{y:.1f}H{x1:.1f}V{base}Z")
        self._shape(f"area {css}", "".join(parts))

    def bar(self, t0_s: float, t1_s: float, value: float, css: str, title: str = "") -> None:
        """One upright bar, with a text that shows under the pointer."""
        x0, x1, y = self.axis.x(t0_s), self.axis.x(min(t1_s, self.axis.seconds)), self.y(value)
        gap = min(1.5, (x1 - x0) * 0.12)
        self._shape(f"area {css}", f"M{x0 + gap:.1f} {self.height}V{y:.1f}H{x1 - gap:.1f}V{self.height}Z", title)

    def span(self, t0_s: float, t1_s: float, css: str, title: str = "") -> None:
        """A stretch of time over the full height, at least wide enough to be seen."""
        x0 = self.axis.x(t0_s)
        x1 = max(self.axis.x(t1_s), x0 + 2)
        self._shape(f"span {css}", f"M{x0:.1f} 0H{x1:.1f}V{self.height}H{x0:.1f}Z", title)

    def html(self, label: str = "", times: bool = False, css: str = "plot") -> str:
        """The chart: `label` stands at the left (a row of bars), `times` puts the time axis below."""
        words = "".join(self._words)
        if label:
            words += f'<span class="row-label">{label}</span>'
        below = ""
        if times:
            marks = "".join(
                f'<span class="{"minor" if tick.minor else ""}" style="left:{tick.share:.2%}">{tick.label}</span>'
                for tick in self.axis.ticks()
                if tick.share < 0.985
            )
            below = f'<div class="times">{marks}</div>'
        return (
            f'<div class="{css}" style="height:{self.height}px"><svg viewBox="0 0 {WIDTH:.0f} {self.height}" '
            f'preserveAspectRatio="none" aria-hidden="true">{"".join(self._shapes)}</svg>{words}</div>{below}'
        )


def _runs(values: Sequence[float]) -> list[tuple[int, int]]:
    """Stretches without NaN, as (first, behind the last)."""
    return [(first, last) for hole, first, last in _stretches(map(math.isnan, values)) if not hole]


def _stretches(values: Iterable[float]) -> Iterator[tuple[float, int, int]]:
    """Equal values in a row, as (value, first, behind the last)."""
    last = 0
    for value, alike in groupby(values):
        first, last = last, last + len(list(alike))
        yield value, first, last
