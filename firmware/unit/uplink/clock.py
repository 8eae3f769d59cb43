"""Keeps the time by NTP: asked in slices, the servers in turn, again every few hours."""

from . import ticks
from .dial import address, numeric, questions

AGAIN_MS = 6 * 3600 * 1000
RETRY_MS = 30000


class Clock:
    """`servers` is "host, host"; `set_time(unix_s)` is called with each answer. `failures` counts those without."""

    def __init__(self, servers, set_time):
        self._servers = [s.strip() for s in servers.split(",") if s.strip()]
        self._set_time = set_time
        self.port = 123
        self.failures = 0
        self._which = 0
        self._wait_ms = 0
        self._since = ticks.now()
        self._question = None
        self._naming = False

    def poll(self, now, dns):
        """Call while the network is up. `dns`: address of a resolver, None if only numeric servers can be asked."""
        if self._question:
            found = self._question.poll(now)
            if found is None:
                return
            if found and self._naming:
                self._ask(found, now)
                return
            self._question = None
            self._since = now
            if found:
                self._set_time(found)
                self._wait_ms = AGAIN_MS
            else:
                self._fail()
        elif self._servers and ticks.diff(now, self._since) >= self._wait_ms:
            host = self._servers[self._which % len(self._servers)]
            if numeric(host):
                self._ask(host, now)
            elif dns:
                self._question = questions().Where(host, dns, now)
                self._naming = True
            else:
                self._since = now
                self._fail()

    def _fail(self):
        self.failures += 1
        self._which += 1
        self._wait_ms = RETRY_MS

    def _ask(self, host, now):
        self._naming = False
        self._question = questions().Time(address(host, self.port), now)
