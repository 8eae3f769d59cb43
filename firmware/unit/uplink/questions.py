"""Who asks for a name or the time: loaded for each question."""

from ..modules import forget


def questions():
    """The module, for one question: nothing else of it stays in memory."""
    from .net import dns_ntp

    forget("uplink.net.dns_ntp", "uplink.address")
    return dns_ntp
