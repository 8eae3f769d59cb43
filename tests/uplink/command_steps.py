"""Every operation and every refusal of a command, once; runs in both worlds over the real control core.

Prints how many cases there were, or fails at the first whose answer is another. The argument is a folder to work in.
"""

import json
import os
import sys

from unit.control.basics import NONE
from unit.uplink import json_out
from unit.uplink.commands import gate, sign
from unit.uplink.commands.handler import Commands
from unit.uplink.commands.queue import CommandQueue
from unit.uplink.commands.refusal import MAX_BYTES

from host_tools.unitkit.nor import Nor
from tests.uplink import unit_main

BOOT = 1
DIGEST = "ab" * 32
PACK = "spare.pack"
START = {"lift.start_level_mm": 650}
BROKER = {"mqtt.broker": "elsewhere.org:1883,10.0.0.1"}
MANY = ["lift.start_level_mm", "aeration.day_from_tod"] * 8 + ["unit.id"]
LONG = ["lift.start_level_mm", "lift.spill_level_mm", "aeration.day_from_tod"]

# Name, the code of its refusal, op, args, and what is special. Each command has an id of its own unless it names one.
CASES = (
    ("run", "ok", "run", {"output": "p1", "for_s": 60}, {}),
    ("run a machine that must wait its turn", "mains_wait", "run", {"output": "p1", "for_s": 60}, {"early": 1}),
    ("run longer than a lease may be", "lease_limit", "run", {"output": "p1", "for_s": 1000000}, {}),
    ("run what is no output", "args", "run", {"output": "p9", "for_s": 60}, {}),
    ("run without a time", "args", "run", {"output": "p1"}, {}),
    ("run for no time", "args", "run", {"output": "p1", "for_s": 0}, {}),
    ("run for a text", "args", "run", {"output": "p1", "for_s": "60"}, {}),
    ("run for true", "args", "run", {"output": "p1", "for_s": True}, {}),
    ("run for ages", "args", "run", {"output": "p1", "for_s": 1 << 40}, {}),
    ("run with more", "args", "run", {"output": "p1", "for_s": 60, "force": True}, {}),
    ("run a list", "args", "run", {"output": ["p1"], "for_s": 60}, {}),
    ("off", "ok", "off", {"output": "blower", "for_s": 60}, {}),
    ("off what is no output", "args", "off", {"output": "", "for_s": 60}, {}),
    ("auto", "ok", "auto", {"output": "p1"}, {}),
    ("auto of all", "ok", "auto", {"output": "all"}, {}),
    ("auto of nothing", "args", "auto", {}, {}),
    ("auto with more", "args", "auto", {"output": "all", "for_s": 1}, {}),
    ("ack", "ok", "ack", {"alarm": "high_level"}, {}),
    ("ack of all", "ok", "ack", {"alarm": "all"}, {}),
    ("ack of what is no alarm", "args", "ack", {"alarm": "fire"}, {}),
    ("ack of a number", "args", "ack", {"alarm": 1}, {}),
    ("ack with more", "args", "ack", {"alarm": "all", "output": "p1"}, {}),
    ("set", "ok", "set", {"values": START, "confirm": True}, {}),
    ("set back to the default", "ok", "set", {"values": {"lift.start_level_mm": 600}, "confirm": True}, {}),
    ("set what is risky unconfirmed", "confirm", "set", {"values": START}, {}),
    ("set what is risky, confirmed with a number", "confirm", "set", {"values": START, "confirm": 1}, {}),
    ("set out of range", "value", "set", {"values": {"mqtt.state_s": 5}}, {}),
    ("set a text for a number", "value", "set", {"values": {"mqtt.state_s": "soon"}}, {}),
    ("set a list", "value", "set", {"values": {"mqtt.state_s": [30]}}, {}),
    ("set null", "value", "set", {"values": {"mqtt.state_s": None}}, {}),
    ("set against a rule", "value", "set", {"values": {"lift.start_level_mm": 100}, "confirm": True}, {}),
    ("set what does not exist", "args", "set", {"values": {"no.such": 1}}, {}),
    ("set a wire", "args", "set", {"values": {"wiring.p1": "relay2"}, "confirm": True}, {}),
    ("set the board", "args", "set", {"values": {"unit.board": "x"}, "confirm": True}, {}),
    ("set the network", "args", "set", {"values": {"network.kind": "cellular"}, "confirm": True}, {}),
    ("set a file of the PC", "args", "set", {"values": {"mqtt.ca_file": "x"}, "confirm": True}, {}),
    ("set the simulator", "args", "set", {"values": {"plant.oxic_m3": 10}}, {}),
    ("set nothing", "args", "set", {"values": {}}, {}),
    ("set no object", "args", "set", {"values": ["lift.start_level_mm"]}, {}),
    ("set with more", "args", "set", {"values": START, "confirm": True, "force": True}, {}),
    ("set the broker, where anybody would get the password", "no_key", "set", {"values": BROKER}, {}),
    ("set the resolver likewise", "no_key", "set", {"values": {"network.dns": "1.2.3.4"}}, {}),
    ("set the broker, signed", "ok", "set", {"values": BROKER}, {"key": 1}),
    ("set the broker, over TLS", "ok", "set", {"values": BROKER}, {"tls": 1}),
    ("set TLS off", "args", "set", {"values": {"mqtt.tls": False}}, {"key": 1, "tls": 1}),
    ("set TLS on", "ok", "set", {"values": {"mqtt.tls": True}}, {"key": 1, "tls": 1}),
    ("set that no key is wanted", "args", "set", {"values": {"mqtt.keyed": False}}, {"key": 1}),
    ("set a wildcard for a topic", "value", "set", {"values": {"mqtt.discovery": "a/#"}}, {}),
    ("set half a topic", "value", "set", {"values": {"mqtt.discovery": "a//b"}}, {}),
    ("set a topic", "ok", "set", {"values": {"mqtt.discovery": "home/assistant-1"}}, {}),
    ("set a command to a modem", "value", "set", {"values": {"network.apn": 'cmnet";+CFUN=0'}}, {}),
    ("set no host", "value", "set", {"values": {"network.ntp": "pool ntp"}}, {}),
    ("set no port", "value", "set", {"values": {"network.ntp": "pool.ntp.org:99999"}}, {}),
    ("set the id unconfirmed", "confirm", "set", {"values": {"unit.id": "u2"}}, {}),
    ("set during a trial", "on_trial", "set", {"values": START, "confirm": True}, {"trying": 1}),
    ("set where flash is full", "not_stored", "set", {"values": START, "confirm": True}, {"full": 1}),
    ("show", "ok", "show", {"keys": ["lift.start_level_mm", "unit.language"]}, {}),
    ("show what does not exist", "args", "show", {"keys": ["no.such"]}, {}),
    ("show a number", "args", "show", {"keys": [1]}, {}),
    ("show nothing", "args", "show", {"keys": []}, {}),
    ("show too many", "args", "show", {"keys": MANY}, {}),
    ("show a text", "args", "show", {"keys": "unit.id"}, {}),
    ("show with more", "args", "show", {"keys": ["unit.id"], "all": True}, {}),
    ("show more than an answer holds", "too_much", "show", {"keys": LONG}, {"narrow": 1}),
    ("show without the memory for it", "too_much", "show", {"keys": ["unit.id"]}, {"poor": 1}),
    ("log", "ok", "log", {"n": 20}, {}),
    ("log of ten", "ok", "log", {}, {}),
    ("log of none", "args", "log", {"n": 0}, {}),
    ("log of too many", "args", "log", {"n": 21}, {}),
    ("log of true", "args", "log", {"n": True}, {}),
    ("log with more", "args", "log", {"n": 1, "from": 3}, {}),
    ("update where nobody's signature counts", "no_publisher", "update", {"sha256": DIGEST}, {"key": 1, "nobody": 1}),
    ("update without a key", "no_key", "update", {"sha256": DIGEST}, {}),
    ("update", "ok", "update", {"sha256": DIGEST}, {"key": 1}),
    ("update of no digest", "args", "update", {"sha256": "zz"}, {"key": 1}),
    ("update without a digest", "args", "update", {}, {"key": 1}),
    ("update with what is no beginning", "args", "update", {"sha256": DIGEST, "at": 0, "data": "AAAA"}, {"key": 1}),
    ("update with no number", "args", "update", {"sha256": DIGEST, "at": "0", "data": "AAAA"}, {"key": 1}),
    ("update to what never came", "digest", "update", {"sha256": DIGEST, "switch": True}, {"key": 1}),
    ("update during a trial", "on_trial", "update", {"sha256": DIGEST}, {"key": 1, "trial": 1}),
    ("update with more", "args", "update", {"sha256": DIGEST, "force": True}, {"key": 1}),
    ("reboot", "ok", "reboot", {}, {}),
    ("reboot with more", "args", "reboot", {"now": True}, {}),
    ("no operation", "unknown_op", "fly", {}, {}),
    ("an operation of the code's own", "unknown_op", "_op_run", {}, {}),
    ("a number for an operation", "malformed", 5, {}, {}),
    ("no object for args", "malformed", "auto", ["p1"], {}),
    ("another member", "malformed", "auto", {"output": "all"}, {"member": 1}),
    ("another start's", "other_boot", "auto", {"output": "all"}, {"boot": 2}),
    ("a text for a start", "malformed", "auto", {"output": "all"}, {"boot": "1"}),
    ("true for a start", "malformed", "auto", {"output": "all"}, {"boot": True}),
    ("in time", "ok", "auto", {"output": "all"}, {"expires": 60}),
    ("too late", "expired", "auto", {"output": "all"}, {"expires": -1}),
    ("too late this very second", "expired", "auto", {"output": "all"}, {"expires": 0}),
    ("with an expiry, but no clock", "clock", "auto", {"output": "all"}, {"expires": 60, "clock": 0}),
    ("with a text for an expiry", "malformed", "auto", {"output": "all"}, {"expires": "soon"}),
    ("first", "ok", "auto", {"output": "all"}, {"id": "same"}),
    ("again", "repeated", "auto", {"output": "all"}, {"id": "same"}),
    ("again after fifteen others", "repeated", "auto", {"output": "all"}, {"id": "same", "others": 14}),
    ("again after sixteen others", "ok", "auto", {"output": "all"}, {"id": "same", "others": 16}),
    ("an id of 36", "ok", "auto", {"output": "all"}, {"id": "x" * 36}),
    ("an id of 37", "malformed", "auto", {"output": "all"}, {"id": "x" * 37}),
    ("no id", "malformed", "auto", {"output": "all"}, {"id": ""}),
    ("a number for an id", "malformed", "auto", {"output": "all"}, {"id": 7}),
    ("retained", "retained", "auto", {"output": "all"}, {"retained": 1}),
    ("too long", "too_long", "auto", {"output": "x" * MAX_BYTES}, {}),
    ("as long as may be", "ok", "auto", {"output": "all"}, {"pad": MAX_BYTES}),
    ("while another takes its time", "busy", "auto", {"output": "all"}, {"during": "show"}),
    ("signed", "ok", "auto", {"output": "all"}, {"key": 1}),
    ("signed with the counter before", "counter", "auto", {"output": "all"}, {"key": 1, "step": 0}),
    ("signed with a lower counter", "counter", "auto", {"output": "all"}, {"key": 1, "step": -1}),
    ("signed without a counter", "counter", "auto", {"output": "all"}, {"key": 1, "ctr": None}),
    ("signed with true for a counter", "counter", "auto", {"output": "all"}, {"key": 1, "ctr": True}),
    ("signed with a counter beyond all", "counter", "auto", {"output": "all"}, {"key": 1, "ctr": 1 << 62}),
    ("signed for another start", "other_boot", "auto", {"output": "all"}, {"key": 1, "boot": 2}),
    ("signed with another key", "signature", "auto", {"output": "all"}, {"key": 1, "by": b"other"}),
    ("signed for another unit", "signature", "auto", {"output": "all"}, {"key": 1, "for": "u2"}),
    ("not signed", "signature", "auto", {"output": "all"}, {"key": 1, "by": b""}),
    ("signed for another start by its nonce", "other_boot", "auto", {"output": "all"}, {"key": 1, "nonce": "0" * 16}),
    ("signed without a nonce", "other_boot", "auto", {"output": "all"}, {"key": 1, "nonce": None}),
    ("signed without an expiry", "malformed", "auto", {"output": "all"}, {"key": 1, "expires": None}),
    ("signed and too late", "expired", "auto", {"output": "all"}, {"key": 1, "expires": 0}),
    ("signed for more than a day", "expires", "auto", {"output": "all"}, {"key": 1, "expires": 86401}),
    ("signed for a day", "ok", "auto", {"output": "all"}, {"key": 1, "expires": 86400}),
    ("signed, but no clock", "clock", "auto", {"output": "all"}, {"key": 1, "clock": 0}),
    ("the unit has lost its key", "no_key", "auto", {"output": "all"}, {"key": 1, "lost": 1}),
    ("not signed, and the unit has lost its key", "no_key", "auto", {"output": "all"}, {"lost": 1}),
    ("altered after signing", "signature", "auto", {"output": "all"}, {"key": 1, "altered": 1}),
)
KEY = b"00112233445566778899aabbccddeeff"


