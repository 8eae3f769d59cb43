"""The table of witnesses in docs/invariants.md, cell by cell, and the sentences below it.

Marks of this well: low float 150 mm, dry level 180, high float 1000, spill 1500; the budget is 180 s.
"""

import re

import pytest
from unit.control.basics import NONE
from unit.control.witnesses import Well

from tests.vm import ROOT

UP, DOWN, WET, DRY, GONE = 1, 0, 1, 0, NONE
FAR_ABOVE, FULL, BETWEEN, LOW, EMPTY = 1300, 1050, 600, 300, 20
LEVEL, HIGH, NOBODY = "level_out", "high_out", ""
LOW_FLOAT = "low_out"
RUN, STAND, TIE = "run", "stand", "tie"

# The rows of the page: number, high float, low float, level, who is out after five seconds, what pumps may do.
TABLE = [
    ("W1", UP, WET, EMPTY, LEVEL, RUN),
    ("W2", DOWN, DRY, FAR_ABOVE, LEVEL, STAND),
    ("W3", UP, DRY, LOW, HIGH, STAND),
    ("W4", UP, DRY, FULL, LOW_FLOAT, RUN),
    ("W5", UP, DRY, BETWEEN, NOBODY, TIE),
    ("W6", DOWN, DRY, BETWEEN, NOBODY, TIE),
    ("W7", DOWN, WET, EMPTY, NOBODY, STAND),
    ("W8", DOWN, WET, FAR_ABOVE, NOBODY, RUN),
    ("W9", UP, WET, BETWEEN, NOBODY, RUN),
    ("W10", DOWN, DRY, LOW, NOBODY, STAND),
    ("W11", GONE, WET, EMPTY, NOBODY, TIE),
    ("W12", GONE, DRY, BETWEEN, NOBODY, TIE),
    ("W13", UP, GONE, EMPTY, NOBODY, TIE),
    ("W14", DOWN, GONE, EMPTY, NOBODY, STAND),
    ("W15", UP, GONE, BETWEEN, NOBODY, RUN),
    ("W16", UP, DRY, GONE, NOBODY, TIE),
    ("W17", DOWN, DRY, GONE, NOBODY, STAND),
    ("W18", DOWN, WET, GONE, NOBODY, RUN),
    ("W19", GONE, GONE, EMPTY, NOBODY, STAND),
]


class Told:
    """A well that is told what its witnesses say, second by second."""

    def __init__(self, high_fitted=1, low_fitted=1, budget_s=180):
        w = Well()
        w.level.current = 1
        w.level.high = 4000
        w.level.max_rate = 400
        w.dry_level_mm = 180
        w.high_mark_mm = 1000
        w.low_mark_mm = 150
        w.spill_level_mm = 1500
        w.high_fitted = high_fitted
        w.low_fitted = low_fitted
        w.budget_s = budget_s
        w.rate_ks = 1540  # a pump of 166 l/min in 1.8 m2
        self.w = w
        self.t = 0

    def say(self, high, low, level, seconds, pump=0, by_mm_s=0.0):
        """The level begins at `level` and moves by `by_mm_s`. Returns the seconds in which a pump was not let."""
        refused = 0
        for k in range(seconds):
            mm = int(level + k * by_mm_s) + (self.t * 7919) % 3 - 1
            self.w.step(self.t, NONE if level == GONE else 4000 + 4 * mm, high, low, pump)
            refused += self.w.dry
            self.t += 1
        return refused

    def out(self):
        return [name for name in (LEVEL, HIGH, LOW_FLOAT) if getattr(self.w, name)]


def told_row(row):
    _, high, low, level, _, _ = row
    told = Told(int(high != GONE), int(low != GONE))
    told.say(high, low, level, 5)
    return told


@pytest.mark.parametrize("row", TABLE, ids=[row[0] for row in TABLE])
def test_who_is_out_and_what_pumps_may_do(row):
    _, high, low, level, out, pumps = row
    told = told_row(row)
    told.say(high, low, level, 10)
    assert told.out() == ([out] if out else [])
    assert told.w.dry == (1 if pumps == STAND else 0)
    assert told.w.tie == (1 if pumps == TIE else 0)


@pytest.mark.parametrize("row", [row for row in TABLE if row[4]], ids=[row[0] for row in TABLE if row[4]])
def test_nobody_is_out_before_five_seconds_and_who_is_out_is_unknown_not_the_opposite(row):
    _, high, low, level, out, _ = row
    told = told_row(row)
    assert told.out() == []
    told.say(high, low, level, 1)
    w = told.w
    assert told.out() == [out]
    assert (w.level_ok, w.high_up, w.low_wet) == (
        int(out != LEVEL), NONE if out == HIGH else high, NONE if out == LOW_FLOAT else low,
    )  # fmt: skip


def test_a_low_float_that_hangs_in_a_full_well_costs_nothing_of_the_budget():
    told = told_row(next(row for row in TABLE if row[0] == "W4"))
    assert told.out() == [] and not told.w.tie and not told.w.dry


