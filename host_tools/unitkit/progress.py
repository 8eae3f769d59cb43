"""What a tool tells while it works, on standard error, so that standard output keeps to the result."""

import sys
from collections.abc import Callable

from .errors import in_language

_BAR = 30  # characters


def say(lang: str, sentence: str) -> None:
    """Tell the user, in his language."""
    print(in_language(sentence, lang), file=sys.stderr, flush=True)


def bar() -> Callable[[float], None]:
    """A progress bar, told how much is done, 0 to 1; silent where nobody looks at it."""
    return _bar if sys.stderr.isatty() else lambda share: None


def _bar(share: float) -> None:
    full = round(share * _BAR)
    end = "\n" if share >= 1 else ""
    print(f"\r[{'#' * full}{'.' * (_BAR - full)}] {share:4.0%}", end=end, file=sys.stderr, flush=True)
