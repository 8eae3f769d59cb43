"""A broker's address as it is written at the command line."""

import socket

from .errors import BadInput, SurroundingsFailed


def unreachable(broker: str, why: object) -> SurroundingsFailed:
    """Nobody answers there as a broker does."""
    return SurroundingsFailed.of(f"代理 {broker} 连不上：{why}", f"broker {broker} cannot be reached: {why}")


def named(text: str) -> tuple[str, int]:
    """(host as it is written, port) of "HOST:PORT", for whoever compares a certificate with it. Raises as `address`."""
    return text.rpartition(":")[0], address(text)[1]


def address(text: str) -> tuple[str, int]:
    """(numeric address, port) of "HOST:PORT". BadInput where it is none, SurroundingsFailed for an unknown name."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise BadInput.of(
            f"--broker：应为 主机:端口，如 127.0.0.1:1883，不能是 {text!r}",
            f"--broker: must be HOST:PORT, such as 127.0.0.1:1883, not {text!r}",
        )
    try:
        found = socket.getaddrinfo(host, int(port), socket.AF_INET, socket.SOCK_STREAM)
    except OSError as e:
        raise SurroundingsFailed.of(
            f"--broker：{host}：查不到地址：{e.strerror}", f"--broker: {host}: no address found: {e.strerror}"
        ) from e
    return str(found[0][4][0]), int(port)
