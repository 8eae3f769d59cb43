"""Whom to call, and when: the broker list with fail-over, names and remembered addresses, waits that grow."""

from ..modules import forget
from . import ticks
from .packet import IDLE, UP

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
        self.failures = 0
        self.wait_ms = 0
        self.since = self._up_at = ticks.now()
        self.ended = None  # (when, had it stood) of a session that nothing was learnt from yet
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
            if self.failures and ticks.diff(now, self._up_at) >= STEADY_MS:
                self.failures = 0
        elif self.ended or self.question or (state == IDLE and self._waited(now)):
            from .calling import call

            call(self, now, dns, may_block, KNOWN_MS)

    def _waited(self, now):
        return self.brokers and ticks.diff(now, self.since) >= self.wait_ms

    def on_up(self, now):
        """The session stands."""
        self._up_at = now
        forget("uplink.calling", "uplink.address")

    def on_down(self, now, why, was_up):
        """The session ended, or did not come about: calling.py decides when to try whom."""
        self.why = why
        self.ended = now, was_up
