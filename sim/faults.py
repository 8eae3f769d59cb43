"""The table of faults: what can go wrong with what, and what `amount` means there."""

from dataclasses import dataclass

SENSORS = ("level", "turbidity", "float_high", "float_low")
ACTUATORS = ("p1", "p2", "blower", "return")


@dataclass(frozen=True)
class FaultKind:
    """One kind of fault. `amount` says what the amount is, "" when the kind takes none; `low`..`high` is its range and
    `default` stands in when it is left out: NaN for "as it is at that moment", None when it must be given."""

    kind: str
    targets: tuple[str, ...]
    amount: str = ""
    low: float = 0.0
    high: float = 0.0
    default: float | None = 0.0


KINDS = (
    FaultKind("stuck", SENSORS, "the value it is stuck at, in mm, NTU or 0/1", -1000.0, 20000.0, float("nan")),
    FaultKind("drift", SENSORS, "mm or NTU an hour", -1000.0, 1000.0, None),
    FaultKind("noise", SENSORS, "standard deviation in mm or NTU", 0.0, 5000.0, None),
    FaultKind("open", SENSORS),
    FaultKind("short", SENSORS),
    FaultKind("missing", SENSORS),
    FaultKind("clogged", ACTUATORS, "share of the flow that is lost, 0 to 1", 0.0, 1.0, None),
    FaultKind("worn", ACTUATORS, "share of the flow that is lost, 0 to 1", 0.0, 1.0, None),
    FaultKind("tripped", ACTUATORS),
    FaultKind("welded", ACTUATORS),
    FaultKind("dead", ACTUATORS),
    FaultKind("off", ("mains",)),
    FaultKind("down", ("network", "broker")),
    FaultKind("unset", ("clock",)),
    FaultKind("jump", ("clock",), "seconds, backwards when negative", -1e9, 1e9, None),
    FaultKind("power_cut", ("board",)),
)

BY_KIND = {kind.kind: kind for kind in KINDS}
TARGETS = tuple(dict.fromkeys(target for kind in KINDS for target in kind.targets))
