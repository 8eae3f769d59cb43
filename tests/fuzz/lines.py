"""What comes over a line, to a unit or from one: packets, commands, names and times, probes; `meta` and `reply`."""

import json
import random
import struct
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from unit.catalogue import lookup, tables
from unit.control.basics import NONE
from unit.drivers.modbus import crc16, find_answer
from unit.drivers.registers import RegisterMap
from unit.uplink.commands import gate, sign
from unit.uplink.commands.handler import Commands
from unit.uplink.commands.queue import CommandQueue
from unit.uplink.net import dns_ntp
from unit.uplink.packet import UP
from unit.uplink.session import Session
from unit.uplink.wire import Wire

from host_tools.device import refused, remote
from host_tools.unitkit.errors import SurroundingsFailed
from tests.fuzz.engine import Family, Mutator, Wrong
from tests.uplink.fuzz_steps import GOOD, Watched

# --- a broker's packets


class _Line(Wire):
    """A line on which the broker says what it likes, and takes all."""

    said = b""

    def _transfer(self, out, view):
        if out:
            return len(view)
        n = min(len(view), len(self.said), 700)
        view[:n] = self.said[:n]
        self.said = self.said[n:]
        return n


class _Listener:
    def __init__(self):
        self.messages: list[tuple] = []
        self.why = ""

    def on_up(self):
        pass

    def on_ack(self, packet_id, ok):
        pass

    def on_down(self, why):
        self.why = why

    def on_message(self, topic, payload, retained):
        self.messages.append((topic, payload, retained))


def _publish(topic: bytes, payload: bytes, qos: int = 0, retain: bool = False) -> bytes:
    body = struct.pack(">H", len(topic)) + topic + (b"\0\7" if qos else b"") + payload
    return bytes((0x30 | qos << 1 | retain,)) + _size(len(body)) + body


def _size(n: int) -> bytes:
    found = b""
    while n > 127:
        found += bytes((n & 127 | 128,))
        n >>= 7
    return found + bytes((n,))


def _published(data: bytes) -> list[tuple]:
    """(topic, payload, retained) of the messages at the head of a stream, told apart by the standard alone."""
    at, found = 0, []
    while at < len(data):
        start, size, shift = at, 0, 0
        at += 1
        while at < len(data) and data[at] & 128:
            size |= (data[at] & 127) << shift
            shift += 7
            at += 1
        if at >= len(data):
            break
        size |= data[at] << shift
        at += 1
        end = at + size
        if data[start] >> 4 == 3:
            if end > len(data) or size < 2:
                break
            topic_end = at + 2 + (data[at] << 8 | data[at + 1])
            body = topic_end + (2 if data[start] & 6 else 0)
            if body > end:
                break
            found.append((data[at + 2 : topic_end], data[body:end], bool(data[start] & 1)))
        at = end
    return found


def _packets(folder: Path):
    seeds = [
        _publish(b"qingxi/v1/u1/cmd", b'{"id":"a"}', 1) + b"\x40\2\0\1" + _publish(b"x", b"", 0, True) + b"\xd0\0",
        _publish(b"qingxi/v1/u1/cmd", b"y" * 1500, 1) + _publish(b"qingxi/v1/u1/cmd", b"z" * 400),
        b"\x90\3\0\1\1" + b"\xb0\2\0\1" + _publish(b"t" * 200, b"p", 1, True) * 3,
    ]

    def take(data: bytes) -> bool:
        wire, listener = _Line(), _Listener()
        session = Session(b"u1", listener, wire=wire)
        session.begin(0)
        session.state = UP
        wire.said = data
        for now in range(200):
            if not session.poll(now):
                break
        wanted = _published(data)
        for message in listener.messages:
            if message[0] is not None and message not in wanted:
                raise Wrong(f"a message that was not published: {message}")
        return session.state == UP

    return take, seeds


# --- commands

_KEY, _UNIT = b"0123456789abcdef0123456789abcdef", "u1"
_NOW_S = 1_800_000_000


