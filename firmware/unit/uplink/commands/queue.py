"""Commands between their arrival and their answer's, and what of them outlives a connection, even an uplink.

The code that knows them, with what it needs as much memory as the rest of a connection, is loaded when one arrives and
forgotten when none has come for a while. Here stays what must outlive it.
"""

# mypy: disable-error-code="union-attr"
import gc

from ...control.basics import const
from ...modules import forget
from ...room import has_room
from .. import ticks
from .refusal import MAX_BYTES

_LINGER_MS = const(30000)  # a second command mostly follows the first at once
_ROOM_BYTES = const(20480)  # for the code and the answer to most, and some between what lies scattered
_MODULES = ("uplink.commands.handler", "uplink.commands.sign", "uplink.json_value", "remote")


class CommandQueue:
    """What has arrived, what waits to be answered, and what was seen of commands since this start.

    `arrived`: what has no answer yet, but for one that takes long. `replies`: [packet id, 0 until it is sent; text] of
    each answer that has not arrived. `refused` counts refusals by code. `reboot`: it was asked for; the uplink does it
    once the answer has arrived. `seen`: ids of commands that a second delivery must not repeat. `counter`: the newest
    of the signed ones; the boot id is signed too and never comes again, so that neither need outlive this start.
    `turn`: the command that is next needs the uplink's memory; `alone`: it has it.
    """

    def __init__(self, unit_id, boot, actions, key=b""):
        self._with = (unit_id, boot, actions, key)
        self._commands = None
        self.arrived = []
        self.replies = []
        self.answered_at = 0  # ms, the last of them
        self._used_ms = 0
        self.seen = []
        self.counter = -1
        self.refused = {}
        self.reboot = False
        self.turn = self.alone = False
        self._answer = b""  # to a change of settings that is being taken into use
        self._taking_up = None
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
        if self.turn and not self.alone:
            return False
        return bool(self.arrived or self._taking_up) or (self._commands is not None and self._commands.busy(calm))

    def brief(self):
        """Whether what has arrived takes less time than most: see handler.py."""
        return bool(self.arrived) and self._commands is not None and self._commands.brief()

    def work(self, now, calm):
        """A piece of the work; an answer that is ready comes to the replies."""
        self._used_ms = now
        if self._taking_up:
            self._take_up()
            return
        commands = self._commands
        if commands is None:
            self._load()
            return
        if self.most:
            commands.out.limit = min(commands.out.limit, self.most)
        if not self.arrived:
            done = commands.work(calm)
        else:
            done = commands.handle(*self.arrived[0])
            if done is None:
                self.turn = True
                self.let_go()
                return
            self.arrived.pop(0)
        if not done:
            return
        self.answered_at = now
        self._answer = commands.out.bytes()
        if commands.actions.changed:
            self._taking_up = commands.actions.take_up()
            self.let_go()
        else:
            self.replies.append([0, self._answer])

    def _take_up(self):
        """A step of it; the code of commands has gone, for control's part of the settings is as large."""
        try:
            next(self._taking_up)  # type: ignore[arg-type]
            return
        except StopIteration:
            pass
        except MemoryError:
            self.reboot = True  # they are stored: the next start has them
        self._taking_up = None
        self.replies.append([0, self._answer])

    def rest(self, now):
        """Nothing is to be done: let go of the code in time."""
        idle = self._commands is not None and not self._commands.busy(True)
        if idle and ticks.diff(now, self._used_ms) >= _LINGER_MS:
            self.let_go()

    def let_go(self):
        """Of the code."""
        if self._commands is not None:
            self._commands.drop()
            self._commands = None
        forget(*_MODULES)

    def _load(self):
        try:
            if not has_room(_ROOM_BYTES):
                raise MemoryError
            from .handler import Commands

            unit_id, boot, actions, key = self._with
            self._commands = Commands(unit_id, boot, actions(), key, self)
        except MemoryError:
            self.let_go()
            gc.collect()
            if not self.alone:
                self.turn = True
                return
            # Without the code nobody can say whom to answer. The sender asks again when no answer comes.
            self.arrived.pop(0)
            self.count("too_much")
