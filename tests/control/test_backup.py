"""The pumps without a level, or in spite of it: by the high float, by memory, by time."""

from unit.control.basics import NONE
from unit.control.process.backup import BY_FLOAT, BY_LEVEL, BY_TIME, Backup
from unit.control.signals import Switch
from unit.control.witnesses import HIGH_LEVEL, LEVEL_LOW, Well

from tests.control.judge import Exact

PACE_S = 300
MAX_RUN_S = 3600


class Full:
    """A well of which every fact is set by hand; a pump lowers it by 1000 mm in 1000 s."""

    def __init__(self, **facts):
        w = Well()
        w.level = Exact()
        w.level.electrical = 1
        w.float_high = Switch(0, 0)
        w.high_mark_mm = 1000
        w.spill_level_mm = 1500
        w.level_ok = 1
        w.level_mm = 400
        w.high_up = 0
        w.low_wet = 1
        b = Backup(w)
        b.high_level_mm = 950
        b.stop_level_mm = 250
        b.run_s = 150
        b.expect(1000)
        self.w = w
        self.b = b
        self.t = 10000
        self.wanted = 1
        self.rested = 1
        self.turns = 0
        self.set(**facts)

    def set(self, **facts):
        for name in facts:
            assert hasattr(self.w, name)
            setattr(self.w, name, facts[name])
            if name == "high_up":
                self.w.float_high.value = facts[name]
            if name == "level_ok":
                self.w.level.electrical = facts[name]

    def go(self, seconds=1):
        """So many seconds; returns (what runs the pumps, how many)."""
        b = self.b
        for _ in range(seconds):
            b.watch(self.t, self.wanted)
            b.step(self.t, PACE_S, MAX_RUN_S, self.rested)
            self.turns += b.turn
            self.t += 1
        return (b.by, b.n if b.by else 0)

    def lasts(self, by, most_s=10000):
        """Seconds for which `by` still runs the pumps, and how many it was each second."""
        numbers = []
        while len(numbers) < most_s:
            found, n = self.go()
            if found != by:
                break
            numbers.append(n)
        return numbers


def test_a_new_backup_runs_nothing():
    b = Backup(Well())
    for name, value in (
        ("run_s", 60), ("n_pumps", 1), ("high_level_mm", 0), ("stop_level_mm", 0), ("rate_ks", 1), ("high", 0),
        ("full", 0),
        ("doubtful", 0), ("fell_s", -1), ("by", 0), ("n", 0), ("turn", 0), ("hold_until_s", 0), ("_was_ok", 0),
        ("_drowned", 0), ("_since_s", 0), ("_until_s", -1), ("_both_s", 0), ("_by_level", 0), ("_blind_next_s", 0),
        ("_float_most_s", 0),
    ):  # fmt: skip
        assert getattr(b, name) == value, name
    assert Full().go(100) == (0, 0)
    assert len({0, BY_FLOAT, BY_LEVEL, BY_TIME}) == 4


def test_the_high_float_runs_one_pump_for_its_time_then_both_and_they_change_places():
    f = Full(level_ok=0, low_wet=NONE, high_up=1)
    assert f.lasts(BY_FLOAT, 451) == [1] * 150 + [2] * 301
    assert f.turns == 4  # at its rise, and after each run
    f = Full(level_ok=0, low_wet=NONE, high_up=1)
    f.b.n_pumps = 2
    assert f.go() == (BY_FLOAT, 2)


def test_over_a_wet_low_float_a_run_is_so_long_that_starts_always_suffice():
    f = Full(level_ok=0, high_up=1)
    assert f.lasts(BY_FLOAT, 700) == [1] * 150 + [2] * 550
    assert f.turns == 3
    for pace_s, max_run_s, low_wet, run_s in ((300, 3600, 1, 300), (300, 200, 1, 199), (300, 100, 1, 150),
                                              (100, 3600, 1, 150),
                                              (300, 3600, 0, 150), (300, 3600, NONE, 150)):  # fmt: skip
        f = Full(level_ok=0, high_up=1, low_wet=low_wet)
        f.b.watch(f.t, 1)
        f.b.step(f.t, pace_s, max_run_s, 1)
        f.t += 1
        f.set(high_up=0)
        assert len(f.lasts(BY_FLOAT)) == run_s - 1


