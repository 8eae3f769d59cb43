"""The unit's way to its broker: the uplink beside the road, in slices of time that no tick feels.

Here alone meet what control, journal and clock know and what the uplink wants to know and do.
"""

import asyncio
import gc
import sys
import time

from .control.basics import NONE, const
from .control.io import P1, P2
from .journal.cursor import Cursor
from .journal.layout import EPOCH_UNIX_S
from .modules import forget
from .uplink.uplink import Uplink

_KEEP_CLEAR_MS = const(60)  # before a tick is due, no slice begins: the longest takes some 40 ms on an ESP32
_CALM_MS = const(700)  # what may occupy the processor for long begins only with so much time to the next tick
_ROOMY_MS = const(600)  # and a piece of a long command or of the greeting only with so much: an ESP32 needs as long
_BRIEF_MS = const(300)  # a piece of a firmware that arrives: 0.1 s, and 0.05 s more where flash has to be erased
_IDLE_MS = const(50)  # between two slices when nothing moves: how long a command may wait
_AGAIN_MS = const(60000)  # after an error of the firmware itself
_BUFFER_BYTES = const(2048)  # of a message on its way out: some 40 readings


class Online:
    """An `App` as an uplink sees it: after `update()` like a reading, with control's `outputs` and `alarms` besides.

    `uplink` is its own, and `live()` serves that.
    """

    def __init__(self, app, *begun):
        """`begun` is what `joining.join` returns; without it there is no uplink."""
        self._app = app
        self.task = None  # that runs `live()`
        self.failures = 0  # errors of the firmware itself, each answered by a new connection
        self.outputs = app.control.outputs
        self.alarms = app.control.alarms
        self.metered = app.control.meter.wired
        self.values = [NONE] * app.recorder.journal.points
        self.quality = 0
        self.uptime_s = 0
        self.t = NONE
        if begun:
            wanted, identity, network, (user, password, key), tls = begun
            journal = app.recorder.journal
            self.uplink = Uplink(
                wanted, identity, self, journal, Cursor(journal), network, user, password, key, tls, _BUFFER_BYTES
            )
            _settle()

    async def live(self):
        """Serve the broker between the ticks, for ever."""
        app = self._app
        while True:
            left_ms = time.ticks_diff(app.due_ms, time.ticks_ms())
            if left_ms < _KEEP_CLEAR_MS:
                await asyncio.sleep_ms(max(left_ms, 0) + 1)
            elif not self._slice(left_ms):
                await asyncio.sleep_ms(_IDLE_MS)

    def _slice(self, left_ms):
        """True if there is more to do at once."""
        try:
            calm = left_ms >= _CALM_MS and self._calm()
            roomy_ms = _BRIEF_MS if self.uplink.queue.brief() else _ROOMY_MS
            return self.uplink.poll(time.ticks_ms(), calm, left_ms >= roomy_ms)
        except Exception as e:  # noqa: BLE001  shown and counted: pumps must not stop for the sake of messages
            sys.print_exception(e)
            self.failures += 1
            self.uplink.session.stop("error of the firmware")
            self.uplink.dialer.wait(_AGAIN_MS)
            gc.collect()
            return False

    def _calm(self):
        """No pump runs: none can run dry, and a start that is a second or two late is millimetres of level."""
        return not self.outputs[P1].on and not self.outputs[P2].on

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

    def actions(self):
        """What a command may do; in memory only while one is there."""
        from .remote import Actions

        return Actions(self._app)


def _settle():
    from . import made_uplink

    made_uplink.uplink(Online)
    forget("made_uplink")  # the app wants `made` itself
