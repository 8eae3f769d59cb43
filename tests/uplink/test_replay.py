"""Whoever has recorded every command there ever was, and may alter, hold back and misdirect them, moves nothing.

Units start anew, lose their power, are flashed anew with a boot of 1 again, or another board takes their place. What is
to be obeyed is decided here by what the platform meant, not by signatures: a command for this start of this unit, in
time, and newer than the last one. Every such one must be obeyed and no other.
"""

import io
import json
import random
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from unit.uplink.commands import gate
from unit.uplink.commands.queue import CommandQueue

from tests.uplink import keys

DAY_S = 86400
DIGEST = "ab" * 32
PIECE = {"sha256": DIGEST, "at": 0, "data": ""}
OPS = (
    ("auto", {"output": "all"}), ("ack", {"alarm": "all"}), ("off", {"output": "p1", "for_s": 60}),
    ("update", {"sha256": DIGEST}), ("update", PIECE),
)  # fmt: skip


@dataclass
class Meant:
    """What the platform meant by a payload: which start it is for, its number and how long it holds."""

    start: int
    counter: int
    expires: int


class Slots:
    """The module of that name; who asks it where a firmware goes has begun to receive one."""

    def __init__(self, unit: "Unit"):
        self._unit = unit

    def spare(self) -> str:
        self._unit.done += 1
        return "b.pack"


class Pack:
    """The module of that name: somebody may sign firmwares."""

    name = ""

    def open(self, _path: str, _mode: str) -> io.BytesIO:
        return io.BytesIO(b"somebody " + b"f" * 768 + b"\n")


@dataclass
class World:
    """Two units, their platform, and a stranger who hears all and may say anything."""

    chance: random.Random
    now_s: int = 1_800_000_000
    starts: int = 0
    meant: dict[bytes, Meant] = field(default_factory=dict)
    heard: list[tuple[str, bytes]] = field(default_factory=list)
    told: Counter = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.units = {name: Unit(self, name) for name in ("u1", "u2")}


class Unit:
    """The firmware's gate, queue and commands; counts what it does."""

    def __init__(self, world: World, name: str):
        self.world, self.name = world, name
        self.key = keys.KEY if name == "u1" else keys.OTHER_KEY
        self.boot = 0
        self.done = 0
        self.start()

    def start(self) -> None:
        """Whatever ended the start before; what was in memory is gone."""
        self.boot += 1
        self.world.starts += 1
        self.number = self.world.starts
        self.nonce = "%016x" % self.world.chance.getrandbits(64)
        self.queue = CommandQueue(self.name, self.boot, lambda: self, self.key.encode(), self.nonce)
        self.counter = 0  # of the platform
        self.newest = -1  # that was to be obeyed

    def flash(self) -> None:
        """The board is flashed anew, or another takes its place: the number of starts begins at 1 again."""
        self.boot = 0
        self.start()

    # actions
    changed = False

    def auto(self, output: int) -> None:
        self.done += output == 0

    def acknowledge(self, index: int) -> None:
        self.done += 1

    def claim(self, output: int, on: int, for_s: int) -> int:
        self.done += 1
        return 0

    def unix_s(self) -> int:
        return self.world.now_s

    def denied(self, times: int) -> None:
        self.world.told["denied"] += 1

    def deliver(self, payload: bytes, retained: bool = False) -> tuple[bool, bool]:
        """(whether it did something, whether it said that it had)."""
        before = self.done
        modules = {"slots": Slots(self), "pack": Pack()}
        gate.take(self.queue, payload, retained, self.world.now_s * 1000)
        while self.queue.busy(True):
            sys.modules.update(modules)  # type: ignore[arg-type]
            self.queue.work(self.world.now_s * 1000, True)
        for name in modules:
            sys.modules.pop(name, None)
        said = [reply for _, reply in self.queue.replies]
        self.queue.replies.clear()
        assert all(keys.is_from(self.name, "reply", reply, self.key) for reply in said)
        answers = [json.loads(reply) for reply in said]
        took = any("at" in answer for answer in answers)  # a piece of a firmware that is under way asks nobody
        return self.done > before or took, any(answer["ok"] for answer in answers)


