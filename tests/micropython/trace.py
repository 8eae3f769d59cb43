"""A trace: what the control core was given in every second of a run, so that another interpreter can be given the same.

A file of records of FIELDS 32-bit integers each, in the machine's byte order. The first says what happened, the second
in which second of the run; the others depend on it:

STEP: `now_s`, `tod_s`, `day` of `Controller.step`, then the signals in the order of SIGNALS
SAVE, ACKNOWLEDGE: nothing
START: 1 when a snapshot is taken up, and the outage in seconds that is known of
"""

STEP = 0
SAVE = 1
ACKNOWLEDGE = 2
START = 3
FIELDS = 14
SIGNALS = (
    "level", "turbidity", "float_high", "float_low", "mains",
    "p1_running", "p2_running", "blower_running", "return_running",
)  # fmt: skip
