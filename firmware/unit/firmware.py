"""The firmware as a thing that can change: which one runs, what became of the last change, is it healthy?

`pack` and `slots`, outside of the firmware, keep the two packs and decide; this is what the firmware says to them.
"""

import sys
from binascii import hexlify

from .control.basics import const
from .control.events import FIRMWARE_KEPT, FIRMWARE_TRIAL
from .modules import forget
from .pack_head import COUNT_AT, DIGEST_AT, VERSION_AT

# Of the state that `slots.load` returns.
_TRIAL = const(1)
_MQTT = const(2)
_TELL = const(3)

_HOUR_S = const(3600)
_MOST_LOST_S = const(60)  # of the hour, in which ticks were missing: a flash that is being erased, a name looked up


def judge(app):
    """The start has lived long, or the hour of a trial is over. Returns the second to ask again, 0 for never.

    The first time it puts among the events what had become of the firmware before.

    While a firmware is on trial it is asked again: its way back needs a configuration that the one before knows.

    Healthy is a firmware that ticked through an hour of one start, whose journal takes what is written, and which a
    broker serves where one served the unit before. One that is not is left to the deadline in slots.py.
    """
    slots = _slots()
    state = slots.load()
    if state[_TELL]:
        app.control.events.add(FIRMWARE_TRIAL - 1 + state[_TELL], 0, 0)
        slots.told()
    if not state[_TRIAL]:
        _raise_lowest()
        return 0
    if app.now_s < _HOUR_S:
        return _HOUR_S
    served = app.reporting is not None and app.reporting.has_served()
    if app.lost_s <= _MOST_LOST_S and not app.recorder.journal.failed and (served or not state[_MQTT]):
        _raise_lowest()  # first: a power cut between the two leaves a trial, and no way to what was before it
        slots.trust()
        app.control.events.add(FIRMWARE_KEPT, 0, 0)
        return 0
    return 2 * _HOUR_S


def _raise_lowest():
    """From afar no firmware older than this one comes any more, for it is trusted."""
    from . import lowest

    lowest.raise_to(stamp()[0])
    forget("lowest")


def _slots():
    """The module, for this once; boot.py has let it go."""
    import slots

    sys.modules.pop("slots", None)
    return slots


def stamp():
    """(version, SHA-256 in hexadecimal) of the pack that runs; two empty str where modules run without a pack."""
    module = sys.modules.get("pack")
    if module is None or not module.name:
        return "", ""
    with open(module.name, "rb") as f:
        head = f.read(COUNT_AT)
    return str(head[VERSION_AT:].rstrip(b"\0"), "utf-8"), str(hexlify(head[DIGEST_AT:VERSION_AT]), "utf-8")
