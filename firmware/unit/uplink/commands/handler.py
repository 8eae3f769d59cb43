"""Commands from afar: checked to the last field, then lodged as claims below protection, and always answered.

What a command can do is the `actions` of the app:
`claim(output, on, for_s)` returns 0, or the number of the reason why not; `auto(output)`;
`acknowledge(index)`, NONE for all; `stored()`, the settings that differ from their defaults;
`change(stored, on_trial)` stores settings, or has the next start try them, whole or not at all, and returns "" or why
not, and whether they are tried; if not, `changed` is True, and `take_up()` takes them into use; `reboot()`;
`events()` yields the newest (unix_s, uptime_s, code, a, b), oldest first, and None in between, to give way to a tick;
`unix_s()`, NONE without a clock.
"""

# mypy: disable-error-code="union-attr"
import json

from ...catalogue.names import name_of
from ...catalogue.tables import rows
from ...control.basics import NONE, const
from ...control.io import OUTPUT_NAMES
from ...modules import forget
from ...room import has_room
from ..json_out import JsonOut
from ..json_value import write_value
from .refusal import MAX_BYTES, Refusal, count, is_int, only

_ANSWER_BYTES = const(1536)
_MAX_ID = const(36)
_MAX_BRACKETS = const(8)  # `set` needs three; deep nesting would fill the heap before it is refused
# Modules of one answer.
_SELDOM = (
    "uplink.commands.settings", "uplink.commands.log", "uplink.commands.update", "catalogue.settings_words",
    "catalogue.settings_problems", "catalogue.event_words", "catalogue.settings_change", "catalogue.settings",
    "catalogue.lookup", "catalogue.printable", "config",
)  # fmt: skip
_REMEMBERED = const(16)  # ids of commands that a second delivery must not repeat
_MEMBERS = ("id", "boot", "nonce", "op", "args", "expires", "ctr", "sig")
_LONGEST_S = const(86400)  # that a signed command is good for: whoever holds it back has no more
# Bytes that a command wants while it is answered, of a chip's heap; the others fit in what is free with a broker.
_WANTS = {"show": 20480, "set": 20480, "log": 5120, "update": 5120, "switch": 20480}


