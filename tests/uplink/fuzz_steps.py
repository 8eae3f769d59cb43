"""argv[1] malformed commands (seed argv[2]) thrown at Commands: nothing may happen, and the heap may not grow.

Random bytes, truncated and mutated good commands, huge and deep ones, wrong types everywhere. Runs in both worlds.
"""

import gc
import json
import random
import sys

from unit.control.basics import NONE
from unit.uplink.commands.handler import OPS, Commands
from unit.uplink.commands.queue import CommandQueue
from unit.uplink.commands.refusal import MAX_BYTES

BOOT = 7
GOOD = (
    {"op": "run", "args": {"output": "p1", "for_s": 60}},
    {"op": "off", "args": {"output": "blower", "for_s": 600}},
    {"op": "auto", "args": {"output": "all"}},
    {"op": "ack", "args": {"alarm": "high_level"}},
    {"op": "set", "args": {"values": {"lift.alternate": "hours"}, "confirm": True}},
    {"op": "reboot", "args": {}},
)
WRONG = (None, True, -1, 1 << 70, 1.5, "", "x" * 60, [], [[]], {}, {"a": {}}, "p1\x00", "\u4e95", "1e999")


class Watched:
    """Actions that must not be asked for anything."""

    def __init__(self):
        self.calls = 0

    def _called(self, *_):
        self.calls += 1
        return 0

    claim = auto = acknowledge = change = reboot = _called

    def stored(self):
        return {}

    def events(self):
        return []

    changed = False

    def unix_s(self):
        return NONE


def spoil(chance, number):
    """One payload that is no valid command."""
    command = dict(chance.choice(GOOD))
    command["id"] = "f%d" % number
    command["boot"] = BOOT
    kind = number % 7
    if kind == 0:  # noise
        return bytes([chance.getrandbits(8) for _ in range(chance.randint(0, 60))])
    if kind == 1:  # a required member gone or of a wrong type
        name = chance.choice(("id", "boot", "op", "args"))
        if name == "args":
            command[name] = chance.choice((None, True, 5, "x", []))
        elif name == "id":
            command[name] = chance.choice((None, True, 5, "", "x" * 60, [], {}))
        elif name == "boot":
            command[name] = chance.choice((None, True, "7", 8, 1.5, [], -7, 1 << 70))
        else:
            command[name] = chance.choice(WRONG)
        return json.dumps(command).encode()
    if kind == 2:  # unknown members
        command[chance.choice(("x", "Op", "boots", ""))] = chance.choice(WRONG)
        return json.dumps(command).encode()
    if kind == 3:  # arguments unknown, or of wrong types
        command["op"] = chance.choice(OPS)
        command["args"] = {chance.choice(("output ", "for", "x", "keys_", "n ")): chance.choice(WRONG)}
        return json.dumps(command).encode()
    if kind == 4:  # truncated
        text = json.dumps(command).encode()
        return text[: chance.randint(0, len(text) - 1)]
    if kind == 5:  # deep or huge
        piece = chance.choice((b"[", b'{"a":', b'"', b"9", b"\\", b" "))
        return (piece * 2000)[: chance.randint(MAX_BYTES - 100, MAX_BYTES + 400)]
    command["expires"] = chance.choice((0, 1, None, "soon", [], 1 << 70, True))  # without a clock, nothing may expire
    return json.dumps(command).encode()


def main(n, seed):
    random.seed(seed)
    actions = Watched()
    queue = CommandQueue("u1", BOOT, actions)
    commands = Commands("u1", BOOT, actions, queue, "")
    out = commands.out
    allocated = hasattr(gc, "mem_alloc")
    before = grown = 0
    for i in range(n):
        payload = spoil(random, i)
        commands.handle(payload, False)
        while commands.busy():
            commands.work()
        answer = json.loads(out.bytes())
        if answer["ok"] or not answer["code"] or not answer["why"]:
            raise ValueError("accepted: %r" % payload)
        if allocated and i % 200 == 199:
            gc.collect()
            if i == 199:
                before = gc.mem_alloc()
            grown = gc.mem_alloc() - before
    print("refused", sum(queue.refused.values()), "calls", actions.calls, "reboot", queue.reboot)
    print("grown", grown)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
