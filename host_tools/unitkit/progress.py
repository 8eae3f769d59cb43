"""What a tool tells: its result on standard output, what it does meanwhile on standard error.

All that a person reads goes through `show`, for much of it comes from outside: files, boards, brokers.
"""

import sys
from collections.abc import Callable

from unit.catalogue.printable import printable

from .errors import in_language

_BAR = 30  # characters


def show(text: str, aside: bool = False) -> None:
    """A line, or some, on standard output, or `aside` on standard error; nothing in it does anything to a terminal."""
    print(printable(text, b"\n"), file=sys.stderr if aside else sys.stdout, flush=aside)


def say(lang: str, sentence: str) -> None:
    """Tell the user, in his language."""
    show(in_language(sentence, lang), aside=True)


def bar() -> Callable[[float], None]:
    """A progress bar, told how much is done, 0 to 1; silent where nobody looks at it."""
    return _bar if sys.stderr.isatty() else lambda share: None


def _bar(share: float) -> None:
    full = round(share * _BAR)
    end = "\n" if share >= 1 else ""
    print(f"\r[{'#' * full}{'.' * (_BAR - full)}] {share:4.0%}", end=end, file=sys.stderr, flush=True)
