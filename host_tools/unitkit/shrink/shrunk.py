"""What a board without PSRAM gets for the sources: the same program, smaller in a heap. Each step may be left out."""

from collections.abc import Collection
from functools import cache

from .absolute import absolute
from .bundle import bundle
from .fold import fold
from .inline import inline
from .pad import pad
from .settle import settle
from .shorten import shorten

# All that is done, by name; NO_LINES by the compiler.
FOLD, PAD, BUNDLE, INLINE, SETTLE, SHORTEN, FULL_NAMES, NO_LINES = TRANSFORMS = (
    "fold", "pad", "bundle", "inline", "settle", "shorten", "full names", "no lines",
)  # fmt: skip
COMPILER_OPTION = "-O3"  # no line numbers; the firmware has no `assert`


def shrunk(
    sources: dict[str, str], foreign: str, outside: Collection[str], without: Collection[str] = ()
) -> dict[str, str]:
    """The modules, by path such as `unit/app.py`, fewer and with short names.

    `foreign`, `outside`: see `shorten`. `without`: transforms left out, to weigh them.
    """
    texts = whole(tuple(sources.items()), foreign, tuple(outside), tuple(without))
    short = texts if SHORTEN in without else shorten(texts, foreign, outside)
    return short if FULL_NAMES in without else absolute(short)


@cache  # seconds of work, which a flash does twice and the tests hundreds of times
def whole(
    sources: tuple[tuple[str, str], ...], foreign: str, outside: tuple[str, ...], without: tuple[str, ...] = ()
) -> dict[str, str]:
    """The same, with the names of the sources."""
    texts = _put_together(sources, outside, without)
    texts = texts if INLINE in without else inline(texts, foreign, outside)
    return texts if SETTLE in without else settle(texts, foreign, outside)


@cache
def _put_together(
    sources: tuple[tuple[str, str], ...], outside: tuple[str, ...], without: tuple[str, ...]
) -> dict[str, str]:
    folded = fold(dict(sources))
    # What lies outside a slot reads packs before any module in one can be imported: it never does without.
    texts = dict(sources) | {path: folded[path] for path in outside} if FOLD in without else folded
    texts = texts if PAD in without else pad(texts)
    return texts if BUNDLE in without else bundle(texts)
