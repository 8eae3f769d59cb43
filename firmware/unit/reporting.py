"""The unit's reports to its broker: served in slices between the ticks, and laid aside while others need the memory.

On an ESP32 without PSRAM an uplink and a visit at the console do not fit in together, nor an uplink and a command that
reads the settings. So the uplink says goodbye, its memory goes to whoever asked, and it comes back by itself; readings
wait in the journal. What outlives an uplink stands here.
"""

import asyncio
import gc
import sys
import time

from .control.basics import const
from .control.events import NETWORK_MEMORY
from .control.io import P1, P2
from .modules import forget, settle
from .room import has_room, network_bytes
from .uplink.commands.queue import CommandQueue

_KEEP_CLEAR_MS = const(60)  # before a tick is due, no slice begins: the longest takes some 40 ms on an ESP32
_CALM_MS = const(700)  # what may occupy the processor for long begins only with so much time to the next tick
_ROOMY_MS = const(600)  # and a piece of a long command or of the greeting only with so much: an ESP32 needs as long
_BRIEF_MS = const(300)  # a piece of a firmware that arrives: 0.1 s, and 0.05 s more where flash has to be erased
_IDLE_MS = const(50)  # between two slices when nothing moves: how long a command may wait
_PAUSE_MS = const(60000)  # after an error of the firmware itself
_LEAVE_MS = const(3000)  # for a goodbye
_WAIT_MS = const(3000)  # for a moment without a pump, before the uplink comes back all the same
_LOOK_MS = const(10000)
_LEAST_BYTES = const(4096)  # of the network's memory, for a new connection
_LOW_MS = const(300000)  # with less for so long, and nobody reached, the unit restarts
_UPLINK_BYTES = const(30720)  # that an uplink takes while it is loaded
_TX_BYTES = const(2176)  # a message on its way out: some 40 readings
_RX_BYTES = const(1280)


