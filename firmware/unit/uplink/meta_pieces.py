"""The topic `meta` in pieces, for a broker that takes no packet as large as all of it."""

from ..catalogue.tables import rows
from .meta import head, point
from .payloads import VERSION


def pieces(out, identity, metered):
    """Generator that writes one piece after the other into `out` and yields the end of its topic.

    First come `meta/1`, `meta/2` ..., which hold the points, with their words where there is room; then `meta`, which
    says how many they are.
    """
    n = 0
    mark = 0  # where the piece in hand ends; 0 without one
    for row in rows("points"):
        for with_words in (True, True, False):
            if not mark:
                out.begin()
                out.raw(b'{"v":%d,"boot":%d,"points":[' % (VERSION, identity.boot))
            out.raw(b"," if mark else b"")
            point(out, row, with_words)
            if not out.full and out.at + 2 <= out.limit:
                mark = out.at
                break
            if mark:
                n += 1
                yield _close(out, mark, n)
                mark = 0
    if mark:
        n += 1
        yield _close(out, mark, n)
    for whole in (True, False):
        head(out, identity, metered, whole)
        out.raw(b'],"more":%d}' % n)
        if not out.full:
            yield b"meta"
            return


def _close(out, mark, n):
    out.at = mark
    out.full = False
    out.raw(b"]}")
    return b"meta/%d" % n
