"""One unit at its broker, asked by signed commands; only what the unit itself has signed is believed.

Whoever else may publish at the broker can keep messages away, and so make a tool give up. He cannot make it believe
anything: what a unit says is signed, an answer names the command that it answers by an id that nobody could foresee,
and a recorded `meta` of another start shows by the answer to the first command that carries its nonce.
"""

import json
import re
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import paho.mqtt.client as paho
from unit.catalogue.printable import printable

from ..unitkit.broker_address import named, unreachable
from ..unitkit.errors import SurroundingsFailed, both
from . import signed
from .mqtt_client import Client
from .refused import Refused

ANSWER_S = 90.0  # the last command waits until no pump runs
TRIES = 20  # a command is sent so often before the connection is given up
UNSIGNED_S = 10.0  # after a `meta` that is not signed rightly, until one that is
NEWS_S = 30.0  # after a start of the unit, until its `meta`
_CLOCKS_APART_S = 60
EXPIRES_S = 600  # then a command that somebody has held back is worth nothing
_PACKETS_BYTES = 40  # headers and acknowledgements of a command and its answer
_MOST_BYTES = 1 << 16  # a unit's largest message has 2 KB
_HEX = re.compile("[0-9a-f]+")
# Refusals that a unit gives before it has compared the nonce: they do not show that `meta` is of this start.
_TOO_EARLY = {
    "retained", "too_long", "malformed", "signature", "no_key", "counter", "other_boot", "clock", "expired", "expires"
}  # fmt: skip

_WORDS = {
    "silent": ("{unit}：没有应答；再运行一次会接着传", "{unit}: no answer. Run it again: it goes on from there"),
    "old": (
        "{unit}：它的 meta 没有签名：程序太旧，先用线升级一次（qingxi update --port 串口 --unit 文件）。"
        "如已升级过，就是有人冒充它",
        "{unit}: its meta is not signed: its firmware is from before. Bring it up to date once over the cable "
        "(qingxi update --port DEV --unit FILE). If that was done, somebody else poses as it",
    ),
    "key": (
        "{unit}：它的 meta 不是用这份凭据文件的 command_key 签的：换成烧录时的那份，或有人冒充它",
        "{unit}: its meta is signed with another key than this command_key. Take the credentials file that it was "
        "flashed with; or somebody poses as it",
    ),
    "malformed": (
        "{unit}：{topic} 的内容看不懂：它的程序和这台电脑的不配套；两边都升级到同一版",
        "{unit}: its {topic} is not what this program expects: bring unit and program to the same version",
    ),
    "held": (
        "{unit}：它已重新启动，但新的 meta 没有来：代理不让读，或有人挡住；查代理的权限",
        "{unit}: it has started anew, but its new meta does not arrive: have the broker's access list checked; "
        "somebody may hold it back",
    ),
}


