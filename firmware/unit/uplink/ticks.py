"""Differences of a millisecond clock that may wrap, as MicroPython's `ticks_ms` does; CPython's do not wrap."""

try:
    from time import ticks_add as add  # type: ignore[attr-defined]
    from time import ticks_diff as diff  # type: ignore[attr-defined]
    from time import ticks_ms as now  # type: ignore[attr-defined]
except ImportError:
    from time import monotonic

    def now():
        """Milliseconds since some fixed moment."""
        return int(monotonic() * 1000)

    def diff(a, b):
        """Milliseconds from `b` to `a`."""
        return a - b

    def add(a, ms):
        """The moment `ms` after `a`."""
        return a + ms
