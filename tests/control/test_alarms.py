"""Alarm states after ISA-18.2, the catalogue, and the snapshot over power cuts."""

import random

from unit.control.alarms import ACKNOWLEDGED, NORMAL, RETURNED, UNACKNOWLEDGED, AlarmBook
from unit.control.basics import NONE
from unit.control.controller import SNAPSHOT_BYTES
from unit.control.events import Events

from tests.control.rig import P1, Rig


class Alarm:
    """The only alarm of a book."""

    def __init__(self, on=5, off=10, latch=1, a_day=1):
        self.book = AlarmBook([("x", on, off, latch, a_day, b"")], Events())

    @property
    def state(self):
        return self.book.state[0]

    @property
    def active(self):
        return self.book.active[0]

    def feed(self, t, cause, seconds):
        for _ in range(seconds):
            self.book.step(t, [cause])
            t += 1
        return t


def test_delays():
    a = Alarm()
    t = a.feed(0, 1, 5)
    assert a.state == NORMAL
    t = a.feed(t, 0, 1)
    t = a.feed(t, 1, 6)
    assert a.state == UNACKNOWLEDGED
    t = a.feed(t, 0, 10)
    assert a.active
    a.feed(t, 0, 1)
    assert not a.active


def test_acknowledged_then_returned():
    a = Alarm()
    t = a.feed(0, 1, 6)
    a.book.acknowledge(0, t)
    assert a.state == ACKNOWLEDGED
    a.feed(t, 0, 11)
    assert a.state == NORMAL


def test_returned_before_anybody_saw_it_stays_when_latched():
    a = Alarm()
    t = a.feed(0, 1, 6)
    t = a.feed(t, 0, 11)
    assert a.state == RETURNED
    a.book.acknowledge(0, t)
    assert a.state == NORMAL
    b = Alarm(latch=0)
    t = b.feed(0, 1, 6)
    b.feed(t, 0, 11)
    assert b.state == NORMAL


def test_sounds_again_while_the_cause_stands():
    a = Alarm()
    a.book.resound_s = 3600
    t = a.feed(0, 1, 6)
    a.book.acknowledge(0, t)
    t = a.feed(t, 1, 3599)
    assert a.state == ACKNOWLEDGED
    a.feed(t, 1, 2)
    assert a.state == UNACKNOWLEDGED


def test_seconds_in_which_nothing_changes_are_passed_over_and_nothing_is_missed():
    def live(look_always):
        random.seed(5)
        r = Rig(inflow_l_min=60.0)
        for _ in range(60):
            k = random.randrange(4)
            r.dead[k] = random.random() < 0.3
            r.welded[k] = random.random() < 0.1
            r.turbidity_raw = random.choice((0, 6000, 19000))
            r.power = random.random() < 0.9
            if random.random() < 0.3:
                r.ctrl.acknowledge(random.choice((NONE, random.randrange(40))))
            for _ in range(random.randrange(1, 400)):
                if look_always:
                    r.ctrl.supervision.look_anew()
                r.run(1)
        return r.log

    log = live(False)
    assert log == live(True)
    assert len({(a, b) for _, event, a, b in log if event == "alarm"}) > 20


def test_turbidity_alarms_only_where_a_sensor_is_wired():
    for wired in ("ai2", ""):
        r = Rig({"wiring.turbidity": wired})
        r.turbidity_raw = 0
        r.run(120)
        assert r.active("turbidity_failed") == bool(wired)


def test_snapshot_carries_the_book():
    r = Rig(inflow_l_min=60.0)
    r.run(6 * 3600)
    before = r.ctrl
    assert r.power_cut(60) == 1
    after = r.ctrl
    for old, new in zip(before.outputs, after.outputs):
        assert (new.run_s, new.starts, new.serviced_run_s) == (old.run_s, old.starts, old.serviced_run_s)
    assert after.energy_wh == before.energy_wh
    assert after.process.lift.duty == before.process.lift.duty
    assert after.process.aeration.phase_s == before.process.aeration.phase_s
    assert abs(after.inflow.day_l - before.inflow.day_l) < 24


def test_a_damaged_snapshot_is_refused_whole():
    r = Rig()
    r.run(7200)
    data = bytearray(SNAPSHOT_BYTES)
    n = r.ctrl.save(data)
    for k in range(n):
        for bit in (1, 128):
            r.start()
            data[k] ^= bit
            assert r.ctrl.restore(data, n, 0) == 0
            assert r.ctrl.outputs[P1].run_s == 0
            data[k] ^= bit
    r.start()
    assert r.ctrl.restore(data, n, 0) == 1
    r.start()
    assert r.ctrl.restore(data, 2, 0) == 0 and r.ctrl.restore(data, 999, 0) == 0


def test_totals_of_readings_add_up_over_a_power_cut():
    r = Rig(inflow_l_min=60.0)
    values = [0] * 9
    total = 0
    for _ in range(60):
        r.run(60)
        r.ctrl.reading(values)
        total += values[3]
    assert total == r.ctrl.outputs[P1].run_s
    assert r.power_cut(60) == 1
    r.run(60)
    r.ctrl.reading(values)
    assert values[3] <= 60


def test_service_due_and_done():
    r = Rig({"service.pump_h": 10})
    r.ctrl.outputs[P1].run_s = 36000
    r.run(10)
    assert r.active("p1_service") and not r.active("p2_service")
    r.ctrl.service_done(P1)
    r.run(10)
    assert not r.active("p1_service")
