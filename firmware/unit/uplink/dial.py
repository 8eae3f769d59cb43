"""Whom to call, and when: the broker list with fail-over, names and remembered addresses, waits that grow."""

import random

from ..modules import forget
from . import ticks
from .session import IDLE, UP

FIRST_WAIT_MS = 1000
LONGEST_WAIT_MS = 120000
KNOWN_MS = 600000  # how long an address that has led to a broker is called again without a question
STEADY_MS = 60000  # a connection that lived this long was good: the next wait is short again


def broker_list(text, port):
    """`text` is "host[:port], ..."; returns a list of (host, port)."""
    found = []
    for entry in text.split(","):
        host, _, own = entry.strip().partition(":")
        if host:
            found.append((host, int(own) if own.isdigit() else port))
    return found


class Dialer:
    """Keeps the session connected to one of `brokers`, a list of (host, port), the first one preferred.

    Waits double from one second to two minutes over whole rounds of the list, each cut by chance to between half and
    all of it: a hundred units do not return in the same second. `why` says what the last failure was.
    """

    def __init__(self, session, brokers, tls=None):
        self.session = session
        self.brokers = brokers
        self.tls = tls
        self.which = 0
        self._failures = 0
        self._wait_ms = 0
        self._since = self._up_at = ticks.now()
        self.question = None
        self.known = {}  # host: [the address that it had last, when that last led to a broker or None]
        self.why = ""

    def poll(self, now, dns, may_block=True):
        """Call when the network is up. `dns()` says host[:port] of the resolver, None if there is none to ask.

        Without a resolver a name is looked up by the port itself, which may block for many seconds: only `may_block`.
        A name is looked up when its broker is to be called, and not again while the address is known to be good.
        """
        state = self.session.state
        if state == UP:
            if self._failures and ticks.diff(now, self._up_at) >= STEADY_MS:
                self._failures = 0
        elif self.question or (state == IDLE and self.brokers and ticks.diff(now, self._since) >= self._wait_ms):
            from .calling import call

            call(self, now, dns, may_block, KNOWN_MS)

    def on_up(self, now):
        """The session stands."""
        self._up_at = now
        forget("uplink.calling", "uplink.address")

    def on_down(self, now, why, was_up):
        """The session ended, or did not come about: decide when to try whom."""
        self.why = why
        known = self.known.get(self.brokers[self.which][0])
        if known:
            known[1] = now if was_up else None
        if was_up and not self._failures:
            self.which = 0
        else:
            self.which = (self.which + 1) % len(self.brokers)
        self._failures += 1
        rounds = min((self._failures - 1) // len(self.brokers), 10)
        wait_ms = min(FIRST_WAIT_MS << rounds, LONGEST_WAIT_MS)
        self._wait_ms = wait_ms // 2 + random.getrandbits(16) * (wait_ms // 2) // 65536
        self._since = now
