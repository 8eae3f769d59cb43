"""The energy meter: its total is believed where it can be, and nominal power counts where it cannot."""

from unit.control.basics import NONE
from unit.control.points import ENERGY_WH, INPUTS

from .rig import Rig

NOMINAL_W = 3000  # about that of all machines together


class Metered(Rig):
    """Machines that use three quarters of their nominal power; the meter shows whole steps of `step_wh` of it."""

    def __init__(self, step_wh=10, every_s=1, **settings):
        self.real_ws = 0
        self.shown_from_wh = 12_345_000
        self.step_wh = step_wh
        self.every_s = every_s
        self.silent = self.cut = False
        wired = {"wiring.energy": "in6", "aeration.day_off_min": 1, "aeration.day_on_min": 240}
        wired.update(settings)
        super().__init__(wired)
        self.live(100)  # the blower starts

    def live(self, seconds):
        """(Wh counted, whether a reading calls them nominal); leaves `nominal_wh` and `real_wh` of the same time."""
        values = [0] * (INPUTS + 1)
        self.ctrl.count_from_here()
        nominal_ws = 0
        real_before_ws = self.real_ws
        for _ in range(seconds):
            power_w = sum([output.power_w for output in self.ctrl.outputs if output.turns() == 1])
            nominal_ws += power_w
            self.real_ws += power_w * 3 // 4
            wh = self.shown_from_wh + self.real_ws // 3600
            if not self.cut:
                self.total_wh = wh - wh % self.step_wh
            self.meter_wh = self.total_wh if self.t % self.every_s == 0 and not self.silent else NONE
            self.run(1)
        self.nominal_wh = nominal_ws / 3600
        self.real_wh = (self.real_ws - real_before_ws) / 3600
        quality = self.ctrl.reading(values)
        return values[ENERGY_WH], quality & 128


def near(wh, wanted_wh, within_wh=11):
    return abs(wh - wanted_wh) <= within_wh


