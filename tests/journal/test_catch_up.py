"""After a power cut hours, starts, energy, duty and the starts of the last hour are as the journal tells them."""

import random

import pytest
from unit.control.controller import N_POINTS
from unit.journal.recorder import Recorder
from unit.journal.ring import Journal

from host_tools.unitkit.nor import Nor
from tests.control.rig import Rig

_START = 200_000_000  # seconds since 2020
_SNAPSHOT_S = 21600


class Unit(Rig):
    """The rig with a journal and a recorder, as on a board."""

    def __init__(self, **options):
        self.nor = Nor(bytearray(b"\xff" * 4096 * 64))
        self.knows_time = True
        super().__init__(**options)

    def start(self):
        super().start()
        self.recorder = Recorder(Journal(self.nor, N_POINTS, 60), self.ctrl, 60)
        self.recorder.wake(_START + self.t if self.knows_time else -(1 << 29))

    def live(self, seconds):
        for _ in range(seconds):
            events = self.ctrl.events
            before = len(self.log)
            self.run(1)
            for _, event, a, b in self.log[before:]:  # the rig has cleared them
                events.add(self.names.index(event), a, b)
            self.recorder.second(self.up_s - 1, _START + self.t - 1)

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
    assert (phase_s - aeration.phase_s) % (aeration._on_s[0] + aeration._off_s[0]) <= 60
