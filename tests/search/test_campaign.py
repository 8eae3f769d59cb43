"""The whole search. What each part found is printed behind the tests (tests/conftest.py)."""

import os

import pytest

from tests.search import campaign, healthy, mutants, storms

STORIES = 20_000
STORMS = 500
UNITS = 50
JOBS = os.cpu_count() or 1

pytestmark = pytest.mark.campaign


def test_stories_keep_every_rule(record_property):
    outcomes = list(campaign.run(10_000, STORIES, JOBS))
    record_property("found", campaign.table(outcomes))
    assert not any(outcome.broken() for outcome in outcomes)


def test_two_pumps_spill_hardly_more_than_the_best(record_property):
    found = storms.run(1_000, STORMS, JOBS)
    record_property("found", storms.table(found))
    assert found[0].ratio() <= storms.MOST_RATIO


def test_healthy_units_raise_few_false_alarms(record_property):
    years = healthy.run(1_000, UNITS, 365, JOBS)
    record_property("found", healthy.table(years))
    assert healthy.rate(years) <= healthy.MOST_PER_UNIT_YEAR


def test_every_mutant_is_seen(record_property):
    tried, survivors = mutants.run(mutants.standing(), None, 0, False, JOBS)
    record_property("found", mutants.table(tried, survivors))
    assert not mutants.without_reason(survivors)
