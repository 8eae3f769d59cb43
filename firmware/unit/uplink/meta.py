"""What the topic `meta` carries. `uplink.py` imports this for each connection and forgets it."""

from ..catalogue.tables import rows
from ..control.basics import const
from .json_value import write_value
from .payloads import DECIMALS, ID, VERSION

# More columns of points.txt.
_UNIT = const(1)
_LOW = const(4)
_HIGH = const(5)


def _scaled(out, text, decimals):
    out.number(int(text), decimals)


def head(out, identity, metered, whole=True):
    """All up to the first point. Not `whole`: without what firmware and configuration it is."""
    out.begin()
    out.raw(b'{"v":%d' % VERSION)
    if whole:
        out.key("firmware")
        write_value(out, identity.firmware)
        out.key("firmware_sha256")
        write_value(out, identity.firmware_sha256)
        out.key("config_sha256")
        write_value(out, identity.config_sha256)
    out.raw(b',"energy_source":"metered"' if metered else b',"energy_source":"nominal"')
    out.raw(b',"boot":%d,"nonce":"%s","points":[' % (identity.boot, identity.nonce.encode()))


def point(out, row, with_words):
    """A line of points.txt."""
    decimals = int(row[DECIMALS])
    out.raw(b'{"id":')
    write_value(out, row[ID])
    out.key("unit")
    write_value(out, row[_UNIT])
    out.key("low")
    _scaled(out, row[_LOW], decimals)
    out.key("high")
    _scaled(out, row[_HIGH], decimals)
    if with_words:
        out.key("zh")
        write_value(out, row[-2])
        out.key("en")
        write_value(out, row[-1])
    out.raw(b"}")


def meta(out, identity, metered):
    """Who this is. `identity`: str `firmware`, `firmware_sha256`, `config_sha256`, `nonce`, int `boot`. `metered`: by
    a meter.

    Where that has no room the words go first: without them a point is 70 bytes. `out.full`: that has none either.
    """
    for with_words in (True, False):
        head(out, identity, metered)
        comma = b""
        for row in rows("points"):
            out.raw(comma)
            comma = b","
            point(out, row, with_words)
        out.raw(b"]}")
        if not out.full:
            return