def test_a_run_that_has_begun_lasts_though_the_float_falls():
    f = Full(level_ok=0, low_wet=NONE, high_up=1)
    f.go()
    f.set(high_up=0)
    assert f.lasts(BY_FLOAT) == [1] * 149
    assert f.b.fell_s == 10001
    assert f.go(1000) == (0, 0)
    f.set(high_up=1)
    assert f.go() == (BY_FLOAT, 1) and f.turns == 2  # the next run begins with one pump again, the other


def test_a_pump_that_did_not_lower_the_float_alone_does_not_begin_the_next_three_runs():
    f = Full(level_ok=0, low_wet=NONE, high_up=1)
    assert f.go(151) == (BY_FLOAT, 2) and f.turns == 2  # the second run is the other's
    for turns in (2, 2, 2, 3):
        f.set(high_up=0)
        f.go(1000)
        f.set(high_up=1)
        assert f.go() == (BY_FLOAT, 1) and f.turns == turns


def test_a_run_by_float_ends_in_a_dry_well_or_at_the_stop_level_of_a_level_that_agreed_as_the_float_rose():
    for rise, fall, lasts_s in (
        ({"level_mm": 1000}, {"level_mm": 251}, 299), ({"level_mm": 1000}, {"level_mm": 250}, 0),
        ({"level_mm": 1000}, {"dry": 1}, 0),
        ({"level_mm": 240, "disputed": LEVEL_LOW}, {"level_mm": 240, "disputed": 0}, 299),
        ({"level_ok": 0}, {"level_ok": 1, "level_mm": 240}, 299),
        ({"level_mm": 1000}, {"level_ok": 0, "level_mm": 240}, 299),
    ):  # fmt: skip
        f = Full(high_up=1, **rise)
        f.go()
        f.set(high_up=0, **fall)
        f.wanted = 0
        assert len(f.lasts(BY_FLOAT)) == lasts_s, (rise, fall)


def test_a_float_that_a_believed_level_doubts_waits_until_a_dry_well_has_filled():
    for odds, rested, by in ((HIGH_LEVEL, 1, BY_FLOAT), (HIGH_LEVEL, 0, 0), (0, 0, BY_FLOAT), (LEVEL_LOW, 0, BY_FLOAT)):
        f = Full(high_up=1, odds=odds)
        f.rested = rested
        assert f.go()[0] == by, (odds, rested)
        assert bool(f.b.doubtful) == (odds == HIGH_LEVEL)
    f = Full(high_up=1, odds=HIGH_LEVEL, level_ok=0)
    f.rested = 0
    assert f.go()[0] == BY_FLOAT and not f.b.doubtful  # a level that is not believed doubts nothing


def test_a_high_float_alone_is_doubted_when_it_is_up_for_longer_than_sound_pumps_need():
    for fields, doubted in (
        ({"level_ok": 0, "low_wet": NONE}, 1), ({"level_ok": 1, "low_wet": NONE}, 0),
        ({"level_ok": 0, "low_wet": 1}, 0),
        ({"level_ok": 0, "low_wet": NONE, "level_mm": 949}, 1), ({"level_ok": 0, "low_wet": NONE, "level_mm": 950}, 0),
    ):  # fmt: skip
        f = Full(high_up=1, **fields)
        f.go(2401)  # 300 s, and 700 mm at a third of a pump's rate
        assert f.w.doubt_high == 0
        f.go(1)
        assert f.w.doubt_high == doubted
        f.set(high_up=0)
        f.go()
        assert f.w.doubt_high == 0
        f.set(high_up=1)
        f.go(2401)
        assert f.w.doubt_high == 0
    f = Full(high_up=1, level_ok=0, low_wet=NONE, spill_level_mm=700)
    f.b.expect(1000)  # a float far above the spill
    f.go(301)
    assert f.w.doubt_high == 0
    f.go(1)
    assert f.w.doubt_high == 1


def test_without_a_high_float_a_high_level_runs_both():
    for level_mm, high_up, level_ok, found in (
        (950, NONE, 1, (BY_LEVEL, 2)), (949, NONE, 1, (0, 0)), (950, 0, 1, (0, 0)), (950, 1, 1, (BY_FLOAT, 1)),
    ):  # fmt: skip
        f = Full(level_mm=level_mm, high_up=high_up, level_ok=level_ok)
        assert f.go() == found, (level_mm, high_up)


