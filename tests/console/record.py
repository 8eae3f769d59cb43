"""Records the visits of stories.py: `python -m tests.console.record` writes transcripts, and pictures for the page.

Read the difference through before it is committed: it is what a crew will see.
"""

import sys
import tempfile
from pathlib import Path

from tests.console import picture
from tests.console.stories import STORIES, Story, live
from tests.vm import ROOT

TRANSCRIPTS = ROOT / "tests/console/transcripts"
PICTURES = ROOT / "docs/pictures"
LANGUAGES = ("zh", "en")


def transcript_of(story: Story, lang: str) -> Path:
    return TRANSCRIPTS / f"{story.name}.{lang}.txt"


def picture_of(story: Story, lang: str, number: int) -> Path:
    return PICTURES / f"console-{story.name.replace('_', '-')}-{number}.{lang}.svg"


def recorded(story: Story, lang: str) -> tuple[str, list[str]]:
    """(transcript, pictures) of a story lived anew."""
    with tempfile.TemporaryDirectory() as folder:
        text, screens = live(story, lang, Path(folder))
    return text, [picture.svg(screen, f"{story.name} ({lang})") for screen in screens]


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    for story in STORIES:
        if sys.argv[1:] and story.name not in sys.argv[1:]:
            continue
        for lang in LANGUAGES:
            text, drawn = recorded(story, lang)
            transcript_of(story, lang).write_text(text, encoding="utf-8")
            for number, picture_text in enumerate(drawn, 1):
                picture_of(story, lang, number).write_text(picture_text, encoding="utf-8")
            print(f"{story.name}.{lang}", flush=True)


if __name__ == "__main__":
    main()
