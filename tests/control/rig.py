"""A test rig for the control core: a bucket for a lift well, machines that obey, and handles to break each of them.

Runs on CPython and on MicroPython alike; there every second but the first after a start is decided under a heap lock,
so that each story shows besides that a step allocates nothing.
"""

try:
    from micropython import heap_lock, heap_unlock  # type: ignore[import-not-found]
except ImportError:

    def heap_lock():
        """CPython has no such thing."""

    def heap_unlock():
        """CPython has no such thing."""


from unit.assembly import control_settings
from unit.catalogue.alarms import definitions
from unit.catalogue.settings import defaults
from unit.catalogue.tables import rows
from unit.control.basics import NONE
from unit.control.controller import SNAPSHOT_BYTES, Controller
from unit.control.io import OUTPUT_NAMES

P1, P2, BLOWER, RETURN = range(4)
EVENT_NAMES = [row[0] for row in rows("events")]
REASON_NAMES = [row[0] for row in rows("reasons")]
ALARM_NAMES = [row[0] for row in rows("alarms")]
DEFAULTS = defaults()


class Rig:
    """One unit under test. Change its fields between runs; `log` holds (t, event, a, b) of everything that happened."""

    def __init__(self, settings=None, level_mm=400.0, inflow_l_min=20.0):
        s = dict(DEFAULTS)
        s["unit.id"] = "rig"
        s["wiring.turbidity"] = "ai2"
        s["mains.restart_delay_s"] = 10
        s["mains.restart_spread_s"] = 0
        s.update(settings or {})
        self.settings = s
        self.t = 0
        self.level_mm = level_mm
        self.inflow_l_min = inflow_l_min
        self.pump_l_min = [166.0, 166.0]
        self.power = True  # mains at the unit
        self.dead = [False] * 4  # does not turn when commanded
        self.welded = [False] * 4  # turns without command
        self.feedback = True  # running feedback is wired
        self.says_running = [None] * 4  # overrides the feedback of one machine
        self.level_raw = None  # overrides the level signal, microampere
        self.turbidity_raw = 6000
        self.float_high = None  # overrides the float
        self.float_low = None
        self.meter_wh = NONE  # what the energy meter says
        self.tod_s = 8 * 3600  # local second of the day at t 0, None for an unset clock
        self.dry_turn_s = [0, 0]  # seconds a pump turned in an empty well
        self.log = []
        self.start()

    def start(self):
        """Power the controller up: a new one with an empty memory, its time counts from 0 again."""
        self.ctrl = Controller(control_settings(self.settings), definitions())
        self.up_s = 0

    def power_cut(self, outage_s=0, known=True):
        """Save, lose everything, start again from the snapshot."""
        data = bytearray(SNAPSHOT_BYTES)
        n = self.ctrl.save(data)
        self.t += outage_s
        self.start()
        return self.ctrl.restore(data, n, outage_s if known else 0)

    def turns(self, k):
        return self.power and (self.welded[k] or (bool(self.ctrl.outputs[k].on) and not self.dead[k]))

    def run(self, seconds, until=None):
        """Run so many seconds, or until `until(rig)` is true; returns the seconds run."""
        c = self.ctrl
        i = c.inputs
        for n in range(seconds):
            flow = self.inflow_l_min
            for k in (P1, P2):
                if self.turns(k):
                    if self.level_mm > 60:
                        flow -= self.pump_l_min[k]
                    if self.level_mm < 140:
                        self.dry_turn_s[k] += 1
            self.level_mm = max(0.0, self.level_mm + flow / 60 / 1.8)
            i.level = self.level_raw
            if i.level is None:
                i.level = int(4000 + self.level_mm * 4) + (self.t * 7919) % 9 - 4
            i.turbidity = self.turbidity_raw + (self.t * 31) % 7
            i.float_high = int(self.level_mm > 1000) if self.float_high is None else self.float_high
            i.float_low = int(self.level_mm > 150) if self.float_low is None else self.float_low
            i.mains = int(self.power)
            i.energy_wh = self.meter_wh
            for k, name in enumerate(OUTPUT_NAMES):
                seen = self.says_running[k]
                if seen is None:
                    seen = int(self.turns(k)) if self.feedback else NONE
                setattr(i, name + "_running", seen)
            tod = -1 if self.tod_s is None else (self.tod_s + self.t) % 86400
            if self.up_s:
                heap_lock()
                try:
                    c.step(self.up_s, tod, 9000)
                finally:
                    heap_unlock()
            else:
                c.step(0, tod, 9000)
            e = c.events
            for k in range(e.count):
                self.log.append((self.t, EVENT_NAMES[e.code[k]], e.a[k], e.b[k]))
            e.clear()
            self.t += 1
            self.up_s += 1
            if until is not None and until(self):
                return n + 1
        return seconds

    def on(self, k):
        return bool(self.ctrl.outputs[k].on)

    def reason(self, k):
        return REASON_NAMES[self.ctrl.outputs[k].reason]

    def active(self, name):
        return bool(self.ctrl.alarms.active[ALARM_NAMES.index(name)])

    def raised(self, name):
        """True when this alarm has come up at any time."""
        index = ALARM_NAMES.index(name)
        return any(event == "alarm" and a == index and b == 1 for _, event, a, b in self.log)

    def starts(self, k):
        """Times of this output's starts."""
        return [t for t, event, a, b in self.log if event == "output_on" and a == k]

    def stops(self, k):
        return [t for t, event, a, b in self.log if event == "output_off" and a == k]
