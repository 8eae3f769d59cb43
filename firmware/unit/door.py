"""The way from safe mode to the prompt: Ctrl-C; where a PIN is set, `unlock PIN` and Enter first."""

import os
import select
import sys

from .control.basics import const
from .pin import PIN_FILE, count, counted, stored, stretched, wait_s

_LONGEST = const(48)  # bytes of a line: a PIN has 32 characters at most
_CTRL_C = const(3)
_ENTER = b"\r\n"


class Door:
    """Call `look` each second. `open`: Ctrl-C leads out."""

    def __init__(self):
        self.open = PIN_FILE not in os.listdir()
        self._typed = select.poll()
        self._typed.register(sys.stdin, select.POLLIN)
        self._line = b""
        self._wait_s = wait_s(counted())  # seconds in which no PIN is tried

    def look(self):
        """Take what has come. KeyboardInterrupt asks for the prompt, which gets the rest."""
        self._wait_s -= self._wait_s > 0
        while self._typed.poll(0):
            byte = sys.stdin.buffer.read(1)
            if byte[0] == _CTRL_C:
                self._line = b""
                if self.open:
                    raise KeyboardInterrupt
            elif byte in _ENTER:
                line, self._line = self._line, b""
                self._enter(line)
                return  # a PIN takes its time, and each second has one at the most
            elif byte >= b" " and len(self._line) < _LONGEST:
                self._line += byte

    def _enter(self, line):
        word, _, pin = line.partition(b" ")
        if word == b"unlock" and not self.open:
            self._try(pin)
        print("safe-mode%s \x1b[K" % ("#" if self.open else ">"), end="")

    def _try(self, pin):
        if self._wait_s:
            print("错得太多，%d 秒后才能再试 / too many wrong ones, try again in %d s" % (self._wait_s, self._wait_s))
            return
        wrong = counted() + 1  # counts as wrong until it proves right: a power cut in time saves nothing
        count(wrong)
        salt, rounds, wanted = stored()
        self.open = list(stretched(salt, rounds, str(pin, "utf-8").strip()))[-1] == wanted
        if self.open:
            count(0)
            print("已解锁：Ctrl-C 停机进入提示符 / unlocked: Ctrl-C stops the unit and leads to the prompt")
        else:
            self._wait_s = wait_s(wrong)
            print("密码不对 / wrong PIN")