class Slots:
    """The module of that name, as `update` sees it."""

    def __init__(self, trial):
        self._trial = trial

    def spare(self):
        return "" if self._trial else PACK


class Pack:
    """The module of that name: the firmware in force, and its list of publishers."""

    name = ""

    def __init__(self, lines):
        self._lines = lines

    def open(self, path, mode):
        if not self._lines:
            raise OSError(2)
        with open("list", "w") as f:
            f.write(self._lines)
        return open("list", mode)


class Place:
    """One unit, and Commands with and without a key over it."""

    def __init__(self):
        flash = Nor(bytearray(48 * 1024))
        for block in range(flash.blocks):
            flash.ioctl(6, block)
        options = dict(unit_main.OPTIONS)
        options["port"] = 1
        self.unit = unit_main.Unit(options, flash)
        self.rested = False
        self.full = self.poor = self.trying = False
        self.clock = True
        self.plain = self.commands(None)
        self.keyed = self.commands(KEY)
        self.lost = self.commands(b"")
        self.ids = 0
        self.counter = 0

    def commands(self, key):
        queue = CommandQueue("u1", BOOT, lambda: self, key, unit_main.NONCE)
        queue.commands = Commands("u1", BOOT, self, queue, unit_main.NONCE)
        return queue

    # what commands ask of the unit
    def __getattr__(self, name):
        return getattr(self.unit, name)

    def change(self, stored, on_trial):
        return ("no room", on_trial) if self.full else self.unit.change(stored, on_trial)

    def tries(self):
        return self.trying

    def has_password(self):
        return True

    def stored(self):
        if self.poor:
            raise MemoryError
        return self.unit.stored()

    def unix_s(self):
        return self.unit.unix_s() if self.clock else NONE

    def rest(self):
        """Until every machine may start."""
        if not self.rested:
            self.rested = True
            for second in range(1, 1200):
                self.unit.ctrl.step(second, -1, 0)
            self.unit.ctrl.events.clear()

    def payload(self, op, args, more):
        self.ids += 1
        command = {"id": more.get("id", "c%d" % self.ids), "boot": more.get("boot", BOOT), "op": op, "args": args}
        if "expires" in more:
            expires = more["expires"]
            now = unit_main.START_T + self.unit.uptime_s() + 1577836800
            command["expires"] = now + expires if isinstance(expires, int) else expires
        if "member" in more:
            command["member"] = 1
        if "key" in more:
            command["nonce"] = more.get("nonce", unit_main.NONCE)
            if "expires" not in more:
                command["expires"] = unit_main.START_T + self.unit.uptime_s() + 1577836800 + 60
            elif more["expires"] is None:
                del command["expires"]
            if command["nonce"] is None:
                del command["nonce"]
            self.counter += more.get("step", 10)
            command["ctr"] = more.get("ctr", self.counter)
            if command["ctr"] is None:
                del command["ctr"]
        text = json.dumps(command).encode()
        if "pad" in more:
            text += b" " * (more["pad"] - len(text))
        if "key" in more and more.get("by") != b"":
            body = text[:-1]
            signature = sign.hmac_sha256(more.get("by", KEY), more.get("for", "u1").encode() + b"\n" + body)
            text = body + b',"sig":"' + _hex(signature) + b'"}'
            if "altered" in more:
                text = text.replace(b"all", b"al1")
        return text

    def answer(self, op, args, more):
        queue = self.lost if "lost" in more else self.keyed if "key" in more else self.plain
        commands = queue.commands
        self.trying = "trying" in more
        self.unit.settings["mqtt.tls"] = 1 if "tls" in more else 0
        self.full, self.poor, self.clock = "full" in more, "poor" in more, more.get("clock", 1)
        if "early" not in more:
            self.rest()
        for _ in range(more.get("others", 0)):
            commands.handle(self.payload("auto", {"output": "all"}, {}), False)
        if "during" in more:
            commands.handle(self.payload(more["during"], {"keys": ["unit.id"]}, {}), False)
        if "narrow" in more:
            wide = commands.out
            commands.out = json_out.JsonOut(bytearray(90), 0)
        sys.modules["slots"] = Slots("trial" in more)
        sys.modules["pack"] = Pack("" if "nobody" in more else "somebody " + "f" * 768 + "\n")
        payload = self.payload(op, args, more)
        queue.denied_at = None
        gate.take(queue, payload, "retained" in more)
        if queue.replies:
            return json.loads(queue.replies.pop()[1])["code"]
        queue.arrived.clear()
        done = commands.handle(payload, "retained" in more)
        found = json.loads(commands.out.bytes()) if done else None
        while commands.busy():
            if commands.work() and found is None:
                found = json.loads(commands.out.bytes())
        if "narrow" in more:
            commands.out = wide
        if not found["ok"] and not found["why"]:
            raise ValueError("no words: %r" % found)
        return "ok" if found["ok"] else found["code"]


def _hex(data):
    return b"".join([b"%02x" % byte for byte in data])


def main(folder):
    os.chdir(folder)
    place = Place()
    early = [case for case in CASES if "early" in case[4]]
    for name, code, op, args, more in early + [case for case in CASES if case not in early]:
        found = place.answer(op, args, more)
        if found != code:
            raise ValueError("%s: %s, not %s" % (name, found, code))
    print("cases", len(CASES))


if __name__ == "__main__":
    main(sys.argv[1])
