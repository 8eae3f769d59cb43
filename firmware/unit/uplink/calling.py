"""The way from a broker's name to a session that stands. In memory only until then: see `Dialer.on_up`."""

import random
import select
import socket

from ..room import network_bytes
from . import ticks
from .address import address, numeric
from .broken import NOT_NOW, Broken
from .packet import length, sized
from .questions import questions

_FIRST_WAIT_MS = 1000
_LONGEST_WAIT_MS = 120000
SECURE_BYTES = 30720  # of the network's memory, that a handshake wants on an ESP32
_TCP = 6  # IPPROTO_TCP, not named in MicroPython's socket module
_NODELAY = 1  # TCP_NODELAY
_CONNECT = b"\0\4MQTT\4"  # protocol name and level
_REFUSALS = "/protocol version/client id/broker unavailable/user or password/not authorised"


def call(dialer, now, dns, may_block, known_ms):
    """What is due of a `Dialer`: learn from the end of a session, look up an address, call; see `Dialer.poll`."""
    if dialer.ended:
        _wait(dialer, *dialer.ended)
        return
    if dialer.question:
        found = dialer.question.poll(now)
        if found is not None:
            dialer.question = None
            _call(dialer, found, now)
        return
    host, port = dialer.brokers[dialer.which]
    known = dialer.known.get(host)
    if numeric(host):
        _call(dialer, host, now)
    elif known and known[1] is not None and ticks.diff(now, known[1]) < known_ms:
        _call(dialer, "", now)
    elif resolver := dns():
        dialer.question = questions().Where(host, resolver, now)
    elif may_block:
        _call(dialer, questions().look_up(host, port), now)


def _wait(dialer, now, was_up):
    """After an end: how long, and then for whom."""
    dialer.ended = None
    known = dialer.known.get(dialer.brokers[dialer.which][0])
    if known:
        known[1] = now if was_up else None
    if was_up and not dialer.failures:
        dialer.which = 0
    else:
        dialer.which = (dialer.which + 1) % len(dialer.brokers)
    dialer.failures += 1
    rounds = min((dialer.failures - 1) // len(dialer.brokers), 10)
    wait_ms = min(_FIRST_WAIT_MS << rounds, _LONGEST_WAIT_MS)
    dialer.wait_ms = wait_ms // 2 + random.getrandbits(16) * (wait_ms // 2) // 65536
    dialer.since = now


def _call(dialer, found, now):
    host, port = dialer.brokers[dialer.which]
    if not found and host in dialer.known:
        found = dialer.known[host][0]  # an old address is better than none
    if not found:
        dialer.on_down(now, "no address for " + host, False)
        return
    if found != host:
        dialer.known[host] = [found, None]
    begin(dialer.session, found, port, now, dialer.tls, host)


def begin(session, host, port, now, tls=None, name=None):
    """Have a session connect to a numeric `host`; `tls` is an SSLContext, `name` what its certificate must name."""
    session.tls, session.name = tls, name
    session.begin(now)
    try:
        session.wire.open(host, port)
    except OSError as e:
        session.down("connect: %s" % e)


def connect(wire, host, port):
    """Begin a TCP connection to a numeric `host`. OSError if that fails at once."""
    wire.drop()
    wire.raw = wire.stream = socket.socket()
    wire.raw.setblocking(False)
    try:
        wire.raw.setsockopt(_TCP, _NODELAY, 1)
    except OSError:
        pass  # a port without it merely sends a packet later
    try:
        wire.raw.connect(address(host, port))
    except OSError as e:
        if e.args[0] not in NOT_NOW:
            wire.drop()
            raise


def _is_connected(wire):
    """Whether TCP is (or has failed: then the first write says so)."""
    if wire.raw is None:
        return True  # a wire that is no socket
    poller = select.poll()
    poller.register(wire.raw, select.POLLOUT)
    return bool(poller.poll(0))


def opened(session):
    """Whether its TCP connection is; then what follows is begun: TLS where that is wanted, and CONNECT."""
    if not _is_connected(session.wire):
        return False
    try:
        if session.tls:
            if network_bytes() < SECURE_BYTES:
                raise Broken("no memory for TLS")
            session.wire.secure(session.tls, session.name)
    except (OSError, ValueError) as e:
        raise Broken("TLS: %s" % e) from None
    client_id, keepalive_s, user, password, will = session.account
    flags = 2  # a clean session
    fields = [client_id]
    if will:
        flags |= 0x2C  # retained, QoS 1
        fields += will
    if user is not None:
        flags |= 0xC0
        fields += (user.encode(), password.encode())
    body = _CONNECT + bytes((flags, keepalive_s >> 8, keepalive_s & 255)) + b"".join([sized(f) for f in fields])
    session.put(b"\x10" + length(len(body)) + body)
    return True


def greeted(kind, size, code):
    """Nothing if that was a CONNACK which takes the unit in; Broken otherwise."""
    if kind != 0x20 or size != 2:
        raise Broken("no CONNACK")
    if code:
        raise Broken("refused: " + (_REFUSALS.split("/")[code] if code < 6 else str(code)))