def _signed_anew(chance: random.Random, data: bytes) -> bytes:
    """A member is another, and the owner of the key signs that: it may be for another start, too late, or nonsense."""
    values = (None, True, 0, 7, 7.0, -1, 1 << 70, "", "0" * 16, [], {}, _NOW_S, _NOW_S + 86400, _NOW_S + 86401, "p1")
    try:
        command = json.loads(data.rpartition(b',"sig":"')[0] + b"}")
        name = chance.choice([*command, "boot", "nonce", "expires", "ctr", "op", "args", "id"])
        command[name] = chance.choice(values)
    except (ValueError, TypeError, RecursionError):
        return data
    body = json.dumps(command).encode()[:-1]
    return body + b',"sig":"' + sign.hmac_sha256(_KEY, _UNIT.encode() + b"\n", body).hex().encode() + b'"}'


def _commands(folder: Path):
    """Signed commands: whatever is done to one without the key, nothing is done, and something is answered."""
    key, unit_id, nonce = _KEY, _UNIT, "0123456789abcdef"
    now_s = _NOW_S

    class Actions(Watched):
        def unix_s(self):
            return now_s

        def denied(self, times):
            pass

    def signed(command: dict[str, Any]) -> bytes:
        body = json.dumps(command, separators=(",", ":")).encode()[:-1]
        tag = sign.hmac_sha256(key, unit_id.encode() + b"\n", body).hex()
        return body + b',"sig":"' + tag.encode() + b'"}'

    whole = {"id": "f", "boot": 7, "nonce": nonce, "ctr": 5, "expires": now_s + 60}
    seeds = [signed(whole | command) for command in GOOD if command["op"] in ("run", "off", "auto", "ack")]
    others: list[dict[str, Any]] = [{"nonce": "0" * 16}, {"expires": now_s}, {"boot": 6}, {"boot": True}]
    stale = [signed(whole | GOOD[0] | other) for other in others]
    deep = [signed(whole | {"op": "set", "args": {"values": {"a": [[[[[[[[]]]]]]]]}}})]

    def is_good(data: bytes) -> bool:
        """By docs/mqtt.md alone."""
        body, mark, tail = data.rpartition(b',"sig":"')
        tag = sign.hmac_sha256(key, unit_id.encode() + b"\n", body).hex()
        if not mark or tail != tag.encode() + b'"}':
            return False
        said = json.loads(body + b"}")
        wanted = said["boot"] == 7 and said["nonce"] == nonce and type(said["ctr"]) is int
        return wanted and type(said["boot"]) is int and 0 < said["expires"] - now_s <= 86400

    def take(data: bytes) -> bool:
        actions = Actions()
        queue = CommandQueue(unit_id, 7, lambda: actions, key, nonce)
        gate.take(queue, data, False)
        commands = Commands(unit_id, 7, actions, queue, nonce)
        for payload, retained, too_long in queue.arrived:
            commands.handle(payload, retained, too_long)
            for _ in range(1000):
                if not commands.busy():
                    break
                commands.work()
            answer = json.loads(commands.out.bytes())
            if answer["ok"] is not True and not answer["why"]:
                raise Wrong("a refusal without a reason")
        if actions.calls and not is_good(data):
            raise Wrong("a command is obeyed that nobody signed for now")
        if not queue.arrived and not queue.refused:
            raise Wrong("a command that is neither obeyed nor counted")
        return actions.calls > 0

    return take, [*seeds, *stale, *deep]


# --- questions for names and times


