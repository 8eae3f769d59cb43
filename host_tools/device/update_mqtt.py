"""Brings a unit in service a new firmware over MQTT, in pieces, from wherever it broke off.

The unit checks signature and digest, tries the firmware for an hour, and takes the one before again by itself if it
does not get on well.
"""

import base64
import hmac
import json
import queue
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho

from ..unitkit import pack
from ..unitkit.broker_address import address, unreachable
from ..unitkit.errors import AnswerIsNo, SurroundingsFailed, both
from ..unitkit.progress import bar, say

PIECE_BYTES = 570  # with base64, signature and the rest within the 1024 bytes of a command
WINDOW = 3  # pieces under way at a time: a unit keeps four commands, and one place is for somebody else's
_SINGLY = 3  # so many first pieces go one by one: the unit loads its code, and the traffic is reckoned from them
_ANSWER_S = 90.0  # the last command waits until no pump runs
_PACKETS_BYTES = 40  # headers and acknowledgements of a command and its answer
_SHARE = 0.5  # of a unit's `mqtt.bytes_per_h` that an update may take: the readings go on
_TRIES = 20  # a piece is sent so often before the connection is given up
_WORDS = {
    "silent": ("{unit}：没有应答；再运行一次会接着传", "{unit}: no answer. Run it again: it goes on from there"),
    "same": ("{unit} 已在用这个程序", "{unit} runs this firmware already"),
    "begin": ("{unit}：{size} 字节，已有 {at} 字节", "{unit}: {size} bytes, of which {at} are there already"),
    "slow": (
        "{unit}：流量上限每小时 {limit} 字节，一半用于升级：约 {hours:.1f} 小时；中断后再运行会接着传",
        "{unit}: at most {limit} bytes an hour, half for this: some {hours:.1f} hours; if it breaks, run it again",
    ),
    "no": ("{unit} 拒绝：{code} {why}", "{unit} refuses: {code} {why}"),
    "trial": (
        "{unit}：已收到并校验，重启后试运行一小时，不合格会自己退回",
        "{unit}: arrived and checked. It restarts and is on trial for an hour; if it does not get on, it goes back",
    ),
}


class Pace:
    """Keeps what goes over a link to `bytes_per_h`, 0 for no limit, by waiting after it."""

    def __init__(
        self,
        bytes_per_h: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ):
        self._bytes_per_h = bytes_per_h
        self._clock, self._sleep = clock, sleep
        self._free_at_s = clock()

    def spend(self, n: int) -> None:
        """`n` bytes went; returns when more may."""
        if self._bytes_per_h:
            self._free_at_s = max(self._free_at_s, self._clock()) + n * 3600 / self._bytes_per_h
            self._sleep(max(0.0, self._free_at_s - self._clock()))


def send(remote: "Remote", data: bytes, lang: str, bytes_per_h: int = 0, signature: bytes = b"") -> int:
    """Bring a pack over and have the unit switch to it. Returns how many bytes were sent; ToolError if that fails.

    `bytes_per_h` is the limit of the unit file; the unit's own counts, where it tells it. `signature`: a publisher's,
    of the pack's digest.
    """
    sha256 = pack.head(data, "pack").sha256
    if remote.meta["firmware_sha256"] == sha256:
        say(lang, both(_WORDS["same"], unit=remote.unit_id))
        return 0
    show = bar()
    at = begun = remote.ask({"sha256": sha256})["at"]
    say(lang, both(_WORDS["begin"], unit=remote.unit_id, size=len(data), at=at))
    limit = remote.bytes_per_h(bytes_per_h)
    pace = Pace(limit * _SHARE)
    before = remote.traffic_bytes
    told = not limit
    for here in remote.bring(sha256, data, at):
        show(here / len(data))
        spent, before = remote.traffic_bytes - before, remote.traffic_bytes
        if not told:
            told = True
            hours = spent * (len(data) - begun) / PIECE_BYTES / (limit * _SHARE)
            say(lang, both(_WORDS["slow"], unit=remote.unit_id, limit=limit, hours=hours))
        pace.spend(spent)
    remote.ask({"sha256": sha256, "switch": True, "signature": base64.b64encode(signature).decode()})
    say(lang, both(_WORDS["trial"], unit=remote.unit_id))
    return len(data) - begun


