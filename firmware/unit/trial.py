"""Settings of the way to the broker, changed from afar: they last once a broker has served the unit for ten minutes.

Else the unit restarts with the old ones; so does every restart and power cut meanwhile, see config.py. In memory only
when it is asked.
"""

from . import config
from .control.basics import const
from .control.events import SETTINGS_KEPT
from .modules import forget
from .uplink import ticks

SERVED_MS = const(600000)
_AGAIN_S = const(30)


def judge(app):
    """Keep the settings on trial if they have proved themselves. Returns the second to ask again."""
    forget("trial", "config")
    uplink = app.uplink
    if uplink and uplink.connected() and uplink.serving and ticks.diff(ticks.now(), uplink.up_at) >= SERVED_MS:
        try:
            config.keep()
        except OSError:
            return app.now_s + _AGAIN_S  # the file system takes nothing now
        app.config_from = config.FROM_NEWEST
        app.trial_ends_s = 0
        app.control.events.add(SETTINGS_KEPT, 0, 0)
    return app.now_s + _AGAIN_S
