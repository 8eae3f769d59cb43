"""Wi-Fi, Ethernet and cellular PPP behind one small face: `poll(now)`, `up()`, `dns()`, `again(now)`, `name`.

Each stands in a module of its own, `wifi.py`, `ethernet.py`, `cellular.py`, of which a unit loads the one that it has.
Only their `start` imports the board's `network` module. None of its calls used here waits: joining goes on in the
background, and `poll` looks.
"""


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

    def again(self, now):
        """There is an address, yet no broker can be reached: begin anew."""
        self._port.active(False)
        self._port.active(True)
