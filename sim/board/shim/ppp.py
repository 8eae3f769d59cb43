"""`network.PPP` of the ESP32 (MicroPython 1.26.1): speaks to what is at the other end of its stream until there is an
address. The data of sockets do not go through it; they are the computer's.

Both sides import `framed` and `Frames`: PPP in HDLC-like framing (RFC 1662).
"""

LCP = 0xC021  # RFC 1661
PAP = 0xC023  # RFC 1334
IPCP = 0x8021  # RFC 1332
REQUEST = 1
ACK = 2
NAK = 3
TERMINATE = 5

_INACTIVE = 0
_ACTIVE = 1
_ERROR = 2
_CONNECTING = 3
_CONNECTED = 4
_PEER_GONE = 5  # lwIP's PPPERR_CONNECT
_NOT_LET_IN = 6  # PPPERR_AUTHFAIL


def _fcs(data):
    fcs = 0xFFFF
    for byte in data:
        fcs ^= byte
        for _ in range(8):
            fcs = fcs >> 1 ^ (0x8408 if fcs & 1 else 0)
    return fcs ^ 0xFFFF


def framed(protocol, code, mark, data=b""):
    """One packet as it goes over the line; `mark` is its identifier."""
    size = len(data) + 4
    head = bytes((0xFF, 3, protocol >> 8, protocol & 255, code, mark, size >> 8, size & 255))
    body = head + data
    fcs = _fcs(body)
    out = bytearray(b"~")
    for byte in body + bytes((fcs & 255, fcs >> 8)):
        if byte in (0x7D, 0x7E) or byte < 0x20:
            out += bytes((0x7D, byte ^ 0x20))
        else:
            out.append(byte)
    return bytes(out + b"~")


class Frames:
    """Finds packets in what comes over a line."""

    def __init__(self):
        self._body = bytearray()
        self._escaped = False

    def feed(self, data):
        """The whole and sound ones, as (protocol, code, mark, data)."""
        found = []
        for byte in data:
            if byte == 0x7E:
                body, self._body = self._body, bytearray()
                if len(body) >= 10 and _fcs(body[:-2]) == body[-2] | body[-1] << 8:
                    found.append((body[2] << 8 | body[3], body[4], body[5], bytes(body[8:-2])))
            elif byte == 0x7D:
                self._escaped = True
            else:
                self._body.append(byte ^ 0x20 if self._escaped else byte)
                self._escaped = False
        return found


class PPP:
    """A connection over `stream`, made in the background."""

    SEC_NONE = 0
    SEC_PAP = 1
    SEC_CHAP = 2

    def __init__(self, stream):
        self._stream = stream
        self._state = _INACTIVE
        self._error = 0
        self._dns = "0.0.0.0"

    def active(self, on=None):
        if on is not None:
            self._state = (self._state or _ACTIVE) if on else _INACTIVE
        return self._state >= _ACTIVE

    def connect(self, security=SEC_NONE, user=None, key=None):
        if self._state >= _CONNECTING:
            raise OSError(114)
        self._state = _CONNECTING
        self._security = security
        self._account = (user or "").encode(), (key or "").encode()
        self._frames = Frames()
        self._stream.write(framed(LCP, REQUEST, 1))

    def isconnected(self):
        self.poll()
        return self._state == _CONNECTED

    def status(self):
        self.poll()
        return -self._error if self._state == _ERROR else self._state

    def ifconfig(self):
        if self._state == _INACTIVE:
            return (None, None, None, None)
        return ("10.64.1.2", "10.64.64.64", "255.255.255.255", self._dns)

    def poll(self):
        if self._state >= _CONNECTING:
            for packet in self._frames.feed(self._stream.read() or b""):
                self._hear(*packet)

    def _hear(self, protocol, code, mark, data):
        say = self._stream.write
        if protocol == LCP and code == REQUEST:
            wants_pap = data[:4] == b"\x03\x04\xc0\x23"
            if wants_pap and self._security != self.SEC_PAP:
                self._fail(_NOT_LET_IN)
                return
            say(framed(LCP, ACK, mark, data))
            if wants_pap:
                user, key = self._account
                say(framed(PAP, REQUEST, 2, bytes((len(user),)) + user + bytes((len(key),)) + key))
            else:
                say(framed(IPCP, REQUEST, 3, b"\x03\x06\0\0\0\0"))
        elif protocol == PAP:
            if code == ACK:
                say(framed(IPCP, REQUEST, 3, b"\x03\x06\0\0\0\0"))
            else:
                self._fail(_NOT_LET_IN)
        elif protocol == IPCP and code == NAK:
            say(framed(IPCP, REQUEST, 4, data))
        elif protocol == IPCP and code == ACK:
            self._state = _CONNECTED
            self._dns = "127.0.0.1"
        elif protocol == LCP and code == TERMINATE:
            self._fail(_PEER_GONE)

    def _fail(self, error):
        self._state = _ERROR
        self._error = error
