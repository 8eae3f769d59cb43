"""A TCP proxy between unit and broker that does to a connection what bad networks do."""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

UP, DOWN = "up", "down"  # unit to broker, broker to unit

Pair = tuple[socket.socket, socket.socket]
Packets = Callable[[bytes], list[bytes]]


class Fault:
    """At byte `at` of one direction the link is `closed` or falls `silent`, or that byte is `garbled`; once."""

    def __init__(self, direction: str, at: int, kind: str):
        self.direction, self.at, self.kind = direction, at, kind
        self.happened = threading.Event()

    def __repr__(self) -> str:
        return f"{self.kind} at byte {self.at} {self.direction}"


class Proxy:
    """Listens on `port`. `fault` strikes the next new connection once; `packets` edits what the broker sends.

    `refuse`: connections are accepted and closed. `swallow`: accepted, and never a byte comes back.
    """

    def __init__(self, broker_port: int):
        self.broker_port = broker_port
        self.fault: Fault | None = None
        self.packets: Packets | None = None
        self.refuse = self.swallow = False
        self.connections = 0
        self.down_bytes = self.up_bytes = 0  # of the newest connection
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Close every connection now."""
        for s in self._open:
            _close(s)
        self._open.clear()

    def close(self) -> None:
        _close(self._listener)
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                unit, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            if self.refuse:
                _close(unit)
                continue
            self._open.append(unit)
            if self.swallow:
                continue
            try:
                broker = socket.create_connection(("127.0.0.1", self.broker_port))
            except OSError:
                _close(unit)
                continue
            self._open.append(broker)
            fault, self.fault = self.fault, None
            self.down_bytes = self.up_bytes = 0
            pair = (unit, broker)
            threading.Thread(target=self._pump, args=(UP, pair, fault), daemon=True).start()
            threading.Thread(target=self._pump, args=(DOWN, pair, fault), daemon=True).start()

    def _pump(self, direction: str, pair: Pair, fault: Fault | None) -> None:
        source, sink = pair if direction == UP else pair[::-1]
        count = 0
        held = b""
        for_me = fault if fault and fault.direction == direction else None
        try:
            while data := source.recv(65536):
                if self.packets and direction == DOWN:
                    whole, held = _split(held + data)
                    data = b"".join(out for packet in whole for out in self.packets(packet))
                if for_me and not for_me.happened.is_set() and count + len(data) > for_me.at:
                    i = for_me.at - count
                    if for_me.kind == "garbled":
                        data = data[:i] + bytes([data[i] ^ 0xA5]) + data[i + 1 :]
                        for_me.happened.set()
                    else:
                        sink.sendall(data[:i])
                        for_me.happened.set()
                        if for_me.kind == "closed":
                            break
                        while source.recv(65536):  # silent: nothing more comes through, nobody hangs up
                            pass
                        break
                sink.sendall(data)
                count += len(data)
                if direction == DOWN:
                    self.down_bytes = count
                else:
                    self.up_bytes = count
        except OSError:
            pass  # the other half closed it
        for s in pair:
            _close(s)


def _close(s: socket.socket) -> None:
    with suppress(OSError):  # closed before
        s.shutdown(socket.SHUT_RDWR)
    s.close()


def _split(data: bytes) -> tuple[list[bytes], bytes]:
    """Whole MQTT packets, and what is left."""
    whole = []
    while len(data) >= 2:
        size = shift = 0
        at = 1
        while at < len(data):
            size |= (data[at] & 127) << shift
            shift += 7
            at += 1
            if data[at - 1] < 128:
                break
        else:
            break
        if len(data) < at + size:
            break
        whole.append(data[: at + size])
        data = data[at + size :]
    return whole, data


class Pubacks:
    """Edits PUBACKs on their way to the unit: `lost`, `late` or `twice`, for the next `times` of them."""

    def __init__(self, what: str, times: int, late_s: float = 0.3):
        self.what, self.left, self.late_s = what, times, late_s

    def __call__(self, packet: bytes) -> list[bytes]:
        if packet[0] != 0x40 or not self.left:
            return [packet]
        self.left -= 1
        if self.what == "late":
            time.sleep(self.late_s)
        return {"lost": [], "late": [packet], "twice": [packet, packet]}[self.what]
