"""A cellular modem behind a UART: AT commands (3GPP TS 27.007, ITU-T V.250), then PPP as its network speaks it.

It knows nothing of the firmware: what it is told must be right, and it says no like the modems on sale.
"""

from collections.abc import Callable

from .shim.ppp import ACK, IPCP, LCP, NAK, PAP, REQUEST, TERMINATE, Frames, framed

_GUARD_US = 1_000_000  # silence before and after +++ (V.250's successor in practice: register S12)
_ANSWER_US = 50_000
_CALL_US = 1_500_000
_RESTART_US = 8_000_000
_ADDRESS = b"\x03\x06\x0a\x40\x01\x02"


class Modem:
    """`send(bytes, after_us)` puts what it says on the wire; `covered()` tells whether there is a network.

    `account`: (user, password) that the access point `apn` asks for by PAP; none where it asks nobody.
    """

    def __init__(
        self,
        send: Callable[[bytes, int], None],
        now_us: Callable[[], int],
        covered: Callable[[], bool],
        apn: str = "cmnet",
        account: tuple[str, str] | None = None,
    ):
        self._send = send
        self._now_us = now_us
        self._covered = covered
        self._apn = apn
        self._account = account
        self.calls = 0  # that came about
        self.restarts = 0
        self._power_on()

    def _power_on(self) -> None:
        self._in_call = False
        self._echo = True
        self._given_apn = ""
        self._line = b""
        self._frames = Frames()
        self._heard_us = self._deaf_until_us = 0
        self._escaping = False

    def write(self, data: bytes) -> None:
        """The board has sent these bytes."""
        now_us = self._now_us()
        if now_us < self._deaf_until_us or not data:
            return
        quiet = now_us - self._heard_us >= _GUARD_US
        self._heard_us = now_us
        if not self._in_call:
            self._type(data)
        elif self._escaping and quiet:
            self._in_call = self._escaping = False
            self._type(data)
        else:
            self._escaping = quiet and data == b"+++"
            for packet in self._frames.feed(data):
                self._hear(*packet)

    def second(self) -> None:
        """Time goes on: a call ends where there is no network any more."""
        if self._in_call and not self._covered():
            self._hang_up()

    # --- commands

    def _type(self, data: bytes) -> None:
        if self._echo:
            self._send(data, 0)
        *lines, self._line = (self._line + data).split(b"\r")
        for line in lines:
            self._obey(line.decode("ascii", "replace").strip())

    def _obey(self, line: str) -> None:
        after_us = _ANSWER_US
        answer = "OK"
        if line == "ATE0":
            self._echo = False
        elif line.startswith("AT+CGDCONT="):
            fields = line.partition("=")[2].split(",")
            if len(fields) == 3 and fields[:2] == ["1", '"IP"'] and fields[2][:1] == fields[2][-1:] == '"':
                self._given_apn = fields[2][1:-1]
            else:
                answer = "ERROR"
        elif line == "ATD*99#":
            after_us = _CALL_US
            self._in_call = self._covered() and self._given_apn == self._apn
            self.calls += self._in_call
            answer = "CONNECT 150000000" if self._in_call else "NO CARRIER"
        elif line == "AT+CFUN=1,1":
            self.restarts += 1
            self._power_on()
            self._deaf_until_us = self._now_us() + _RESTART_US
        elif line not in ("AT", "ATH"):
            answer = "ERROR"
        self._send(f"\r\n{answer}\r\n".encode(), after_us)

    # --- the call

    def _say(self, *packet: object) -> None:
        self._send(framed(*packet), _ANSWER_US)

    def _hear(self, protocol: int, code: int, mark: int, data: bytes) -> None:
        if protocol == LCP and code == REQUEST:
            self._say(LCP, ACK, mark, data)
            self._say(LCP, REQUEST, 1, b"\x03\x04\xc0\x23" if self._account else b"")
        elif protocol == LCP and code == TERMINATE:
            self._hang_up()
        elif protocol == PAP:
            user, password = self._account or ("", "")
            good = data == bytes([len(user)]) + user.encode() + bytes([len(password)]) + password.encode()
            self._say(PAP, ACK if good else NAK, mark, b"\0")
            if not good:
                self._hang_up()
        elif protocol == IPCP and code == REQUEST:
            self._say(IPCP, ACK if data == _ADDRESS else NAK, mark, _ADDRESS)

    def _hang_up(self) -> None:
        self._in_call = False
        self._say(LCP, TERMINATE, 9)
        self._send(b"\r\nNO CARRIER\r\n", _ANSWER_US)
