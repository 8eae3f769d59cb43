"""Keeps the time by NTP: asked in slices, the servers in turn, again every few hours."""

from . import ticks
from .questions import questions

AGAIN_MS = 21600000  # six hours
RETRY_MS = 30000


class Clock:
    """`servers` is "host, host"; `set_time(unix_s)` is called with each answer. `failures` counts those without."""

    def __init__(self, servers, set_time):
        self._servers = [s.strip() for s in servers.split(",") if s.strip()]
        self._set_time = set_time
        self.port = 123
        self.failures = 0
        self._wait_ms = 0
        self._since = ticks.now()
        self._question = None

    @property
    def asking(self):
        """Whether a question is open, and its code in memory."""
        return self._question is not None

    def poll(self, now, dns):
        """Call while the network is up. `dns()` says host[:port] of a resolver, None if the port itself has to look."""
        if self._question:
            found = self._question.poll(now)
            if found is None:
                return
            self._question = None
            self._since = now
            self._wait_ms = AGAIN_MS
            if found:
                self._set_time(found)
            else:
                self.failures += 1
                self._wait_ms = RETRY_MS
        elif self._servers and ticks.diff(now, self._since) >= self._wait_ms:
            host = self._servers[self.failures % len(self._servers)]
            self._question = questions().TimeAt(host, self.port, dns(), now)
