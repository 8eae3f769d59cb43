"""The stories show what they showed when somebody last read them through: tests/console/transcripts/.

After a change that is meant, `python -m tests.console.test_transcripts` writes them again, and docs/console.md too.
"""

import os
import tempfile

import pytest
from unit.console.line import width

from tests.console.stories import STORIES, transcript
from tests.vm import ROOT

FOLDER = ROOT / "tests/console/transcripts"
PAGE = ROOT / "docs/console.md"


def write(folder=FOLDER):
    here = os.getcwd()
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(scratch)  # the console's files belong to the folder that it runs in
        for story in STORIES:
            for lang in ("zh", "en"):
                text = transcript(story, lang)
                (folder / f"{story.__name__}.{lang}.txt").write_text(text, encoding="utf-8")
        os.chdir(here)


def with_transcripts(page: str) -> str:
    """The page with each block that follows a line `<!-- name -->` replaced by that transcript."""
    for story in STORIES:
        for lang in ("zh", "en"):
            name = f"{story.__name__}.{lang}"
            before, mark, rest = page.partition(f"<!-- {name} -->\n```\n")
            if mark:
                shown = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
                page = before + mark + shown + "```\n" + rest.partition("```\n")[2]
    return page


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_story(story, lang):
    text = transcript(story, lang)
    assert text == (FOLDER / f"{story.__name__}.{lang}.txt").read_text(encoding="utf-8")
    assert max(width(line) for line in text.split("\n")) < 80


def test_the_page_shows_the_transcripts():
    page = PAGE.read_text(encoding="utf-8")
    assert with_transcripts(page) == page
    assert all(f"<!-- {story.__name__}.zh -->" in page for story in STORIES)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    write()
    PAGE.write_text(with_transcripts(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
