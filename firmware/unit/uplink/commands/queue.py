"""Commands between their arrival and their answer.

The code that knows them, with what it needs as much memory as the rest of a connection, is loaded when one arrives and
forgotten when none has come for a while. Here stays what must outlive it.
"""

# mypy: disable-error-code="union-attr"
import gc

from ...control.basics import const
from ...modules import forget
from .. import ticks
from .refusal import MAX_BYTES

_LINGER_MS = const(30000)  # a second command mostly follows the first at once
_MODULES = ("uplink.commands.handler", "uplink.commands.sign", "uplink.json_value", "remote")


class CommandQueue:
    """What has arrived, and what was seen of commands since this start.

    `arrived`: what has no answer yet, but for one that takes long. `refused` counts refusals by code. `reboot`: it was
    asked for; the uplink does it once the answer has arrived. `seen`: ids of commands that a second delivery must not
    repeat. `counter`: the newest of the signed ones; the boot id is signed too and never comes again, so that neither
    need outlive this start.
    """

    def __init__(self, unit_id, boot, actions, key=b""):
        self._with = (unit_id, boot, actions, key)
        self._commands = None
        self.arrived = []
        self._used_ms = 0
        self.seen = []
        self.counter = -1
        self.refused = {}
        self.reboot = False
        self.most = 0  # bytes of an answer that the broker takes, 0: as many as there are

    def count(self, code):
        """One more refusal."""
        self.refused[code] = self.refused.get(code, 0) + 1

    def take(self, payload, retained):
        """Keep what arrived on `cmd` until there is time for it; `payload` None for what is too long to be kept."""
        too_long = payload is None or len(payload) > MAX_BYTES
        self.arrived.append((b"" if too_long else payload, retained, too_long))

    def busy(self, calm):
        """Whether `work` has something to do. `calm`: there is time before the next tick, and no pump runs."""
        return bool(self.arrived) or (self._commands is not None and self._commands.busy(calm))

    def brief(self):
        """Whether what has arrived takes less time than most: see handler.py."""
        return bool(self.arrived) and self._commands is not None and self._commands.brief()

    def work(self, now, calm):
        """A piece of the work. Returns an answer that is ready, or None."""
        self._used_ms = now
        commands = self._commands
        if commands is None:
            self._load()
            return None
        if self.most:
            commands.out.limit = min(commands.out.limit, self.most)
        done = commands.handle(*self.arrived.pop(0)) if self.arrived else commands.work(calm)
        return commands.out.bytes() if done else None

    def rest(self, now):
        """Nothing is to be done: let go of the code in time."""
        idle = self._commands is not None and not self._commands.busy(True)
        if idle and ticks.diff(now, self._used_ms) >= _LINGER_MS:
            self._commands.drop()
            self._commands = None
            forget(*_MODULES)

    def _load(self):
        try:
            from .handler import Commands

            unit_id, boot, actions, key = self._with
            self._commands = Commands(unit_id, boot, actions(), key, self)
        except MemoryError:
            # Without the code nobody can say whom to answer. The sender asks again when no answer comes.
            self.arrived.pop(0)
            self.count("too_much")
            forget(*_MODULES)
            gc.collect()
