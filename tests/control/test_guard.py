"""Protection of one machine, rule by rule and second by second: `test_protection.py` sees the same from outside."""

from unit.control import reasons
from unit.control.basics import NONE
from unit.control.protection import Guard

WHY = 99  # what the claim says
HOUR_S = 3600
MAX_STARTS = 60  # the largest limit of the catalogue


def guard(**fields):
    """A machine that has rested for a long time at second 1000."""
    g = Guard()
    g.min_run_s = 20
    g.min_off_s = 30
    g.max_run_s = 600
    g.rest_s = 300
    g.tells_longest = 1
    g.max_starts_per_h = 10
    for name, value in fields.items():
        assert hasattr(g, name)
        setattr(g, name, value)
    g.limit_starts(g.max_starts_per_h)
    return g


def want(g, t, on=1, by_hand=0, mains=1, dry=0):
    return g.decide(t, on, WHY, by_hand, mains, dry)


def started(t=1000, **fields):
    g = guard(**fields)
    assert want(g, t) == WHY and g.on == 1 and g.since_s == t
    return g


def watch(g, t, seconds, running, lifts=0, mains=1):
    """Feedback says `running` for so many seconds; returns the second after them."""
    for _ in range(seconds):
        g.watch(t, running, mains, lifts)
        t += 1
    return t


def starts(g, *times):
    for t in times:
        g.remember_start(t)


def test_a_new_guard_allows_what_the_catalogue_allows_and_remembers_nothing():
    g = Guard()
    for name, value in (
        ("min_run_s", 0), ("min_off_s", 5), ("max_run_s", 3600), ("rest_s", 0), ("tells_longest", 0),
        ("max_starts_per_h", 10),
        ("reserve", 0), ("feedback_s", 6), ("lock_out_s", 1800), ("tries", 3), ("count_feedback", 0), ("on", 0),
        ("urgent", 0), ("may_rest", 1), ("since_s", 0), ("rest_until_s", 0), ("wait_until_s", 0),
        ("locked_until_s", 0), ("try_until_s", 0), ("failed_starts", 0), ("max_run_hit", 0), ("starts_limited", 0),
        ("fails_to_run", 0), ("runs_uncommanded", 0), ("feedback_lost", 0), ("_mismatch_s", -1), ("_ran", 0),
        ("_next", 0),
    ):  # fmt: skip
        assert getattr(g, name) == value, name
    assert len(g._start_s) == g.max_starts_per_h
    assert g.starts_last_hour(0) == 0 and g.start_age_s(1, 0) == HOUR_S
    assert g.block(0, 1, 0) == reasons.MIN_OFF and g.block(5, 1, 0) == 0


def test_a_start_is_refused_by_the_first_rule_that_forbids_it():
    g = guard(wait_until_s=1100, failed_starts=3, rest_until_s=1200, since_s=1000, max_starts_per_h=2)
    starts(g, 900, 950)
    for name, value, mains, dry, reason in (
        ("", 0, 0, 1, reasons.NO_MAINS),
        ("", 0, 1, 1, reasons.MAINS_WAIT),
        ("wait_until_s", 1000, 1, 1, reasons.LOCKED_OUT),
        ("failed_starts", 2, 1, 1, reasons.DRY),
        ("", 0, 1, 0, reasons.MAX_RUN),
        ("rest_until_s", 1000, 1, 0, reasons.MIN_OFF),
        ("since_s", 970, 1, 0, reasons.STARTS_LIMIT),
        ("max_starts_per_h", 3, 1, 0, 0),
    ):
        if name:
            setattr(g, name, value)
            g.limit_starts(g.max_starts_per_h)
        assert g.block(1000, mains, dry) == reason
        assert want(g, 1000, mains=mains, dry=dry) == (reason or WHY)
        assert g.on == (0 if reason else 1)


def test_each_wait_is_over_in_its_very_second():
    for name, value, reason, most in (
        ("wait_until_s", 1100, reasons.MAINS_WAIT, 0),
        ("locked_until_s", 1100, reasons.LOCKED_OUT, 0),
        ("rest_until_s", 1100, reasons.MAX_RUN, 0),
        ("since_s", 1070, reasons.MIN_OFF, 0),
        ("", 0, reasons.STARTS_LIMIT, 2),
    ):
        g = guard(max_starts_per_h=most or 10)
        if name:
            setattr(g, name, value)
        else:
            starts(g, 1100 - HOUR_S, 200)
        assert g.block(1099, 1, 0) == reason
        assert g.block(1100, 1, 0) == 0
        assert g.wait_s(1099, reason) == 1 and g.wait_s(1090, reason) == 10
        assert g.wait_s(1100, reason) == 0 and g.wait_s(1101, reason) == 0


