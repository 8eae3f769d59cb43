"""Wi-Fi with a fallback list; like the networks of net.py."""

from .. import ticks

JOIN_MS = 25000  # for one Wi-Fi network


class Wifi:
    """Joins the first of `networks`, (name, password) pairs, that lets it; tries them in turn for ever."""

    def __init__(self, port, networks):
        self._port = port
        self.name = "wifi"
        self._networks = networks
        self._which = -1
        self._since = 0
        self._was_up = False
        port.active(True)

    # Not from `Port`: its module would weigh more than these lines.
    def up(self):
        return self._port.isconnected()

    def dns(self):
        server = self._port.ifconfig()[3]
        return server if server and server != "0.0.0.0" else None

    def poll(self, now):
        if self.up():
            self._was_up = True
            self._since = now
            return
        if self._was_up:  # lost: the driver may find it again, so it gets as long as a new one
            self._was_up = False
            self._since = now
        elif self._which < 0 or ticks.diff(now, self._since) >= JOIN_MS:
            self.again(now)

    def again(self, now):
        self._was_up = False
        self._which = (self._which + 1) % len(self._networks)
        self._since = now
        self.name, password = self._networks[self._which]
        self._port.disconnect()
        self._port.connect(self.name, password)


def start(networks):
    """Wi-Fi of this board. `networks`: (name, password) pairs, best first."""
    import network

    return Wifi(network.WLAN(network.STA_IF), networks)
