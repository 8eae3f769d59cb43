"""One non-blocking TCP or TLS connection with a buffer each way, in the shape that umqtt.simple takes for a socket.

umqtt.simple writes a packet in pieces and waits for its answer inside the call. A `Wire` collects the pieces, so that
a packet leaves in one write, and raises `Later` where the library would wait, so that no call blocks.
"""

# mypy: disable-error-code="union-attr, arg-type"
import errno
import select
import socket

HEAD_BYTES = 128  # room before the payload for fixed header, topic and packet id; also for the small packets

NOT_NOW = (errno.EINPROGRESS, errno.EALREADY, getattr(errno, "EWOULDBLOCK", errno.EAGAIN))
_TCP, _NODELAY = 6, 1  # IPPROTO_TCP, TCP_NODELAY: not named in MicroPython's socket module


class Later(Exception):
    """The library asks for the answer to a packet that has only just been written."""


class Broken(Exception):
    """The connection ended, or its peer does not speak MQTT; the text says which."""


class Wire:
    """`tx` holds one packet on its way out, its payload built in place from `HEAD_BYTES` on; `rx` what came in."""

    def __init__(self, payload_bytes=3072, rx_bytes=1280):
        self.tx = bytearray(HEAD_BYTES + payload_bytes)
        self.rx = bytearray(rx_bytes)
        self._tx_view = memoryview(self.tx)
        self._rx_view = memoryview(self.rx)
        self.raw = None  # the port's socket
        self._stream = None  # the socket itself, or TLS over it
        self.sent_bytes = 0
        self.received_bytes = 0
        self._clear()

    def _clear(self):
        self.tx_from = self.tx_to = 0
        self.rx_from = self.rx_to = 0
        self.packet_to = 0  # end of the packet that the library decodes

    # --- connecting

    def open(self, address):
        """Begin a TCP connection to `address`, numeric as from `getaddrinfo`. OSError if that fails at once."""
        self.drop()
        self.raw = self._stream = socket.socket()
        self.raw.setblocking(False)
        try:
            self.raw.setsockopt(_TCP, _NODELAY, 1)
        except OSError:
            pass  # a port without it merely sends a packet later
        try:
            self.raw.connect(address)
        except OSError as e:
            if e.args[0] not in NOT_NOW:
                self.drop()
                raise

    def opened(self):
        """True once TCP is connected (or has failed: then the first write says so)."""
        poller = select.poll()
        poller.register(self.raw, select.POLLOUT)
        return bool(poller.poll(0))

    def secure(self, context, server_name):
        """Put TLS over the open connection. The handshake happens in the following `flush` and `fill` calls."""
        self._stream = context.wrap_socket(self.raw, server_hostname=server_name, do_handshake_on_connect=False)

    def drop(self):
        """Close and forget everything, in whatever state the connection is."""
        for s in (self._stream, self.raw):
            if s is not None:
                try:
                    s.close()
                except OSError:
                    pass  # the socket was broken before
        self.raw = self._stream = None
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
        stream = self._stream
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

    # --- what umqtt.simple calls, first as its socket module, then as its socket

    def socket(self, *_):
        """The library's `socket.socket()`."""
        return self

    def getaddrinfo(self, *_):
        """The library's `socket.getaddrinfo()`: the connection stands already, to whatever address."""
        return ((0, 0, 0, "", None),)

    def connect(self, _address):
        """Connected before the library is asked."""

    def settimeout(self, _seconds):
        """Nothing waits here."""

    setblocking = settimeout

    def close(self):
        """The session drops the connection, after the last packet has left."""

    def begin(self, at=0):
        """The next `write` starts a packet at offset `at` of `tx`. Only when everything before it has left."""
        self.tx_from = self.tx_to = at

    def payload(self, topic_bytes, size, qos):
        """Begin a PUBLISH whose `size` bytes of payload stand in `tx` at HEAD_BYTES already; returns a view of them.

        The head is placed to end where the payload begins, so that the library's last write copies it onto itself.
        """
        rest = 2 + topic_bytes + (2 if qos else 0)
        length_bytes = 1 if rest + size < 128 else 2 if rest + size < 16384 else 3
        self.begin(HEAD_BYTES - 1 - length_bytes - rest)
        return self._tx_view[HEAD_BYTES : HEAD_BYTES + size]

    def write(self, data, n=-1):
        """Append `data` (or its first `n` bytes) to the packet."""
        if n < 0:
            n = len(data)
        end = self.tx_to + n
        self._tx_view[self.tx_to : end] = data if n == len(data) else data[:n]
        self.tx_to = end

    def read(self, n):
        """Take `n` bytes of the packet that came in. Later: there is none. Broken: it is shorter than it says."""
        if not self.packet_to:
            raise Later
        end = self.rx_from + n
        if end > self.packet_to:
            raise Broken("malformed packet")
        data = bytes(self._rx_view[self.rx_from : end])
        self.rx_from = end
        return data

    # --- packets that came in

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