class Remote:
    """One unit at its broker, asked by signed commands. Use it with `with`."""

    def __init__(self, broker: str, unit_id: str, key: str, user: str | None, password: str | None, ca: Path | None):
        self.unit_id = unit_id
        self.meta: dict[str, Any] = {}
        self.traffic_bytes = 0  # of commands and answers, at the unit
        self._base = f"qingxi/v1/{unit_id}/"
        self._key = key.encode()
        self._replies: queue.Queue[dict[str, Any]] = queue.Queue()
        self._told: queue.Queue[bool] = queue.Queue()
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        wanted = [(self._base + "meta", 1), (self._base + "reply", 1)]
        self._client.on_connect = lambda client, *_: client.subscribe(wanted)
        self._client.on_message = self._take
        if user:
            self._client.username_pw_set(user, password)
        if ca:
            self._client.tls_set(str(ca))
        host, port = address(broker)
        try:
            self._client.connect(host, port)
        except OSError as e:
            raise unreachable(broker, e) from e

    def __enter__(self) -> "Remote":
        self._client.loop_start()
        try:
            self._told.get(timeout=_ANSWER_S)
        except queue.Empty:
            self.__exit__()
            raise self._silent() from None
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def bytes_per_h(self, otherwise: int) -> int:
        """The unit's limit of traffic, 0 for none; `otherwise` where it does not tell."""
        try:
            return int(self.ask({"keys": ["mqtt.bytes_per_h"]}, "show")["values"]["mqtt.bytes_per_h"])
        except AnswerIsNo:  # its memory is too short for an answer
            return otherwise

    def ask(self, args: dict[str, Any], op: str = "update") -> dict[str, Any]:
        """The answer to a command. AnswerIsNo if the unit refuses, SurroundingsFailed if it is mute."""
        for _ in range(_TRIES):
            reply = self._answer(self.post(args, op))
            if reply is None:
                continue  # lost, or the unit has started anew: its boot has come with `meta`
            if self._is_yes(reply):
                return reply
            time.sleep(1)
        raise self._silent()

    def bring(self, sha256: str, data: bytes, at: int) -> Iterator[int]:
        """Bring over a pack from `at` on, several pieces under way at a time; yields where it stands after each answer.

        A piece that is lost makes the unit answer all behind it with where it stands; then it goes on from there.
        """

        def piece(at: int) -> dict[str, Any]:
            return {"sha256": sha256, "at": at, "data": base64.b64encode(data[at : at + PIECE_BYTES]).decode()}

        flying: deque[tuple[str, int]] = deque()
        singly, in_vain = _SINGLY, 0
        while at < len(data):
            before = at
            if singly:
                at = self.ask(piece(at))["at"]
                singly -= 1
            else:
                ahead = flying[-1][1] if flying else at
                while len(flying) < WINDOW and ahead < len(data):
                    end = min(ahead + PIECE_BYTES, len(data))
                    flying.append((self.post(piece(ahead)), end))
                    ahead = end
                command_id, end = flying.popleft()
                reply = self._answer(command_id)
                if reply is not None and self._is_yes(reply):
                    at = reply["at"]
                if at != end:  # what flies behind it is not taken either
                    flying.clear()
                    singly = 1
            in_vain = 0 if at > before else in_vain + 1
            if in_vain >= _TRIES:
                raise self._silent()
            yield at

    def post(self, args: dict[str, Any], op: str = "update") -> str:
        """Send a command; its id."""
        command_id = f"{time.time_ns():x}"
        command = {"id": command_id, "boot": self.meta["boot"], "op": op, "args": args, "ctr": time.time_ns()}
        payload = self.signed(command)
        self.traffic_bytes += len(self._base) + len(payload) + _PACKETS_BYTES
        self._client.publish(self._base + "cmd", payload, 1)
        return command_id

    def _is_yes(self, reply: dict[str, Any]) -> bool:
        """False: it was not for this start of the unit, or not for now. AnswerIsNo: it never will be."""
        if not reply["ok"] and reply["code"] not in ("other_boot", "busy"):
            raise AnswerIsNo(both(_WORDS["no"], unit=self.unit_id, code=reply["code"], why=reply["why"]))
        return bool(reply["ok"])

    def signed(self, command: dict[str, Any]) -> bytes:
        """The payload of a command, as docs/mqtt.md has it."""
        body = json.dumps(command, separators=(",", ":")).encode()[:-1]
        sig = hmac.new(self._key, self.unit_id.encode() + b"\n" + body, "sha256").hexdigest()
        return body + b',"sig":"' + sig.encode() + b'"}'

    def _answer(self, command_id: str) -> dict[str, Any] | None:
        until = time.monotonic() + _ANSWER_S / _TRIES * 2
        while (left_s := until - time.monotonic()) > 0:
            try:
                reply = self._replies.get(timeout=left_s)
            except queue.Empty:
                break
            if reply.get("id") == command_id:
                return reply
        return None

    def _take(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        try:
            body = json.loads(message.payload)
        except ValueError:
            return
        if message.topic.endswith("/meta"):
            self.meta = body
            self._told.put(True)
        else:
            self.traffic_bytes += len(message.topic) + len(message.payload)
            self._replies.put(body)

    def _silent(self) -> SurroundingsFailed:
        return SurroundingsFailed(both(_WORDS["silent"], unit=self.unit_id))
