"""Cellular PPP: a modem that is dialled with AT commands; like the networks of net.py.

Nothing here waits: `poll` looks what the modem has said so far. Every dialogue ends, by an answer or by time.
"""

from .. import ticks
from .net import Port

DIAL_MS = 60000  # for a modem to come up, dialling and PPP together
ANSWER_MS = 5000  # for one answer of the modem
CALL_MS = 20000  # for the answer to dialling
RESET_EVERY = 6  # dialogues in vain, then the modem is started anew
_SILENCE_MS = 1100  # before and after +++, or a modem in a call takes it for data
_BAUD = 115200
_BUFFER_BYTES = 4096  # 0.35 s at that rate: nothing is lost while flash is erased, and no write waits


class Cellular(Port):
    """A modem on `uart`. `make_ppp(uart)` gives the port once it is connected."""

    def __init__(self, uart, make_ppp, apn):
        super().__init__(None, "cellular")
        self._uart = uart
        self._make_ppp = make_ppp
        # +++ and ATH end a data call that outlived our reboot.
        self._chat = (
            (b"", b"", _SILENCE_MS),
            (b"+++", b"", _SILENCE_MS),
            (b"ATH\r", b"", _SILENCE_MS),
            (b"ATE0\r", b"OK", ANSWER_MS),
            (b'AT+CGDCONT=1,"IP","%s"\r' % apn.encode(), b"OK", ANSWER_MS),
            (b"ATD*99#\r", b"CONNECT", CALL_MS),
        )
        self._step = -1
        self._tries = 0
        self._heard = b""
        self._since = self._began = 0

    def up(self):
        return self._port is not None and self._port.isconnected()

    def poll(self, now):
        port = self._port
        if port is not None:
            if port.isconnected():
                self._tries = 0
                self._began = now
            elif port.status() < 0 or ticks.diff(now, self._began) >= DIAL_MS:
                self.again(now)
        elif self._step < 0:
            self._began = now
            self._tries += 1
            self._say(0, now)
        else:
            self._listen(now)

    def again(self, now):
        if self._port is not None:
            self._port.active(False)
            self._port = None
        self._step = -1

    def _listen(self, now):
        self._heard = (self._heard + (self._uart.read() or b""))[-64:]
        _, wanted, limit_ms = self._chat[self._step]
        over = ticks.diff(now, self._since) >= limit_ms
        if wanted in self._heard if wanted else over:
            if self._step + 1 < len(self._chat):
                self._say(self._step + 1, now)
            else:
                self._port = self._make_ppp(self._uart)
        elif over:
            if self._tries % RESET_EVERY == 0:
                self._uart.write(b"AT+CFUN=1,1\r")
            self._step = -1  # from the beginning

    def _say(self, step, now):
        self._step = step
        self._since = now
        self._heard = b""
        self._uart.write(self._chat[step][0])


def start(terminal, apn, account=None):
    """A modem at a terminal ["uart", bus, tx, rx]. `account`: what the access point asks for, see `credentials.sim`."""
    import network
    from machine import UART, Pin

    def make_ppp(uart):
        port = network.PPP(uart)
        port.active(True)
        if account:
            security, user, key = account
            port.connect(security=port.SEC_CHAP if security == "chap" else port.SEC_PAP, user=user, key=key)
        else:
            port.connect()
        return port

    _, bus, tx, rx = terminal
    uart = UART(bus, baudrate=_BAUD, tx=Pin(tx), rx=Pin(rx), rxbuf=_BUFFER_BYTES, txbuf=_BUFFER_BYTES)
    return Cellular(uart, make_ppp, apn)
