"""JSON written piece by piece into a buffer that exists already."""

from ..control.basics import NONE

_ESCAPED = b'"\\\n\r\t'
_ESCAPES = b'\\"\\\\\\n\\r\\t'  # in the same order, two bytes each


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
        """A string, quoted and escaped.

        Byte by byte: MicroPython keeps every single character that a program takes out of a text, for ever.
        """
        data = text.encode()
        for byte in data:
            if byte < 32 or byte in _ESCAPED:
                data = _escaped(data)
                break
        self.raw(b'"%s"' % data)

    def key(self, name, first=False):
        """A member's name; a comma before it unless it is the first."""
        self.raw((b'"%s":' if first else b',"%s":') % name.encode())


def _escaped(data):
    whole = bytearray()
    for byte in data:
        at = _ESCAPED.find(bytes((byte,))) * 2
        if at >= 0:
            whole.extend(_ESCAPES[at : at + 2])
        else:
            whole.append(byte if byte >= 32 else 63)  # "?"
    return bytes(whole)