def test_the_meter_counts_and_nothing_is_lost_over_a_day():
    for step_wh, every_s in ((1, 1), (10, 10), (1000, 1)):
        unit = Metered(step_wh, every_s, **{"energy.pulses_per_kwh": 1000 // step_wh if every_s == 1 else 1000})
        unit.live(2 * 3600)  # it counts from its first move on
        total_wh = 0
        before_ws = unit.real_ws
        for _ in range(24):
            wh, nominal = unit.live(3600)
            total_wh += wh
            assert nominal == 0
        assert abs(total_wh - (unit.real_ws - before_ws) / 3600) <= step_wh
        assert unit.ctrl.meter.counts and unit.ctrl.meter.failures == 0


def test_until_its_first_move_nominal_power_counts():
    unit = Metered(1 << 20)  # it has just moved
    wh, nominal = unit.live(1800)
    assert nominal == 128 and near(wh, unit.nominal_wh, 1)
    assert (unit.ctrl.meter.counts, unit.ctrl.meter.failures) == (0, 0)


def test_what_came_before_its_first_move_counts_once():
    unit = Metered(1000, **{"energy.pulses_per_kwh": 1})
    nominal_wh = unit.nominal_wh
    while not unit.ctrl.meter.counts:
        unit.live(1)
        nominal_wh += unit.nominal_wh
        assert unit.t < 7200
    assert near(unit.ctrl.energy_wh, nominal_wh, 2)


def test_without_a_meter_nominal_power_counts_and_nothing_is_said():
    unit = Metered(**{"wiring.energy": ""})
    wh, nominal = unit.live(3600)
    assert nominal == 0 and near(wh, unit.nominal_wh, 1)
    assert (unit.ctrl.meter.wired, unit.ctrl.meter.counts) == (0, 0)


def test_a_silent_meter_gives_way_to_nominal_power_and_what_it_brings_on_its_return_counts_once():
    unit = Metered(10, 10)
    unit.live(600)
    unit.silent = True
    wh, nominal = unit.live(4 * 3600)
    assert nominal == 128 and near(wh, unit.nominal_wh)
    assert (unit.ctrl.meter.counts, unit.ctrl.meter.failures) == (0, 1)
    unit.silent = False
    wh, _ = unit.live(600)
    assert near(wh, unit.real_wh, 25)  # not the four hours again
    wh, nominal = unit.live(3600)
    assert nominal == 0 and near(wh, unit.real_wh)
    assert (unit.ctrl.meter.counts, unit.ctrl.meter.failures) == (1, 1)


def test_a_short_silence_is_no_failure():
    unit = Metered(10, 10)
    unit.live(600)
    unit.silent = True
    silent_wh, _ = unit.live(120)
    real_wh = unit.real_wh
    unit.silent = False
    wh, nominal = unit.live(60)
    assert nominal == 0 and near(silent_wh + wh, real_wh + unit.real_wh)
    assert unit.ctrl.meter.failures == 0


def test_a_meter_whose_wire_is_cut_stands_still_and_gives_way():
    unit = Metered(1)
    unit.live(600)
    unit.cut = True
    wh, nominal = unit.live(4 * 3600)
    assert nominal == 128 and near(wh, unit.nominal_wh)
    assert (unit.ctrl.meter.counts, unit.ctrl.meter.failures) == (0, 1)


def test_machines_that_stand_need_no_meter_that_moves():
    unit = Metered(10, 10)
    unit.live(600)
    unit.dead = [True] * 4
    unit.live(30)  # what the meter still has to show
    unit.silent = True
    assert unit.live(6 * 3600) == (0, 0)
    assert (unit.ctrl.meter.counts, unit.ctrl.meter.failures) == (1, 0)


def test_a_replaced_meter_is_neither_a_loss_nor_a_leap():
    for begins_wh in (0, 5_000, 999_000_000):
        unit = Metered(10, 10)
        unit.live(600)
        unit.shown_from_wh = begins_wh
        unit.real_ws = 0
        wh, nominal = unit.live(600)
        assert nominal == 128 and near(wh, unit.real_wh, 40), begins_wh
        assert unit.ctrl.meter.failures == 1
        wh, nominal = unit.live(3600)
        assert nominal == 0 and near(wh, unit.real_wh)


def test_a_total_that_runs_away_counts_no_more_than_machines_can_use():
    most_w = 1000 + 2 * (2 * 750 + 1100 + 370)
    for leap_wh, every_s in ((3000, 60), (400, 60), (50, 1)):  # 180 kW, 24 kW, and 180 kW as noise on the wire would
        unit = Metered(1)
        unit.live(600)
        total_wh = 0
        for _ in range(3600 // every_s):
            unit.shown_from_wh += leap_wh
            wh, _ = unit.live(every_s)
            assert 0 <= wh < 1000
            total_wh += wh
        assert total_wh <= most_w + NOMINAL_W + most_w * 300 // 3600
        assert unit.ctrl.meter.failures >= 30


def test_energy_never_goes_back_whatever_the_meter_says():
    unit = Metered(1)
    state = 12345
    before = unit.ctrl.energy_wh
    for _ in range(3000):
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        unit.meter_wh = (NONE, state >> 1, state >> 22, unit.meter_wh)[state >> 8 & 3]
        unit.run(1)
        assert 0 <= unit.ctrl.energy_wh - before < 1000
        before = unit.ctrl.energy_wh


def test_other_settings_while_it_counts_do_not_disturb_it():
    unit = Metered(10, 10)
    unit.live(600)
    meter = unit.ctrl.meter
    settings = dict(unit.settings)
    from unit.assembly import control_settings

    unit.ctrl.configure(control_settings(settings))
    assert unit.ctrl.meter is meter and meter.counts
    wh, nominal = unit.live(3600)
    assert nominal == 0 and near(wh, unit.real_wh)
