"""The serial console: prompt, dispatch and lock. Everything else comes into memory only while it is used.

A command is a generator `cmd_<name>(console, words)` in the module that commands.txt names for it. What it yields
decides what happens next: a str is a line to show; None gives way until the next slice; a tuple (question,) asks the
user and becomes his answer; an int gives way until the tick that comes next is so many ms away. So no command ever
holds up the second that control decides in.
"""

import gc
import sys

from ..catalogue.lookup import row
from ..control.alarms import NORMAL, UNACKNOWLEDGED
from ..control.basics import const
from ..kept import INTERVAL_S, LOCK_MIN, NAME_EN, NAME_ZH, TIMEZONE_MIN, UNIT_ID
from ..modules import forget
from ..room import has_room
from .terminal.line import CANCEL, CHANGED, COMPLETE, ENTER, Line, width
from .terminal.output import Output
from .text import COLUMNS, Text, wrap

# What leads a tool like mpremote from here to the raw REPL: Enter, Ctrl-C, Enter, Ctrl-A, and no key between. By their
# order alone, for a wire and a chip pass them on together or apart. No hand types these four by a slip.
_TOOL = b"\r\x03\r\x01"
_WIRE_BYTES_MS = const(11)  # that the UART sends in a millisecond
_STEP_MS = const(60)  # before a tick is due, nothing typed is taken up
_WORK_MS = const(110)  # and no command goes on, for its steps are longer
_SLICE_MS = const(20)  # while somebody types: an answer begins at once
_IDLE_MS = const(250)  # otherwise; see `Listener`
_ATTENDED_S = const(20)  # after the last key
_AHEAD = const(96)  # bytes typed while a command works
_SOME = const(24)  # of them are taken in a slice
_SECRET = "unlock "
_COMMAND_BYTES = const(20480)  # of a chip's heap, that a command takes at its most
_GONE_S = const(1 << 20)

# Columns of commands.txt.
_MODULE = const(1)
_FLAGS = const(2)