class Remote:
    """Use it with `with`. `meta` is the newest that the unit has signed, its shape checked; ToolError where none comes.

    `forged`: messages that were not signed rightly, none of which was believed. `traffic_bytes`: of commands and
    answers, at the unit.
    """

    def __init__(
        self,
        broker: str,
        unit_id: str,
        key: str,
        user: str | None,
        password: str | None,
        ca: Path | None,
        own: tuple[Path, Path] | None = None,
    ):
        """`ca`: the file of the broker's authority, None for plain TCP. `own`: certificate and key of the unit."""
        self.unit_id = unit_id
        self.meta: dict[str, Any] = {}
        self.forged = 0
        self.traffic_bytes = 0
        self._broker = broker
        self._base = f"qingxi/v1/{unit_id}/"
        self._key = key.encode()
        self._changed = threading.Condition()  # holds all that follows
        self._asked: dict[str, tuple[int, str]] = {}  # id of a command: boot and nonce that it was for
        self._replies: dict[str, dict[str, Any]] = {}
        self._proven = (0, "")  # boot and nonce that the unit has shown to be those of now
        self._wrong = ""  # what is wrong with the `meta` that came: "old", "key", "malformed"
        self._shut_out = ""  # why the broker does not let this program in
        self._broken = ""  # why nothing more comes
        self._last_ctr = 0
        self._ahead_s = 0  # so much the unit's clock is before this computer's
        self._client = Client(paho.CallbackAPIVersion.VERSION2)
        self._client.on_broken = self._break
        self._client.on_connect = self._on_connect
        self._client.on_message = self._take
        if user:
            self._client.username_pw_set(user, password)
        try:
            if ca:
                certificate, private = (str(path) for path in own) if own else (None, None)
                self._client.tls_set(str(ca), certificate, private)
            self._client.connect(*named(broker))
        except OSError as e:
            raise unreachable(broker, e) from e

    def __enter__(self) -> Self:
        self._client.loop_start()
        try:
            self._wait(lambda: self.meta or self._wrong or self._shut_out, ANSWER_S)
            if not self.meta and not self._shut_out and self._wrong != "malformed":
                self._wait(lambda: self.meta, UNSIGNED_S if self._wrong else 0)
            if not self.meta:
                raise self._nothing()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def is_proven(self) -> bool:
        """The unit has answered a command for the start that `meta` tells of: it is no record of another one."""
        return bool(self.meta) and self._proven == (self.meta["boot"], self.meta["nonce"])

    def bytes_per_h(self, otherwise: int) -> int:
        """The unit's limit of traffic, 0 for none; `otherwise` where its memory is too short to tell."""
        try:
            values = self.ask({"keys": ["mqtt.bytes_per_h"]}, "show").get("values")
        except Refused as e:
            if e.code != "too_much":
                raise
            return otherwise
        text = str(values.get("mqtt.bytes_per_h")) if isinstance(values, dict) else ""
        if not text.isascii() or not text.isdecimal() or len(text) > 12:
            raise self.malformed("reply")
        return int(text)

    def prove(self) -> None:
        """Have the unit answer something, whatever it is: from then on `meta` is known to be of now."""
        try:
            self.ask({"keys": ["mqtt.bytes_per_h"]}, "show")
        except Refused as e:
            if e.code in _TOO_EARLY:
                raise

    def ask(self, args: dict[str, Any], op: str = "update") -> dict[str, Any]:
        """The answer to a command. Refused if the unit says no, SurroundingsFailed if it is mute or not understood."""
        for _ in range(TRIES):
            reply = self._answer(self.post(args, op))
            if reply is not None and self._is_yes(reply):
                return reply
        raise self.silent()

    def post(self, args: dict[str, Any], op: str = "update") -> str:
        """Send a command; its id."""
        command_id = secrets.token_hex(8)
        self._last_ctr = max(self._last_ctr + 1, time.time_ns())
        with self._changed:
            start = self.meta["boot"], self.meta["nonce"]
            self._asked[command_id] = start
        command = {"id": command_id, "boot": start[0], "nonce": start[1], "op": op, "args": args}
        expires = int(time.time()) + self._ahead_s + EXPIRES_S
        payload = self.signed(command | {"ctr": self._last_ctr, "expires": expires})
        self.traffic_bytes += len(self._base) + len(payload) + _PACKETS_BYTES
        self._client.publish(self._base + "cmd", payload, 1)
        return command_id

    def signed(self, command: dict[str, Any]) -> bytes:
        """The payload of a command, as docs/mqtt.md has it."""
        return signed.command(self._key, self.unit_id, command)

    def await_start(self, after: int, limit_s: float) -> bool:
        """Wait for a start of the unit that is later than `after`, a boot; whether it came."""
        return self._wait(lambda: self.meta["boot"] > after, limit_s)

    @property
    def proven_boot(self) -> int:
        """The start of the unit that last obeyed or refused a command for good."""
        return self._proven[0]

    def silent(self) -> SurroundingsFailed:
        return SurroundingsFailed(both(_WORDS["silent"], unit=self.unit_id))

    def malformed(self, topic: str) -> SurroundingsFailed:
        return SurroundingsFailed(both(_WORDS["malformed"], unit=self.unit_id, topic=topic))

    def _nothing(self) -> SurroundingsFailed:
        if self._shut_out:
            return unreachable(self._broker, self._shut_out)
        if self._wrong == "malformed":
            return self.malformed("meta")
        return SurroundingsFailed(both(_WORDS[self._wrong or "silent"], unit=self.unit_id))

    def _is_yes(self, reply: dict[str, Any]) -> bool:
        """False: it was not for this start of the unit, or not for now. Refused: it never will be."""
        start = self._asked.pop(reply["id"], (0, ""))
        code = reply.get("code")
        if reply["ok"] or code not in _TOO_EARLY:
            self._proven = start
        if reply["ok"]:
            return True
        if code == "other_boot":
            if not self._wait(lambda: (self.meta["boot"], self.meta["nonce"]) != start, NEWS_S):
                raise SurroundingsFailed(both(_WORDS["held"], unit=self.unit_id))
            return False
        if code in ("expired", "expires") and self._learns_clock(reply.get("t")):
            return False
        if code == "busy":
            time.sleep(1)
            return False
        raise Refused(self.unit_id, str(code), reply.get("why", ""))

    def _learns_clock(self, t: object) -> bool:
        """Whether the unit's clock, `t`, which it has signed, is another than was reckoned with."""
        ahead_s = t - int(time.time()) if type(t) is int else self._ahead_s
        if abs(ahead_s - self._ahead_s) <= _CLOCKS_APART_S:
            return False
        self._ahead_s = ahead_s
        return True

    def _answer(self, command_id: str) -> dict[str, Any] | None:
        """The reply; None if it or the command was lost, or the unit has started anew: its boot comes with `meta`."""
        if not self._wait(lambda: command_id in self._replies, ANSWER_S / TRIES * 2):
            self._asked.pop(command_id, None)
            return None
        reply = self._replies.pop(command_id)
        if not reply:
            raise self.malformed("reply")
        return reply

    def _wait(self, condition: Callable[[], Any], limit_s: float) -> bool:
        with self._changed:
            came = self._changed.wait_for(lambda: self._broken or condition(), limit_s)
            if self._broken:
                raise unreachable(self._broker, self._broken)
            return bool(came)

    # --- what arrives, in the client's own thread, which must not end in an error

    def _on_connect(self, client: paho.Client, _data: object, _flags: object, code: Any, _properties: object) -> None:
        with self._changed:
            self._shut_out = printable(str(code)) if code.is_failure else ""
            self._changed.notify_all()
        if not code.is_failure:
            client.subscribe([(self._base + "meta", 1), (self._base + "reply", 1)])

    def _break(self, why: str) -> None:
        with self._changed:
            self._broken = why
            self._changed.notify_all()

    def _take(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        topic, payload = message.topic.removeprefix(self._base), bytes(message.payload)
        if not payload or len(payload) > _MOST_BYTES:
            return
        said = signed.said(self._key, self.unit_id, topic, payload)
        with self._changed:
            if said is None:
                self.forged += 1
                if topic == "meta":
                    self._wrong = "key" if signed.is_signed(payload) else "old"
            elif topic == "meta":
                self._take_meta(_parsed(said))
            else:
                self.traffic_bytes += len(message.topic) + len(payload)
                self._take_reply(_parsed(said))
            self._changed.notify_all()

    def _take_meta(self, meta: dict[str, Any]) -> None:
        if not is_meta(meta):
            self._wrong = "malformed"
        elif meta["boot"] > self._proven[0] or (meta["boot"], meta["nonce"]) == self._proven:
            self.meta = meta  # else a record of an earlier start, which somebody plays back

    def _take_reply(self, reply: dict[str, Any]) -> None:
        command_id = reply.get("id")
        if isinstance(command_id, str) and command_id in self._asked:
            self._replies[command_id] = reply if is_reply(reply) else {}


def _parsed(text: bytes) -> dict[str, Any]:
    """The object; empty for what is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def is_meta(meta: dict[str, Any]) -> bool:
    """Whether that has what is used of a `meta`; a small packet has no room for `firmware_sha256`."""
    boot, sha256 = meta.get("boot"), meta.get("firmware_sha256", "0" * 64)
    return type(boot) is int and 0 < boot < 1 << 31 and _is_hex(meta.get("nonce"), 16) and _is_hex(sha256, 64)


def is_reply(reply: dict[str, Any]) -> bool:
    """Whether that is a reply; its texts are safe for a terminal afterwards."""
    if reply.get("ok") is True:
        return True
    code, why = reply.get("code"), reply.get("why", "")
    if reply.get("ok") is not False or not isinstance(code, str) or not isinstance(why, str):
        return False
    reply["code"], reply["why"] = printable(code[:40]), printable(why[:200])
    return True


def _is_hex(text: object, digits: int) -> bool:
    return isinstance(text, str) and len(text) == digits and _HEX.fullmatch(text) is not None
