"""Seconds of a story, one after the other: what happens, the plant, the sensors, control, the judge."""

from unit.control.basics import NONE, const
from unit.control.controller import Controller
from unit.control.events import ALARM

from tests.search.ideal import Hand
from tests.search.oracle import N_RULES, Judge
from tests.search.plant import Plant
from tests.search.senses import Contact, Probe

_DAY_S = const(86400)
_UNACKNOWLEDGED = const(1)
_OFF_HAND = const(3)  # claims.HAND

# What may happen: `what` of an act, and what its numbers are.
INFLOW = const(0)  # a: millilitres a second, b: seconds of the swing
MAINS = const(1)  # a: 1, 0
BOARD = const(2)  # a: 1, 0, b: 1 when the clock is known after the start
SHARE = const(3)  # a: pump, b: thousandths of its flow
DEAD = const(4)  # a: pump, b: 1, 0
LIE = const(5)  # a: witness, b: kind, c: amount, d: mean burst, e: mean gap
TRUTH = const(6)  # a: witness
COMMAND = const(7)  # a: pump, b: on, c: seconds, d: source
AUTO = const(8)  # a: pump, b: source
ACKNOWLEDGE = const(9)
TURBIDITY = const(10)  # a: 0.1 NTU

# Witnesses
LEVEL = const(0)
FLOAT_HIGH = const(1)
FLOAT_LOW = const(2)
P1_RUNNING = const(3)
P2_RUNNING = const(4)
MAINS_SENSE = const(5)


class Act:
    """Something that happens at the begin of second `at_s`."""

    def __init__(self, at_s: int, what: int, a: int, b: int, c: int, d: int, e: int) -> None:
        self.at_s: int = at_s
        self.what: int = what
        self.a: int = a
        self.b: int = b
        self.c: int = c
        self.d: int = d
        self.e: int = e