class Console:
    """One visit at the serial port. Call `poll` again after `pause_ms`; it returns soon, raises only KeyboardInterrupt.

    `listener`: what stays when the visit is over, see `Listener`; its `app` has `kept`, `control`, `clock` (`tod_s`,
    `day`, `utc_s`, `set`), `now_s`, `recorder`, `reporting` and `uplink` or None, and `restart()`; its `stream` has
    `readinto(buffer)`, which returns how many bytes came, `write(bytes)`, and `give_back(bytes)` for whoever reads the
    port next.
    KeyboardInterrupt asks for the REPL: two Ctrl-C on an empty line, or `_TOOL`, whose Ctrl-A the REPL then gets; and
    only while the console is unlocked or has no PIN.
    """

    def __init__(self, listener):
        self.listener = listener
        self.app = listener.app
        self.text = Text(listener)
        kept = listener.app.kept
        self.unit_id = kept[UNIT_ID]
        self.timezone_s = kept[TIMEZONE_MIN] * 60
        self.interval_s = kept[INTERVAL_S]
        self.lock_s = kept[LOCK_MIN] * 60
        self.has_pin = listener.has_pin()
        self.unlocked = False
        self._stream = listener.stream
        self._in = bytearray(_SOME)
        self._out = Output(self._stream.write)
        self._sends = 0  # bytes of the last slice, which the UART is at work on
        self._line = Line()
        self._ahead = b""
        self._job: object = None  # a generator
        self.needs_ms = _STEP_MS  # how far away the next tick must be for the next slice
        self._loaded: tuple = ()  # modules that were in memory before the job
        self._answer = None  # for the job
        self._question = ""  # that the job asks
        self._dirty = False
        self._typed_s = self.app.now_s
        self._last = b""  # four bytes, Ctrl-C once however often it came: pyboard.py sends it twice
        self._cancelled = False  # Ctrl-C on an empty line was the last thing typed
        self._somebody = False  # has typed since the start
        self._checked_s = -1
        self._shown = bytearray(len(self.app.control.alarms.state))  # the state of each alarm as it was last shown
        self._notices = []

    def poll(self):
        """One slice."""
        self._listen()
        if self.unlocked and self.app.now_s - self._typed_s > self.lock_s:
            self.lock()
            self._notices.append(-1)
        if self._somebody and self.app.now_s != self._checked_s:
            self._checked_s = self.app.now_s
            self._watch_alarms()
        if self._out.idle:
            self._go_on()
        self._sends = self._out.pump()

    def _go_on(self):
        """One step of what there is to do."""
        if self._notices and (self._job is None or self._question):
            self._notice(self._notices.pop(0))
        elif self._job is not None and not (self._question and self._answer is None):
            self._work()
        elif self._ahead:
            typed = self._ahead
            self._ahead = b""
            self._take(typed)
        elif self._dirty:
            self._draw()

    @property
    def left_for_s(self):
        """How long nobody has typed; 0 while it is unlocked or at work."""
        return 0 if self.unlocked or self._job is not None else self.app.now_s - self._typed_s

    @property
    def pause_ms(self):
        """How long the console may be left alone now."""
        if self._sends:
            return self._sends // _WIRE_BYTES_MS + 1
        if self.busy or self._ahead:
            return 1
        return _SLICE_MS if self.app.now_s - self._typed_s < _ATTENDED_S else _IDLE_MS

    @property
    def busy(self):
        """A command is at work and does not wait for an answer."""
        return self._job is not None and not self._question

    # --- what commands use

    def say(self, entry, **values):
        return self.text.say(entry, **values)

    def lock(self):
        self.unlocked = False
        self._dirty = True

    def leave(self):
        """The visit is over as soon as this command is."""
        self.lock()
        self._typed_s -= _GONE_S

    def insert(self, text):
        """Type `text` for the user, where the cursor is."""
        self._line.insert(text)

    def name(self):
        """The unit's name in the language of the moment."""
        return self.app.kept[NAME_EN if self.text.lang == "en" else NAME_ZH]

    # --- typing

    def _listen(self):
        n = self._stream.readinto(self._in)
        if not n:
            return
        self._typed_s = self.app.now_s
        typed = bytes(self._in[:n])
        for i in range(n):
            if typed[i] != 3 or self._last[-1:] != b"\x03":
                self._last = self._last[-3:] + typed[i : i + 1]
            if self._last == _TOOL:
                self._leave(typed[i:])
        if not self.busy and not self._ahead:
            self._take(typed)
            return
        for byte in typed:
            if byte == 3:
                self._stop_job()
            elif len(self._ahead) < _AHEAD:
                self._ahead += bytes((byte,))

    def _take(self, typed):
        """Take some bytes, up to the end of a line at most; the others wait until it has its answer."""
        for i in range(len(typed)):
            if self._byte(typed[i]) or i + 1 >= _SOME:
                self._ahead = typed[i + 1 :]
                return

    def _byte(self, byte):
        """Returns whether the byte gave something to do."""
        did = self._line.feed(byte)
        if did != CANCEL:
            self._cancelled = False
        if did == ENTER:
            self._enter()
        elif did == CANCEL:
            self._cancel()
        elif did == CHANGED:
            self._dirty = True
        elif did == COMPLETE and not self._question:
            self._begin(_loaded(self, "terminal.complete", "complete", [self._line.text[: self._line.cursor]]))
        return did in (ENTER, COMPLETE)

    def _enter(self):
        if self._question:
            self._put_line()
            self._answer = self._line.take(remember=False)
            return
        if not self._line.text and not self._somebody:
            self._somebody = True
            self._out.put("\r\n")
            self._begin(_loaded(self, "commands.status", "hello", []))
            return
        self._somebody = True
        self._put_line()
        text = self._line.take(remember=self._secret_from() < 0)
        words = text.split()
        if not words:
            self._dirty = True
            return
        self._begin(self._command(words))

    def _cancel(self):
        empty = not self._line.text and not self._question
        if empty and self._cancelled:
            self._leave()
        self._cancelled = empty
        self._put_line("^C")
        self._line.take(remember=False)
        self._stop_job()
        self._dirty = True

    def _leave(self, rest=b""):
        """To the REPL, where that is allowed; it gets the `rest` of what has come."""
        if self.unlocked or not self.has_pin:
            if rest:
                self._stream.give_back(rest)
            raise KeyboardInterrupt

    # --- showing

    def _prompt(self):
        return self._question + " " if self._question else self.unit_id + ("# " if self.unlocked else "> ")

    def _draw(self):
        """The prompt and the line, drawn anew from the left edge: right whatever stood there before."""
        self._dirty = False
        prompt = self._prompt()
        shown, right = self._line.view(COLUMNS - width(prompt), self._secret_from())
        self._out.put("\r" + prompt + shown + "\x1b[K" + ("\x1b[%dD" % right if right else ""))

    def _secret_from(self):
        """The place in the line where a PIN begins, or -1."""
        line = self._line.text
        if self._question or not line.lstrip().lower().startswith(_SECRET):
            return -1
        return len(line) - len(line.lstrip()) + len(_SECRET)

    def _put_text(self, text):
        for line in wrap(text, 2):
            self._out.put(line + "\r\n")
        self._dirty = True

    def _put_line(self, end=""):
        """The line is finished: it stays on the terminal as it stands."""
        self._draw()
        self._out.put(end + "\r\n")

    def _notice(self, index):
        """A line above the prompt; what is being typed comes again below it."""
        if index < 0:
            text = self.say("locked_again")
        else:
            text = "! %s: %s" % self.text.alarm(index)
        self.clear_line()
        self._put_text(text)

    def clear_line(self):
        """Take what is being typed off the screen; the next draw brings it back below what is said meanwhile."""
        self._out.put("\r\x1b[K")

    def _watch_alarms(self):
        shown = self._shown
        book = self.app.control.alarms
        for i, state in enumerate(book.state):
            if state != shown[i]:
                if state == UNACKNOWLEDGED and not book.silent(i) and i not in self._notices:
                    self._notices.append(i)
                elif state == NORMAL and i in self._notices:
                    self._notices.remove(i)
                shown[i] = state

    # --- commands at work

    def _begin(self, job):
        self._loaded = tuple(sys.modules)
        self._job = job

    def _command(self, words):
        """What a line asks for: looked up while the wire still brings the line's end."""
        command = words[0].lower()
        found = row("commands", {"?": "help"}.get(command, command))
        if not found:
            yield None
            yield self.say("unknown", word=command[:20])
        elif "u" in found[_FLAGS] and not self.unlocked:
            yield None
            yield self.say("locked" if self.has_pin else "no_pin")
        else:
            yield from _loaded(self, found[_MODULE], "cmd_" + found[0], words[1:])

    def _work(self):
        """Let the command go on until it has shown a line, asked or given way."""
        job = self._job
        answer = self._answer
        self._answer = None
        self.needs_ms = _WORK_MS
        if self._question:
            self._question = ""
            self._line.take(remember=False)
        try:
            made = job.send(answer)  # type: ignore[attr-defined]
        except StopIteration:
            self._end_job()
        except Exception as e:  # noqa: BLE001  shown to the user; a mistake in a command must not end the unit
            self._fail(e)
        else:
            if isinstance(made, tuple):
                self._question = made[0]
                self._dirty = True
            elif isinstance(made, str):
                self._put_text(made)
            elif made is not None:
                self.needs_ms = made

    def _fail(self, error):
        self._end_job()
        self._put_text(self.say("failed", what=type(error).__name__ + " " + str(error)[:50]))

    def _stop_job(self):
        """Ctrl-C: the command ends where it stands; what it holds it lets go in its `finally`."""
        self._ahead = b""
        job = self._job
        if job is not None:
            self._end_job()
            job.close()  # type: ignore[attr-defined]

    def _end_job(self):
        """Forget the command and the modules that came with it: their code lies in the heap."""
        self._job = None
        self._question = ""
        self._answer = None
        self.needs_ms = _STEP_MS
        self._dirty = True
        self.text.forget()
        forget(*[name[5:] for name in sys.modules if name.startswith("unit.") and name not in self._loaded])


def _loaded(console, module, function, words):
    """A command, its module loaded in a slice of its own: that takes as long as to show some lines."""
    gc.collect()
    if not has_room(_COMMAND_BYTES):
        yield console.say("no_room")
        return
    found = __import__("unit.console." + module, None, None, ("*",))
    yield _STEP_MS  # for the answer should begin at once
    yield from getattr(found, function)(console, words)
