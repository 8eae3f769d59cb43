"""Whatever is typed: the console never raises, no output changes without the PIN, and the heap stays flat.

Runs on CPython and on MicroPython alike. The lines come from a generator of its own, so both see the same ones.
"""

import gc

from unit.catalogue.tables import rows
from unit.control.claims import HAND

from tests.console.rig import Unit

SESSIONS = 1200


class Dice:
    """Numerical Recipes' linear congruential generator: the same numbers everywhere."""

    def __init__(self, seed):
        self._state = seed

    def roll(self, sides):
        self._state = (self._state * 1664525 + 1013904223) & 0xFFFFFFFF
        return (self._state >> 8) % sides


WORDS = [row[0] for row in rows("commands") if row[0] != "unlock"]
WORDS += ["p1", "p2", "blower", "return", "all", "10min", "2h", "done", "level_mm", "lift.stop_level_mm", "set"]
WORDS += ["260", "24h", "zh", "en", "ascii", "utf8", "液位", "unlock 1", "y", "n", "-1", "9999999999999999"]
WORDS += ["{why}", "%s"]
KEYS = [b"\x1b[A", b"\x1b[B", b"\x1b[C", b"\x1b[D", b"\x1b[H", b"\x1b[F", b"\x1b[3~", b"\t", b"\x03", b"\x7f", b"\x0c"]
KEYS += [b"\x15", b"\x17", b"\x0b", b"\n", b"\r", b"\r\n", b"\x1b", b"\x1b[", b"\xe6\xb6", b"\xff", b"\xc0\xaf"]
KEYS += [b"\x04"]


def something(dice):
    kind = dice.roll(12)
    if kind == 0:
        return bytes([dice.roll(256) for _ in range(dice.roll(60))])
    if kind == 1:
        return KEYS[dice.roll(len(KEYS))] * (1 + dice.roll(40))  # held down
    if kind == 2 and dice.roll(8) == 0:
        return b"\xe6\xb6\xb2 paste " * (10240 // 10)
    text = b""
    for _ in range(dice.roll(4)):
        text += WORDS[dice.roll(len(WORDS))].encode() + b" "
        if dice.roll(4) == 0:
            text += KEYS[dice.roll(len(KEYS))]
    return text + b"\r"


def session(unit, dice, n):
    for _ in range(n):
        unit.type(something(dice))
        unit.terminal.lines = [unit.terminal.lines[-1]]


def test_nothing_typed_breaks_the_console_or_moves_an_output():
    unit = Unit("zh")
    control = unit.control
    settings = control.process.lift.stop_level_mm
    session(unit, Dice(1), SESSIONS)
    for output in control.outputs:
        assert not output.claims.holds(HAND, control.now_s)
    assert all(event != "claim" for _, event, _, _ in unit.rig.log)
    assert unit.restarts == 0 and not unit.console.unlocked
    assert control.process.lift.stop_level_mm == settings
    unit.type(b"\x03\x03\r")
    assert "1号泵" in unit.say("status") or "pump 1" in unit.say("status")


def test_heap_stays_flat():
    if not hasattr(gc, "mem_alloc"):
        return  # CPython does not count this way; the same test runs on MicroPython
    unit = Unit("en")
    dice = Dice(2)
    grown = []
    for _ in range(4):
        session(unit, dice, 150)
        unit.type(b"\x03\x03\r" + b"help\r" * 10)
        unit.terminal.lines = [""]
        unit.rig.log = []
        gc.collect()
        grown.append(gc.mem_alloc())
    assert grown[-1] - grown[1] < 4000, grown


def test_a_poll_with_nothing_to_do_allocates_nothing():
    if not hasattr(gc, "mem_alloc"):
        return  # as above
    unit = Unit("en")
    unit.type("\r")
    poll = unit.listener.poll
    stream = unit.stream
    stream.readinto = lambda buffer: 0
    gc.collect()
    gc.disable()
    for _ in range(3):
        before = gc.mem_alloc()
        for _ in range(100):
            poll()
        used = gc.mem_alloc() - before
    gc.enable()
    assert used < 100, used
