"""Keeps the time by NTP: asked in slices, the servers in turn, again every few hours."""

from . import ticks


class Clock:
    """`servers` is "host, host". `failures` counts questions without an answer that was believed; see asking.py."""

    def __init__(self, servers):
        self.servers = [s.strip() for s in servers.split(",") if s.strip()]
        self.port = 123
        self.failures = 0
        self.wait_ms = 0
        self.since = ticks.now()
        self.question = None  # the one that is open; its code is in memory

    def poll(self, now, up):
        """Call while the network of the `Uplink` is up."""
        if self.question or (self.servers and ticks.diff(now, self.since) >= self.wait_ms):
            from .asking import ask

            ask(self, now, up)
