"""The way from a broker's name to an open connection. In memory only until one stands: see `Dialer.on_up`."""

import socket

from ..room import network_bytes
from . import ticks
from .address import address, numeric
from .broken import NOT_NOW, Broken
from .questions import questions

SECURE_BYTES = 30720  # of the network's memory, that a handshake wants on an ESP32
_TCP = 6  # IPPROTO_TCP, not named in MicroPython's socket module
_NODELAY = 1  # TCP_NODELAY


def call(dialer, now, dns, may_block, known_ms):
    """What is due of a `Dialer`: the next broker is called, or its address looked up; see `Dialer.poll`."""
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


def _call(dialer, found, now):
    host, port = dialer.brokers[dialer.which]
    if not found and host in dialer.known:
        found = dialer.known[host][0]  # an old address is better than none
    if not found:
        dialer.on_down(now, "no address for " + host, False)
        return
    if found != host:
        dialer.known[host] = [found, None]
    dialer.session.start(found, port, now, dialer.tls, host)


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


def opened(session):
    """Whether its TCP connection is; then TLS is put over it where that is wanted. Broken where it cannot be."""
    if not session.wire.opened():
        return False
    try:
        if session.tls:
            if network_bytes() < SECURE_BYTES:
                raise Broken("no memory for TLS")
            session.wire.secure(session.tls, session.name)
    except (OSError, ValueError) as e:
        raise Broken("TLS: %s" % e) from None
    return True