class Loop:
    """`t_s` is the second that was simulated last; the first one is 1."""

    def __init__(
        self, ctrl: Controller, plant: Plant, level: Probe, contacts: list[Contact], acts: list[Act], start_s: int
    ) -> None:
        """`contacts`: high float, low float, feedback of both pumps, mains. `start_s`: local seconds since 2000."""
        self.ctrl: Controller = ctrl
        self.plant: Plant = plant
        self.level: Probe = level
        self.contacts: list[Contact] = contacts
        self.acts: list[Act] = acts
        self.hand: Hand = Hand(plant.area_m2, plant.spill_mm, plant.suction_mm)
        self.judge: Judge = Judge(plant, self.hand, level, contacts[0], contacts[1])
        self.t_s: int = 0
        self.boot_s: int = 0
        self.board: int = 1
        self.clock: int = 1
        self.recorded: int = 0  # 1: somebody outside takes the events
        self.steps: int = 0
        self.why_1: list[int] = [-1] * N_RULES  # what control said of pump 1 when a rule was first broken
        self.why_2: list[int] = [-1] * N_RULES
        self.machines: int = 0  # 1: blower and return pump have a feedback, and it tells the truth
        self.turbidity: Probe = Probe(7)
        self.turbidity_10: float = -1.0  # true turbidity in 0.1 NTU, negative for no sensor
        self._start_s: int = start_s
        self._next: int = 0

    def run(self, until_s: int) -> int:
        """Simulate up to and with `until_s`. Comes back earlier, with 1, when the board has changed or events wait."""
        plant = self.plant
        judge = self.judge
        one = plant.motors[0]
        two = plant.motors[1]
        acts = self.acts
        high = self.contacts[0]
        low = self.contacts[1]
        p1_running = self.contacts[2]
        p2_running = self.contacts[3]
        mains = self.contacts[4]
        t_s = self.t_s
        came: int = 0
        while t_s < until_s and not came:
            t_s += 1
            self.t_s = t_s
            while self._next < len(acts) and acts[self._next].at_s <= t_s:
                act = acts[self._next]
                self._next += 1
                if act.what == BOARD:
                    came = 1
                self._happen(act, t_s)
            ctrl = self.ctrl
            runs: int = 1 if self.board and not came else 0
            relay_1: int = ctrl.outputs[0].on if runs else 0
            relay_2: int = ctrl.outputs[1].on if runs else 0
            plant.advance(t_s, relay_1, relay_2)
            if runs:
                inputs = ctrl.inputs
                inputs.level = self.level.read(t_s, plant.level_mm, one.turns | two.turns)
                inputs.float_high = high.read(t_s, high.float_on(plant.level_mm))
                inputs.float_low = low.read(t_s, low.float_on(plant.level_mm))
                inputs.p1_running = p1_running.read(t_s, one.turns)
                inputs.p2_running = p2_running.read(t_s, two.turns)
                if self.machines:
                    inputs.blower_running = ctrl.outputs[2].on & plant.mains
                    inputs.return_running = ctrl.outputs[3].on & plant.mains
                if self.turbidity_10 >= 0.0:
                    inputs.turbidity = self.turbidity.read(t_s, self.turbidity_10, 0)
                inputs.mains = mains.read(t_s, plant.mains)
                self._decide(t_s)
                if self.recorded and ctrl.events.count:
                    came = 1
            judge.second(t_s, self.board, relay_1, relay_2)
            if judge.broke:
                rule: int = 0
                while rule < N_RULES:
                    if judge.first_s[rule] == t_s:
                        self.why_1[rule] = ctrl.outputs[0].reason
                        self.why_2[rule] = ctrl.outputs[1].reason
                    rule += 1
        return came

    def start(self, ctrl: Controller) -> None:
        """The board starts with this control, which decides from the next second on."""
        self.ctrl = ctrl
        self.boot_s = self.t_s

    def _decide(self, t_s: int) -> None:
        ctrl = self.ctrl
        tod_s: int = -1
        day: int = 0
        if self.clock:
            local_s: int = self._start_s + t_s
            tod_s = local_s % _DAY_S
            day = local_s // _DAY_S
        ctrl.step(t_s - self.boot_s, tod_s, day)
        self.steps += 1
        events = ctrl.events
        i: int = 0
        while i < events.count:
            if events.code[i] == ALARM:
                state: int = events.b[i]
                index: int = events.a[i]
                if state == _UNACKNOWLEDGED:
                    self.judge.raised(index, t_s)
            i += 1
        if not self.recorded:
            events.clear()

    def _happen(self, act: Act, t_s: int) -> None:
        plant = self.plant
        judge = self.judge
        what: int = act.what
        if what == INFLOW:
            plant.target_l_s = float(act.a) / 1000.0
            plant.swing_s = float(act.b)
        elif what == MAINS:
            plant.mains = act.a
        elif what == BOARD:
            self.board = act.a
            self.clock = act.b
        elif what == SHARE:
            plant.motors[act.a].share = float(act.b) / 1000.0
            judge.changed(t_s)
        elif what == DEAD:
            plant.motors[act.a].dead = act.b
            judge.changed(t_s)
        elif what == LIE:
            lie = self.level.lie if act.a == LEVEL else self.contacts[act.a - 1].lie
            lie.begin(t_s, act.b, act.c, act.d, act.e)
            judge.changed(t_s)
        elif what == TRUTH:
            lie = self.level.lie if act.a == LEVEL else self.contacts[act.a - 1].lie
            lie.end()
            judge.changed(t_s)
        elif what == TURBIDITY:
            self.turbidity_10 = float(act.a)
        elif self.board:
            if what == COMMAND:
                refused: int = self.ctrl.command(act.a, act.b, act.c, act.d)
                if not refused and not act.b and (act.d == _OFF_HAND or not self._outranked()):
                    judge.off_until_s[act.a] = t_s + act.c + 60
            elif what == AUTO:
                self.ctrl.auto(act.a, act.b)
                judge.off_until_s[act.a] = 0
                judge.changed(t_s)
            elif what == ACKNOWLEDGE:
                self.ctrl.acknowledge(NONE)
                judge.acknowledged(t_s)

    def _outranked(self) -> int:
        """A high float that tells the truth is heard before a command from afar."""
        high = self.contacts[0]
        return 1 if high.fitted and not high.lie.kind else 0
