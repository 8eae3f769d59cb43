"""A unit with the real control core, journal and uplink, and an app no longer than it must be; runs in both worlds.

The arguments together are a JSON object: `port`, and what `OPTIONS` has. Standard input takes one command a line:
`add N` (readings), `event`, `net 0|1`, `quit`. Prints what happens, and at the end one JSON line of figures.
"""

import gc
import json
import select
import sys
import time

from unit import assembly, joining
from unit.catalogue import settings as catalogue
from unit.control.basics import NONE
from unit.control.claims import REMOTE
from unit.control.controller import Controller
from unit.journal.cursor import Cursor
from unit.journal.layout import EPOCH_UNIX_S
from unit.journal.ring import Journal
from unit.uplink import credentials, dial, leaving, ticks, tls
from unit.uplink.commands.queue import CommandQueue
from unit.uplink.uplink import Uplink

from host_tools.unitkit.nor import Nor

OPTIONS = {
    "unit": "u1",
    "readings": 0,  # in the journal at the start
    "events": 0,
    "speed": 1,  # how much faster than the wall the uplink's clock goes
    "settings": {},
    "credentials": "",
    "ca": "",
    "own": ("", ""),  # the unit's certificate and key
    "clock": 1,  # 0: never set
    "begun_s": None,  # newest time that the journal holds at the start, seconds since 2020; None for none
    "brokers": "",
    "flash_kb": 48,
    "may_block": 1,
    "flash": "",  # a file, for a unit that is killed and comes back
    "steady_ms": 60000,
    "known_ms": 600000,
    "ntp_port": 123,
}
SELDOM = "greeting meta meta_pieces discovery json_value event_rows closed"
SELDOM = ["unit.uplink." + name for name in SELDOM.split()]
START_T = 200_000_000  # seconds since 2020
NONCE = "5ca1ab1e5ca1ab1e"
LONGEST_MS = 20  # on the wall between two polls: what is more, the computer had no time for this unit


class FlashFile:
    """The bytes of a file, sliced like a bytearray's; what was assigned is there after a SIGKILL."""

    def __init__(self, path):
        self._file = open(path, "r+b")  # noqa: SIM115
        self._size = self._file.seek(0, 2)

    def __len__(self):
        return self._size

    def __getitem__(self, part):
        if isinstance(part, int):
            self._file.seek(part)
            return self._file.read(1)[0]
        self._file.seek(part.start)
        return self._file.read(part.stop - part.start)

    def __setitem__(self, part, data):
        one = isinstance(part, int)
        self._file.seek(part if one else part.start)
        self._file.write(bytes([data]) if one else data)
        self._file.flush()


class Net:
    """The computer's own network; it resolves names itself."""

    name = "computer"

    def __init__(self):
        self.on = True
        self.begun_anew = 0

    def poll(self, now):
        pass

    def up(self):
        return self.on

    def dns(self):
        return None

    def again(self, now):
        self.begun_anew += 1


class Identity:
    def __init__(self, unit_id, boot):
        self.unit_id = unit_id
        self.boot = boot
        self.name = "Bridge"
        self.lang = "en"
        self.firmware = "0.1.0"
        self.firmware_sha256 = "ab" * 32
        self.config_sha256 = "cd" * 32
        self.nonce = NONCE


class UnitClock:
    """The unit's clock as its uplink sees it: see firmware/unit/clock.py."""

    def __init__(self, unit):
        self._unit = unit
        self.utc_s = unit.t()
        self.begun_s = NONE if unit.options["begun_s"] is None else unit.options["begun_s"]
        self.refused = 0

    def set(self, utc_s):
        self.utc_s = utc_s
        self._unit.set_time(utc_s + EPOCH_UNIX_S)


class Newest:
    """What `state` shows."""

    def __init__(self, ctrl, unit):
        self._unit = unit
        self.clock = UnitClock(unit)
        self.outputs = ctrl.outputs
        self.alarms = ctrl.alarms
        self.metered = ctrl.meter.wired
        self.values = [NONE] * 9
        self.quality = self.uptime_s = 0
        self.t = NONE

    def reboot(self):
        self._unit.reboot()

    def update(self):
        self.t = self._unit.t()
        self.uptime_s = self._unit.uptime_s()
        self.values[0] = 612
        self.values[1] = 123


