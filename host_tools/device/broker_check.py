"""Asks a broker whether it keeps what a unit sends, in MQTT 5, which has reasons; MQTT 3.1.1 only acknowledges.

Under a name of its own, so that no unit is thrown off, but with the unit's account; the messages hold no reading.
"""

import secrets
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho

from ..unitkit.broker_address import named, unreachable
from ..unitkit.errors import SurroundingsFailed, both
from .mqtt_client import Client

MOST_BYTES = 2048  # of a payload: the largest message of a unit
_EMPTY = {"data": b'{"v":1,"boot":0,"seq":0,"points":[],"rows":[]', "event": b'{"v":1,"boot":0,"seq":0,"events":[]'}
_ANSWER_S = 20.0
_BAD = 128  # reason codes from here on are refusals
_NOBODY = 16  # taken, but nobody listens
_OLD = (
    "代理 {broker} 不会 MQTT 5，不能说明原因；请用 mosquitto_sub 查（docs/mqtt.md）",
    "broker {broker} speaks no MQTT 5 and gives no reasons: check with mosquitto_sub, see docs/mqtt.md",
)


def check(broker: str, unit_id: str, user: str | None, password: str | None, tls: list[Path | None]) -> dict[str, Any]:
    """What the broker answers to each thing a unit wants of it: "ok", "nobody" or why not.

    `tls`: files of CA, certificate and key, [] for plain TCP. SurroundingsFailed: it lets nobody in.
    """
    asked = _Asked(broker, user, password, tls)
    base = f"qingxi/v1/{unit_id}/"
    found: dict[str, Any] = {}
    try:
        found["cmd"] = asked.once(lambda client: client.subscribe(base + "cmd", 1)[1])
        for kind, head in _EMPTY.items():
            for size in (len(head) + 1, MOST_BYTES):
                payload = head + b" " * (size - len(head) - 1) + b"}"
                found[f"{kind} {size}"] = asked.once(lambda client: client.publish(base + kind, payload, 1).mid)  # noqa: B023
    finally:
        asked.close()
    return found


class _Asked:
    """A client whose questions are answered one by one; it connects anew after each that ends the connection."""

    def __init__(self, broker: str, user: str | None, password: str | None, tls: list[Path | None]):
        self._broker = broker
        self._account = user, password
        self._tls = tls
        self._client: Client | None = None
        self._changed = threading.Condition()
        self._answers: dict[int, Any] = {}
        self._state = ""

    def once(self, question: Callable[[paho.Client], int | None]) -> str:
        """The answer to what `question` sends; it returns the message's number."""
        client = self._client or self._connected()
        with self._changed:
            number = question(client)
            self._changed.wait_for(lambda: number in self._answers or self._state != "up", _ANSWER_S)
            code = self._answers.get(number or 0)
            if code is None:
                said = self._state if self._state != "up" else "no answer"
        if code is None:
            self.close()
            return said
        return str(code).lower() if code.value >= _BAD else "nobody" if code.value == _NOBODY else "ok"

    def _connected(self) -> Client:
        client = Client(
            paho.CallbackAPIVersion.VERSION2, "qingxi-check-" + secrets.token_hex(4), protocol=paho.MQTTv5
        )
        user, password = self._account
        if user:
            client.username_pw_set(user, password)
        if self._tls:
            ca, certificate, key = (str(path) if path else None for path in self._tls)
            client.tls_set(ca, certificate, key)
        client.on_broken = self._end
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        self._state = ""
        self._answers.clear()
        try:
            client.connect(*named(self._broker))
        except OSError as e:
            raise unreachable(self._broker, e) from e
        client.loop_start()
        self._client = client
        with self._changed:
            self._changed.wait_for(lambda: self._state, _ANSWER_S)
            state = self._state or "no answer"
        if state != "up":
            self.close()
            if "protocol version" in state:
                raise SurroundingsFailed(both(_OLD, broker=self._broker))
            raise unreachable(self._broker, state)
        return client

    def close(self) -> None:
        if self._client:
            self._client.disconnect()
            self._client.loop_stop()
            self._client = None

    def _tell(self, number: int, code: Any) -> None:
        with self._changed:
            self._answers[number] = code
            self._changed.notify_all()

    def _on_connect(self, _client: Any, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
        self._end("up" if code.value < _BAD else str(code).lower())

    def _on_disconnect(self, _client: Any, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
        if self._state in ("", "up"):
            self._end(f"the broker closes the connection ({str(code).lower()})")

    def _end(self, state: str) -> None:
        with self._changed:
            self._state = state
            self._changed.notify_all()

    def _on_publish(self, _client: Any, _data: Any, number: int, code: Any, _properties: Any) -> None:
        self._tell(number, code)

    def _on_subscribe(self, _client: Any, _data: Any, number: int, codes: list[Any], _properties: Any) -> None:
        self._tell(number, codes[0])
