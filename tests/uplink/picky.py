"""A broker that closes the connection on what it does not like, as many do, and acknowledges all else."""

import json
import select
import socket
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

_CONNACK, _PINGRESP = b"\x20\x02\0\0", b"\xd0\0"
_PUBLISH, _SUBSCRIBE, _UNSUBSCRIBE, _PING, _CONNECT = 3, 8, 10, 12, 1


class Picky:
    """`dislikes(topic, payload)` is asked for every message, and for every subscription with "topic?" and b"".

    `entries` counts each sequence number of what it took; `closed` lists the topics that it closed on. `lazy`: it
    acknowledges once nothing more arrives, so that what it closes on takes the acknowledgements before it along.
    """

    def __init__(self, dislikes: Callable[[str, bytes], object], connack: bytes = _CONNACK, lazy: bool = False):
        self._connack = connack
        self._lazy = lazy
        self.dislikes = dislikes
        self.entries: Counter[int] = Counter()
        self.events: list[dict[str, Any]] = []
        self.closed: list[str] = []
        self.last: dict[str, bytes] = {}
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                unit, _ = self._listener.accept()
            except OSError:
                return
            with suppress(OSError), unit:
                self._talk(unit.makefile("rb", 0), unit)

    def _talk(self, heard: Any, unit: socket.socket) -> None:
        late = bytearray()
        while head := heard.read(1):
            size = shift = 0
            while True:
                byte = heard.read(1)[0]
                size |= (byte & 127) << shift
                shift += 7
                if byte < 128:
                    break
            body = b""
            while len(body) < size:
                body += heard.read(size - len(body)) or bytes(size)
            kind = head[0] >> 4
            if kind == _CONNECT:
                unit.sendall(self._connack)
            elif kind == _PING:
                unit.sendall(_PINGRESP)
            elif kind == _UNSUBSCRIBE:
                unit.sendall(b"\xb0\x02" + body[:2])
            elif kind == _SUBSCRIBE:
                if self._likes(body[4:-1].decode() + "?", b""):
                    unit.sendall(b"\x90\x03" + body[:2] + b"\1")
                else:
                    return
            elif kind == _PUBLISH:
                end = 2 + (body[0] << 8 | body[1])
                topic, qos = body[2:end].decode(), head[0] >> 1 & 3
                payload = body[end + 2 * (qos > 0) :]
                if not self._likes(topic, payload):
                    return
                self._enter(topic, payload)
                if qos:
                    late += b"\x40\x02" + body[end : end + 2]
                while self._lazy and late and not select.select([unit], [], [], 0.05)[0]:
                    unit.sendall(late)
                    late.clear()
                if not self._lazy:
                    unit.sendall(late)
                    late.clear()

    def _likes(self, topic: str, payload: bytes) -> bool:
        if self.dislikes(topic, payload):
            self.closed.append(topic.rpartition("/")[2])
            return False
        return True

    def _enter(self, topic: str, payload: bytes) -> None:
        kind = topic.rpartition("/")[2]
        self.last[kind] = payload
        if kind in ("data", "event"):
            body = json.loads(payload)
            rows = body.get("rows") or body["events"]
            self.entries.update(body["seq"] + i for i in range(len(rows)))
            self.events += body.get("events", [])
