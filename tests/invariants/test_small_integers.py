"""Estimates at the extremes of the allowed settings: every number on the way fits a 32-bit board's small integers.

Not only what is kept, as in the invariants, but each product, sum and quotient on the way to it.
"""

import pytest
from unit.control.basics import NONE
from unit.control.events import Events
from unit.control.inflow import Inflow
from unit.control.io import BLOWER, RETURN
from unit.control.output import Output
from unit.control.process.aeration import Aeration
from unit.control.process.sludge_return import SludgeReturn

from tests.control.rig import DEFAULTS

LIMIT = 1 << 30
LEVELS_MM = (-1525, 21312)  # 3.6 and 21 mA over the widest range that may be set


class Small(int):
    """An integer that bears no neighbour beyond 30 bits: what comes of it is checked too."""


def _checked(name):
    plain = getattr(int, name)

    def operation(self, *others):
        result = plain(self, *others)
        if result is NotImplemented or isinstance(result, bool):
            return result
        assert -LIMIT <= result < LIMIT, f"{name}({int(self)}, {others}) = {result}"
        return Small(result)

    return operation


for operator in ("add", "sub", "mul", "floordiv", "mod", "lshift", "rshift"):
    for prefix in ("__", "__r"):
        setattr(Small, f"{prefix}{operator}__", _checked(f"{prefix}{operator}__"))
for operator in ("neg", "pos", "abs"):
    setattr(Small, f"__{operator}__", _checked(f"__{operator}__"))


def small(thing):
    """Every integer that `thing` keeps, watched from now on."""
    for name, value in vars(thing).items():
        if type(value) is int:
            setattr(thing, name, Small(value))
        elif isinstance(value, list) and value and type(value[0]) is int:
            value[:] = [Small(n) for n in value]


def extreme_inflow(area_m2_100, usual_l_min=16666):
    inflow = Inflow()
    for pump in inflow.pumps:
        pump.usual_l_min = usual_l_min
        pump.clog_pct = 95
        small(pump)
    inflow.area_m2_100 = area_m2_100
    inflow.most_mm = 30000
    small(inflow)
    return inflow


def test_a_number_that_leaves_30_bits_is_seen():
    with pytest.raises(AssertionError):
        Small(1 << 20) * 1024
    with pytest.raises(AssertionError):
        1024 * Small(1 << 20)
    with pytest.raises(AssertionError):
        2 - Small(-(1 << 30)) - 1
    assert type(Small(7) // 2) is Small and type(3 + Small(7)) is Small


@pytest.mark.parametrize("area_m2_100", [10, 20000])
@pytest.mark.parametrize("rise_mm_s", [1, 37, 400])
def test_levels_that_jump_from_end_to_end(area_m2_100, rise_mm_s):
    """Rests of all lengths between runs, while the level goes up and down as fast as it likes."""
    inflow = extreme_inflow(area_m2_100)
    low, high = LEVELS_MM
    level = low
    way = rise_mm_s
    for t in range(40000):
        level += way
        if not low <= level <= high:
            way = -way
            level = min(max(level, low), high)
        phase = t // (900 + t % 7) % 4
        at = level if t % 9000 < 7000 else LEVELS_MM[t // 16 % 2]
        inflow.step(Small(t), Small(at), 1, 1 if phase == 1 else 0, 1 if phase == 3 else 0)


def test_the_largest_inflow_for_days():
    inflow = extreme_inflow(20000)
    aeration = Aeration(Output(BLOWER, "blower", 0), inflow, Events())
    aeration.low_load_l = 10_000_000  # 10000 m3/d
    aeration.holiday_l = 10_000_000
    aeration.most_debt_s = 36000
    aeration.on_s = [Small(43200)] * 4
    aeration.off_s = [Small(86400)] * 4
    small(aeration)
    sludge = SludgeReturn(Output(RETURN, "return", 0), inflow)
    sludge.ratio_pct = 2000
    sludge.flow_ml_s = 10000 * 1000 // 36
    small(sludge)
    sludge.owed_ml = Small(sludge.flow_ml_s * 3600)
    inflow.dl_min = Small(290000)
    for t in range(50 * 3600):
        inflow.measured_s = Small(t)
        inflow.step(Small(t), Small(0), 0, 0, 0)
        if t % 60 == 0:
            aeration.step(Small(t), Small(t % 86400), 1)
            sludge.step(Small(t))
    assert inflow.hours_known == 24 and inflow.per_day_l() > 40_000_000
    assert sludge.owed_ml == sludge.flow_ml_s * 3600
    for seconds in (1, 86400, 10 * 365 * 86400):
        aeration.missed(Small(seconds))
        aeration.went_on(Small(seconds))
        inflow.restore_day(Small(24 * 1_740_000), Small(24))


def test_the_largest_rise_is_held_at_what_an_hour_can_bear():
    inflow = extreme_inflow(20000)
    for t in range(80):
        inflow.step(Small(t), Small(min(-1525 + t * 400, 21312)), 1, 0, 0)
    assert inflow.dl_min == 290000 and inflow.l_min == 29000


@pytest.mark.parametrize("flow_l_min", [0, 1, 15000, 33000])
def test_pumps_of_every_size(flow_l_min):
    inflow = extreme_inflow(20000, usual_l_min=max(1, flow_l_min))
    inflow.usual_day_l = Small(16_777_215)
    inflow.restore_day(Small(24 * 1_740_000), Small(24))
    for k in range(80):
        pump = inflow.pumps[k % 2]
        inflow._fall_dl_min = Small(flow_l_min * 10 * (1 if k < 40 else 3))
        inflow._fall_pump = k % 2
        inflow._before_dl_min = Small(0)
        inflow.dl_min = Small(0)
        inflow._judge_run(Small(k * 86400))
        inflow._learn_day()
        assert pump.flow_l_min >= 0
    assert inflow.per_day_l() != NONE


def test_the_extremes_are_those_of_the_catalogue():
    """Of the settings that estimates are reckoned with; who widens one looks at the figures in this file."""
    from unit.catalogue.tables import rows

    ranges = {row[0]: row[4] for row in rows("settings")}
    assert {key: ranges[key] for key in EXTREMES} == EXTREMES
    assert set(EXTREMES) <= set(DEFAULTS)


EXTREMES = {
    "lift.well_area_m2": "0.10..200",
    "lift.pump_flow_m3_h": "0.1..1000",
    "lift.clog_pct": "10..95",
    "level.low_mm": "-1000..20000",
    "level.high_mm": "100..20000",
    "aeration.low_load_m3_d": "0..10000",
    "aeration.holiday_m3_d": "0..10000",
    "aeration.day_on_min": "0..720",
    "aeration.holiday_off_min": "1..1440",
    "aeration.catch_up_min": "0..600",
    "return.flow_m3_h": "0.1..1000",
    "return.ratio_pct": "0..2000",
}
