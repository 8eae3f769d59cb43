"""What the charts show: the run cut into equal bins, each with the lowest, highest or mean value of its seconds.

The number of bins is bounded, so a year costs the memory and the report size of a month.
"""

from array import array

MAX_BINS = 2100
_WIDTHS_S = (10, 60, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800)

COLUMNS = (
    "level_lo_mm", "level_hi_mm",        # the water itself
    "seen_lo_mm", "seen_hi_mm",          # what the unit recorded, NaN where it recorded nothing
    "turbidity_lo_ntu", "turbidity_hi_ntu",
    "seen_ntu",
    "oxygen_g_m3",
    "inflow_m3_d", "overflow_m3_d", "rain_mm_h",
    "p1", "p2", "blower", "return",      # share of the bin that it ran
)  # fmt: skip


class Series:
    """Columns of equal bins; `append` one bin after the other, the last one may be shorter."""

    def __init__(self, seconds: int):
        self.bin_s = next((w for w in _WIDTHS_S if seconds <= w * MAX_BINS), _WIDTHS_S[-1])
        self.columns = {name: array("d") for name in COLUMNS}

    def __len__(self) -> int:
        return len(self.columns[COLUMNS[0]])

    def __getitem__(self, name: str) -> array:
        return self.columns[name]

    def append(self, values: dict[str, float]) -> None:
        """One more bin. KeyError unless `values` has every column."""
        for name, column in self.columns.items():
            column.append(values[name])
