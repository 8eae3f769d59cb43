"""The board's own serial port as a stream for the console: it never waits, and Ctrl-C arrives as a byte."""

import select
import sys

import micropython


class Serial:
    """Standard input and output, which on a board are the USB or UART that the REPL uses too."""

    def __init__(self):
        self._poll = select.poll()
        self._poll.register(sys.stdin, select.POLLIN)
        self._byte = bytearray(1)
        self.write = sys.stdout.buffer.write
        micropython.kbd_intr(-1)

    def readinto(self, buffer):
        """Take what has arrived into `buffer`; returns how many bytes."""
        n = 0
        while n < len(buffer):
            ready = False
            for _ in self._poll.ipoll(0):
                ready = True
            if not ready or not sys.stdin.buffer.readinto(self._byte):
                break
            buffer[n] = self._byte[0]
            n += 1
        return n

    def close(self):
        """Give Ctrl-C its old meaning back: it interrupts."""
        micropython.kbd_intr(3)
