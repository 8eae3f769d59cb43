"""Cellular PPP: a modem that is dialled with AT commands; like the networks of net.py."""

from . import ticks
from .net import Port

DIAL_MS = 60000  # for a modem to come up, dialling and PPP together
ANSWER_MS = 5000  # for one answer of the modem


class Cellular(Port):
    """A modem on `uart`, dialled with AT commands, then PPP. `make_ppp(uart)` gives the port once it is connected."""

    def __init__(self, uart, make_ppp, apn):
        super().__init__(None, "cellular")
        self._uart = uart
        self._make_ppp = make_ppp
        # +++ and ATH end a data call that outlived our reboot.
        self._chat = (
            (b"+++", b""),
            (b"ATH\r", b""),
            (b"ATE0\r", b"OK"),
            (b'AT+CGDCONT=1,"IP","%s"\r' % apn.encode(), b"OK"),
            (b"ATD*99#\r", b"CONNECT"),
        )
        self._step = -1
        self._heard = b""
        self._since = self._began = 0

    def up(self):
        return self._port is not None and self._port.isconnected()

    def poll(self, now):
        if self.up():
            self._began = now
            return
        if self._step < 0 or ticks.diff(now, self._began) >= DIAL_MS:
            if self._port is not None:
                self._port.active(False)
                self._port = None
            self._began = now
            self._say(0, now)
            return
        if self._port is not None:
            return
        self._heard = (self._heard + (self._uart.read() or b""))[-64:]
        waited_ms = ticks.diff(now, self._since)
        wanted = self._chat[self._step][1]
        if (wanted and wanted in self._heard) or (not wanted and waited_ms >= 1100):  # +++ wants a second of silence
            if self._step + 1 < len(self._chat):
                self._say(self._step + 1, now)
            else:
                self._port = self._make_ppp(self._uart)
        elif waited_ms >= ANSWER_MS * (4 if self._step + 1 == len(self._chat) else 1):
            self._step = -1  # from the beginning

    def _say(self, step, now):
        self._step = step
        self._since = now
        self._heard = b""
        self._uart.write(self._chat[step][0])


def start_cellular(uart, apn):
    """A modem on `uart` of this board."""
    import network

    def make_ppp(stream):
        port = network.PPP(stream)
        port.active(True)
        port.connect()
        return port

    return Cellular(uart, make_ppp, apn)
