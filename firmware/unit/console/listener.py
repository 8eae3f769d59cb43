"""What of the console stays in memory while nobody is at the serial port: who may come in, and how it was left.

The console itself is loaded at the first byte and forgotten some time after the last: its code is a tenth of a heap.
"""

import gc
import os
import sys

from ..control.basics import const
from ..kept import LANGUAGE, LOCK_MIN
from ..modules import forget
from ..pin import PIN_FILE
from ..room import has_room

_IDLE_MS = const(250)  # between two looks while nobody is there: the UART keeps 256 bytes meanwhile
CALM_MS = const(300)  # a step as long as a write to flash needs before the tick that comes next
_LOAD_MS = const(700)  # so does the console when it is loaded
_LEAVE_S = const(900)  # after the last key the console is forgotten, once it is locked;
_LEAVE_EARLY_S = const(180)  # so early where the broker is left for its sake
_VISIT_BYTES = const(40960)  # of a chip's heap, that a visit takes at its most
_CONSOLE_BYTES = const(24576)  # without which it is not begun
_RESERVE_BYTES = const(6144)  # what control and uplink may want while a console is open
_TOO_LITTLE = b"memory is short, no console now / \xe5\x86\x85\xe5\xad\x98\xe4\xb8\x8d\xe8\xb6\xb3\r\n"


class Listener:
    """`poll` every `pause_ms`. See `Console` for `app` and `stream`; `app.left` is what the one before has `left`."""

    def __init__(self, app, stream):
        self.app = app
        self.stream = stream
        self.lang = "en" if app.kept[LANGUAGE] else "zh"
        self.utf8 = True
        self.wrong = -1  # wrong PINs in a row, -1 while nobody has looked into the file of `access`
        self.wait_until_s = 0  # no try before
        self.console = None
        if app.left:
            self.lang, self.utf8, self.wrong, self.wait_until_s = app.left

    def left(self):
        """What the next one must know; this one is forgotten with all modules of the console."""
        forget(*[name[5:] for name in sys.modules if name.startswith("unit.console.")])
        return self.lang, self.utf8, self.wrong, self.wait_until_s

    def poll(self):
        """A slice of whatever somebody does here. Raises only KeyboardInterrupt: out, to the raw REPL."""
        if self.console is None and (not self.stream.any() or not self._open()):
            return
        console = self.console
        console.poll()
        leave_s = _LEAVE_EARLY_S if self.reports_rest() else max(_LEAVE_S, self.app.kept[LOCK_MIN] * 60)
        if console.left_for_s > leave_s:
            self.forget()

    def reports_rest(self):
        """Whether nothing is sent to the broker for as long as this visit lasts."""
        return self.app.reporting is not None and self.app.uplink is None

    def has_pin(self):
        """Whether a PIN has been set: see `access`."""
        return PIN_FILE in os.listdir()

    @property
    def needs_ms(self):
        """How far away the next tick must be, at least, for the next slice to begin."""
        return self.console.needs_ms if self.console else _LOAD_MS

    @property
    def pause_ms(self):
        """How long the port may be left alone now."""
        return self.console.pause_ms if self.console else _IDLE_MS

    def _open(self):
        """Load the console; False where the heap has no room for it, or not yet."""
        reporting = self.app.reporting
        if reporting and not reporting.makes_room(_VISIT_BYTES):
            return False
        try:
            if has_room(_CONSOLE_BYTES):
                from .console import Console

                self.console = Console(self)
        except MemoryError:
            pass
        if self.console is not None and has_room(_RESERVE_BYTES):
            return True
        self.forget()
        self.stream.refuse(_TOO_LITTLE, not self.has_pin())
        return False

    def forget(self):
        """Let go of the console and of all its modules."""
        self.console = None
        gc.collect()  # for the list below too
        own = "unit.console.listener"
        forget(*[name[5:] for name in sys.modules if name.startswith("unit.console.") and name != own])
        forget("catalogue.printable")
        gc.collect()
        if self.app.reporting:
            self.app.reporting.visit_over()