class Commands:
    """`handle` takes what the queue has let in and leaves the answer in `out`; `kept` outlives it, see queue.py."""

    def __init__(self, unit_id, boot, actions, kept, nonce):
        self._unit_id = unit_id
        self._boot = boot
        self._nonce = nonce
        self.actions = actions
        self.out = JsonOut(bytearray(_ANSWER_BYTES), 0)
        self._keyed = kept.key is not None
        self._kept = kept
        self._job = None  # the generator of a command that takes long, and the id to answer it under
        self._job_id = ""
        self._job_waits = False  # a restart follows: only while no pump runs
        self.incoming = None  # a firmware that arrives, see update.py

    def handle(self, payload, retained, too_long=False):
        """Carry out one command, or refuse it. True: the answer stands in `out`; False: `work` has to go on with it.

        None: nothing has been touched, for it needs more memory than there is beside an uplink.
        """
        command_id = None
        result: dict = {}
        try:
            if retained:
                raise Refusal("retained", "a command must not be retained: it would come again after every reconnect")
            if too_long or len(payload) > MAX_BYTES:
                raise Refusal("too_long", "at most %d bytes" % MAX_BYTES)
            command = self._parse(payload)
            command_id = command["id"]
            self._check(command)
            args = command.get("args", {})
            op = command["op"]
            fits = has_room(_WANTS.get("switch" if "switch" in args else op, 0))
            if not (fits or self._kept.alone or self._job):
                return None
            self._remember(command)
            if op not in OPS:
                raise Refusal("unknown_op", "op is one of " + ", ".join(OPS))
            if self._job:
                raise Refusal("busy", "the command before takes its time: send it again")
            if not fits:
                raise _no_memory()
            if op == "update" and self.brief() and self.incoming.is_piece(args):
                result = self.incoming.take(args)
            elif op in _LONG:
                self.drop()  # its code goes first
                self._job = self._update(args) if op == "update" else _long(op, self.actions, args, self._keyed)
                self._job_id = command_id
                self._job_waits = op == "update" and "switch" in args
                return False
            else:
                result = getattr(self, "_op_" + op)(args) or {}
        except Refusal as e:
            self._refuse(command_id, e)
            return True
        except MemoryError:
            self._refuse(command_id, _no_memory())
            return True
        self._answer(command_id, result, True)
        return True

    def work(self, calm=True):
        """A piece of a command that takes long. True: its answer now stands in `out`."""
        if not self._job or not self.busy(calm):
            return False
        try:
            next(self._job)
            return False
        except StopIteration as e:
            result = e.value or {}
            if "switched" in result:
                self._kept.reboot = True
            self._answer(self._job_id, result, True)
        except Refusal as e:
            self._refuse(self._job_id, e)
        except MemoryError:
            self._refuse(self._job_id, _no_memory())
        self._job = None
        forget(*_SELDOM)
        return True

    def brief(self):
        """Whether a firmware arrives, of which a piece more takes little: its code is loaded, its file open."""
        return self.incoming is not None and self._job is None

    def drop(self):
        """Let go of the firmware that arrives, which stays on the flash."""
        if self.incoming:
            self.incoming.close()
            self.incoming = None

    def busy(self, calm=True):
        """Whether `work` has something to do. `calm`: there is time before the next tick, and no pump runs."""
        return self._job is not None and (calm or not self._job_waits)

    def _refuse(self, command_id, refusal):
        members = {"code": refusal.args[0], "why": refusal.args[1]}
        if len(refusal.args) > 2:
            members["t"] = refusal.args[2]
        count(self._kept, members["code"])
        self._answer(command_id, members, False)

    def _answer(self, command_id, members, ok):
        self._write(command_id, members, ok)
        if self.out.full:
            self._write(command_id, {"code": "too_much", "why": "ask for less at a time"}, False)

    def _write(self, command_id, members, ok):
        out = self.out
        if self._keyed:
            from . import sign

            sign.leave_room(out)
        out.begin()
        out.raw(b'{"id":')
        write_value(out, command_id)
        out.raw(b',"ok":true' if ok else b',"ok":false')
        for name in members:
            out.key(name)
            write_value(out, members[name])
        out.raw(b"}")
        if self._keyed:
            sign.seal(out, self._kept.key, self._unit_id, b"reply")

    # --- checks: well-formed, for this start of this unit, in time, and not seen before

    def _parse(self, payload):
        if payload.count(b"{") + payload.count(b"[") > _MAX_BRACKETS:
            raise Refusal("malformed", "too deep")
        try:
            command = json.loads(payload)
        except (ValueError, MemoryError, RuntimeError):  # UnicodeError is a ValueError
            raise Refusal("malformed", "not JSON") from None
        if not isinstance(command, dict):
            raise Refusal("malformed", "not an object")
        command_id = command.get("id")
        if not isinstance(command_id, str) or not 1 <= len(command_id) <= _MAX_ID:
            raise Refusal("malformed", "id is a string of 1 to %d characters" % _MAX_ID)
        return command

    def _check(self, command):
        for name in command:
            if name not in _MEMBERS:
                raise Refusal("malformed", "unknown member; known are " + ", ".join(_MEMBERS))
        if not isinstance(command.get("op"), str) or not isinstance(command.get("args", {}), dict):
            raise Refusal("malformed", "op is a string and args an object")
        if not is_int(command.get("boot")):
            raise Refusal("malformed", "boot is an integer, see the topic meta")
        if command["boot"] != self._boot:
            raise Refusal("other_boot", "this is boot %d" % self._boot)
        if (self._keyed or "nonce" in command) and command.get("nonce") != self._nonce:
            raise Refusal("other_boot", "nonce is that of the topic meta")
        if self._keyed or "expires" in command:
            self._check_expiry(command.get("expires"))
        if self._keyed:
            counter = command.get("ctr")
            if not is_int(counter) or not self._kept.counter < counter < 1 << 62:
                raise Refusal("counter", "ctr must grow, the last one was %d" % self._kept.counter)
        if command["id"] in self._kept.seen:
            raise Refusal("repeated", "this id was answered before")

    def _check_expiry(self, expires):
        if not is_int(expires):
            raise Refusal("malformed", "expires is an integer, Unix seconds")
        now_s = self.actions.unix_s()
        if now_s == NONE:
            raise Refusal("clock", "the clock is not set, so an expiry cannot be judged")
        if now_s >= expires:
            raise Refusal("expired", "too late by %d s" % min(now_s - expires, 1 << 29), now_s)
        if self._keyed and expires - now_s > _LONGEST_S:
            raise Refusal("expires", "it must expire within a day of the unit's clock, t", now_s)

    def _remember(self, command):
        """From here on it counts as seen, whatever becomes of it."""
        if self._keyed:
            self._kept.counter = command["ctr"]
        self._kept.seen.append(command["id"])
        if len(self._kept.seen) > _REMEMBERED:
            self._kept.seen.pop(0)

    # --- the operations; each returns what the answer holds besides ok, or nothing

    def _claim(self, args, on):
        only(args, ("output", "for_s"))
        output = _output(args)
        for_s = args.get("for_s")
        if not is_int(for_s) or not 1 <= for_s <= 1 << 29:
            raise Refusal("args", "for_s is how long, in whole seconds")
        reason = self.actions.claim(output, on, for_s)
        if reason:
            name = name_of("reasons", reason)
            raise Refusal(name, "refused by the control: " + name)

    def _op_run(self, args):
        self._claim(args, 1)

    def _op_off(self, args):
        self._claim(args, 0)

    def _op_auto(self, args):
        only(args, ("output",))
        if args.get("output") == "all":
            for output in range(len(OUTPUT_NAMES)):
                self.actions.auto(output)
        else:
            self.actions.auto(_output(args))

    def _op_ack(self, args):
        only(args, ("alarm",))
        wanted = args.get("alarm")
        if wanted == "all":
            self.actions.acknowledge(NONE)
            return
        for index, row in enumerate(rows("alarms")):
            if row[0] == wanted:
                self.actions.acknowledge(index)
                return
        raise Refusal("args", "alarm is a code of the alarms catalogue, or all")

    def _update(self, args):
        if not self._keyed:
            raise Refusal("no_key", "without a command_key nobody can prove that a firmware is meant for this unit")
        from .update import update

        return update(args, self)

    def _op_reboot(self, args):
        only(args, ())
        self._kept.reboot = True


OPS = ("run", "off", "auto", "ack", "set", "show", "log", "update", "reboot")
_LONG = ("set", "show", "log", "update")  # in pieces: all of it takes longer than from one tick to the next


def _no_memory():
    return Refusal("too_much", "no memory for it now")


def _long(op, actions, args, keyed):
    """A command in pieces, yielding None between them; it returns what the answer holds.

    What is seldom asked for comes into memory for one answer: the settings catalogue alone is as large as all this.
    """
    if op == "log":
        from . import log

        yield None
        return (yield from log.log(actions, args))
    stored = dict(actions.stored())  # before the catalogue comes: the configuration's module is as large
    yield None
    from ...catalogue import settings as catalogue  # noqa: F401  loading it is a piece of its own, and so on

    yield None
    from . import settings

    yield None
    job = settings.change(actions, args, stored, keyed) if op == "set" else settings.show(args, stored)
    return (yield from job)


def _output(args):
    name = args.get("output")
    if name not in OUTPUT_NAMES:
        raise Refusal("args", "output is one of " + ", ".join(OUTPUT_NAMES))
    return OUTPUT_NAMES.index(name)
