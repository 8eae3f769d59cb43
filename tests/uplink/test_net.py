"""Wi-Fi's fallback list and the modem's dialogue, on ports that behave as the board's do."""

from unit.uplink.cellular import ANSWER_MS, DIAL_MS, Cellular
from unit.uplink.net import JOIN_MS, Wifi


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


class Modem:
    """A UART with a modem behind it that answers as `answers` says, else not at all."""

    def __init__(self, answers: dict[bytes, bytes]):
        self.answers = answers
        self.heard: list[bytes] = []
        self._reply = b""

    def write(self, data: bytes) -> None:
        self.heard.append(data)
        self._reply = self.answers.get(data.strip(), b"")

    def read(self) -> bytes | None:
        reply, self._reply = self._reply, b""
        return reply or None


class Ppp:
    def __init__(self, connected: bool):
        self.connected = connected

    def active(self, on: bool) -> None:
        self.on = on

    def isconnected(self) -> bool:
        return self.connected


GOOD = {b"ATE0": b"\r\nOK\r\n", b'AT+CGDCONT=1,"IP","cmnet"': b"OK\r\n", b"ATD*99#": b"CONNECT 115200\r\n"}


def test_modem_is_hung_up_set_up_and_dialled():
    modem, ports = Modem(GOOD), []

    def make_ppp(uart: Modem) -> Ppp:
        ports.append(Ppp(True))
        return ports[-1]

    net = Cellular(modem, make_ppp, "cmnet")
    for now in range(0, 10000, 100):
        net.poll(now)
    assert modem.heard == [b"+++", b"ATH\r", b"ATE0\r", b'AT+CGDCONT=1,"IP","cmnet"\r', b"ATD*99#\r"]
    assert net.up() and len(ports) == 1


def test_silent_modem_and_ppp_without_address_begin_again():
    modem = Modem({})
    net = Cellular(modem, lambda uart: Ppp(False), "cmnet")
    for now in range(0, 3 * ANSWER_MS, 100):
        net.poll(now)
    assert modem.heard.count(b"+++") >= 2 and not net.up()
    modem.answers = GOOD
    for now in range(3 * ANSWER_MS, 3 * ANSWER_MS + 2 * DIAL_MS, 100):
        net.poll(now)
    assert modem.heard.count(b"ATD*99#\r") >= 2 and not net.up()