class Reporting:
    """`uplink` of an `App`, while there is one, is this one's; `live()` serves it. `queue`: its commands."""

    def __init__(self, app, wanted, identity, network, account, tls):
        """See `joining.join` for what it begins with. Raises what its modules raise where memory is short."""
        self._app = app
        self.account = account
        self._begun = (wanted, identity, network, account[0], account[1], tls)
        self.queue = CommandQueue(identity.unit_id, identity.boot, self._actions, account[2], identity.nonce)
        self.task = None  # that runs `live()`
        self.connects = 0  # by uplinks that are gone
        self._was: tuple = ("", False, False, "")  # see `link`
        self._visit = False
        self._since = self._looked = self._enough = time.ticks_ms()  # of the turn; of a look at the network's memory
        self._paused: list = [None, None]  # since when: all of it, what is beside the session
        self._told = ""  # the last error
        self._before: tuple = ()  # modules
        self._load()

    async def live(self):
        """Serve the broker between the ticks, for ever."""
        app = self._app
        while True:
            left_ms = time.ticks_diff(app.due_ms, time.ticks_ms())
            if left_ms < _KEEP_CLEAR_MS:
                await asyncio.sleep_ms(max(left_ms, 0) + 1)
            elif not self._slice(time.ticks_ms(), left_ms):
                await asyncio.sleep_ms(_IDLE_MS)

    def makes_room(self, wanted_bytes):
        """Whether somebody at the console can have so much now; where not, ask again: the uplink is about to leave."""
        uplink = self._app.uplink
        if not self._visit:
            if uplink and has_room(wanted_bytes):
                return True
            self._was = self.link()
            self._visit = True
            self._since = time.ticks_ms()
        return not uplink and not self.queue.alone

    def visit_over(self):
        """Whoever was at the console has left."""
        self._visit = False
        self._since = time.ticks_ms()

    def link(self):
        """(network, is it up, is a broker there, why not); during a visit, as that has found it."""
        uplink = self._app.uplink
        if uplink is None:
            return self._was
        return uplink.net.name, uplink.net.up(), uplink.connected(), uplink.dialer.why

    def has_served(self):
        """Whether a broker has, in this start."""
        return self.connects + (self._app.uplink.connects if self._app.uplink else 0) > 0

    def _slice(self, now, left_ms):
        """True if there is more to do at once."""
        uplink = self._app.uplink
        calm = left_ms >= _CALM_MS and self._calm()
        try:
            if uplink and (self._visit or self.queue.turn):
                return self._leave(uplink, now)
            self._watch(now, calm)
            if self._is_paused(0, now):
                return False
            if uplink is None:
                return self._apart(now, left_ms, calm)
            self._since = now
            if not self._is_paused(1, now):
                try:
                    uplink.look_around(now, calm)
                except Exception as e:  # noqa: BLE001  a session that is sound goes on
                    self._fail(e, 1, now)
            return uplink.serve(now, calm, left_ms >= (_BRIEF_MS if self.queue.brief() else _ROOMY_MS))
        except Exception as e:  # noqa: BLE001  shown and counted: pumps must not stop for the sake of messages
            self._fail(e, 0, now)
            if uplink:
                uplink.session.stop("error of the firmware")
            return False

    def _leave(self, uplink, now):
        """A slice of a goodbye, which nothing holds up for long."""
        try:
            from .uplink.leaving import leave

            left = leave(uplink, self._visit)
        except Exception as e:  # noqa: BLE001  whatever it is goes with the uplink
            self._fail(e, 1, now)
            left = True
        left = left or time.ticks_diff(now, self._since) >= _LEAVE_MS
        if left:
            self._drop()
        return left

    def _apart(self, now, left_ms, calm):
        """A slice without an uplink: a command that is alone in memory, or the uplink's return."""
        queue = self.queue
        if queue.alone and queue.busy(True):
            if left_ms < _ROOMY_MS or not queue.busy(calm):
                return False
            queue.work(now, calm)
            return True
        if queue.alone:
            queue.turn = queue.alone = False
            self._tidy()
            self._since = now
        if self._visit or left_ms < _CALM_MS or not (calm or time.ticks_diff(now, self._since) >= _WAIT_MS):
            return False
        if not has_room(_UPLINK_BYTES):
            return False
        self._load()
        return True

    def _load(self):
        self._before = tuple(sys.modules)
        settle()  # what the start of the unit needed goes before the uplink comes ...
        gc.collect()
        # What has to lie in one piece takes its place first.
        buffers = bytearray(_TX_BYTES), bytearray(_RX_BYTES)
        from .online import Online

        gc.collect()
        self._app.uplink = Online(self._app, self.queue, buffers, *self._begun).uplink
        settle()  # ... and what its own start needed, now

    def _drop(self):
        """The uplink goes, with all that came with it; its network stays as it is."""
        app = self._app
        app.uplink.session.stop("laid aside")
        self.connects += app.uplink.connects
        app.uplink = None
        self.queue.alone = self.queue.turn and not self._visit
        self._tidy()

    def _tidy(self):
        """Let go of all that has come into memory since before the uplink was loaded, but for a console."""
        self.queue.let_go()
        new = [name for name in sys.modules if name.startswith("unit.") and name not in self._before]
        forget(*[name[5:] for name in new if not name.startswith("unit.console.")])
        gc.collect()

    def _fail(self, error, which, now):
        """Say it once, and leave what failed alone for a minute."""
        self._paused[which] = now
        told = "%s %s" % (type(error).__name__, error)
        if told != self._told:
            self._told = told
            sys.print_exception(error)
        gc.collect()

    def _is_paused(self, which, now):
        since = self._paused[which]
        if since is not None and time.ticks_diff(now, since) >= _PAUSE_MS:
            since = self._paused[which] = None
        return since is not None

    def _watch(self, now, calm):
        """Without memory for a connection there will be none before a reset: so restart, where nobody is disturbed."""
        if time.ticks_diff(now, self._looked) < _LOOK_MS:
            return
        self._looked = now
        app = self._app
        left_bytes = network_bytes()
        uplink = app.uplink
        low = left_bytes < _LEAST_BYTES or (uplink is None and not has_room(_UPLINK_BYTES))
        if not low or self._visit or self.queue.alone or (uplink and uplink.connected()):
            self._enough = now
        elif calm and time.ticks_diff(now, self._enough) >= _LOW_MS:
            print("MQTT: 网络内存不足，控制器重启 / the network's memory is short: restarting")
            app.recorder.journal.event(app.now_s, NETWORK_MEMORY, left_bytes, 0)
            app.restart()

    def _calm(self):
        """No pump runs: none can run dry, and a start that is a second or two late is millimetres of level."""
        outputs = self._app.control.outputs
        return not outputs[P1].on and not outputs[P2].on

    def _actions(self):
        """What a command may do; in memory only while one is there."""
        from .remote import Actions

        return Actions(self._app)