def test_where_time_alone_is_no_help_there_is_no_wait():
    g = guard(failed_starts=3, locked_until_s=1100, wait_until_s=1100, rest_until_s=1100, since_s=1090)
    assert g.wait_s(1000, reasons.LOCKED_OUT) == 0
    g.failed_starts = 2
    assert g.wait_s(1000, reasons.LOCKED_OUT) == 100
    for reason in (0, WHY, reasons.DRY, reasons.NO_MAINS):
        assert g.wait_s(1000, reason) == 0


def test_without_mains_a_relay_opens_and_stays_open():
    g = started()
    assert want(g, 1001, mains=0) == reasons.NO_MAINS and g.on == 0 and g.since_s == 1001
    assert want(g, 1100, mains=0) == reasons.NO_MAINS and g.on == 0


def test_a_run_ends_by_the_first_rule_that_forbids_it():
    g = started(max_run_s=10)
    g.failed_starts = 3
    assert want(g, 1010, mains=0, dry=1) == reasons.NO_MAINS
    g = started(max_run_s=10)
    g.failed_starts = 3
    assert want(g, 1010, dry=1) == reasons.LOCKED_OUT and g.on == 0
    g = started(max_run_s=10)
    assert want(g, 1010, dry=1) == reasons.DRY and g.on == 0
    assert g.max_run_hit == 0
    g = started(max_run_s=10)
    assert want(g, 1010) == reasons.MAX_RUN and g.on == 0 and g.since_s == 1010


def test_a_pump_in_a_dry_well_stops_at_once_even_in_its_shortest_run_and_by_hand():
    g = started()
    assert want(g, 1001, by_hand=1, dry=1) == reasons.DRY and g.on == 0


def test_the_shortest_run_holds_what_nobody_wants_any_more():
    g = started()
    assert want(g, 1010) == WHY
    assert want(g, 1011, on=0) == reasons.MIN_RUN and g.on == 1
    assert want(g, 1019, on=0) == reasons.MIN_RUN and g.on == 1
    assert want(g, 1020, on=0) == WHY and g.on == 0 and g.since_s == 1020
    g = started()
    assert want(g, 1001, on=0, by_hand=1) == WHY and g.on == 0


def test_what_nobody_wants_stays_off_and_tells_why():
    g = guard(failed_starts=3)
    assert want(g, 1000, on=0) == WHY and g.on == 0 and g.since_s == 0


def test_the_longest_run_of_a_machine_that_works_by_a_timer_is_told_when_a_hand_asked_for_it():
    for by_hand in (0, 1):
        g = started(tells_longest=0, may_rest=1)
        want(g, 1600, by_hand=by_hand)
        assert g.on == 0 and g.max_run_hit == by_hand


def test_the_longest_run_ends_in_its_second_and_then_it_rests():
    g = started()
    assert want(g, 1599) == WHY and g.max_run_hit == 0
    assert want(g, 1600) == reasons.MAX_RUN and g.on == 0
    assert g.max_run_hit == 1 and g.rest_until_s == 1900 and g.wait_s(1600, reasons.MAX_RUN) == 300
    assert want(g, 1899) == reasons.MAX_RUN and g.max_run_hit == 1
    assert want(g, 1900) == WHY and g.on == 1 and g.max_run_hit == 0


def test_the_longest_run_of_a_pump_that_cannot_be_spared_is_an_alarm_and_no_stop():
    g = started(may_rest=0)
    assert want(g, 1600) == WHY and g.on == 1 and g.max_run_hit == 1 and g.rest_until_s == 0
    assert want(g, 1700) == WHY and g.max_run_hit == 1  # as long as it runs
    g.may_rest = 1
    assert want(g, 1701) == reasons.MAX_RUN and g.on == 0 and g.rest_until_s == 2001
    g = started(may_rest=0)
    want(g, 1600)
    assert want(g, 1650, on=0) == WHY and g.on == 0 and g.max_run_hit == 1
    want(g, 1651, on=0)
    assert g.max_run_hit == 0  # it ended by itself


def test_a_pump_that_rests_is_started_where_the_well_is_full():
    for urgent in (1, 2):
        g = guard(rest_until_s=1200, urgent=urgent)
        assert g.available(1000) == 1
        assert g.block(1000, 1, 0) == 0
    g = guard(rest_until_s=1200)
    assert g.available(1199) == 0 and g.available(1200) == 1


