"""The independent book-keeper: paho-mqtt subscribed to everything, every reading and event entered once."""

import json
import threading
from collections import Counter
from typing import Any

import paho.mqtt.client as paho

from tests import patience


class Books:
    """What a platform knows. `entries` counts how often each (unit, seq) came; `rows` holds what came."""

    def __init__(self, port: int, user: str = "", password: str = "", ca: str = ""):
        self.entries: Counter[tuple[str, int]] = Counter()
        self.rows: dict[tuple[str, int], Any] = {}
        self.last: dict[str, Any] = {}  # topic: newest payload, parsed
        self.messages: list[tuple[str, bytes]] = []
        self.replies: list[dict[str, Any]] = []
        self.changed = threading.Condition()
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="books", clean_session=False)
        if user:
            self.client.username_pw_set(user, password)
        if ca:
            self.client.tls_set(ca)
        self.client.reconnect_delay_set(1, 1)
        self.client.on_connect = lambda client, *_: client.subscribe("#", 1)
        self.subscribed = threading.Event()
        self.client.on_subscribe = lambda *_: self.subscribed.set()
        self.client.on_message = self._enter
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        if not patience.until(self.subscribed.is_set):
            raise RuntimeError("the book-keeper cannot subscribe")

    def _enter(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        with self.changed:
            self.messages.append((message.topic, message.payload))
            try:
                body = json.loads(message.payload)
            except (ValueError, RecursionError):
                body = message.payload.decode(errors="replace")
            self.last[message.topic] = body
            kind = message.topic.rsplit("/", 1)[-1]
            if kind in ("data", "event"):
                unit = message.topic.split("/")[2]
                for i, row in enumerate(body["rows" if kind == "data" else "events"]):
                    self.entries[unit, body["seq"] + i] += 1
                    self.rows[unit, body["seq"] + i] = row
            elif kind == "reply":
                self.replies.append(body)
            self.changed.notify_all()

    def wait(self, condition: Any, timeout_s: float = 20) -> bool:
        """True once `condition()` holds; False if it does not within `timeout_s` of a quiet machine."""
        with self.changed:
            return patience.until(condition, timeout_s, self.changed)

    def seqs(self, unit: str) -> list[int]:
        with self.changed:
            return sorted(seq for name, seq in self.entries if name == unit)

    def parsed(self) -> list[tuple[str, Any]]:
        """Every message so far, its payload as JSON where it is."""
        with self.changed:
            return [(topic, json.loads(payload)) for topic, payload in self.messages if payload[:1] == b"{"]

    def command(self, unit: str, body: Any, retain: bool = False, qos: int = 1) -> None:
        payload = body if isinstance(body, bytes) else json.dumps(body)
        self.client.publish(f"qingxi/v1/{unit}/cmd", payload, qos, retain).wait_for_publish(5)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()
