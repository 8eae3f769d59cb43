"""`micropython` as a chip has it, where `kbd_intr(-1)` makes Ctrl-C a byte like any other; here it would kill."""

import termios

from micropython import *  # noqa: F403
from micropython import const

_ISIG = const(1)  # of the local modes of a terminal, asm-generic/termbits.h
_LOCAL = const(3)


def kbd_intr(char):
    """3: Ctrl-C interrupts. -1: it does not."""
    mode = termios.tcgetattr(0)
    mode[_LOCAL] = mode[_LOCAL] & ~_ISIG if char < 0 else mode[_LOCAL] | _ISIG
    termios.tcsetattr(0, termios.TCSANOW, mode)
