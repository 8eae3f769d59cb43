"""JSON written piece by piece into a buffer that exists already."""

from ..control.basics import NONE

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


class JsonOut:
    """Writes into `buffer` from `start` on. What does not fit is left out and `full` becomes True."""

    def __init__(self, buffer, start):
        self._view = memoryview(buffer)
        self._start = start
        self._limit = len(buffer)
        self.begin()

    def begin(self):
        """Start a new document."""
        self.at = self._start
        self.full = False

    def size(self):
        """Bytes written."""
        return self.at - self._start

    def bytes(self):
        """A copy of what was written."""
        return bytes(self._view[self._start : self.at])

    def room(self):
        """Bytes still free."""
        return self._limit - self.at

    def raw(self, data):
        """Bytes as they are."""
        end = self.at + len(data)
        if end > self._limit:
            self.full = True
        else:
            self._view[self.at : end] = data
            self.at = end

    def number(self, value, decimals=0):
        """An integer that stands for value / 10^decimals; null for NONE."""
        if value == NONE or value is None:
            self.raw(b"null")
        elif decimals:
            if value < 0:
                self.raw(b"-")
                value = -value
            scale = 10**decimals
            self.raw(b"%d.%0*d" % (value // scale, decimals, value % scale))
        else:
            self.raw(b"%d" % value)

    def text(self, text):
        """A string, quoted and escaped."""
        for mark in _ESCAPES:
            if mark in text:
                text = "".join([_ESCAPES.get(c, c) for c in text])
                break
        if any(c < " " for c in text):
            text = "".join([c if c >= " " else "?" for c in text])
        self.raw(b'"%s"' % text.encode())

    def key(self, name, first=False):
        """A member's name; a comma before it unless it is the first."""
        self.raw((b'"%s":' if first else b',"%s":') % name.encode())

    def value(self, value):
        """A str, int, bool, None, or a list or dict of them; floats do not occur."""
        if isinstance(value, str):
            self.text(value)
        elif value is True or value is False:
            self.raw(b"true" if value else b"false")
        elif isinstance(value, dict):
            self.raw(b"{")
            first = True
            for name in value:
                self.key(name, first)
                self.value(value[name])
                first = False
            self.raw(b"}")
        elif isinstance(value, (list, tuple)):
            self.raw(b"[")
            first = True
            for item in value:
                if not first:
                    self.raw(b",")
                self.value(item)
                first = False
            self.raw(b"]")
        else:
            self.number(value)
