"""After a power cut hours, starts, energy, duty and the starts of the last hour are as the journal tells them."""

import random

import pytest
from unit.assembly import control_settings
from unit.catalogue import tables
from unit.catalogue.alarms import definitions
from unit.control.controller import HAND, Controller
from unit.journal.recorder import Recorder
from unit.journal.ring import Journal

from host_tools.unitkit.nor import Nor
from tests.control.rig import Rig

START_S = 200_000_000  # seconds since 2020
_SNAPSHOT_S = 21600


class Unit(Rig):
    """The rig with a journal and a recorder, as on a board."""

    def __init__(self, interval_s=60, **options):
        self.nor = Nor(bytearray(b"\xff" * 4096 * 64))
        self.knows_time = True
        self.interval_s = interval_s
        super().__init__(**options)

    def start(self):
        super().start()
        points = tables.count("points")
        self.recorder = Recorder(Journal(self.nor, points, self.interval_s), self.ctrl, self.interval_s)
        self.recorder.wake(START_S + self.t if self.knows_time else -(1 << 29))

    def live(self, seconds, before_record=lambda: None):
        """`before_record` is called in the middle of every tick: relays are driven, nothing of it is written yet."""
        for _ in range(seconds):
            events = self.ctrl.events
            before = len(self.log)
            self.run(1)
            for _, event, a, b in self.log[before:]:  # the rig has cleared them
                events.add(self.names.index(event), a, b)
            before_record()
            self.recorder.second(self.up_s - 1, START_S + self.t - 1)

    def after_a_cut(self):
        """Another controller, woken from this flash as it is now."""
        ctrl = Controller(control_settings(self.settings), definitions())
        flash = Nor(bytearray(self.nor.data))
        Recorder(Journal(flash, tables.count("points"), self.interval_s), ctrl, self.interval_s).wake(START_S + self.t)
        return ctrl

    names = __import__("tests.control.rig", fromlist=["EVENT_NAMES"]).EVENT_NAMES


def _book(unit):
    return [(o.run_s, o.starts, o.serviced_run_s) for o in unit.ctrl.outputs], unit.ctrl.process.lift.duty


@pytest.mark.parametrize("seed", range(6))
def test_nothing_but_the_last_minute_is_lost(seed):
    rng = random.Random(seed)
    unit = Unit(inflow_l_min=rng.choice((20.0, 60.0, 110.0)))
    for _ in range(3):
        unit.live(rng.randrange(300, 2 * _SNAPSHOT_S))
        if rng.random() < 0.5:
            unit.ctrl.service_done(0)
            unit.live(61)
        outputs, duty = _book(unit)
        energy_wh = unit.ctrl.energy_wh
        hour = [o.guard.starts_last_hour(unit.up_s) for o in unit.ctrl.outputs]
        outage_s = rng.choice((0, 30, 1800, 7200))
        unit.t += outage_s
        unit.start()
        after, duty_after = _book(unit)
        for (run_s, starts, serviced), (run_after, starts_after, serviced_after) in zip(outputs, after, strict=True):
            assert run_s - 60 <= run_after <= run_s
            assert starts_after == starts
            assert abs(serviced - serviced_after) <= 60
        assert duty_after == duty
        assert energy_wh - 40 <= unit.ctrl.energy_wh <= energy_wh
        for output, before in zip(unit.ctrl.outputs, hour, strict=True):
            # The last record may be a minute old, so a start of an hour ago may count a minute longer.
            remembered = output.guard.starts_last_hour(0)
            assert remembered <= before + 1
            if outage_s <= 30:
                assert remembered >= before - 1
            if outage_s == 7200:
                assert remembered == 0


class Metered(Unit):
    """With an energy meter, which goes on while the unit is off."""

    def live(self, seconds):
        for _ in range(seconds):
            self.meter_wh = 700_000 + self.t // 2  # 1.8 kW
            super().live(1)


@pytest.mark.parametrize("outage_s", [0, 7200, 3_000_000])
def test_metered_energy_goes_on_where_it_was(outage_s):
    unit = Metered(settings={"wiring.energy": "in6"})
    unit.live(8000)
    energy_wh = unit.ctrl.energy_wh
    assert unit.ctrl.meter.counts and abs(energy_wh - 4000) < 20
    unit.t += outage_s
    unit.start()
    assert energy_wh - 40 <= unit.ctrl.energy_wh <= energy_wh
    begun_wh = unit.ctrl.energy_wh
    unit.live(7200)
    assert unit.ctrl.meter.counts and abs(unit.ctrl.energy_wh - begun_wh - 3600) < 20


@pytest.mark.parametrize("interval_s", [10, 60, 600])
def test_what_a_cut_at_the_worst_moment_costs(interval_s):
    """Every machine runs, the cut comes in the middle of any tick before, at and after a snapshot."""
    unit = Unit(interval_s, inflow_l_min=60.0)
    unit.live(_SNAPSHOT_S - 2 * interval_s)
    unit.level_mm = 900
    unit.inflow_l_min = 340.0
    still = sum(not output.on for output in unit.ctrl.outputs)
    for output in unit.ctrl.outputs:
        unit.ctrl.command(output.index, 1, 3600, HAND)
    worst = [0, 0, 0]

    def cut():
        if unit.up_s % interval_s not in (0, 1, 2) and not unit.ctrl.events.count:
            return  # of all other seconds the next one loses more
        ctrl = unit.after_a_cut()
        pairs = list(zip(unit.ctrl.outputs, ctrl.outputs, strict=True))
        lost = (
            sum(now.run_s - then.run_s for now, then in pairs),
            sum(now.starts - then.starts for now, then in pairs),
            unit.ctrl.energy_wh - ctrl.energy_wh,
        )
        assert min(lost) >= 0
        worst[:] = map(max, worst, lost)

    unit.live(4 * interval_s, cut)
    power_w = sum(output.power_w for output in unit.ctrl.outputs)
    assert all(output.on for output in unit.ctrl.outputs) and power_w == 2970
    # Of each machine what ran since the last reading, and the starts of the second in which the power goes.
    assert worst[:2] == [4 * interval_s, still]
    assert worst[2] - power_w * interval_s // 3600 in (0, 1)


def test_a_snapshot_is_rare_but_comes_soon_after_an_alarm():
    unit = Unit()
    saved = []
    save = unit.recorder.save
    unit.recorder.save = lambda now_s, utc_s: (saved.append(now_s), save(now_s, utc_s))
    unit.live(_SNAPSHOT_S + 100)
    assert saved == [_SNAPSHOT_S]
    unit.turbidity_raw = 0
    unit.live(1200)
    assert len(saved) == 2 and saved[1] <= _SNAPSHOT_S + 100 + 660


def test_the_aeration_cycle_goes_on_where_it_was():
    unit = Unit()
    unit.live(3000)
    phase_s = unit.ctrl.process.aeration.phase_s
    unit.start()
    aeration = unit.ctrl.process.aeration
    assert (phase_s - aeration.phase_s) % (aeration.on_s[0] + aeration.off_s[0]) <= 60


def test_alarms_of_after_the_snapshot_are_known_and_not_told_again():
    unit = Unit(inflow_l_min=20.0)
    unit.live(120)
    unit.turbidity_raw = 0
    unit.live(120)
    assert unit.raised("turbidity_failed") and unit.recorder._saved_s == 0
    unit.log.clear()
    unit.t += 30
    unit.start()
    assert unit.active("turbidity_failed")
    unit.live(900)
    assert not unit.raised("turbidity_failed")
    unit.turbidity_raw = 6000
    unit.live(120)
    assert not unit.active("turbidity_failed")