def test_the_hour_holds_no_more_starts_than_the_motor_bears():
    for most in (1, 2, 3, 10, 59, 60):
        g = guard(max_starts_per_h=most)
        for k in range(most):
            assert g.starts_used_up(1000 + k) == 0
            g.remember_start(1000 + k)
        assert g.starts_used_up(1000 + most) == 1
        assert g.starts_used_up(1000 + HOUR_S - 1) == 1
        assert g.starts_used_up(1000 + HOUR_S) == 0  # the first of them is an hour ago
        assert g.wait_s(1000 + most, reasons.STARTS_LIMIT) == HOUR_S - most


def test_a_start_that_waits_for_the_hour_is_said_while_it_waits():
    g = guard(max_starts_per_h=1)
    starts(g, 990)
    assert want(g, 1000) == reasons.STARTS_LIMIT and g.starts_limited == 1
    assert want(g, 1001, on=0) == WHY and g.starts_limited == 0
    assert want(g, 1002, dry=1) == reasons.DRY and g.starts_limited == 0
    want(g, 1003)
    assert g.starts_limited == 1
    assert want(g, 990 + HOUR_S) == WHY and g.on == 1 and g.starts_limited == 0


def test_the_last_starts_are_kept_for_a_full_well_and_the_very_last_for_one_that_spills():
    for reserve, urgent, by_hand, allowed in (
        (2, 0, 0, 4), (2, 1, 0, 5), (2, 2, 0, 6), (2, 0, 1, 6), (1, 0, 0, 5), (1, 1, 0, 6), (1, 2, 0, 6),
        (0, 0, 0, 6), (0, 1, 0, 6), (0, 2, 0, 6),
    ):  # fmt: skip
        g = guard(max_starts_per_h=6, reserve=reserve, urgent=urgent)
        for k in range(allowed - 1):
            g.remember_start(900 + k)
        assert g.block(1000, 1, 0, by_hand) == 0
        assert by_hand or g.available(1000) == 1
        g.remember_start(990)
        assert g.block(1000, 1, 0, by_hand) == reasons.STARTS_LIMIT
        assert want(g, 1000, by_hand=by_hand) == reasons.STARTS_LIMIT
        if not by_hand:
            assert g.available(1000) == 0
            assert g.wait_s(1000, reasons.STARTS_LIMIT) == 900 + HOUR_S - 1000


def test_one_start_an_hour_is_never_kept_back():
    for most, reserve in ((1, 1), (1, 2), (2, 2)):
        g = guard(max_starts_per_h=most, reserve=reserve)
        assert g.block(1000, 1, 0) == 0
        starts(g, 990)
        assert g.block(1000, 1, 0) == reasons.STARTS_LIMIT
        assert g.wait_s(1000, reasons.STARTS_LIMIT) == HOUR_S - 10


def test_starts_are_remembered_one_by_one_with_their_ages():
    g = guard(max_starts_per_h=MAX_STARTS)
    starts(g, 10, 20, 40)
    assert [g.start_age_s(back, 100) for back in (1, 2, 3)] == [60, 80, 90]
    assert g.starts_last_hour(100) == 3
    assert g.starts_last_hour(HOUR_S + 9) == 3
    assert g.starts_last_hour(HOUR_S + 10) == 2
    assert g.starts_last_hour(HOUR_S + 40) == 0
    for k in range(MAX_STARTS + 7):
        g.remember_start(1000 + k)
    assert g.starts_last_hour(1100) == MAX_STARTS == 60
    assert g.start_age_s(MAX_STARTS, 1100) == 1100 - 1007
    g = started(t=1000)
    assert g.start_age_s(1, 1000) == 0 and g.start_age_s(2, 1000) >= HOUR_S
    assert want(g, 1001) == WHY and g.starts_last_hour(1001) == 1  # a run is one start


def test_starts_before_a_cut_grow_older_and_never_beyond_an_hour():
    g = guard(max_starts_per_h=MAX_STARTS)
    starts(g, -5, 0)
    g.age_starts(100)
    assert [g.start_age_s(back, 0) for back in (1, 2, 3)] == [100, 105, HOUR_S]
    g.age_starts(3450)
    assert [g.start_age_s(back, 0) for back in (1, 2)] == [3550, 3555]
    for k in range(MAX_STARTS):
        g.remember_start(k)
    g.age_starts(100)
    assert [g.start_age_s(back, 60) for back in range(1, MAX_STARTS + 1)] == list(range(101, 101 + MAX_STARTS))
    g.age_starts(1 << 29)
    assert [g.start_age_s(back, 0) for back in (1, 2, MAX_STARTS)] == [HOUR_S, HOUR_S, HOUR_S]


