"""The visits show on a virtual board's pseudo-terminal what they showed when somebody last read them through.

After a change that is meant, `python -m tests.console.record` writes transcripts and pictures again.
"""

import re

import pytest
from unit.console.terminal.line import width

from tests.console import record
from tests.console.stories import STORIES
from tests.vm import ROOT

PAGE = ROOT / "docs/console.md"
EVERY = [(story, lang) for story in STORIES for lang in record.LANGUAGES]


@pytest.mark.parametrize(("story", "lang"), EVERY, ids=lambda value: getattr(value, "name", value))
def test_visit_is_as_recorded(story, lang):
    text, pictures = record.recorded(story, lang)
    assert text == record.transcript_of(story, lang).read_text(encoding="utf-8")
    assert max(width(line) for line in text.split("\n")) < 80
    for number, drawn in enumerate(pictures, 1):
        assert drawn == record.picture_of(story, lang, number).read_text(encoding="utf-8")


def test_the_page_shows_every_picture_and_no_other():
    shown = set(re.findall(r"\(pictures/(console-\S+\.svg)\)", PAGE.read_text(encoding="utf-8")))
    assert shown == {path.name for path in record.PICTURES.glob("console-*.svg")}


def test_nothing_is_recorded_that_is_no_story():
    files = {record.transcript_of(story, lang) for story, lang in EVERY}
    assert files == set(record.TRANSCRIPTS.iterdir())
