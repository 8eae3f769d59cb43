"""`socket`: the computer's own, but it finds this computer only, and the broker that the board was started with."""

import usocket
import wire
from host import link
from usocket import *  # noqa: F403  what is not replaced below

_EAI_FAIL = -202  # what an ESP32 says for a name that does not resolve


def getaddrinfo(host, port, *more):
    """Addresses of numeric hosts only: nothing that a simulated unit asks leaves the computer."""
    host = "127.0.0.1" if host == "localhost" else host
    at = wire.BROKER
    broker = "%d.%d.%d.%d" % (link.memory[at], link.memory[at + 1], link.memory[at + 2], link.memory[at + 3])
    if not host.startswith("127.") and host != broker:
        raise OSError(_EAI_FAIL)
    return usocket.getaddrinfo(host, port, *more)
