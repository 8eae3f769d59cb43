"""Commands between their arrival and their answer's, and what of them outlives a connection, even an uplink.

The code that knows them, with what it needs as much memory as the rest of a connection, is loaded when one arrives and
forgotten when none has come for a while. Here stays what must outlive it.
"""

# mypy: disable-error-code="union-attr"
from ...control.basics import const
from ...modules import forget
from .. import ticks

_LINGER_MS = const(30000)  # a second command mostly follows the first at once
_MODULES = (
    "uplink.commands.work", "uplink.commands.handler", "uplink.commands.gate", "uplink.commands.sign",
    "uplink.json_value", "uplink.arriving", "remote",
)  # fmt: skip


class CommandQueue:
    """What has arrived, what waits to be answered, and what was seen of commands since this start.

    `arrived`: what gate.py has let in and has no answer yet, but for one that takes long. `replies`: [packet id, 0
    until it is sent; text] of each answer that has not arrived. `refused` counts refusals by code. `reboot`: it was
    asked for; the uplink does it once the answer has arrived. `seen`: ids of commands that a second delivery must not
    repeat. `counter`: the newest of the signed ones; the nonce of this start is signed too and never comes again, so
    that neither need outlive it.
    `key`: None where commands need no signature, b"" where they do and the key is lost. `denied_at`: see gate.py.
    `turn`: the command that is next needs the uplink's memory; `alone`: it has it. The rest is `work.py`'s: `begun`,
    what the code is begun with; `commands`, the code; `answer`, to a change of settings that is being `taking_up`.
    """

    def __init__(self, unit_id, boot, actions, key=None, nonce=""):
        self.begun = (unit_id, boot, actions, nonce)
        self.key = key
        self.denied_at = None
        self.commands = None
        self.arrived = []
        self.replies = []
        self.answered_at = 0  # ms, the last of them
        self.used_ms = None  # when the code was used last, None while there is none in memory
        self.seen = []
        self.counter = -1
        self.refused = {}
        self.reboot = False
        self.turn = self.alone = False
        self.answer = b""
        self.taking_up = None
        self.most = 0  # bytes of an answer that the broker takes, 0: as many as there are

    def busy(self, calm):
        """Whether `work` has something to do. `calm`: there is time before the next tick, and no pump runs."""
        if self.turn and not self.alone:
            return False
        return bool(self.arrived or self.taking_up) or (self.commands is not None and self.commands.busy(calm))

    def brief(self):
        """Whether what has arrived takes less time than most: see handler.py."""
        return bool(self.arrived) and self.commands is not None and self.commands.brief()

    def work(self, now, calm):
        """A piece of the work; an answer that is ready comes to the replies."""
        from .work import work

        work(self, now, calm)

    def rest(self, now):
        """Nothing is to be done: let go of the code in time."""
        if self.used_ms is None or (self.commands and self.commands.busy(True)):
            return
        if ticks.diff(now, self.used_ms) >= _LINGER_MS:
            self.let_go()

    def let_go(self):
        """Of the code."""
        if self.commands is not None:
            self.commands.drop()
            self.commands = None
        self.used_ms = None
        forget(*_MODULES)