def test_a_machine_is_locked_out_until_its_second_or_until_somebody_helps():
    for failed_starts, locked_until_s, try_until_s, failed, locked in (
        (0, 0, 0, 0, 0), (1, 1000, 0, 0, 0), (1, 1001, 0, 1, 1), (2, 0, 0, 0, 0), (3, 0, 0, 1, 1), (4, 0, 0, 1, 1),
        (3, 0, 1000, 1, 1), (3, 0, 1001, 1, 0), (0, 1001, 1001, 1, 0),
    ):  # fmt: skip
        g = guard(failed_starts=failed_starts, locked_until_s=locked_until_s, try_until_s=try_until_s)
        assert (g.failed(1000), g.locked_out(1000)) == (failed, locked)
        assert g.available(1000) == 1 - failed
        assert g.block(1000, 1, 0) == (reasons.LOCKED_OUT if locked else 0)


def test_available_is_what_runs_or_could_run_after_its_short_waits():
    g = guard(since_s=999, wait_until_s=1010)
    assert g.available(1000) == 1
    g = started(max_starts_per_h=1)
    assert g.available(1001) == 1  # it runs with its last start
    want(g, 1050, on=0)
    assert g.available(1051) == 0
    g = started()
    g.locked_until_s = 1100
    assert g.available(1050) == 0


def test_a_machine_that_does_not_run_is_locked_out_after_its_feedback_time():
    for feedback_s in (3, 6, 60):
        g = started(feedback_s=feedback_s, lock_out_s=500)
        t = watch(g, 1000, feedback_s, 0)
        assert (g.fails_to_run, g.failed_starts, g.locked_until_s) == (0, 0, 0)
        watch(g, t, 1, 0)
        assert (g.fails_to_run, g.failed_starts) == (1, 1)
        assert g.locked_until_s == 1000 + feedback_s + 500 and g.locked_out(t)
        assert want(g, t) == reasons.LOCKED_OUT and g.on == 0


def test_each_failure_counts_once_and_as_many_as_the_tries_wait_for_a_person():
    g = guard(tries=2)
    t = 1000
    for n in (1, 2):
        assert want(g, t) == WHY
        t = watch(g, t, 7, 0)
        assert g.failed_starts == n
        assert want(g, t) == reasons.LOCKED_OUT
        t = watch(g, t, 600, 0)
        assert g.failed_starts == n and g.fails_to_run == 1
        t += 1800
    assert want(g, t) == reasons.LOCKED_OUT and want(g, t + 100000) == reasons.LOCKED_OUT
    g.unlock()
    assert (g.failed_starts, g.locked_until_s, g.fails_to_run) == (0, 0, 0)
    assert want(g, t) == WHY


def test_a_machine_that_is_left_on_fails_anew_after_another_feedback_time():
    for t in (0, 1000):
        g = started(t=t, tries=10, since_s=-100)
        t = watch(g, t, 6, 0)
        assert g.failed_starts == 0
        t = watch(g, t, 1, 0)
        assert g.failed_starts == 1
        t = watch(g, t, 6, 0)
        assert g.failed_starts == 1
        watch(g, t, 1, 0)
        assert g.failed_starts == 2


def test_a_run_that_lasts_forgives_what_failed_before():
    g = started(failed_starts=2, fails_to_run=1, feedback_lost=1)
    t = watch(g, 1000, 13, 1)
    assert (g.failed_starts, g.fails_to_run, g.feedback_lost) == (2, 1, 1)
    watch(g, t, 1, 1)
    assert (g.failed_starts, g.fails_to_run, g.feedback_lost) == (0, 0, 0)
    g = guard(failed_starts=2, fails_to_run=1)
    watch(g, 1000, 100, 0)  # that it rests is no merit
    assert (g.failed_starts, g.fails_to_run) == (2, 1)


def test_feedback_that_comes_late_or_goes_for_a_moment_is_no_failure():
    g = started()
    t = watch(g, 1000, 6, 0)
    t = watch(g, t, 1, 1)
    t = watch(g, t, 6, 0)
    t = watch(g, t, 1, 1)
    assert g.failed_starts == 0 and g.fails_to_run == 0
    watch(g, t, 7, 0)
    assert g.failed_starts == 1


