"""Wi-Fi with a fallback list, Ethernet and (in cellular.py) PPP behind one small face: `poll(now)`, `up()`, `dns()`,
`name`.

Only `start_*` functions import the board's `network` module. None of its calls used here waits: joining goes on in the
background, and `poll` looks.
"""

from . import ticks

JOIN_MS = 25000  # for one Wi-Fi network


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


class Port:
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


class Wifi(Port):
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
    return Port(port, "ethernet")
