"""The board's own serial port as a stream for the console: it never waits, and Ctrl-C arrives as a byte."""

import io
import os
import select
import sys


class Serial:
    """Standard input and output, which on a board are the USB or UART that the REPL uses too."""

    def __init__(self):
        self._poll = select.poll()
        self._poll.register(sys.stdin, select.POLLIN)
        self._byte = bytearray(1)
        self.write = sys.stdout.buffer.write

    def any(self):
        """Whether a byte waits."""
        ready = False
        for _ in self._poll.ipoll(0):
            ready = True
        return ready

    def readinto(self, buffer):
        """Take what has arrived into `buffer`; returns how many bytes."""
        n = 0
        while n < len(buffer) and self.any() and sys.stdin.buffer.readinto(self._byte):
            buffer[n] = self._byte[0]
            n += 1
        return n

    def give_back(self, data):
        """Put bytes behind those that wait at the port. The chip adds a line to what it shows: the stream has ended."""
        os.dupterm(io.BytesIO(data))
        os.dupterm_notify(None)

    def refuse(self, text, may_interrupt):
        """Drop what waits and say why. KeyboardInterrupt where Ctrl-C is in it and may interrupt."""
        interrupted = False
        while self.any() and sys.stdin.buffer.readinto(self._byte) and not interrupted:
            interrupted = self._byte[0] == 3
        if interrupted and may_interrupt:
            raise KeyboardInterrupt
        self.write(text)
