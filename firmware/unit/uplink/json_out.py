"""JSON written piece by piece into a buffer that exists already."""

from ..control.basics import NONE


class JsonOut:
    """Writes into `buffer` from `start` on. What does not fit is left out and `full` becomes True."""

    def __init__(self, buffer, start):
        self.view = memoryview(buffer)
        self.start = start
        self.limit = len(buffer)
        self.begin()

    def begin(self):
        """Start a new document."""
        self.at = self.start
        self.full = False

    def size(self):
        """Bytes written."""
        return self.at - self.start

    def bytes(self):
        """A copy of what was written."""
        return bytes(self.view[self.start : self.at])

    def raw(self, data):
        """Bytes as they are."""
        end = self.at + len(data)
        if end > self.limit:
            self.full = True
        else:
            self.view[self.at : end] = data
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

    def name(self, name):
        """A name of the catalogues or of this program, quoted; for what may want escaping see json_value.py."""
        self.raw(b'"%s"' % name.encode())

    def key(self, name):
        """A further member's name."""
        self.raw(b',"%s":' % name.encode())
