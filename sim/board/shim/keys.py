"""`micropython` and `os` as a chip has them: what is typed there is a matter of the program.

`kbd_intr(-1)` makes Ctrl-C a byte like any other, where here it would be lost; `dupterm_notify` puts bytes behind those
that wait at the port.
"""

import termios

import wire
from host import link
from micropython import const

_ISIG = const(1)  # of the local modes of a terminal, asm-generic/termbits.h; 3 + 1 >> 2
_LOCAL = const(3)


class Module:
    """A built-in module, and what it lacks."""

    def __init__(self, name):
        self._built_in = __import__(name)

    def __getattr__(self, name):
        return getattr(self._built_in, name)

    def kbd_intr(self, char):
        """3: Ctrl-C interrupts. -1: it does not. Without a jump, for on the chip no Ctrl-C can strike in here."""
        mode = termios.tcgetattr(0)
        mode[_LOCAL] = mode[_LOCAL] & ~_ISIG | char + 1 >> 2
        termios.tcsetattr(0, termios.TCSANOW, mode)

    def dupterm(self, stream):
        self._stream = stream

    def dupterm_notify(self, _):
        link.ask(wire.GIVE_BACK, 0, self._stream.readinto(link.data))
