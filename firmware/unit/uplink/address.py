"""Numeric addresses. In memory only while somebody is called or asked."""

import socket
import sys


def numeric(host):
    """Whether `host` is an IPv4 address already."""
    parts = host.split(".")
    return len(parts) == 4 and all(part.isdigit() for part in parts)


def address(host, port):
    """What a socket wants for a numeric host. An ESP32 is not asked: where memory is short it would raise even then."""
    if sys.platform == "esp32":
        return host, port
    return socket.getaddrinfo(host, port)[0][-1]
