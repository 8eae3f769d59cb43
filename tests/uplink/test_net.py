"""Wi-Fi's fallback list; cellular against a modem that is not ours, on the virtual board's PPP, in time of our own."""

import heapq

from unit.uplink.net import cellular
from unit.uplink.net.cellular import ANSWER_MS, CALL_MS, DIAL_MS, RESET_EVERY, Cellular
from unit.uplink.net.wifi import JOIN_MS, Wifi

from sim.board.modem import Modem
from sim.board.shim.ppp import PPP


class Radio:
    """A WLAN interface: joins only `knows`, some while after it was asked."""

    def __init__(self, *knows: str):
        self.knows = set(knows)
        self.joined = ""
        self.asked: list[tuple[str, str]] = []

    def active(self, on: bool) -> None:
        self.on = on

    def connect(self, name: str, password: str) -> None:
        self.asked.append((name, password))
        self.joined = name

    def disconnect(self) -> None:
        self.joined = ""

    def isconnected(self) -> bool:
        return self.joined in self.knows

    def ifconfig(self) -> tuple[str, str, str, str]:
        return ("10.0.0.2", "255.255.255.0", "10.0.0.1", "10.0.0.1") if self.isconnected() else ("0.0.0.0",) * 4


def test_wifi_takes_the_networks_in_turn_and_comes_back_to_the_first():
    radio = Radio("third")
    wifi = Wifi(radio, [("first", "1"), ("second", "2"), ("third", "3")])
    for now in range(0, 3 * JOIN_MS, 1000):
        wifi.poll(now)
    assert radio.asked == [("first", "1"), ("second", "2"), ("third", "3")]
    assert wifi.up() and wifi.name == "third" and wifi.dns() == "10.0.0.1"
    radio.knows = {"first"}  # the third is gone; its driver gets as long as a new one to find it again
    for now in range(3 * JOIN_MS, 4 * JOIN_MS, 1000):
        wifi.poll(now)
        assert len(radio.asked) == 3 and wifi.dns() is None
    wifi.poll(4 * JOIN_MS)
    assert wifi.up() and wifi.name == "first"


def test_wifi_that_leads_nowhere_gives_way_to_the_next():
    radio = Radio("first", "second")
    wifi = Wifi(radio, [("first", "1"), ("second", "2")])
    wifi.poll(0)
    assert wifi.up() and wifi.name == "first"
    wifi.again(1000)
    wifi.poll(2000)
    assert wifi.up() and wifi.name == "second" and radio.asked[-1] == ("second", "2")