def command(world: World, unit: Unit) -> bytes:
    """The platform means something."""
    unit.counter += world.chance.randint(1, 3)
    expires = world.now_s + world.chance.choice((1, 30, 600, DAY_S))
    op, args = world.chance.choice(OPS)
    body = {"id": f"{unit.number}-{unit.counter}", "boot": unit.boot, "nonce": unit.nonce, "op": op, "args": args}
    payload = keys.command(unit.name, {**body, "ctr": unit.counter, "expires": expires}, unit.key)
    world.meant[payload] = Meant(unit.number, unit.counter, expires)
    world.heard.append((unit.name, payload))
    return payload


def altered(chance: random.Random, payload: bytes, other: bytes) -> bytes:
    """Not what it was."""
    data = bytearray(payload)
    how = chance.randrange(6)
    if how == 0:
        at = chance.randrange(len(data))
        data[at] ^= 1 << chance.randrange(8)
    elif how == 1:
        del data[chance.randrange(len(data)) :]
    elif how == 2:  # the signature of another
        data[-66:] = other[-66:]
    elif how == 3:  # a higher number
        data = bytearray(payload.replace(b'"ctr": ', b'"ctr": 9'))
    elif how == 4:
        data += chance.choice((b" ", b"\0", b"{}", payload))
    else:  # no signature at all
        data = bytearray(payload[:-74] + b"}")
    return bytes(data)


def forged(chance: random.Random, unit: Unit, now_s: int) -> bytes:
    """All that the stranger can know of a command is right, and its signature is somebody else's, or none."""
    body = {"id": "forged", "boot": unit.boot, "nonce": unit.nonce, "op": "auto", "args": {"output": "all"}}
    body |= {"ctr": unit.counter + chance.randint(1, 9), "expires": now_s + 60}
    key, name = chance.choice((("", unit.name), ("a" * 32, unit.name), (unit.key, unit.name + "/reply")))
    return keys.command(name, body, key) if key else json.dumps(body).encode()


def play(n: int, seed: int) -> World:
    world = World(random.Random(seed))
    chance = world.chance
    waiting: list[tuple[Unit, bytes]] = []  # that the stranger holds back
    for _ in range(n):
        unit = world.units[chance.choice(("u1", "u2"))]
        payload, retained = b"", False
        what = chance.random()
        if what < 0.02:
            unit.start() if chance.random() < 0.7 else unit.flash()
            continue
        world.now_s += chance.choice((0, 0, 1, 1, 5, 60, 900, DAY_S if chance.random() < 0.02 else 0))
        if what < 0.4 or not world.heard:
            payload = command(world, unit)
            if chance.random() < 0.2:
                waiting.append((unit, payload))
                continue
        elif what < 0.5 and waiting:  # late, and behind others
            unit, payload = waiting.pop(chance.randrange(len(waiting)))
        else:
            name, payload = world.heard[-chance.randint(1, min(len(world.heard), 40))] if chance.random() < 0.5 else (
                chance.choice(world.heard)
            )  # fmt: skip
            if chance.random() < 0.8:
                unit = world.units[name]  # else another's
            if chance.random() < 0.2:
                payload = forged(chance, unit, world.now_s)
            elif chance.random() < 0.5:
                payload = altered(chance, payload, chance.choice(world.heard)[1])
            retained = chance.random() < 0.1
        meant = world.meant.get(payload)
        right = (
            meant is not None and not retained and meant.start == unit.number and world.now_s < meant.expires
            and meant.counter > unit.newest
        )  # fmt: skip
        if right and meant is not None:
            unit.newest = meant.counter
        did, said = unit.deliver(payload, retained)
        assert did == said == right, (payload, meant, unit.number, unit.newest, world.now_s)
        world.told["obeyed" if right else "refused"] += 1
    return world


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a firmware would arrive."""
    monkeypatch.chdir(tmp_path)


def test_what_was_recorded_altered_reordered_or_delayed_is_not_obeyed_and_all_else_is():
    world = play(3000, 1)
    assert world.told["obeyed"] > 500 and world.told["refused"] > 1000, world.told


@pytest.mark.campaign
def test_a_hundred_thousand_recorded_altered_reordered_and_delayed_commands():
    told: Counter = Counter()
    for seed in range(2, 12):
        told += play(10_000, seed).told
    print(dict(told))
    assert told["obeyed"] > 20_000 and told["refused"] > 40_000, told
