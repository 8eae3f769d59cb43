"""On the virtual machine: plays a trace (trace.py) through the control core and prints its events as `t_s code a b`.

Arguments: the trace, and the unit's settings as JSON. Every step but the first after a start runs under a heap lock: a
step that allocates ends the script with a MemoryError. The last line says how many steps ran so.
"""

import json
import sys
from array import array

import micropython
from unit.catalogue.alarms import definitions
from unit.control.basics import NONE
from unit.control.controller import SNAPSHOT_BYTES, Controller

from tests.micropython import trace

_RECORDS = 256  # read at once


class Player:
    """One unit's life on this interpreter."""

    def __init__(self, settings):
        self.settings = settings
        self.snapshot = bytearray(SNAPSHOT_BYTES)
        self.snapshot_n = 0
        self.locked_steps = 0
        self.start()

    def start(self):
        self.ctrl = Controller(self.settings, definitions())
        self.warm = False

    def play(self, data, n):
        """The first `n` records of `data`."""
        fields = trace.FIELDS
        step = trace.STEP
        ctrl = self.ctrl
        inputs = ctrl.inputs
        events = ctrl.events
        at = 0
        for _ in range(n):
            if data[at] == step:
                inputs.level = data[at + 5]
                inputs.turbidity = data[at + 6]
                inputs.float_high = data[at + 7]
                inputs.float_low = data[at + 8]
                inputs.mains = data[at + 9]
                inputs.p1_running = data[at + 10]
                inputs.p2_running = data[at + 11]
                inputs.blower_running = data[at + 12]
                inputs.return_running = data[at + 13]
                if self.warm:
                    micropython.heap_lock()
                    ctrl.step(data[at + 2], data[at + 3], data[at + 4])
                    micropython.heap_unlock()
                    self.locked_steps += 1
                else:
                    ctrl.step(data[at + 2], data[at + 3], data[at + 4])
                    self.warm = True
            else:
                self.rarely(data[at], data[at + 2], data[at + 3])
                ctrl = self.ctrl
                inputs = ctrl.inputs
                events = ctrl.events
            for i in range(events.count):
                print(data[at + 1], events.code[i], events.a[i], events.b[i])
            events.clear()
            at += fields

    def rarely(self, what, snapshot, outage_s):
        if what == trace.SAVE:
            self.snapshot_n = self.ctrl.save(self.snapshot)
        elif what == trace.ACKNOWLEDGE:
            self.ctrl.acknowledge(NONE)
        else:
            self.start()
            if snapshot:
                self.ctrl.restore(self.snapshot, self.snapshot_n, outage_s)


def main():
    with open(sys.argv[2]) as f:
        player = Player(json.load(f))
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