def test_the_page_has_these_rows():
    page = (ROOT / "docs/invariants.md").read_text(encoding="utf-8")
    words = {
        UP: "up", DOWN: "down", FAR_ABOVE: "more than 200 mm above the high float", FULL: "at the high float or above",
        EMPTY: "dry, 100 mm below the low float", LOW: "within 200 mm of the low float or below",
        BETWEEN: "between", GONE: "unknown",
        RUN: "may run", STAND: "stand", TIE: "may run within the budget",
        LEVEL: "level", HIGH: "high float", LOW_FLOAT: "low float", NOBODY: "nobody",
    }  # fmt: skip
    lows = {WET: "wet", DRY: "dry", GONE: "unknown"}
    rows = [
        f"| {n} | {words[high]} | {lows[low]} | {words[level]} | {words[out]} | {words[pumps]} |"
        for n, high, low, level, out, pumps in TABLE
    ]
    assert [line for line in page.splitlines() if re.match(r"\| W\d+ \|", line)] == rows


# What ends a tie, and what shows a liar where two agree: the rows T of the page.


def test_t1_a_level_that_falls_from_far_above_a_float_that_stays_down_moves_as_water_does():
    told = Told()
    told.say(DOWN, WET, 1490, 60)
    told.say(DOWN, WET, 1490, 190, pump=1, by_mm_s=-1.0)
    assert told.out() == []
    told.say(DOWN, WET, 1300, 40, pump=1, by_mm_s=-1.0)
    assert told.out() == [HIGH]


def test_t2_a_level_that_falls_to_the_bottom_under_a_float_that_stays_up():
    told = Told(low_fitted=0)
    told.say(UP, GONE, 400, 30)
    told.say(UP, GONE, 400, 260, pump=1, by_mm_s=-1.0)
    assert told.out() == [HIGH] and told.w.dry


@pytest.mark.parametrize(("fell_mm", "out"), [(120, []), (200, [LOW_FLOAT])])
def test_t3_no_pump_lowers_water_by_more_than_there_is_below_a_dry_low_float(fell_mm, out):
    told = Told()
    told.say(DOWN, DRY, 900, 10)
    told.say(DOWN, DRY, 900, fell_mm, pump=1, by_mm_s=-1.0)
    told.say(DOWN, DRY, 900 - fell_mm, 20)
    assert told.out() == out


def test_t4_a_level_that_falls_far_below_a_wet_low_float():
    told = Told(high_fitted=0)
    told.say(GONE, WET, 400, 60)
    told.say(GONE, WET, 40, 15)
    told.say(GONE, WET, 30, 160, pump=1, by_mm_s=-1.0)
    assert told.out() == [LEVEL]


def test_t5_a_level_that_stands_still_for_half_a_minute_above_a_dry_low_float_while_a_pump_turns():
    told = Told()
    told.say(DOWN, DRY, 600, 10)
    told.say(DOWN, DRY, 600, 28, pump=1)
    assert told.out() == []
    told.say(DOWN, DRY, 600, 10, pump=1)
    assert told.out() == [LEVEL] and told.w.dry


def test_t6_a_level_that_says_dry_and_stands_still_while_pumps_draw_the_high_float_down():
    told = Told(low_fitted=0)
    told.say(UP, GONE, 20, 30)
    told.say(UP, GONE, 20, 100, pump=1)
    told.say(DOWN, GONE, 20, 5, pump=1)
    assert told.out() == [LEVEL] and not told.w.dry


def test_t7_a_level_that_does_not_move_in_four_minutes_of_pumping():
    told = Told(high_fitted=0, low_fitted=0)
    told.say(GONE, GONE, 600, 90)
    told.say(GONE, GONE, 600, 230, pump=1)
    assert told.w.level_ok
    told.say(GONE, GONE, 600, 20, pump=1)
    assert not told.w.level_ok
    told.say(GONE, GONE, 640, 20)
    assert told.w.level_ok  # it moves


def test_t7_is_no_wonder_where_the_high_float_says_full_too_or_the_well_is_at_its_brim():
    told = Told(low_fitted=0)
    told.say(UP, GONE, 1200, 90)
    told.say(UP, GONE, 1200, 600, pump=1)
    assert told.w.level_ok
    alone = Told(high_fitted=0, low_fitted=0)
    alone.say(GONE, GONE, 1500, 90)
    alone.say(GONE, GONE, 1500, 600, pump=1)
    assert alone.w.level_ok


def test_t8_a_high_float_that_alone_says_full_for_too_long_is_a_tie():
    told = Told(low_fitted=0)
    told.w.doubt_high = 1
    told.say(UP, GONE, GONE, 20)
    assert told.w.tie and not told.w.dry


# The sentences 40 to 49.


def test_40_a_tie_has_three_minutes_of_pumping_in_half_an_hour():
    told = Told(high_fitted=0)
    told.say(GONE, WET, 20, 30)
    ran = 600 - told.say(GONE, WET, 20, 600, pump=1)
    assert ran == 180
    assert told.say(GONE, WET, 20, 1100) == 1100
    assert told.say(GONE, WET, 20, 400) < 400  # half an hour after the last second of pumping


