"""What every module of the control core shares."""


def const(value: int) -> int:
    """A compile-time constant: MicroPython folds `_X = const(1)` away; elsewhere this is the identity."""
    return value


NONE = const(-(1 << 29))  # "no value": outside every credible signal, still a small int on a 32-bit board

# Quality of a value, the NE 107 classes, better to worse.
GOOD = const(0)
MAINTENANCE = const(1)  # usable, but the sensor wants attention
OUT_OF_SPEC = const(2)  # measured outside the certain range: do not decide on it alone
CHECK = const(3)  # function check: somebody is working on it
FAILURE = const(4)  # no value
