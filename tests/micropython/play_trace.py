"""On the virtual machine: plays a trace (trace.py) through the control core and prints its events as `t_s code a b`.

Arguments: the trace, the unit's settings as JSON, and seconds between readings. Every step but the first after a start
runs under a heap lock: a step that allocates ends the script with a MemoryError. The last line says how many steps ran
so. Where the trace has starts, a recorder writes a journal in every second and wakes control from it, as on a board.
"""

import json
import sys
from array import array

import micropython
from unit.catalogue import tables
from unit.catalogue.alarms import definitions
from unit.control.basics import NONE
from unit.control.controller import Controller
from unit.journal.recorder import Recorder
from unit.journal.ring import Journal

from host_tools.unitkit.nor import Nor
from tests.micropython import trace

_RECORDS = 256  # read at once
_JOURNAL_BYTES = 16 * 4096


class Player:
    """One unit's life on this interpreter."""

    def __init__(self, settings, interval_s):
        self.settings = settings
        self.interval_s = interval_s
        self.flash = None
        self.recorder = None
        self.locked_steps = 0
        self.power_up()

    def power_up(self):
        self.ctrl = Controller(self.settings, definitions())
        self.warm = False

    def wake(self, clock_s):
        """The controller that has just been made takes up what the one before left in the journal."""
        is_first = self.flash is None
        if is_first:
            self.flash = Nor(bytearray(b"\xff" * _JOURNAL_BYTES))
        journal = Journal(self.flash, tables.count("points"), self.interval_s)
        self.recorder = Recorder(journal, self.ctrl, self.interval_s)
        self.recorder.wake(clock_s)
        if is_first:
            self.ctrl.events.clear()

    def play(self, data, n):
        """The first `n` records of `data`."""
        fields = trace.FIELDS
        step = trace.STEP
        ctrl = self.ctrl
        inputs = ctrl.inputs
        events = ctrl.events
        recorder = self.recorder
        at = 0
        for _ in range(n):
            if data[at] == step:
                clock_s = data[at + 5]
                inputs.level = data[at + 6]
                inputs.turbidity = data[at + 7]
                inputs.float_high = data[at + 8]
                inputs.float_low = data[at + 9]
                inputs.mains = data[at + 10]
                inputs.p1_running = data[at + 11]
                inputs.p2_running = data[at + 12]
                inputs.blower_running = data[at + 13]
                inputs.return_running = data[at + 14]
                if self.warm:
                    micropython.heap_lock()
                    ctrl.step(data[at + 2], data[at + 3], data[at + 4])
                    micropython.heap_unlock()
                    self.locked_steps += 1
                else:
                    ctrl.step(data[at + 2], data[at + 3], data[at + 4])
                    self.warm = True
            elif data[at] == trace.ACKNOWLEDGE:
                ctrl.acknowledge(NONE)
            else:
                self.power_up()
                self.wake(data[at + 2])
                ctrl = self.ctrl
                inputs = ctrl.inputs
                events = ctrl.events
                recorder = self.recorder
                at += fields
                continue  # its events are told with those of its first step
            for i in range(events.count):
                print(data[at + 1], events.code[i], events.a[i], events.b[i])
            if recorder is None:
                events.clear()
            else:
                recorder.second(ctrl.now_s, clock_s)
            at += fields


def main():
    with open(sys.argv[2]) as f:
        player = Player(json.load(f), int(sys.argv[3]))
    data = array("i", [0] * (trace.FIELDS * _RECORDS))
    record_bytes = 4 * trace.FIELDS
    with open(sys.argv[1], "rb") as f:
        while True:
            n = f.readinto(data)
            if not n:
                break
            player.play(data, n // record_bytes)
    print("locked steps", player.locked_steps)


main()