class Unit:
    """The actions of commands.py, and the loop."""

    def __init__(self, options, flash):
        self.options = options
        values = catalogue.defaults()
        values["unit.id"] = options["unit"]
        for row in catalogue.entries():
            # Names and terminals, which nobody looks at here.
            if row[0] not in values or row[0].startswith("wiring."):
                values[row[0]] = row[0]
        values["mqtt.broker"] = options["brokers"] or "127.0.0.1:%d" % options["port"]
        values["network.ntp"] = ""
        values.update(options["settings"])
        self.settings = values
        self.rebooted = self.changed = False
        self.ctrl = Controller(*assembly.parts(dict(values)))
        self.journal = Journal(flash, 9, 60)
        self.boot = self.journal.boot
        self.time_set = 0
        if options["clock"]:
            self.journal.set_clock(0, START_T)
        self.recorded = 0
        self.ctrl.step(0, -1, 0)
        self.ctrl.events.clear()
        for _ in range(options["readings"]):
            self.add()
        for _ in range(options["events"]):
            self.event()
        user = password = key = None
        if options["credentials"]:
            user, password, key = credentials.broker(options["credentials"])
        secure = tls.context(options["ca"], *options["own"]) if options["ca"] else None
        self.net = Net()
        key = key if key is None else key.encode()
        self.password = password
        queue = CommandQueue(options["unit"], self.boot, lambda: self, key, NONCE)
        self.uplink = Uplink(
            joining.wanted(values), Identity(options["unit"], self.boot), Newest(self.ctrl, self), queue, self.journal,
            Cursor(self.journal), self.net, user, password, secure,
        )  # fmt: skip
        self.uplink.clock.port = options["ntp_port"]
        self.longest_ms = 0
        self.polls = 0
        self.behind_ms = 0  # longest time that something waited for its acknowledgement, by the uplink's clock
        self._looked = ticks.now()
        self.now_ms = self._looked  # by the uplink's clock
        self._behind_since = self.now_ms

    # actions
    def claim(self, output, on, for_s):
        return self.ctrl.command(output, on, for_s, REMOTE)

    def auto(self, output):
        self.ctrl.auto(output, REMOTE)

    def acknowledge(self, index):
        return self.ctrl.acknowledge(index)

    def stored(self):
        return self.settings

    def change(self, stored, on_trial=False):
        self.settings = stored
        self.changed = not on_trial
        return "", on_trial

    def tries(self):
        return False

    def has_password(self):
        return self.password is not None

    def denied(self, times):
        print("denied", times)

    def take_up(self):
        self.changed = False
        yield

    def events(self):
        return [(self.unix_s(), self.uptime_s(), 1, 0, 1)] * 2

    def reboot(self):
        self.rebooted = True

    def set_time(self, unix_s):
        self.time_set = unix_s
        print("time", unix_s)

    def t(self):
        return START_T + self.uptime_s() if self.options["clock"] else NONE

    def unix_s(self):
        return self.t() + EPOCH_UNIX_S if self.options["clock"] else NONE

    def uptime_s(self):
        return self.recorded * 60

    # the loop
    def add(self):
        n = self.recorded
        self.recorded += 1
        values = [600 + n % 37, 120 + n % 5, n % 60, 60 * (n % 2), 0, 45, 12, 20 + n % 9, 5]
        if not self.journal.reading(n * 60, 0, values):
            raise RuntimeError("flash full")

    def event(self):
        self.journal.event(self.recorded * 60, 1, 0, 1)

    def step(self):
        now = ticks.now()
        self.now_ms += min(ticks.diff(now, self._looked), LONGEST_MS) * self.options["speed"]
        self._looked = now
        more = self.uplink.poll(self.now_ms, self.options["may_block"])
        if not self.unacknowledged():
            self._behind_since = self.now_ms
        self.behind_ms = max(self.behind_ms, self.now_ms - self._behind_since)
        self.longest_ms = max(self.longest_ms, ticks.diff(ticks.now(), now))
        self.polls += 1
        return more

    def unacknowledged(self):
        return self.journal.next_seq - 1 - self.journal.acked

    def figures(self):
        outputs = [(o.claims.holds(REMOTE, 0), o.on) for o in self.ctrl.outputs]
        gc.collect()
        return {
            "unacknowledged": self.unacknowledged(),
            "next_seq": self.journal.next_seq,
            "connects": self.uplink.connects,
            "why": self.uplink.dialer.why,
            "refused": self.uplink.queue.refused,
            "time_set": self.time_set,
            "ntp_failures": self.uplink.clock.failures,
            "ntp_refused": self.uplink.newest.clock.refused,
            "longest_ms": self.longest_ms,
            "behind_ms": self.behind_ms,
            "now_ms": self.now_ms,
            "polls": self.polls,
            "sent_bytes": self.uplink.session.wire.sent_bytes,
            "received_bytes": self.uplink.session.wire.received_bytes,
            "outputs": outputs,
            "no_commands": self.uplink.no_commands,
            "told": self.uplink.told.decode(),
            "begun_anew": self.net.begun_anew,
            "rebooted": self.rebooted,
            "held": [name for name in SELDOM if name in sys.modules] + ["events"] * bool(self.uplink.drain._events),
            "heap": gc.mem_alloc() if hasattr(gc, "mem_alloc") else 0,
        }


def obey(unit, line):
    """Carry out one line of standard input; False to end."""
    words = (line if isinstance(line, str) else line.decode()).split()
    if words[0] == "add":
        for _ in range(int(words[1])):
            unit.add()
    elif words[0] == "event":
        unit.event()
    elif words[0] == "net":
        unit.net.on = words[1] == "1"
    elif words[0] == "may_block":
        unit.options["may_block"] = int(words[1])
    elif words[0] == "figures":
        print(json.dumps(unit.figures()))
    return words[0] != "quit"


def main():
    options = dict(OPTIONS)
    options.update(json.loads("".join(sys.argv[1:])))
    dial.STEADY_MS = options["steady_ms"]
    dial.KNOWN_MS = options["known_ms"]
    flash = Nor(FlashFile(options["flash"]) if options["flash"] else bytearray(options["flash_kb"] * 1024))
    if not options["flash"]:
        for block in range(flash.blocks):
            flash.ioctl(6, block)
    unit = Unit(options, flash)
    print("boot", unit.boot)
    # CPython's own stdin reads ahead: what it holds then, poll() does not see.
    stdin = sys.stdin if hasattr(time, "ticks_ms") else open(0, "rb", 0)  # noqa: SIM115
    keys = select.poll()
    keys.register(stdin, select.POLLIN)
    state = left = -1
    while not unit.rebooted:
        if not unit.step():
            time.sleep(0.002)
            if keys.poll(0) and not obey(unit, stdin.readline() or "quit"):
                leaving.close(unit.uplink)
                break
        if unit.uplink.session.state != state:
            state = unit.uplink.session.state
            print("state", state, unit.uplink.dialer.why)
        if unit.unacknowledged() != left:
            left = unit.unacknowledged()
            if not left:
                print("drained", unit.journal.acked)
    print(json.dumps(unit.figures()))


if __name__ == "__main__":
    main()
