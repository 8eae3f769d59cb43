"""What an uplink sees of the unit: here alone meet what control, journal and clock know and what the uplink wants."""

from .control.basics import NONE
from .journal.cursor import Cursor
from .journal.layout import EPOCH_UNIX_S
from .uplink.uplink import Uplink


class Online:
    """An `App` as an uplink sees it: after `update()` like a reading, with control's `outputs` and `alarms` besides."""

    def __init__(self, app, queue=None, buffers=None, *begun):
        """`begun` is what `Reporting` has of it; without it there is no `uplink`."""
        self._app = app
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

    def now(self):
        """Seconds since 2020, NONE while the clock was never set."""
        return self._app.clock.utc_s

    def set_time(self, unix_s):
        """Set the clocks, unless they are right to the second."""
        clock = self._app.clock
        utc_s = unix_s - EPOCH_UNIX_S
        if clock.utc_s == NONE or abs(utc_s - clock.utc_s) > 1:
            clock.set(utc_s)

    def reboot(self):
        """A planned restart."""
        self._app.restart()
