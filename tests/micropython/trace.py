"""A trace: what the control core was given in every second of a run, so that another interpreter can be given the same.

A file of records of FIELDS 32-bit integers each, in the machine's byte order. The first says what happened, the second
in which second of the run; the others depend on it:

STEP: `now_s`, `tod_s`, `day` of `Controller.step`, what the clock shows (seconds since 2020, NONE if unknown), then the
signals in the order of SIGNALS
ACKNOWLEDGE: nothing
START: what the clock shows
A run with a START keeps a journal, and begins with one.
"""

STEP = 0
ACKNOWLEDGE = 1
START = 2
FIELDS = 16
SIGNALS = (
    "level", "turbidity", "float_high", "float_low", "mains",
    "p1_running", "p2_running", "blower_running", "return_running", "energy_wh",
)  # fmt: skip