class Line:
    """A UART with a modem at its other end, and the clock of both."""

    def __init__(self, **modem: object):
        self.now_ms = 0
        self.covered = True
        self._arriving: list[tuple[int, int, bytes]] = []
        self._count = 0
        self.modem = Modem(self._send, lambda: self.now_ms * 1000, lambda: self.covered, **modem)
        self.said: list[bytes] = []

    def _send(self, data: bytes, after_us: int) -> None:
        self._count += 1
        heapq.heappush(self._arriving, (self.now_ms + after_us // 1000, self._count, data))

    def write(self, data: bytes) -> None:
        self.said.append(data)
        self.modem.write(data)

    def read(self) -> bytes | None:
        found = b""
        while self._arriving and self._arriving[0][0] <= self.now_ms:
            found += heapq.heappop(self._arriving)[2]
        return found or None


def unit(line: Line, account: tuple[str, str] | None = None, apn: str = "cmnet") -> Cellular:
    def make_ppp(uart: Line) -> PPP:
        port = PPP(uart)
        port.active(True)
        if account:
            port.connect(security=PPP.SEC_PAP, user=account[0], key=account[1])
        else:
            port.connect()
        return port

    return Cellular(line, make_ppp, apn)


def live(line: Line, net: Cellular, for_ms: int, until=lambda: False) -> bool:
    """Poll for so long, as the app does; True as soon as `until()` holds."""
    end = line.now_ms + for_ms
    while line.now_ms < end:
        net.poll(line.now_ms)
        line.modem.second()
        if until():
            return True
        line.now_ms += 50
    return False


def test_modem_is_hung_up_set_up_and_dialled():
    line = Line()
    net = unit(line)
    assert live(line, net, 10000, net.up)
    spoken = [said for said in line.said if said and said[:1] != b"~"]
    assert spoken == [b"+++", b"ATH\r", b"ATE0\r", b'AT+CGDCONT=1,"IP","cmnet"\r', b"ATD*99#\r"]
    assert net.dns() == "127.0.0.1" and line.modem.calls == 1


def test_a_call_that_outlived_our_reboot_is_ended_first():
    line = Line()
    before = unit(line)
    assert live(line, before, 10000, before.up)
    after = unit(line)
    assert live(line, after, 20000, after.up) and line.modem.calls == 2


def test_a_lost_call_is_dialled_again_at_once():
    line = Line()
    net = unit(line)
    assert live(line, net, 10000, net.up)
    line.covered = False
    assert live(line, net, 1000, lambda: not net.up())
    line.covered = True
    assert live(line, net, 10000, net.up) and line.modem.calls == 2
    line.covered = False
    assert live(line, net, 1000, lambda: not net.up())
    assert not live(line, net, 60000, net.up)  # a minute without a network
    line.covered = True
    assert live(line, net, CALL_MS + 10000, net.up) and line.modem.calls == 3


def test_a_call_that_leads_nowhere_is_given_up_when_told_so():
    line = Line()
    net = unit(line)
    assert live(line, net, 10000, net.up)
    net.again(line.now_ms)
    assert not net.up()
    assert live(line, net, 20000, net.up) and line.modem.calls == 2


def test_a_modem_that_never_connects_is_started_anew_now_and_then():
    line = Line(apn="private")
    net = unit(line)
    rounds_ms = RESET_EVERY * (CALL_MS + 4000)
    assert live(line, net, rounds_ms, lambda: line.modem.restarts == 1)
    assert not live(line, net, rounds_ms // 2, lambda: line.modem.restarts == 2)
    line.modem._apn = "cmnet"
    assert live(line, net, CALL_MS + 3 * ANSWER_MS + 20000, net.up)


def test_a_deaf_modem_is_asked_again_until_it_hears():
    line = Line()
    line.modem._deaf_until_us = 40_000_000
    net = unit(line)
    assert not live(line, net, 40000, net.up)
    assert live(line, net, 2 * ANSWER_MS + 10000, net.up)


def test_the_access_point_asks_for_user_and_password():
    line = Line(account=("card", "secret"))
    net = unit(line, ("card", "secret"))
    assert live(line, net, 10000, net.up)


def test_wrong_password_or_none_is_not_let_in():
    for account in (("card", "wrong"), None):
        line = Line(account=("card", "secret"))
        net = unit(line, account)
        assert not live(line, net, DIAL_MS, net.up)
        assert line.modem.calls >= 5  # each refusal is heard, not waited out


def test_a_network_that_never_answers_in_ppp_is_waited_for_no_longer_than_a_minute():
    line = Line()
    line.modem._hear = lambda *packet: None  # type: ignore[method-assign]
    net = unit(line)
    assert not live(line, net, DIAL_MS + 15000, net.up)
    assert line.modem.calls == 2


def test_garbage_from_the_modem_is_survived():
    line = Line()
    net = unit(line)
    line._send(bytes(range(256)) * 20, 0)
    assert live(line, net, 40000, net.up)


def test_the_unit_loads_the_module_of_its_own_network_only():
    """`cellular` is imported here by hand; net.py and wifi.py must not bring it, nor ethernet."""
    from pathlib import Path

    folder = Path(cellular.__file__).parent
    for name in ("net", "wifi", "ethernet", "cellular", "../uplink"):
        text = (folder / f"{name}.py").read_text()
        others = {"wifi", "ethernet", "cellular"} - {name}
        assert not any(f"import {other}" in text or f"from .{other}" in text for other in others), name
