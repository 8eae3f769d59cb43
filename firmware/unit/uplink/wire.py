"""One non-blocking TCP or TLS connection with a buffer each way: no call waits."""

# mypy: disable-error-code="union-attr, arg-type"
from .broken import NOT_NOW, Broken

HEAD_BYTES = 128  # room before the payload for fixed header, topic and packet id


class Wire:
    """`tx` holds one packet on its way out, its payload built in place from `HEAD_BYTES` on; `rx` what came in."""

    def __init__(self, buffers=None):
        """`buffers`: the two, or there will be new ones."""
        self.tx: bytearray
        self.rx: bytearray
        self.tx, self.rx = buffers or (bytearray(HEAD_BYTES + 3072), bytearray(1280))
        self._tx_view = memoryview(self.tx)
        self._rx_view = memoryview(self.rx)
        self.raw = None  # the port's socket
        self.stream = None  # the socket itself, or TLS over it
        self.sent_bytes = 0
        self.received_bytes = 0
        self._clear()

    def _clear(self):
        self.tx_from = self.tx_to = 0
        self.rx_from = self.rx_to = 0

    # --- connecting

    def open(self, host, port):
        """Begin a TCP connection to a numeric `host`. OSError if that fails at once."""
        from .calling import connect

        connect(self, host, port)

    def secure(self, context, server_name):
        """Put TLS over the open connection. The handshake happens in the following `flush` and `fill` calls."""
        self.stream = context.wrap_socket(self.raw, server_hostname=server_name, do_handshake_on_connect=False)

    def drop(self):
        """Close and forget everything, in whatever state the connection is."""
        for s in (self.stream, self.raw):
            if s is not None:
                try:
                    s.close()
                except OSError:
                    pass  # the socket was broken before
        self.raw = self.stream = None
        self._clear()

    # --- moving bytes; both return how many moved, never wait, and raise Broken when the connection is gone

    def flush(self):
        """Send what `tx` still holds."""
        if self.tx_from == self.tx_to:
            return 0
        n = self._transfer(True, self._tx_view[self.tx_from : self.tx_to])
        self.tx_from += n
        self.sent_bytes += n
        return n

    def fill(self):
        """Receive into the free part of `rx`."""
        if self.rx_from:
            rest = self.rx_to - self.rx_from
            self._rx_view[:rest] = self._rx_view[self.rx_from : self.rx_to]
            self.rx_from, self.rx_to = 0, rest
        if self.rx_to == len(self.rx):
            return 0
        n = self._transfer(False, self._rx_view[self.rx_to :])
        self.rx_to += n
        self.received_bytes += n
        return n

    def _transfer(self, out, view):
        stream = self.stream
        try:
            if hasattr(stream, "recv_into"):  # CPython
                n = stream.send(view) if out else stream.recv_into(view)
            else:
                n = stream.write(view) if out else stream.readinto(view)
        except OSError as e:
            # CPython's TLS says "want read" with a number of its own, but names the class.
            if e.args[0] in NOT_NOW or type(e).__name__[:7] == "SSLWant":
                return 0
            raise Broken("connection lost: %s" % e) from None
        except ValueError as e:  # MicroPython: the certificate does not hold
            raise Broken("TLS: %s" % str(e).strip()) from None
        if n == 0:
            raise Broken("closed by the broker")
        return n or 0  # MicroPython: None for "not now"

    def put(self, packet, at=0, payload_bytes=0):
        """Have `packet`, and `payload_bytes` that stand in `tx` behind it, sent next. Only when all before has left."""
        self.tx_from = at
        at += len(packet)
        self._tx_view[self.tx_from : at] = packet
        self.tx_to = at + payload_bytes

    def packet(self):
        """Length of the packet at the head of `rx`, fixed header included; 0 while its length is not yet known."""
        size = shift = 0
        for i in range(self.rx_from + 1, min(self.rx_to, self.rx_from + 5)):
            size |= (self.rx[i] & 0x7F) << shift
            if not self.rx[i] & 0x80:
                return i + 1 - self.rx_from + size
            shift += 7
        if self.rx_to >= self.rx_from + 5:
            raise Broken("malformed length")
        return 0
