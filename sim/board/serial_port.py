"""The board's serial port: a pseudo-terminal for the user, relayed to the virtual machine's own terminal.

Between the two stands what a chip does and a Unix program does not: one `\\r\\n` at the end of a printed line, "soft
reboot" and a new start where the program would just end, and no byte lost while Ctrl-C takes effect.
"""

import fcntl
import os
import pty
import re
import sys
import termios
import time
import tty
from collections.abc import Callable

from host_tools.unitkit.errors import SurroundingsFailed

_CTRL_C = b"\x03"
_RAW_BANNER = b"raw REPL; CTRL-B to exit\r\n"
_PROMPT = b">>> "
_NEWLINES = re.compile(rb"\r+\n")
_BACKLOG = 8192
_NOBODY_S = 1.0  # a user who takes nothing for so long is not there
_SETTLE_S = 10.0
_RECEIVE_BYTES = 260  # stdin_ringbuf of MicroPython's ports/esp32/mphalport.c
_MARK = b"\0"  # of a place in the stream: nothing else sends it
_BREAK_S = 3.0  # longest wait for a program to end on Ctrl-C before the next byte follows


class SerialPort:
    """Two pseudo-terminals; `user_fd` and `machine_fd` are the ends to poll, `terminal` is the machine's console."""

    def __init__(self, link: str | None):
        self.user_fd, self._user_side = pty.openpty()
        self.machine_fd, self.terminal = pty.openpty()
        tty.setraw(self._user_side)
        # While a program runs the machine's terminal is as set here: bytes as they come. Whether Ctrl-C interrupts is
        # for the machine to say.
        mode = termios.tcgetattr(self.terminal)
        mode[0] &= ~(termios.ICRNL | termios.IXON | termios.INLCR)
        mode[1] |= termios.OPOST | termios.ONLCR
        mode[3] &= ~(termios.ICANON | termios.ECHO | termios.ISIG)
        mode[3] |= termios.NOFLSH
        termios.tcsetattr(self.terminal, termios.TCSANOW, mode)
        self._program_mode = mode
        for fd in (self.user_fd, self.machine_fd):
            os.set_blocking(fd, False)
        self.path = os.ttyname(self._user_side)
        self._link = link
        if link is not None:
            put_link(self.path, link)
        self._typed = b""  # from the user, not yet given to the machine
        self._break_until = 0.0
        self._listens = False
        self._taken_at = time.monotonic()
        self._held = b""  # from the machine: carriage returns that may be the first half of a line's end
        self._output = b""  # for the user, who has not taken it yet
        self._tail = b""
        self.is_raw = False  # the machine is in the raw REPL
        self.listener: Callable[[bytes], object] | None = None  # is told all that the user is shown
        self._hide_until_prompt = False
        self.received_bytes = self.sent_bytes = 0  # over the cable

    def close(self) -> None:
        if self._link is not None and os.path.islink(self._link) and os.readlink(self._link) == self.path:
            os.unlink(self._link)

    def close_terminals(self) -> None:
        for fd in (self.user_fd, self._user_side, self.machine_fd, self.terminal):
            os.close(fd)

    def machine_starts(self) -> None:
        """A new machine is about to take the terminal; what is typed meanwhile waits for it."""
        termios.tcsetattr(self.terminal, termios.TCSAFLUSH, self._program_mode)
        self.is_raw = False
        self._hide_until_prompt = False
        self._break_until = 0.0
        self._listens = False

    def machine_listens(self) -> None:
        """The machine has come up: what was typed meanwhile may reach it."""
        self._listens = True

    def enter_raw(self) -> None:
        """The machine stands before its first prompt: lead it on into the raw REPL without showing the other one."""
        self.pump()
        self._hide_until_prompt = True
        os.write(self.machine_fd, b"\x01")

    def give_back(self, data: bytes) -> None:
        """The machine puts bytes behind those that wait for it, as `os.dupterm_notify` does."""
        os.write(self.machine_fd, data)

    def pump(self) -> bool:
        """Move whatever can be moved; True if there was anything."""
        moved = self._machine_to_user()
        return self._user_to_machine() or moved

    # --- for a user in virtual time, who must see and be seen at one moment of it, the machine standing still

    def settle(self, user: int) -> bytes:
        """All that the machine has written until now, as the user reads it at the other end, `user`."""
        os.write(self.terminal, _MARK)
        shown = b""
        deadline = time.monotonic() + _SETTLE_S
        while _MARK not in shown:  # behind it may be more already: at its prompt a machine does not stand still
            self._machine_to_user()
            shown += _read(user)
            if time.monotonic() > deadline:
                raise SurroundingsFailed("the pseudo-terminal of the virtual board does not pass on what it was given")
        return shown.replace(_MARK, b"")

    def deliver(self, user: int, keys: bytes) -> None:
        """Type keys at the other end, `user`; they are with the machine when this returns.

        What finds no room in the receive buffer is lost, as on the chip.
        """
        waiting = _unread(self.terminal)
        if waiting + len(keys) > _RECEIVE_BYTES:
            return
        os.write(user, keys)
        deadline = time.monotonic() + _SETTLE_S
        while _unread(self.terminal) < waiting + len(keys):
            self._user_to_machine()
            if time.monotonic() > deadline:
                raise SurroundingsFailed("the pseudo-terminal of the virtual board does not take what is typed")

    @property
    def waits(self) -> bool:
        """Bytes wait for Ctrl-C to take effect or for the user to take them, so pump again soon."""
        return bool(self._typed or self._output)

    def _user_to_machine(self) -> bool:
        typed = _read(self.user_fd)
        self.received_bytes += len(typed)
        self._typed += typed
        if not self._typed or not self._listens:
            return False
        if self._break_until:
            if self._program_runs() and self._interrupts() and time.monotonic() < self._break_until:
                return bool(typed)
            self._break_until = 0.0
        give = self._typed
        if self._interrupts() and _CTRL_C in give:
            # What follows is for the prompt, to which the program may give way.
            give = give[: give.index(_CTRL_C) + 1]
            self._break_until = time.monotonic() + _BREAK_S
        n = _write(self.machine_fd, give)
        self._typed = self._typed[n:]
        return True

    def _interrupts(self) -> bool:
        """Ctrl-C interrupts the program; else the program takes it as a byte, like any other."""
        return bool(termios.tcgetattr(self.machine_fd)[3] & termios.ISIG)

    def _program_runs(self) -> bool:
        """At a prompt the machine's terminal is raw; while a program runs, Ctrl-C may end it."""
        return bool(termios.tcgetattr(self.machine_fd)[3])

    def _machine_to_user(self) -> bool:
        shown = _read(self.machine_fd) if len(self._output) < _BACKLOG else b""
        if shown:
            self.show(shown)
        elif self._held:
            self.show(b"", flush=True)
        elif self._output:
            self._give()
        return bool(shown)

    def show(self, new: bytes, flush: bool = False) -> None:
        """Let the user see what the machine, or the host for it, has said; `flush`: nothing more of that line comes."""
        text = self._held + new
        held = len(text) if flush else len(text.rstrip(b"\r"))
        text, self._held = text[:held], text[held:]
        text = _NEWLINES.sub(b"\r\n", text)
        if self._hide_until_prompt:
            self._tail += text
            _, found, text = self._tail.partition(_PROMPT)
            if not found:
                return
            text = text.lstrip(b"\r\n")
            self._hide_until_prompt = False
        recent = self._tail[-len(_RAW_BANNER) :] + text
        if _RAW_BANNER in recent:
            self.is_raw = True
        elif _PROMPT in recent:
            self.is_raw = False
        self._tail = recent[-len(_RAW_BANNER) :]
        if self.listener is not None:
            self.listener(text)
        self._output += text
        self.sent_bytes += len(text)
        self._give()

    def _give(self) -> None:
        n = _write(self.user_fd, self._output)
        now = time.monotonic()
        if n or not self._output:
            self._taken_at = now
        self._output = self._output[n:]
        if now - self._taken_at > _NOBODY_S:
            # Nobody listens: what was said before somebody does is lost, as on a wire.
            termios.tcflush(self._user_side, termios.TCIFLUSH)
            self._output = b""
            self._taken_at = now


def put_link(target: str, link: str) -> None:
    """Have `link` lead to a port, whatever an earlier one led to. SurroundingsFailed if it cannot be made."""
    if os.path.islink(link):
        os.unlink(link)
    try:
        os.makedirs(os.path.dirname(link) or ".", exist_ok=True)
        os.symlink(target, link)
    except OSError as e:
        raise SurroundingsFailed(f"{link}: the link to the serial port cannot be made: {e.strerror}") from e


def _read(fd: int) -> bytes:
    try:
        return os.read(fd, 4096)
    except (BlockingIOError, OSError):
        return b""


def _unread(terminal: int) -> int:
    """Bytes that wait in a terminal device for its program."""
    return int.from_bytes(fcntl.ioctl(terminal, termios.FIONREAD, bytes(4)), sys.byteorder)


def _write(fd: int, data: bytes) -> int:
    """Bytes that the other end took."""
    try:
        return os.write(fd, data) if data else 0
    except BlockingIOError:
        return 0