def _dns(folder: Path):
    nonce = b"\x12\x34567890"
    name = b"\6broker\7example\0"
    answer = nonce[:2] + b"\x81\x80\0\1\0\2\0\0\0\0" + name + b"\0\1\0\1"
    a = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x0a\1\2\3"
    seeds = [answer + b"\xc0\x0c\0\5\0\1\0\0\0\x3c\0\2\xc0\x0c" + a, answer + a, nonce[:2] + b"\x81\x83" + bytes(8)]
    where = dns_ntp.Where("broker.example", "10.0.0.1", 0)

    def take(data: bytes) -> bool:
        found = where._read(data, nonce)
        if found and data[:2] != nonce[:2]:
            raise Wrong("an answer to another question")
        if found and (found.count(".") != 3 or any(not 0 <= int(part) <= 255 for part in found.split("."))):
            raise Wrong(f"no address: {found}")
        if found not in (None, False) and bytes(map(int, found.split("."))) not in data:
            raise Wrong("an address that is not in the answer")
        return bool(found)

    return take, seeds


def _ntp(folder: Path):
    nonce = b"12345678"

    def packet(unix_s: int) -> bytes:
        return b"\x24\2" + bytes(22) + nonce + bytes(8) + struct.pack(">II", (unix_s + 2208988800) & 0xFFFFFFFF, 0)

    seeds = [packet(1_800_000_000), packet(2_100_000_000), packet(1_000_000_000)]
    question = dns_ntp.Time("10.0.0.1", 123, 0)

    def take(data: bytes) -> bool:
        found = question._read(data, nonce)
        if found is False:
            raise Wrong("a no that no time server says")
        if found is not None and (data[24:32] != nonce or not 0 <= found < 1 << 33):
            raise Wrong(f"a time that nobody told: {found}")
        return found is not None

    return take, seeds


# --- probes, tables


def _probes(folder: Path):
    """Bytes of an RS-485 line as the answer of every kind of probe."""
    maps = [RegisterMap(row) for row in tables.rows("probes")]

    def answer(function: int, registers: bytes) -> bytes:
        body = bytes((1, function, len(registers))) + registers
        return body + struct.pack("<H", crc16(body, 0, len(body)))

    seeds = [answer(probe.function, bytes(range(1, 2 * probe.count + 1))) for probe in maps]
    whole = set(seeds)

    def take(data: bytes) -> bool:
        found = False
        for probe in maps:
            start = find_answer(data, len(data), 1, probe.function, probe.count)
            if start <= 0:
                continue
            end = start + 2 * probe.count
            if struct.pack("<H", crc16(data, start - 3, end)) != data[end : end + 2]:
                raise Wrong("an answer whose CRC is another")
            value = probe.decode(data, start)
            if value != NONE and abs(value) > 0x0FFFFFFF:
                raise Wrong(f"a value beyond a board's numbers: {value}")
            found = True
        return found or data in whole

    return take, seeds


def _tables(folder: Path):
    """A damaged table of the catalogue: rows of texts, or an error of reading; never a circle."""
    path = folder / "alarms.txt"
    root = tables.ROOT
    seeds = [Path(root + name + ".txt").read_bytes() for name in ("alarms", "refusals", "points", "rules")]
    for module in (tables, lookup):
        module.ROOT = f"{folder}/"

    def take(data: bytes) -> bool:
        path.write_bytes(data)
        lookup.row("alarms", "high_level")
        lookup.nth("alarms", 5)
        lookup.words("alarms", "no such", "zh")
        rows = list(tables.rows("alarms"))
        if len(data) > 65536 or any(not row or "\n" in field for row in rows for field in row):
            raise Wrong("a row that is none")
        return bool(rows)

    return take, seeds


# --- what a unit says, on the PC


def _signer(key: bytes, unit_id: str) -> Mutator:
    """What a unit gone mad would sign."""

    def signed_again(chance: random.Random, data: bytes) -> bytes:
        values = (None, True, -1, 1 << 70, 1.5, "", "x" * 60, [], [[]], {}, {"a": {}}, "\ud800", "\x1b[31m", 1e300)
        topic = b"meta" if data[:1] == b"m" else b"reply"
        try:
            said = json.loads(data[1:])
            name = chance.choice([*said, "id", "ok", "boot", "nonce", "code", "why", "at", "values"])
            said[name] = chance.choice(values)
            said.pop("sig", None)
            text = json.dumps(said).encode()
        except (ValueError, TypeError, RecursionError, AttributeError):
            text = b'{"ok":' + b"[" * 5000 + b"}"
        return data[:1] + sign.signed(key, unit_id, topic, text)

    return signed_again


