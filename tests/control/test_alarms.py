"""Alarm states after ISA-18.2, the catalogue, and the snapshot over power cuts."""

import random

from unit.control.alarms import ACKNOWLEDGED, NORMAL, RETURNED, UNACKNOWLEDGED, WORD, AlarmBook
from unit.control.basics import NONE
from unit.control.controller import SNAPSHOT_BYTES
from unit.control.events import Events
from unit.control.snapshot import Reader, Writer, restore_alarms, save_alarms

from tests.control.rig import ALARM_NAMES, P1, Rig


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


class Book:
    """Some alarms, each (name, on, off, latch, a_day, under), in a book of their own; `log` holds what was told."""

    def __init__(self, *alarms):
        names = [alarm[0] for alarm in alarms]
        rows = []
        for name, on, off, latch, a_day, under in alarms:
            rows.append((name, on, off, latch, a_day, bytes([names.index(root) for root in under.split()])))
        self.names = names
        self.book = AlarmBook(rows, Events())
        self.t = 0
        self.log = []

    def run(self, seconds, *causes):
        """So many seconds in which these causes stand, and no other."""
        words = [0] * (len(self.names) // WORD + 1)
        for name in causes:
            words[self.names.index(name) // WORD] |= 1 << self.names.index(name) % WORD
        for _ in range(seconds):
            self.book.step(self.t, words)
            self.t += 1
            self.take_events()

    def take_events(self):
        e = self.book.events
        for k in range(e.count):
            self.log.append((self.t - 1, self.names[e.a[k]], e.b[k]))
        e.clear()

    def told(self, name):
        """When this alarm was told."""
        return [t for t, a, state in self.log if a == name and state == UNACKNOWLEDGED]

    def state(self, name):
        return self.book.state[self.names.index(name)]

    def above(self, name):
        """The name of the alarm that explains this one, None for none."""
        under = self.book.under[self.names.index(name)]
        return self.names[under - 1] if under else None

    def ack(self, name):
        n = self.book.acknowledge(NONE if name == "all" else self.names.index(name), self.t)
        self.take_events()
        return n

    def times(self, name):
        return self.book.times[self.names.index(name)]

    def cut(self, names=None, outage_s=0):
        """A snapshot, a power cut, a new start; `names`: of another firmware's alarms, in its order."""
        data = bytearray(64)
        w = Writer(data)
        save_alarms(self.book, w, self.t)
        assert w.n == 4 + (len(self.names) + 7) // 8 * 3
        self.book = AlarmBook(self.rows(names or self.names), Events())
        self.names = names or self.names
        restore_alarms(self.book, Reader(data, w.n))
        self.book.age(outage_s)
        self.t = 0
        self.log = []
        return w.n

    def rows(self, names):
        return [(name, 5, 30, 1, 1, b"") for name in names]


def family(again_s=86400):
    """A root, what it explains and what that explains; all latched."""
    b = Book(("root", 5, 30, 1, 1, ""), ("child", 10, 60, 1, 1, "root"), ("grandchild", 0, 0, 1, 1, "child"))
    b.book.again_s = again_s
    return b


def test_what_is_explained_is_kept_and_not_told():
    b = family()
    b.run(100, "root", "child", "grandchild")
    assert b.told("root") == [5] and [name for _, name, _ in b.log] == ["root"]
    assert b.state("child") == NORMAL and b.book.active[1] == 1
    assert b.above("child") == "root" and b.above("grandchild") == "child" and b.above("root") is None
    assert b.book.belongs(2, 0) and b.book.belongs(0, 0) and b.book.belongs(1, NONE) and not b.book.belongs(0, 1)


def test_a_root_whose_delay_runs_explains_already():
    b = family()
    b.run(3, "root", "grandchild", "child")
    assert b.log == [] and b.above("child") == "root"


def test_what_is_left_when_its_root_ends_is_told_then():
    b = family()
    b.run(100, "root", "child")
    b.run(30 + 1, "child")
    assert b.state("root") == RETURNED and b.told("child") == []
    b.run(600 + 1, "child")
    assert b.told("child") == [130 + 601]


def test_what_ends_soon_after_its_root_is_never_told():
    b = family()
    b.run(100, "root", "child")
    b.run(400, "child")
    b.run(1000)
    assert b.told("child") == [] and b.state("child") == NORMAL and not b.book.active[1] and b.above("child") is None


def test_what_was_told_before_its_root_goes_below_it_and_ends_as_ever():
    b = family()
    b.run(20, "child")
    b.run(20, "root", "child")
    assert b.told("child") == [10] and b.state("child") == UNACKNOWLEDGED and b.above("child") == "root"
    b.run(70, "root")
    assert b.state("child") == RETURNED and b.above("child") is None


def test_of_two_that_explain_each_other_the_first_is_told():
    for first, second in (("one", "two"), ("two", "one")):
        b = Book(("one", 15, 60, 1, 1, "two"), ("two", 10, 60, 1, 1, "one"))
        b.run(20, first)
        b.run(60, first, second)
        assert [name for _, name, _ in b.log] == [first]
        assert b.above(second) == first and b.above(first) is None


def test_both_of_two_roots_are_needed():
    for causes, told in ((("a",), ["a", "c"]), (("b",), ["b", "c"]), (("a", "b"), ["a", "b"])):
        b = Book(("a", 0, 0, 1, 1, ""), ("b", 0, 0, 1, 1, ""), ("c", 10, 0, 1, 1, ""))
        both = bytes([0, 1 + 128])
        b.book = AlarmBook([("a", 0, 0, 1, 1, b""), ("b", 0, 0, 1, 1, b""), ("c", 10, 0, 1, 1, both)], Events())
        b.run(30, "c", *causes)
        assert [name for _, name, _ in b.log] == told


def test_acknowledging_a_root_acknowledges_what_is_below_it():
    b = family()
    b.run(20, "child", "grandchild")
    b.run(20, "root", "child", "grandchild")
    assert b.ack("root") == 2
    assert b.state("root") == b.state("child") == ACKNOWLEDGED and b.state("grandchild") == NORMAL
    assert b.ack("root") == 0
    b.run(43300, "root", "child", "grandchild")
    assert b.state("root") == UNACKNOWLEDGED and b.state("child") == ACKNOWLEDGED, "it sounds again for the cause alone"
    c = family()
    c.run(20, "child")
    c.run(20, "root", "child")
    assert c.ack("child") == 1 and c.state("root") == UNACKNOWLEDGED


def test_what_comes_and_goes_is_told_once_a_day_and_counted():
    b = Book(("x", 5, 30, 1, 1, ""))
    for _ in range(600):  # a loose wire: 12 hours
        b.run(36, "x")
        b.run(36)
    assert b.told("x") == [5] and b.times("x") == 255
    assert [state for _, _, state in b.log] == [UNACKNOWLEDGED, RETURNED]
    for _ in range(1200):
        b.run(36, "x")
        b.run(36)
    assert len(b.told("x")) == 2 and b.told("x")[1] >= 86400


def test_what_is_told_more_often_keeps_to_its_number():
    b = Book(("x", 5, 30, 1, 4, ""))
    for _ in range(48):
        b.run(900, "x")
        b.run(900)
    assert len(b.told("x")) == 4 and b.times("x") == 48
    for _ in range(96):
        b.run(900, "x")
        b.run(900)
    assert len(b.told("x")) == 6  # it has had its day: from then on once
    b.run(3600, "x")
    b.run(3600)
    b.ack("x")
    told = len(b.told("x"))
    for _ in range(20):
        b.run(900, "x")
        b.run(900)
    assert len(b.told("x")) == told + 1


def test_what_was_acknowledged_early_keeps_to_its_number():
    b = Book(("x", 5, 30, 1, 4, ""))
    for _ in range(10):
        b.run(900, "x")
        b.run(900)
        b.ack("x")
    assert len(b.told("x")) == 10, "each is news after somebody has seen the one before"


def test_a_return_that_stays_is_told_after_half_a_day():
    b = Book(("x", 5, 30, 1, 1, ""))
    b.run(36, "x")
    b.run(36)
    b.run(43200, "x")
    assert b.told("x") == [5] and b.state("x") == UNACKNOWLEDGED and b.book.silent(0)
    b.run(6, "x")
    assert b.told("x") == [5, 72 + 5 + 43200] and not b.book.silent(0)


def test_what_comes_again_after_somebody_acknowledged_it_is_news():
    b = Book(("x", 5, 30, 1, 1, ""))
    b.run(36, "x")
    b.run(36)
    assert b.state("x") == RETURNED
    b.ack("x")
    assert b.times("x") == 0
    b.run(36, "x")
    assert len(b.told("x")) == 2 and b.times("x") == 1


def test_a_second_story_of_what_is_not_latched_counts_too():
    b = Book(("x", 5, 30, 0, 1, ""))
    for _ in range(3):
        b.run(36, "x")
        assert b.state("x") == UNACKNOWLEDGED
        b.run(36)
        assert b.state("x") == NORMAL
    assert len(b.told("x")) == 1 and len(b.log) == 2 and b.times("x") == 3
    b.run(86400)
    b.run(36, "x")
    assert len(b.told("x")) == 2 and b.times("x") == 4
    b.ack("x")
    assert b.times("x") == 1


def test_states_survive_a_cut_and_nothing_is_told_twice():
    b = Book(("up", 5, 30, 1, 1, ""), ("seen", 5, 30, 1, 1, ""), ("gone", 5, 30, 1, 1, ""), ("calm", 5, 30, 1, 1, ""))
    b.run(40, "up", "seen", "gone")
    b.run(40, "up", "seen")
    b.ack("seen")
    before = list(b.book.state)
    assert before == [UNACKNOWLEDGED, ACKNOWLEDGED, RETURNED, NORMAL]
    b.cut()
    assert list(b.book.state) == before and list(b.book.active) == [1, 1, 0, 0]
    b.run(300)  # the first seconds after a start: no signal has come yet
    b.run(600, "up", "seen")
    assert b.log == [] and list(b.book.state) == before
    b.run(31)
    assert list(b.book.state) == [RETURNED, NORMAL, RETURNED, NORMAL]
    assert [state for _, _, state in b.log] == [RETURNED, NORMAL]


def test_what_was_told_before_a_cut_is_not_told_after_it():
    b = Book(("x", 5, 30, 0, 1, ""), ("y", 5, 30, 0, 1, ""))
    b.run(36, "x")
    b.run(36)
    for _ in range(10):
        b.cut(outage_s=60)
        b.run(1500)
        b.run(36, "x", "y")
        assert b.told("x") == [] and b.told("y") in ([1505], [])
    b.cut(outage_s=86400)
    b.run(700)
    b.run(36, "x")
    assert b.told("x") == [705], "a day later it is"


def test_a_snapshot_of_fewer_or_of_more_alarms():
    names = ["a%d" % i for i in range(20)]
    for other in (names[:3], names + ["b%d" % i for i in range(50)]):
        b = Book(*[(name, 5, 30, 1, 1, "") for name in names])
        b.run(40, "a1", "a19")
        assert b.cut(other) <= 40
        assert b.state("a1") == UNACKNOWLEDGED and sum(b.book.state) == (1 if len(other) == 3 else 2)
        b.run(700, "a1")
        assert b.log == [] or len(other) > 3
    b = Book(*[("a%d" % i, 5, 30, 1, 1, "") for i in range(70)])
    assert b.cut() <= 40


def test_events_behind_the_snapshot_are_taken_too():
    b = Book(("x", 5, 30, 1, 1, ""), ("y", 5, 30, 1, 1, ""))
    for state in range(4):
        b.book.repeat(1, state)
        assert b.state("y") == state and b.book.active[1] == (state in (UNACKNOWLEDGED, ACKNOWLEDGED))
    b.book.repeat(2, 1)
    b.book.repeat(-1, 1)
    assert b.state("x") == NORMAL


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


def test_a_loose_wire_is_one_alarm_a_day_whatever_it_does_to_the_floats():
    r = Rig(inflow_l_min=60.0)
    for _ in range(600):  # 12 hours
        r.level_raw = 0
        r.run(36)
        r.level_raw = None
        r.run(36)
    told = [ALARM_NAMES[a] for _, event, a, b in r.log if event == "alarm" and b == UNACKNOWLEDGED]
    assert told.count("level_failed") == 1 and "high_float" not in told
    # Three times in 216 s, and then it is not heard for 1800 s.
    assert r.ctrl.alarms.times[ALARM_NAMES.index("level_failed")] > 60


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
    assert abs(after.inflow.day_l - before.inflow.day_l * 5 // 6) < 24  # the hour of the cut is not known whole
    assert after.inflow.hours_known == 5


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
