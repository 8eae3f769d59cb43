"""The firmware as a thing that can change: which one runs, what became of the last change, is it healthy?

`pack` and `slots`, outside of the firmware, keep the two packs and decide; this is what the firmware says to them.
"""

import sys
from binascii import hexlify

from .control.basics import const

# Of a pack's head, see host_tools/pack.py.
_DIGEST_AT = const(8)
_DIGEST_END = const(40)
_VERSION_END = const(62)


def stamp():
    """(version, SHA-256 in hexadecimal) of the pack that runs; two empty str where modules run without a pack."""
    module = sys.modules.get("pack")
    if module is None or not module.name:
        return "", ""
    with open(module.name, "rb") as f:
        head = f.read(_VERSION_END)
    return str(head[_DIGEST_END:].rstrip(b"\0"), "utf-8"), str(hexlify(head[_DIGEST_AT:_DIGEST_END]), "utf-8")