def test_without_feedback_or_mains_nothing_is_compared_and_then_it_begins_anew():
    for running, mains in ((NONE, 1), (0, 0), (1, 0)):
        g = started()
        t = watch(g, 1000, 3, 0)
        t = watch(g, t, 20, running, mains=mains)
        assert g.failed_starts == 0
        t = watch(g, t, 6, 0)
        assert g.failed_starts == 0
        watch(g, t, 1, 0)
        assert g.failed_starts == 1
        g = guard()
        t = watch(g, 1000, 20, running, mains=mains)
        t = watch(g, t, 6, 1)
        assert g.runs_uncommanded == 0
        watch(g, t, 1, 1)
        assert g.runs_uncommanded == 1


def test_what_turns_without_command_is_said_after_the_feedback_time_until_it_stops():
    for since_s in (-100, 0):
        g = guard(since_s=since_s)
        t = watch(g, 1000, 6, 1)
        assert g.runs_uncommanded == 0
        t = watch(g, t, 6, 0)
        t = watch(g, t, 6, 1)
        assert g.runs_uncommanded == 0
    t = watch(g, t, 100, 1)
    assert g.runs_uncommanded == 1 and g.failed_starts == 0 and g.feedback_lost == 0
    t = watch(g, t, 1, 1, lifts=1)
    watch(g, t, 1, 0)
    assert g.runs_uncommanded == 0


def test_a_command_that_changes_begins_the_feedback_time_anew():
    g = guard()
    watch(g, 994, 6, 1)  # it has turned uncommanded
    assert want(g, 1000) == WHY
    t = watch(g, 1000, 6, 0)  # ... and stands still in the second of its command
    assert g.failed_starts == 0
    watch(g, t, 1, 0)
    assert g.failed_starts == 1


def test_the_water_outweighs_a_feedback_that_says_no():
    g = started(failed_starts=2, locked_until_s=900, fails_to_run=1)
    t = watch(g, 1000, 6, 0, lifts=1)
    assert g.feedback_lost == 0
    t = watch(g, t, 1, 0, lifts=1)
    assert (g.feedback_lost, g.failed_starts, g.locked_until_s, g.fails_to_run) == (1, 0, 0, 0)
    watch(g, t, 100, 0, lifts=0)  # known to be lost, it accuses nobody
    assert g.failed_starts == 0 and g.feedback_lost == 1


def test_the_feedback_waits_for_the_water_to_tell():
    g = started()
    t = watch(g, 1000, 90, 0, lifts=NONE)
    assert (g.failed_starts, g.feedback_lost) == (0, 0)
    watch(g, t, 1, 0, lifts=0)
    assert g.failed_starts == 1 and g.locked_until_s == t + 1800


def test_a_try_of_a_machine_that_is_locked_out_costs_no_further_failure():
    g = guard(failed_starts=3, try_until_s=1040)
    assert want(g, 1000) == WHY
    t = watch(g, 1000, 40, 0)
    assert g.failed_starts == 3 and g.fails_to_run == 0 and want(g, 1039) == WHY
    watch(g, t, 1, 0)
    assert g.failed_starts == 4
    assert want(g, 1040) == reasons.LOCKED_OUT


def test_a_contactor_that_fell_out_and_came_back_is_a_start_where_nothing_else_counts_it():
    for count_feedback, expected in ((1, 3), (0, 1)):
        g = started(count_feedback=count_feedback)
        t = watch(g, 1000, 3, 0)
        t = watch(g, t, 10, 1)
        assert g.starts_last_hour(t) == 1  # it pulled in late
        t = watch(g, t, 2, 0)
        assert g.starts_last_hour(t) == 1
        back = t
        t = watch(g, t, 1, 1)
        t = watch(g, t, 1, 0)
        t = watch(g, t, 10, 1)
        assert g.starts_last_hour(t) == expected
        if count_feedback:
            assert [g.start_age_s(n, 2000) for n in (1, 2, 3)] == [2000 - back - 2, 2000 - back, 1000]
        want(g, t, on=0)
        t = watch(g, t, 5, 1)
        t = watch(g, t, 50, 0)
        want(g, t)
        t = watch(g, t, 3, 0)
        watch(g, t, 3, 1)
        assert g.starts_last_hour(t) == expected + 1  # a new run begins with a new count


def test_another_limit_of_starts_keeps_the_last_ones():
    g = guard(max_starts_per_h=3)
    starts(g, 10, 20, 30, 40)
    g.limit_starts(5)
    assert [g.start_age_s(back, 100) for back in (1, 2, 3)] == [60, 70, 80] and g.starts_last_hour(100) == 3
    g.limit_starts(2)
    assert [g.start_age_s(back, 100) for back in (1, 2)] == [60, 70]
    g.remember_start(50)
    assert [g.start_age_s(back, 100) for back in (1, 2)] == [50, 60]
