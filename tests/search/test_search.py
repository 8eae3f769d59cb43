"""A sample of the search: random stories, storms and healthy weeks; all of it runs under `make campaign`."""

import pytest

from tests.search import campaign, healthy, mutants, play, show, stories, storms

STORIES = 60
CHUNK = 15
STORMS = 16
VILLAGES = 3
WEEKS = 3


@pytest.mark.parametrize("first", range(0, STORIES, CHUNK))
def test_stories_keep_every_rule(first):
    outcomes = list(campaign.run(first, CHUNK))
    found = [
        f"story {o.seed}: {play.RULES[k]} {o.worst[k]:.0f}, limit {o.limit[k]:.0f} ({', '.join(sorted(o.kinds))})"
        for o in outcomes
        for k in o.broken()
    ]
    assert not found, "python -m tests.search --show SEED tells each:\n" + "\n".join(found)


def test_two_pumps_spill_hardly_more_than_the_best():
    found = storms.run(0, STORMS)
    assert found[0].ratio() <= storms.MOST_RATIO, "\n".join(storms.table(found))


@pytest.mark.parametrize("seed", range(VILLAGES))
def test_a_healthy_unit_raises_no_false_alarm(seed):
    year = healthy.play_one(seed, 7 * WEEKS)
    assert not year.false, "\n".join(healthy.table([year]))


def test_a_seed_is_always_the_same_story_compiled_or_not():
    story = next(s for s in map(stories.draw, range(1000)) if s.seconds == 4 * 3600 and len(s.kinds) > 2)
    fast, plain = play.play(story), play.play(stories.draw(story.seed), plain=True)
    assert fast == plain


def test_a_story_can_be_told():
    lines = list(show.show(stories.draw(3), 600, 60, every_second=True))
    assert lines[0].startswith("story 3: ")
    assert sum(line.lstrip().startswith("0:10:") for line in lines) == 60


def test_reasons_of_known_survivors_can_be_read():
    assert all(mutants.known().values())


def test_every_file_of_protection_has_mutants(tmp_path):
    session = mutants.prepare(tmp_path, ["claims.py"])
    assert mutants.left(session) > 20
