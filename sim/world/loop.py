"""The inner loop: plant and control logic, second after second, until somebody outside has something to do.

Compiled together with them (see sim.fast). Everything that happens every second stands here, everything rarer in
sim.runner. What it measures, it measures at the plant, not in the controller.
"""

from unit.control.basics import NONE, const
from unit.control.controller import Controller

from sim.world.machine import Machine
from sim.world.world import World

_DAY_S = const(86400)
_HOUR_S = const(3600)
_AFTER_OUTAGE_S = const(600)
_NTU_STEPS = const(4000)  # of 0.1 NTU; the last one holds everything above
TURBIDITY_STEP_NTU = 0.1


class Meter:
    """Starts and runs of one machine, as an electrician with a clamp meter would write them down."""

    def __init__(self, machine: Machine) -> None:
        self.machine: Machine = machine
        self.on: int = 0
        self.changed_s: int = -1  # -1: has stood since before the start
        self.starts: int = 0
        self.max_starts_per_h: int = 0
        self.min_run_s: int = NONE  # of the runs that have ended
        self.min_off_s: int = NONE  # of the rests between two runs
        self._recent: list[int] = []  # starts of the last hour

    def change(self, t_s: int) -> None:
        """It starts to turn, or stands still, from second `t_s` on."""
        on = self.machine.running
        lasted_s = t_s - self.changed_s
        if on:
            self.starts += 1
            if self.changed_s >= 0 and (self.min_off_s == NONE or lasted_s < self.min_off_s):
                self.min_off_s = lasted_s
            self._recent.append(t_s)
            while self._recent[0] <= t_s - _HOUR_S:
                self._recent.pop(0)
            self.max_starts_per_h = max(self.max_starts_per_h, len(self._recent))
        elif self.min_run_s == NONE or lasted_s < self.min_run_s:
            self.min_run_s = lasted_s
        self.on = on
        self.changed_s = t_s


class Bin:
    """What a bin of the charts shows, beginning with the state of the world."""

    def __init__(self, world: World) -> None:
        level_mm = world.plant.level_mm()
        ntu = world.treatment.turbidity_ntu()
        self.level_lo_mm: float = level_mm
        self.level_hi_mm: float = level_mm
        self.turbidity_lo_ntu: float = ntu
        self.turbidity_hi_ntu: float = ntu
        self.oxygen_sum: float = 0.0
        self.rain_mm_h_sum: float = 0.0
        self.minutes: int = 0


