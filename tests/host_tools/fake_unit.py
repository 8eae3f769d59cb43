"""A unit played in Python at a real broker, that signs as docs/mqtt.md has it, and a stranger who poses as it."""

import hashlib
import hmac
import json
import secrets
import threading
import time
from base64 import b64decode
from typing import Any

import paho.mqtt.client as paho

UNIT = "xiacun"
KEY = "0123456789abcdef0123456789abcdef"
OTHER_KEY = "fedcba9876543210fedcba9876543210"
OLD_SHA256 = hashlib.sha256(b"the firmware of before").hexdigest()
BASE = f"qingxi/v1/{UNIT}/"


def signed(topic: str, body: dict[str, Any], key: str = KEY) -> bytes:
    """What a unit says on a topic, written here once more, not with the code under test."""
    text = json.dumps(body).encode()[:-1]
    sig = hmac.new(key.encode(), f"{UNIT}/{topic}\n".encode() + text, "sha256").hexdigest()
    return text + b',"sig":"' + sig.encode() + b'"}'


class Client:
    """Somebody at the broker, who hears `topics` and whom `heard` tells."""

    def __init__(self, port: int, *topics: str):
        self._ready = threading.Event()
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        wanted = [(BASE + topic, 1) for topic in topics]
        self.client.on_connect = lambda client, *_: client.subscribe(wanted)
        self.client.on_subscribe = lambda *_: self._ready.set()
        self.client.on_message = lambda _client, _data, message: self.heard(message.topic[len(BASE) :], message.payload)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        assert self._ready.wait(20)

    def heard(self, topic: str, payload: bytes) -> None:
        pass

    def say(self, topic: str, payload: bytes, retain: bool = False) -> paho.MQTTMessageInfo:
        return self.client.publish(BASE + topic, payload, 1, retain)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


class FakeUnit(Client):
    """`obeyed`: (op, args) of every command that it took. What is wrong with it stands in the attributes below."""

    def __init__(self, port: int, key: str = KEY, signs: bool = True):
        self.key, self.signs = key, signs
        self.boot, self.nonce, self.sha256 = 4, secrets.token_hex(8), OLD_SHA256
        self.obeyed: list[tuple[str, dict[str, Any]]] = []
        self.refused: list[str] = []
        self.pack = bytearray()
        self.wanted = b""  # the whole pack
        self.mute = False
        self.falls_back = False  # the firmware that it switches to cannot live
        self.loses = 0  # answers to the switch that never arrive
        self.stays = False  # says that it switched, and does nothing
        self.reply_with: bytes | None = None  # in the place of each answer
        self.bytes_per_h: Any = 0
        self.meta_more: dict[str, Any] = {}
        self._last_ctr = 0
        self._lock = threading.Lock()
        super().__init__(port, "cmd")
        self.tell().wait_for_publish(20)

    def meta(self) -> dict[str, Any]:
        meta = {"v": 1, "firmware": "1", "firmware_sha256": self.sha256, "boot": self.boot, "nonce": self.nonce}
        return meta | self.meta_more

    def tell(self) -> paho.MQTTMessageInfo:
        meta = self.meta()
        payload = signed("meta", meta, self.key) if self.signs else json.dumps(meta).encode()
        return self.say("meta", payload, retain=True)

    def restart(self) -> None:
        self.boot, self.nonce, self._last_ctr = self.boot + 1, secrets.token_hex(8), 0
        self.tell()

    def heard(self, topic: str, payload: bytes) -> None:
        with self._lock:
            body, mark, tail = payload.rpartition(b',"sig":"')
            wanted = hmac.new(self.key.encode(), UNIT.encode() + b"\n" + body, "sha256").hexdigest()
            if not mark or tail != wanted.encode() + b'"}' or self.mute:
                self.refused.append("signature")
                return
            assert len(payload) <= 1024
            command = json.loads(payload)
            code = self._refusal(command)
            if code:
                self.refused.append(code)
                return self._reply(command, {"ok": False, "code": code, "why": "because"})
            self.obeyed.append((command["op"], command["args"]))
            self._obey(command)

    def _refusal(self, command: dict[str, Any]) -> str:
        if (command["boot"], command["nonce"]) != (self.boot, self.nonce):
            return "other_boot"
        if type(command["ctr"]) is not int or command["ctr"] <= self._last_ctr:
            return "counter"
        self._last_ctr = command["ctr"]
        if type(command["expires"]) is not int or command["expires"] > time.time() + 86400:
            return "malformed"
        return "expired" if command["expires"] < time.time() else ""

    def _obey(self, command: dict[str, Any]) -> None:
        args = command["args"]
        if command["op"] == "show":
            self._reply(command, {"ok": True, "values": {"mqtt.bytes_per_h": self.bytes_per_h}})
        elif self.sha256 == args["sha256"]:
            self._reply(command, {"ok": False, "code": "on_trial", "why": "it proves itself"})
        elif args.get("switch"):
            if self.pack != self.wanted:
                return self._reply(command, {"ok": False, "code": "digest", "why": "not whole"})
            if self.loses:
                self.loses -= 1
            else:
                self._reply(command, {"ok": True, "switched": True})
            if not self.stays:
                if self.falls_back:
                    self.boot += 1  # so short was its life that nobody saw it
                else:
                    self.sha256 = args["sha256"]
                self.restart()
        else:
            if "data" in args and args["at"] == len(self.pack):
                self.pack += b64decode(args["data"])
            self._reply(command, {"ok": True, "at": len(self.pack)})

    def _reply(self, command: dict[str, Any], answer: dict[str, Any]) -> None:
        payload = signed("reply", {"id": command["id"], **answer}, self.key)
        if self.reply_with is not None:
            payload = self.reply_with.replace(b"ID", command["id"].encode())
        self.say("reply", payload)


class Forger(Client):
    """Answers each command with a yes before the unit can, and says in `meta` what a tool would like to see."""

    def __init__(self, port: int, sha256: str):
        self.sha256 = sha256
        self.sent = 0
        self.recorded: list[tuple[str, bytes]] = []
        super().__init__(port, "cmd", "meta", "reply")

    def heard(self, topic: str, payload: bytes) -> None:
        self.recorded.append((topic, payload))
        if topic != "cmd":
            return
        command = json.loads(payload)
        answer = {"id": command["id"], "ok": True, "at": 10**6, "switched": True, "values": {"mqtt.bytes_per_h": 0}}
        no = {"id": command["id"], "ok": False, "code": "no", "why": "\x1b[2J"}
        meta = {"v": 1, "boot": 99, "nonce": "0" * 16, "firmware_sha256": self.sha256}
        for body in (answer, no):
            self._pose("reply", json.dumps(body).encode())
            self._pose("reply", signed("reply", body, OTHER_KEY))
            self._pose("reply", signed("meta", body))  # rightly signed, but for another topic: who had the key could
        self._pose("meta", json.dumps(meta).encode())
        self._pose("meta", signed("meta", meta, OTHER_KEY))
        self._pose("reply", payload)  # a command is signed with the right key, and says something else
        self._pose("meta", payload)

    def _pose(self, topic: str, payload: bytes) -> None:
        self.sent += 1
        self.say(topic, payload)
