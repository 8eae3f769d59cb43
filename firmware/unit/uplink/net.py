"""Wi-Fi with a fallback list, Ethernet and cellular PPP behind one small face: `poll(now)`, `up()`, `dns()`, `name`.

Only `start_*` functions import the board's `network` module. None of its calls used here waits: joining goes on in the
background, and `poll` looks.
"""

from . import ticks

JOIN_MS = 25000  # for one Wi-Fi network
DIAL_MS = 60000  # for a modem to come up, dialling and PPP together
ANSWER_MS = 5000  # for one answer of the modem


class Host:
    """The computer's own network: always there."""

    name = "host"

    def poll(self, now):
        """Nothing to do."""

    def up(self):
        """True."""
        return True

    def dns(self):
        """None: the computer resolves names itself."""
        return None


class _Port:
    """What the three have in common: `port` is an interface of the `network` module."""

    def __init__(self, port, name):
        self._port = port
        self.name = name

    def poll(self, now):
        """The port looks after itself."""

    def up(self):
        """Whether there is an address."""
        return self._port.isconnected()

    def dns(self):
        """The resolver that the network names, None if it names none."""
        server = self._port.ifconfig()[3]
        return server if server and server != "0.0.0.0" else None


class Wifi(_Port):
    """Joins the first of `networks`, (name, password) pairs, that lets it; tries them in turn for ever."""

    def __init__(self, port, networks):
        super().__init__(port, "wifi")
        self._networks = networks
        self._which = -1
        self._since = 0
        self._was_up = False
        port.active(True)

    def poll(self, now):
        if self.up():
            self._was_up = True
            self._since = now
            return
        if self._was_up:  # lost: the driver may find it again, so it gets as long as a new one
            self._was_up = False
            self._since = now
        elif self._which < 0 or ticks.diff(now, self._since) >= JOIN_MS:
            self._which = (self._which + 1) % len(self._networks)
            self._since = now
            self.name, password = self._networks[self._which]
            self._port.disconnect()
            self._port.connect(self.name, password)


class Cellular(_Port):
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


def start_wifi(networks):
    """Wi-Fi of this board. `networks`: (name, password) pairs, best first."""
    import network

    port = network.WLAN(network.STA_IF)
    return Wifi(port, networks)


def start_ethernet(options):
    """Ethernet of this board; `options`: keyword arguments of `network.LAN` from the board file."""
    import network

    port = network.LAN(**options)
    port.active(True)
    return _Port(port, "ethernet")


def start_cellular(uart, apn):
    """A modem on `uart` of this board."""
    import network

    def make_ppp(stream):
        port = network.PPP(stream)
        port.active(True)
        port.connect()
        return port

    return Cellular(uart, make_ppp, apn)