def test_41_who_agrees_for_a_minute_is_believed_again_and_a_level_when_it_has_moved():
    told = Told()
    told.say(UP, WET, 20, 30)
    assert told.out() == [LEVEL]
    told.say(DOWN, WET, 60, 600)  # agrees, and has hardly moved
    assert told.out() == [LEVEL]
    told.say(DOWN, WET, 20, 600)
    assert told.out() == [LEVEL]
    told.say(DOWN, WET, 300, 50)
    assert told.out() == [LEVEL]
    told.say(DOWN, WET, 300, 30)
    assert told.out() == []


@pytest.mark.parametrize(
    ("lie", "truth", "out"),
    [
        ((UP, DRY, LOW), (DOWN, WET, 400), HIGH),
        ((UP, DRY, FULL), (DOWN, WET, 500), LOW_FLOAT),
        ((UP, WET, EMPTY), (DOWN, WET, 500), LEVEL),
    ],
)
def test_42_who_was_out_twice_waits_for_a_person(lie, truth, out):
    told = Told()
    told.w.level.max_rate = 2000
    told.say(*lie, 30)
    assert told.out() == [out]
    told.say(*truth, 120)
    assert told.out() == []
    told.say(*lie, 120)
    told.say(*truth, 3600)
    assert told.out() == [out]
    told.w.forgive()
    told.say(*truth, 10)
    assert told.out() == []


def test_42_a_high_float_that_waits_for_a_person_is_heard_when_it_tips_up_above_a_wet_low_float():
    told = Told()
    for _ in range(2):
        told.say(UP, DRY, LOW, 30)
        told.say(DOWN, WET, 400, 120)
    assert told.out() == [HIGH] and not told.w.high()
    told.say(UP, WET, 1050, 40)
    assert told.w.high() and told.w.high_up == NONE


def test_43_a_float_that_tips_three_times_in_ten_minutes_against_the_level_is_unknown_for_thirty():
    told = Told()
    told.say(DOWN, WET, 500, 60)
    for _ in range(3):
        told.say(UP, WET, 500, 30)
        told.say(DOWN, WET, 500, 60)
    told.say(DOWN, WET, 500, 1640)
    assert told.w.high_up == NONE
    told.say(DOWN, WET, 500, 100)
    assert told.w.high_up == 0


def test_43_a_high_float_that_stays_up_for_a_minute_is_heard():
    told = Told()
    told.say(DOWN, WET, 500, 60)
    for _ in range(3):
        told.say(UP, WET, 500, 30)
        told.say(DOWN, WET, 500, 60)
    told.say(UP, WET, 500, 59)
    assert told.w.high_up == NONE
    told.say(UP, WET, 500, 5)
    assert told.w.high_up == 1


def test_43_a_low_float_likewise():
    told = Told()
    told.say(DOWN, WET, 500, 60)
    for level_mm in (500, 520, 540):
        told.say(DOWN, DRY, level_mm, 30)
        told.say(DOWN, WET, level_mm, 60)
    told.say(DOWN, DRY, 540, 10)
    assert told.w.low_wet == NONE and not told.w.dry


def test_44_a_level_that_is_gone_three_times_in_ten_minutes_is_out_for_thirty():
    told = Told()
    told.say(DOWN, WET, 500, 60)
    for _ in range(3):
        told.w.level.stale_s = 10
        told.say(DOWN, WET, GONE, 30)
        told.say(DOWN, WET, 500, 30)
    assert not told.w.level_ok
    told.say(DOWN, WET, 500, 1600)
    assert not told.w.level_ok
    told.say(DOWN, WET, 500, 300)
    assert told.w.level_ok


def test_45_a_level_off_by_more_than_120_mm_when_a_float_tips_drifts():
    for off, drifts in ((90, 0), (150, 1), (-90, 0), (-150, 1)):
        told = Told()
        told.say(DOWN, WET, 1000 + off, 60)
        told.say(UP, WET, 1000 + off, 5)
        assert told.w.level_drifts == drifts


def test_46_where_pumps_draw_air_they_stand_until_the_floor_is_old():
    told = Told(high_fitted=0, low_fitted=0)
    told.say(GONE, GONE, 350, 60)
    told.w.found_floor(told.t, 600)
    assert told.w.level_drifts
    assert told.say(GONE, GONE, 360, 7000) == 7000
    assert told.say(GONE, GONE, 360, 400) < 400


def test_46_a_level_that_says_start_while_pumps_draw_air_is_out_where_a_float_can_take_over():
    told = Told(low_fitted=0)
    told.say(DOWN, GONE, 700, 60)
    told.w.found_floor(told.t, 600)
    told.say(DOWN, GONE, 700, 2)
    assert told.out() == [LEVEL]
    alone = Told(high_fitted=0, low_fitted=0)
    alone.say(GONE, GONE, 700, 60)
    alone.w.found_floor(alone.t, 600)
    assert alone.say(GONE, GONE, 700, 1700) == 1700 and alone.out() == []
    assert alone.say(GONE, GONE, 700, 200) < 200
