"""The table of faults: what can go wrong with what, what `amount` means there, and its words."""

from dataclasses import dataclass

ANALOG = ("level", "turbidity")
SENSORS = (*ANALOG, "float_high", "float_low")
PUMPS = ("p1", "p2")
ACTUATORS = (*PUMPS, "blower", "return")
FEEDBACK = tuple(name + "_running" for name in ACTUATORS)

AS_IT_IS = float("nan")  # amount of `stuck`: the value of the moment when it sticks


@dataclass(frozen=True)
class FaultKind:
    """One kind of fault. `amount` says what the amount is, "" when the kind takes none; `low`..`high` is its range and
    `default` stands in when it is left out: AS_IT_IS (NaN) for "as it is at that moment", None when it must be given.
    `pulsed`: it comes once in each `every`, for as many seconds as the amount says. Any other that `repeats` may come
    once in each `every` too, for `lasts`. What each kind does to each target: docs/plant-model.md."""

    kind: str
    targets: tuple[str, ...]
    zh: str
    en: str
    amount: str = ""
    low: float = 0.0
    high: float = 0.0
    default: float | None = 0.0
    pulsed: bool = False
    repeats: bool = True


_OUT = "whole seconds at the beginning of each period, for nothing shorter than a second is simulated"
_LOST = "share of the flow that is lost, 0 to 1"

KINDS = (
    FaultKind(
        "stuck", (*SENSORS, "energy"), "卡死不变", "stuck",
        "the value it is stuck at, in mm, NTU or 0/1", -1000.0, 20000.0, AS_IT_IS,
    ),
    FaultKind("drift", SENSORS, "漂移", "drifting", "mm or NTU an hour", -1000.0, 1000.0, None),
    FaultKind("noise", SENSORS, "跳动", "noisy", "standard deviation in mm or NTU", 0.0, 5000.0, None),
    FaultKind("offset", SENSORS, "偏差", "offset", "mm or NTU", -20000.0, 20000.0, None),
    FaultKind("scale", SENSORS, "比例不对", "out of scale", "factor", 0.0, 100.0, None),
    FaultKind(
        "error_value", SENSORS, "发出错误码", "sends an error number",
        "the number in mm or NTU; NaN is none: a driver makes no value of it, which is missing", -1e7, 1e7, None,
    ),
    FaultKind("open", SENSORS, "断线", "wire open"),
    FaultKind("short", SENSORS, "短路", "wire shorted"),
    FaultKind("missing", (*SENSORS, "energy"), "无信号", "no signal"),
    FaultKind("dropout", (*SENSORS, *FEEDBACK), "时断时续", "comes and goes", _OUT, 1.0, 86400.0, None, pulsed=True),
    FaultKind("stuck_on", FEEDBACK, "一直有信号", "stuck on"),
    FaultKind("stuck_off", FEEDBACK, "一直无信号", "stuck off"),
    FaultKind(
        "replaced", ("energy",), "已更换", "replaced", "kWh that the new one shows", 0.0, 1e6, 0.0, repeats=False
    ),
    FaultKind("clogged", ACTUATORS, "堵塞", "clogged", _LOST, 0.0, 1.0, 0.6),
    FaultKind("worn", ACTUATORS, "磨损", "worn", _LOST, 0.0, 1.0, 0.3),
    FaultKind("leaking", PUMPS, "止回阀漏", "check valve leaking", "share of the rated flow", 0.0, 1.0, 0.3),
    FaultKind("tripped", ACTUATORS, "热继电器跳闸", "overload tripped"),
    FaultKind("welded", ACTUATORS, "触点粘连", "contactor welded"),
    FaultKind("dead", ACTUATORS, "不转", "dead"),
    FaultKind("off", ("mains",), "停电", "off"),
    FaultKind("dips", ("mains",), "频繁闪断", "dips", _OUT, 1.0, 86400.0, None, pulsed=True),
    FaultKind("down", ("network", "broker"), "不通", "down"),
    FaultKind("unset", ("clock",), "未设时间", "never set"),
    FaultKind("jump", ("clock",), "时间跳变", "jumped", "seconds, backwards when negative", -1e9, 1e9, 3600.0),
    FaultKind("power_cut", ("board",), "控制板断电", "without power"),
)  # fmt: skip

BY_KIND = {kind.kind: kind for kind in KINDS}
TARGETS = tuple(dict.fromkeys(target for kind in KINDS for target in kind.targets))