def _said(folder: Path):
    """`meta` and `reply` at `qingxi update --broker`."""
    meta = b'{"v":1,"boot":7,"nonce":"0123456789abcdef","firmware_sha256":"' + b"ab" * 32 + b'"}'
    replies = [b'{"id":"c1","ok":true,"at":570}', b'{"id":"c1","ok":false,"code":"busy","why":"later"}']
    replies.append(b'{"id":"c1","ok":true,"values":{"mqtt.bytes_per_h":"100000"}}')
    replies.append(b'{"id":"c1","ok":false,"code":"args","why":"x"}')
    metas = [sign.signed(_KEY, _UNIT, b"meta", text) for text in (meta, meta.replace(b":7", b":9"))]
    seeds = [b"m" + text for text in metas] + [b"r" + sign.signed(_KEY, _UNIT, b"reply", text) for text in replies]
    seeds += [b"m" + meta, b"r" + replies[0], b"m" + sign.signed(b"x" * 32, _UNIT, b"meta", meta)]
    seeds += [b"m" + sign.signed(_KEY, _UNIT, b"reply", meta), b"r" + sign.signed(_KEY, "u2", b"reply", replies[0])]

    class Nowhere:
        """A client that connects to nothing."""

        def __init__(self, _version: object):
            pass

        def connect(self, host: str, port: int) -> None:
            pass

    def fresh() -> remote.Remote:
        found = remote.Remote("127.0.0.1:1", _UNIT, _KEY.decode(), None, None, None)
        found.meta = json.loads(metas[0])
        found._asked["c1"] = (7, "0123456789abcdef")
        return found

    remote.Client = Nowhere  # type: ignore[assignment,misc]
    remote.time = SimpleNamespace(sleep=lambda s: None, time=time.time, time_ns=time.time_ns)  # type: ignore[assignment]
    remote.NEWS_S = remote.ANSWER_S = 0

    def take(data: bytes) -> bool:
        topic, payload = ("meta" if data[:1] == b"m" else "reply"), data[1:]
        found = fresh()
        before = dict(found.meta)
        found._take(None, None, SimpleNamespace(topic="qingxi/v1/u1/" + topic, payload=payload))  # type: ignore[arg-type]
        ours = payload == sign.signed(_KEY, _UNIT, topic.encode(), payload[: -sign.TAIL_BYTES - 1] + b"}")
        if not ours and (found.meta != before or found._replies):
            raise Wrong(f"a {topic} is believed that the unit did not sign")
        if not remote.is_meta(found.meta):
            raise Wrong("a meta without its shape")
        found._nothing()
        if not found._replies:
            return bool(ours)
        post = found.post
        found.__dict__["post"] = lambda args, op="update": "c1"
        found.bytes_per_h(0)
        return post is not None

    return take, seeds


_SAID = (SurroundingsFailed, refused.Refused)
FAMILIES = [
    Family("packets of a broker", _packets, (), words=(b"\x30", b"\x32", b"\x40\2\0\1", b"\xff\xff\x7f"), share=6.0),
    Family("signed commands", _commands, (), (_signed_anew,), words=(b'"op":', b'"sig":"', b'"all"'), share=2.0),
    Family("names (DNS)", _dns, (), words=(b"\xc0\x0c", b"\0\1\0\1", b"\xff"), share=6.0),
    Family("times (NTP)", _ntp, (), words=(b"12345678", b"\x24\2"), share=6.0),
    Family("answers of probes", _probes, (), share=2.0),
    Family("tables of the catalogue", _tables, (ValueError,), words=(b"|", b"\n", b"#", b"\x04"), share=1.0),
    Family("meta and reply of a unit", _said, _SAID, (_signer(_KEY, _UNIT),), share=3.0),
]
