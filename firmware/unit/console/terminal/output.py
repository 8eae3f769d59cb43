"""Output at the pace of the wire: a bounded queue, from which each slice writes only what the UART takes at once."""

from ...control.basics import const

SLICE_BYTES = const(120)  # the transmit FIFO of an ESP32's UART holds 128; more would wait for the wire
_MOST = const(1024)


class Output:
    """`put` queues text, `pump` writes a slice. `dropped` counts bytes that found no room."""

    def __init__(self, write):
        """`write` takes bytes, at most SLICE_BYTES at a time."""
        self._write = write
        self._queue = bytearray()
        self.dropped = 0

    def put(self, text):
        """Queue text; what does not fit is dropped whole, so that no character is cut."""
        data = text.encode()
        if len(self._queue) + len(data) > _MOST:
            self.dropped += len(data)
            return
        self._queue += data

    def pump(self):
        """Write the next slice; returns how many bytes it had."""
        queue = self._queue
        if not queue:
            return 0
        piece = bytes(queue[:SLICE_BYTES])
        self._write(piece)
        self._queue = queue[SLICE_BYTES:]
        return len(piece)

    @property
    def idle(self):
        """Nothing waits: there is room for the next line."""
        return not self._queue
