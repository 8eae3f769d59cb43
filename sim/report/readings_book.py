"""readings.csv of a run, a row for every reading that the unit records."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from unit.catalogue import tables
from unit.control.basics import NONE
from unit.control.points import ENERGY_WH, LEVEL_MM, TURBIDITY_NTU

from .results import Stream

_NAN = float("nan")


class ReadingsBook:
    """readings.csv, and what the unit read since the last bin of the charts."""

    def __init__(self, path: Path, start: datetime):
        points = list(tables.rows("points"))
        self._divisors = [(i, 10 ** int(row[2])) for i, row in enumerate(points) if row[2] != "0"]
        self.energy_wh = self.nominal = 0  # in all readings; how many of them have some of it by nominal power
        self._format = "%d,%sT%02d:%02d:%02d,%d," + ",".join("%%.%sf" % row[2] for row in points) + "\n"
        self._stream = Stream(path, ("time_s", "time", "quality", *(row[0] for row in points)))
        self._start = start
        self._start_tod_s = start.hour * 3600 + start.minute * 60 + start.second
        self._day = -1
        self._date = ""
        self._seen_lo = self._seen_hi = NONE
        self._ntu_sum = self._ntu_n = 0

    def write(self, t_s: int, quality: int, numbers: list[int]) -> None:
        """One row of `numbers`, which are on the scale of the points' catalogue."""
        local_s = self._start_tod_s + t_s
        day, tod_s = divmod(local_s, 86_400)
        if day != self._day:
            self._day = day
            self._date = (self._start.date() + timedelta(days=day)).isoformat()
        values: list[Any] = numbers[:]
        self.energy_wh += values[ENERGY_WH]
        self.nominal += quality >> 7 & 1
        level, ntu = values[LEVEL_MM], values[TURBIDITY_NTU]
        if level != NONE:
            if self._seen_lo == NONE or level < self._seen_lo:
                self._seen_lo = level
            self._seen_hi = max(self._seen_hi, level)
        if ntu != NONE:
            self._ntu_sum += ntu
            self._ntu_n += 1
        for i, divisor in self._divisors:
            values[i] = values[i] / divisor
        line = self._format % (t_s, self._date, tod_s // 3600, tod_s // 60 % 60, tod_s % 60, quality, *values)
        if NONE in numbers:
            fields = line.split(",")
            for i, value in enumerate(numbers, len(fields) - len(numbers)):
                if value == NONE:
                    fields[i] = "\n" if i == len(fields) - 1 else ""
            line = ",".join(fields)
        self._stream.line(line)

    def seen(self) -> dict[str, float]:
        """Lowest and highest level and mean turbidity that were recorded since the last call, NaN for none."""
        seen = {
            "seen_lo_mm": _NAN if self._seen_lo == NONE else float(self._seen_lo),
            "seen_hi_mm": _NAN if self._seen_lo == NONE else float(self._seen_hi),
            "seen_ntu": self._ntu_sum / self._ntu_n / 10 if self._ntu_n else _NAN,
        }
        self._seen_lo = self._seen_hi = NONE
        self._ntu_sum = self._ntu_n = 0
        return seen

    def close(self) -> None:
        self._stream.close()