def test_without_level_and_high_float_a_timer_runs_one_pump_and_they_change_places():
    f = Full(high_up=NONE, level_ok=0)
    f.b._blind_next_s = f.t
    assert f.lasts(BY_TIME) == [1] * 1500 and f.turns == 1  # until the low float stops it
    assert f.go(298) == (0, 0)
    assert f.go(1) == (0, 0)
    assert f.go(1) == (BY_TIME, 1) and f.turns == 2
    for low_wet, budget_s, run_s in ((NONE, 180, 150), (NONE, 100, 100), (0, 180, 1500), (1, 180, 1500)):
        f = Full(high_up=NONE, level_ok=0, low_wet=low_wet, budget_s=budget_s)
        assert len(f.lasts(BY_TIME)) == run_s
        assert f.go(1800 - run_s - 1) == (0, 0)
        assert f.go(1) == (BY_TIME, 1)
    f.set(high_up=1)
    assert f.go() == (BY_FLOAT, 1)  # a float that rises begins with one pump
    f = Full(high_up=NONE, level_ok=0)
    f.rested = 0
    assert f.go(1700) == (0, 0)
    assert Full(high_up=0, level_ok=0).go(5000) == (0, 0)  # the high float will tell


def test_a_level_that_is_gone_for_a_moment_is_remembered_as_long_as_its_water_lasts_and_a_minute_at_most():
    for level_mm, wanted, loose, low_wet, held_s in (
        (400, 1, 0, NONE, 60), (400, 2, 0, NONE, 60), (290, 1, 0, NONE, 40), (250, 1, 0, NONE, 0), (240, 1, 0, NONE, 0),
        (400, 0, 0, NONE, 0), (400, 1, 1, NONE, 0), (949, 1, 0, NONE, 60), (950, 1, 0, NONE, 700),
        (1400, 1, 0, NONE, 900),
    ):  # fmt: skip
        f = Full(level_mm=level_mm, high_up=NONE, low_wet=low_wet)
        if loose:
            f.w.level.loose.again(f.t - 100)
            f.w.level.loose.again(f.t - 50)
        f.wanted = wanted
        f.go(3)
        f.set(level_ok=0)
        n = 0
        while n < 2000:
            f.b.watch(f.t, wanted)
            if not f.b.held(f.t):
                break
            assert f.b.full == (1 if level_mm >= 950 else 0)
            f.t += 1
            n += 1
        assert n == held_s, (level_mm, wanted, loose)
        assert f.b.full == 0


def test_the_water_that_a_level_remembers_is_reckoned_by_the_pumps_rate():
    f = Full(level_mm=950, high_up=NONE, low_wet=NONE)
    f.b.stop_level_mm = 948
    f.b.expect(3)
    f.go()
    f.set(level_ok=0)
    f.go()
    assert f.b.hold_until_s == 10001 + 2000 // 3
    for spill_mm, rate_ks, most_s in (
        (3000, 1000, 6900),
        (3000, 7, 300 + 2200 * 3000 // 7),
        (1500, 1000, 2400),
        (500, 7, 300),
    ):
        f.w.spill_level_mm = spill_mm
        f.b.expect(rate_ks)
        assert f.b.rate_ks == rate_ks and f.b._float_most_s == most_s


def test_a_level_that_drowned_is_remembered_while_the_low_float_is_wet():
    f = Full(level_mm=950, high_up=NONE)
    f.go()
    f.set(level_ok=0)
    assert f.go(5000) == (0, 0) and f.b.held(f.t) and f.b.full
    f.set(low_wet=0)
    f.go()
    assert not f.b.held(f.t) and not f.b.full
    f.set(low_wet=1)
    f.go()
    assert not f.b.held(f.t)
    f.set(level_ok=1)
    f.go()
    f.set(level_ok=0)
    f.go(1000)
    assert f.b.held(f.t)
    f.set(level_ok=1, level_mm=949)
    f.go()
    f.set(level_ok=0)
    f.go(60)
    assert not f.b.held(f.t)  # it was not full this time


def test_how_urgent_a_full_well_is():
    for level_mm, level_ok, high_up, urgency in (
        (949, 1, 0, 0), (950, 1, 0, 1), (1224, 1, 0, 1), (1225, 1, 0, 2), (400, 1, 1, 1), (400, 0, 1, 2),
        (1300, 1, 1, 2),
        (1400, 0, 0, 0),
    ):  # fmt: skip
        f = Full(level_mm=level_mm, level_ok=level_ok, high_up=high_up)
        f.go()
        assert f.b.urgency() == urgency, (level_mm, level_ok, high_up)


def test_a_well_is_empty_at_the_stop_level_of_a_level_that_is_believed():
    for level_mm, level_ok, empty in ((250, 1, 1), (251, 1, 0), (250, 0, 0)):
        f = Full(level_mm=level_mm, level_ok=level_ok)
        assert f.b.empty() == empty
