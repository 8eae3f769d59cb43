"""What an uplink sees of the unit: here alone meet what control, journal and clock know and what the uplink wants."""

from .control.basics import NONE
from .journal.cursor import Cursor
from .uplink.uplink import Uplink


class Online:
    """An `App` as an uplink sees it: after `update()` like a reading, with control's `outputs` and `alarms` besides."""

    def __init__(self, app, queue=None, buffers=None, *begun):
        """`begun` is what `Reporting` has of it; without it there is no `uplink`."""
        self._app = app
        self.clock = app.clock
        self.outputs = app.control.outputs
        self.alarms = app.control.alarms
        self.metered = app.control.meter.wired
        self.values = [NONE] * app.recorder.journal.points
        self.quality = 0
        self.uptime_s = 0
        self.t = NONE
        if begun:
            wanted, identity, network, user, password, tls = begun
            journal = app.recorder.journal
            self.uplink = Uplink(
                wanted, identity, self, queue, journal, Cursor(journal), network, user, password, tls, buffers
            )

    def update(self):
        """Look now."""
        app = self._app
        self.t = app.clock.utc_s
        self.uptime_s = app.now_s
        self.quality = app.control.look(self.values)

    def reboot(self):
        """A planned restart."""
        self._app.restart()
