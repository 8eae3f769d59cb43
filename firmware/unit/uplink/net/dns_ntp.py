"""Questions over UDP that never block: where a name lives (DNS), and what time it is (NTP).

In memory only while one is open: it holds this module.
"""

import os
import socket
import struct

from .. import ticks
from ..address import address, numeric
from ..broken import NOT_NOW

TRY_MS = 2000  # one try
TRIES = 3

NTP_UNIX_S = 2208988800  # 1970 in NTP's seconds, which count from 1900 (RFC 5905)


class Question:
    """One question to a numeric server. `poll` returns None while it is open, then the answer, or False if none came.

    It raises nothing: where there is no memory for a socket, that is a try that failed.
    """

    def __init__(self, host, port, now):
        self._server = (host, port)
        self._socket = None
        self._tries = 0
        self._at = now
        self._nonce = b""

    def poll(self, now):
        """Ask, ask again, or look for the answer."""
        try:
            if not self._tries or ticks.diff(now, self._at) >= TRY_MS:
                if self._tries == TRIES:
                    return self._close(False)
                self._tries += 1
                self._at = now
                self._nonce = os.urandom(8)
                if self._socket is None:
                    self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                    self._socket.setblocking(False)
                self._socket.connect(address(*self._server))  # from now on only this server is heard
                self._socket.send(self._ask(self._nonce))
            if self._socket is None:
                return None
            data = self._socket.recv(512)
        except OSError as e:
            # Anything but "nothing there yet" (no route, port closed) is a try that failed.
            if e.args[0] not in NOT_NOW and self._tries == TRIES:
                return self._close(False)
            return None
        answer = self._read(data, self._nonce)
        return None if answer is None else self._close(answer)

    def _ask(self, nonce):
        """The datagram to send."""
        raise NotImplementedError

    def _read(self, data, nonce):
        """The answer in a datagram that came back, False if it says no, None if it is not the answer."""
        raise NotImplementedError

    def _close(self, answer):
        if self._socket is not None:
            self._socket.close()
        return answer


class Where(Question):
    """The IPv4 address of a host name, as a str (RFC 1035). `dns`: host[:port] of a resolver."""

    def __init__(self, name, dns, now):
        host, _, port = dns.partition(":")
        super().__init__(host, int(port or 53), now)
        self._name = name

    def _ask(self, nonce):
        labels = b"".join([bytes([len(part)]) + part.encode() for part in self._name.split(".")])
        return nonce[:2] + b"\x01\0\0\x01\0\0\0\0\0\0" + labels + b"\0\0\x01\0\x01"

    def _read(self, data, nonce):
        if len(data) < 12 or data[:2] != nonce[:2] or not data[2] & 0x80:
            return None
        if data[3] & 15:
            return False  # there is no such name
        at = _behind_name(data, 12) + 4
        for _ in range(data[6] << 8 | data[7]):
            at = _behind_name(data, at)
            if at + 10 > len(data):
                break
            size = data[at + 8] << 8 | data[at + 9]
            if data[at : at + 2] == b"\0\x01" and size == 4 and at + 14 <= len(data):
                return "%d.%d.%d.%d" % tuple(data[at + 10 : at + 14])
            at += 10 + size
        return False


def _behind_name(data, at):
    while at < len(data) and data[at]:
        if data[at] & 0xC0:  # the rest of the name stands elsewhere
            return at + 2
        at += data[at] + 1
    return at + 1


class Time(Question):
    """Unix seconds by NTP (RFC 5905), whatever the server says. `server`: its address."""

    def _ask(self, nonce):
        # Version 4, client. The transmit time is any number: the server returns it, and nobody else knows it.
        return b"\x23" + bytes(39) + nonce

    def _read(self, data, nonce):
        if len(data) < 48 or data[0] & 7 != 4 or data[0] >> 6 == 3 or not 1 <= data[1] <= 15 or data[24:32] != nonce:
            return None
        unix_s = struct.unpack("!I", data[40:44])[0] - NTP_UNIX_S
        if unix_s < 0:
            unix_s += 1 << 32  # the counter runs over in 2036
        return unix_s


class TimeAt:
    """`Time` of the server `host`, whose name is looked up first. `dns`: host[:port] of a resolver, or None."""

    def __init__(self, host, port, dns, now):
        self._port = port
        self._host = host if numeric(host) else None
        self._question: Question | None = None if self._host or not dns else Where(host, dns, now)

    def poll(self, now):
        """Like `Question.poll`."""
        if self._host:
            self._question = Time(self._host, self._port, now)
            self._host = self._port = None
        found = self._question.poll(now) if self._question else False
        if found and self._port:
            self._host = found
            return None
        return found


def look_up(host, port):
    """What the port itself finds, which may take it many seconds; False for nothing."""
    try:
        found = socket.getaddrinfo(host, port, socket.AF_INET)[0][-1]
    except OSError:
        return False
    if isinstance(found, tuple):  # CPython and ESP32
        return found[0]
    return "%d.%d.%d.%d" % tuple(found[4:8])  # MicroPython on a PC: a raw sockaddr_in
