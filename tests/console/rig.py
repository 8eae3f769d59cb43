"""A crew at the console of a unit under test: the real control core and journal, a terminal that remembers.

Runs on CPython and on MicroPython alike.
"""

import os

from unit import config
from unit.catalogue import tables
from unit.console.listener import Listener
from unit.control.basics import NONE
from unit.drivers.io import Io
from unit.journal.ring import Journal
from unit.kept import kept
from unit.pin import PIN_FILE, stretched

from host_tools.unitkit.nor import Nor
from sim.board.screen import Screen
from tests.control.rig import Rig

PIN = "2580"
SLICE_MS = 50
START_DAY = 9662  # 2026-06-15
_2020 = 7305
_FILES = (config.NEWEST, config.TRIAL, config.TRYING, "visits.txt", "console-wrong")


class Terminal(Screen):
    """The screen at the end of the wire, which asserts that no slice is more than the UART takes at once."""

    def write(self, data):
        assert len(data) <= 128, "more than the UART takes at once"
        super().write(data)


class Stream:
    """The console's end of the wire."""

    def __init__(self, terminal):
        self.typed = b""
        self.write = terminal.write

    def any(self):
        return len(self.typed) > 0

    def readinto(self, buffer):
        n = min(len(buffer), len(self.typed))
        buffer[:n] = self.typed[:n]
        self.typed = self.typed[n:]
        return n

    def give_back(self, data):
        self.typed += data


class Clock:
    """The clock of the app, over the rig's."""

    def __init__(self):
        self.utc_s = NONE
        self.tod_s = -1
        self.day = 0
        self.offset_s = 0
        self.now_s = 0
        self.begun_s = NONE
        self.refused = 0
        self.was_set = False

    def set(self, utc_s):
        self.was_set = True
        self.offset_s = utc_s - self.now_s

    def read(self):
        if self.was_set:
            self.utc_s = self.offset_s + self.now_s
            local = self.utc_s + 8 * 3600
            self.day = local // 86400 + _2020
            self.tod_s = local % 86400


class Unit:
    """The app as the console knows it, and the crew: `type`, `seconds`, `screen`.

    `pin`: "" for none, None for what lies in the folder.
    """

    def __init__(self, lang="zh", pin=PIN, settings=None, clock=True, **rig):
        for name in os.listdir():
            if name in _FILES or (name == PIN_FILE and pin is not None):
                os.remove(name)
        if pin:
            make_pin(pin)
        self.rig = Rig(settings, **rig)
        values = self.rig.settings
        values.update({"unit.name_zh": "桥头村", "unit.name_en": "Qiaotou", "unit.id": "qiaotou"})
        values["unit.language"] = 1 if lang == "en" else 0
        stored = dict(settings or {})
        for key in ("unit.name_zh", "unit.name_en", "unit.id", "unit.language"):
            stored[key] = values[key]
        config.save(stored)
        self.control = self.rig.ctrl
        self.recorder = self
        self.journal = Journal(Nor(bytearray(b"\xff" * (1 << 14)), 1024), tables.count("points"), 60)
        self.clock = Clock()
        if clock:
            self.clock.set((START_DAY - _2020) * 86400)  # 08:00 at +08:00
        else:
            self.rig.tod_s = None
        self.uplink = self.reporting = self.left = None
        self.kept = kept(values, values)
        self.config_from = config.FROM_NEWEST
        self.trial_ends_s = 0
        self.io = Io()
        self.now_s = 0
        self.now_ms = 0
        self.restarts = 0
        self.terminal = Terminal()
        self.stream = Stream(self.terminal)
        self.values = [0] * tables.count("points")
        self.listener = Listener(self, self.stream)

    @property
    def console(self):
        """The console of the present visit, None between visits."""
        return self.listener.console

    def restart(self):
        self.restarts += 1

    def second(self):
        """One tick of the road, as app.py does it."""
        self.clock.now_s = self.now_s
        self.clock.read()
        rig = self.rig
        logged = len(rig.log)
        kept = self.control.events
        before = [(kept.code[i], kept.a[i], kept.b[i]) for i in range(kept.count)]
        kept.clear()
        rig.run(1)
        from tests.control.rig import EVENT_NAMES

        if self.clock.utc_s != NONE:
            self.journal.set_clock(self.now_s, self.clock.utc_s - self.now_s)
        for code, a, b in before + [(EVENT_NAMES.index(name), a, b) for _, name, a, b in rig.log[logged:]]:
            self.journal.event(self.now_s, code, a, b)
        if self.now_s % 60 == 59:
            self.journal.reading(self.now_s, self.control.reading(self.values), self.values)
        self.now_s += 1

    def seconds(self, n):
        """Let so much time pass with nobody at the console but the polls."""
        for _ in range(n):
            self.second()
            self.slices(2)
            self.now_ms += 1000 - 2 * SLICE_MS

    def slices(self, n):
        for _ in range(n):
            self.listener.poll()
            self.now_ms += SLICE_MS

    def type(self, text, settle=True):
        """Type a text or bytes and let the console answer for up to 20 seconds."""
        self.stream.typed += text.encode() if isinstance(text, str) else text
        if not settle:
            return
        quiet = 0
        for n in range(400):
            seen = self.terminal.bytes
            self.slices(1)
            if n % 20 == 19:
                self.second()
            busy = self.stream.typed or self.terminal.bytes != seen or (self.console and self.console.busy)
            quiet = 0 if busy else quiet + 1
            if quiet > 2:
                return

    def say(self, text):
        """Type a line and Enter; what the console showed for it, without the prompt that follows."""
        first = len(self.terminal.lines)
        self.type(text + "\r")
        return "\n".join(self.terminal.lines[first:-1])

    def unlock(self):
        return self.say("unlock " + PIN)

    def screen(self):
        return "\n".join(self.terminal.lines)


def make_pin(pin, rounds=20):
    """Put the PIN's file on the flash, as the image builder does, with fewer rounds."""
    import binascii

    digest = list(stretched(b"saltsalt", rounds, pin))[-1]
    with open(PIN_FILE, "w") as f:
        f.write("%s %d %s\n" % (binascii.hexlify(b"saltsalt").decode(), rounds, binascii.hexlify(digest).decode()))