class Loop:
    """`t_s` is the last second that was simulated; the first one is 1."""

    def __init__(self, ctrl: Controller, world: World, start_s: int) -> None:
        """`start_s`: local seconds from 2000-01-01 to the start of the scenario."""
        self.ctrl: Controller = ctrl
        self.world: World = world
        self.t_s: int = 0
        self.boot_s: int = 0  # second at which the board started
        self.steps: int = 0
        self.board_on: int = 1
        self.line_up: int = 1  # network and broker
        self.meters: dict[str, Meter] = {name: Meter(machine) for name, machine in world.plant.machines.items()}
        self.level_max_mm: float = world.plant.level_mm()
        self.overflow_s: int = 0
        self.most_started_at_once: int = 0  # machines, in one second of the ten minutes after a mains outage
        self._dark_s: int = -_AFTER_OUTAGE_S - 1  # the last second without mains
        self._start_s: int = start_s
        self._overflow_m3: float = 0.0
        self.bin: Bin = Bin(world)
        # Effluent by turbidity: m3 in each step
        self.effluent_m3: list[float] = [0.0] * (_NTU_STEPS + 1)
        self.effluent_ntu_m3: float = 0.0
        self._discharged_m3: float = 0.0

    def run(self, until_s: int) -> int:
        """Simulate up to and with second `until_s`. Comes back earlier, with 1, after a second in which something
        happened: events wait in the world or the controller, the board or the line changed."""
        world = self.world
        plant = world.plant
        ctrl = self.ctrl
        inputs = ctrl.inputs
        events = ctrl.events
        p1 = ctrl.outputs[0]
        p2 = ctrl.outputs[1]
        blower = ctrl.outputs[2]
        back = ctrl.outputs[3]
        meters = list(self.meters.values())
        now = self.bin
        t_s = self.t_s
        happened = 0
        while t_s < until_s and not happened:
            t_s += 1
            if self.board_on:
                world.advance(t_s, inputs, p1.on, p2.on, blower.on, back.on)
            else:  # its relays have fallen open
                world.advance(t_s, inputs, 0, 0, 0, 0)
            if world.board_on != self.board_on:
                happened = 1
            elif self.board_on:
                self._step(t_s)
                if events.count:
                    happened = 1
            if world.events or (world.network_up & world.broker_up) != self.line_up:
                happened = 1
            if not world.mains_on:
                self._dark_s = t_s
            started = 0
            for meter in meters:
                if meter.machine.running != meter.on:
                    meter.change(t_s)
                    started += meter.on
            if started > self.most_started_at_once and t_s - self._dark_s <= _AFTER_OUTAGE_S:
                self.most_started_at_once = started
            level_mm = plant.level_mm()
            if level_mm > now.level_hi_mm:
                now.level_hi_mm = level_mm
            if level_mm < now.level_lo_mm:
                now.level_lo_mm = level_mm
            if plant.overflow_m3 > self._overflow_m3:
                self._overflow_m3 = plant.overflow_m3
                self.overflow_s += 1
            if t_s % 60 == 0:
                self._minute()
        self.t_s = t_s
        return happened

    def start(self, ctrl: Controller) -> None:
        """The board starts with control `ctrl`, which decides in this very second, by the signals that are there."""
        ctrl.inputs = self.ctrl.inputs
        self.ctrl = ctrl
        self.board_on = 1
        self.boot_s = self.t_s
        self._step(self.t_s)

    def _step(self, t_s: int) -> None:
        world = self.world
        tod_s = -1
        day = 0
        if world.clock_known:
            local_s = self._start_s + t_s + world.clock_offset_s
            tod_s = local_s % _DAY_S
            day = local_s // _DAY_S
        self.ctrl.step(t_s - self.boot_s, tod_s, day)
        self.steps += 1

    def _minute(self) -> None:
        """What changes slowly is looked at once a minute."""
        world = self.world
        ntu = world.treatment.turbidity_ntu()
        now = self.bin
        now.turbidity_hi_ntu = max(now.turbidity_hi_ntu, ntu)
        now.turbidity_lo_ntu = min(now.turbidity_lo_ntu, ntu)
        now.oxygen_sum += world.treatment.o2_g_m3
        now.rain_mm_h_sum += world.sewer.rain_mm_h
        now.minutes += 1
        out_m3 = world.plant.discharged_m3 - self._discharged_m3
        self._discharged_m3 = world.plant.discharged_m3
        step: int = int(ntu / TURBIDITY_STEP_NTU)
        self.effluent_m3[min(step, _NTU_STEPS)] += out_m3
        self.effluent_ntu_m3 += ntu * out_m3

    def new_bin(self) -> None:
        """Begin the next bin of the charts."""
        self.level_max_mm = max(self.level_max_mm, self.bin.level_hi_mm)
        self.bin = Bin(self.world)

    def effluent_percentile(self, share: float) -> float:
        """Turbidity in NTU that this share of the discharged volume stays below; -1 when nothing was discharged."""
        total_m3 = sum(self.effluent_m3)
        if total_m3 <= 0.0:
            return -1.0
        below_m3 = 0.0
        step = 0
        while step < _NTU_STEPS:
            below_m3 += self.effluent_m3[step]
            if below_m3 >= share * total_m3:
                break
            step += 1
        return float(step + 1) * TURBIDITY_STEP_NTU
