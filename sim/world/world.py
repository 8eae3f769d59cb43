"""The world as the controller meets it: relay commands in, sensor signals out, once a second."""

from typing import Any

from unit.control.basics import NONE, const
from unit.control.io import Inputs

from .breakdown import FOREVER_S, Breakdown
from .plant import Plant
from .rng import Rng
from .sensors import NEVER_BLIND, AnalogSensor, Broken, EnergyMeter, Feedback, FloatSwitch
from .sewer import Sewer
from .treatment import Minute, Treatment

_STREAM_LEVEL = const(2)
_STREAM_TURBIDITY = const(3)
_STREAM_HIGH = const(4)
_STREAM_LOW = const(5)
_SPILL_OVER_S = const(60)  # an overflow has ended after this long without a drop
_CLEANING_S = const(1209600)  # the crew wipes the turbidity probe at its visit, every 14 days

LEVEL_LAG_S = 2.0
LEVEL_NOISE_MM = 2.0
TURBIDITY_LAG_S = 13.0  # T90 of 30 s
TURBIDITY_NOISE_NTU = 0.2
TURBIDITY_NOISE_SHARE = 0.01
FOULING_NTU_D = 0.05


class World:
    """Plant, inflow, sensors and faults of one scenario. The true values stand in `plant`, `sewer` and `treatment`.

    `settings`: by key as in settings.txt, integers on the catalogue's scale. `scenario`: see `sim.scenario`.
    `board_on`, `mains_on`, `network_up`, `broker_up`, `clock_known` (1 or 0) and `clock_offset_s` are the state at the
    second of the last `advance()`. `events` collects (t_s, source, event, detail); whoever reads it clears it.
    """

    def __init__(self, settings: dict[str, Any], scenario: Any) -> None:
        local_s: int = scenario.start.hour * 3600 + scenario.start.minute * 60 + scenario.start.second
        seed: int = scenario.seed
        self.sewer: Sewer = Sewer(scenario, local_s)
        self.plant: Plant = Plant(settings)
        self.treatment: Treatment = Treatment(settings)
        self._p1_feedback: Feedback = Feedback(settings["wired.p1_running"])
        self._p2_feedback: Feedback = Feedback(settings["wired.p2_running"])
        self._blower_feedback: Feedback = Feedback(settings["wired.blower_running"])
        self._return_feedback: Feedback = Feedback(settings["wired.return_running"])
        blind_above_mm = NEVER_BLIND
        if settings["level.signal"] and settings["plant.level_blind_mm"] and settings["level.mount_height_mm"]:
            blind_above_mm = float(settings["level.mount_height_mm"] - settings["plant.level_blind_mm"])
        self.level_sensor: AnalogSensor = AnalogSensor(
            1 if settings["level.signal"] == 0 else 0,  # current: the first choice
            float(settings["level.low_mm"]),
            float(settings["level.high_mm"]),
            1.0,
            LEVEL_LAG_S,
            LEVEL_NOISE_MM,
            0.0,
            Rng(seed, _STREAM_LEVEL),
            blind_above_mm,
        )
        self.turbidity_sensor: AnalogSensor = AnalogSensor(
            1 if settings["turbidity.signal"] == 0 else 0,  # current: the first choice
            float(settings["turbidity.low_ntu"]) / 10.0,
            float(settings["turbidity.high_ntu"]) / 10.0,
            10.0,
            TURBIDITY_LAG_S,
            TURBIDITY_NOISE_NTU,
            TURBIDITY_NOISE_SHARE,
            Rng(seed, _STREAM_TURBIDITY),
        )
        # The cabinet: which contactors a float pulls in or lets fall past the controller; 1 p1, 2 p2, 3 both.
        starts: int = settings["plant.float_high_starts"]
        breaks: int = settings["plant.float_low_breaks"]
        self._high_starts_p1: int = starts & 1
        self._high_starts_p2: int = starts >> 1
        self._low_breaks_p1: int = breaks & 1
        self._low_breaks_p2: int = breaks >> 1
        self._hard_wired: int = starts | breaks
        self.high_float: FloatSwitch = FloatSwitch(
            1 if settings["float_high.fitted"] else 0,
            float(settings["float_high.level_mm"]),
            Rng(seed, _STREAM_HIGH),
            starts,
        )
        self.low_float: FloatSwitch = FloatSwitch(
            1 if settings["float_low.fitted"] else 0,
            float(settings["float_low.level_mm"]),
            Rng(seed, _STREAM_LOW),
            breaks,
        )
        self.energy_meter: EnergyMeter = EnergyMeter(settings["wired.energy"])
        self._mains_sensed: int = 1 if settings["mains.sensed"] else 0
        self._broken: dict[str, Broken] = {
            "level": self.level_sensor.broken,
            "turbidity": self.turbidity_sensor.broken,
            "float_high": self.high_float.broken,
            "float_low": self.low_float.broken,
            "energy": self.energy_meter.broken,
            "p1_running": self._p1_feedback.broken,
            "p2_running": self._p2_feedback.broken,
            "blower_running": self._blower_feedback.broken,
            "return_running": self._return_feedback.broken,
        }

        self.board_on: int = 1
        self.mains_on: int = 1
        self.network_up: int = 1
        self.broker_up: int = 1
        self.clock_known: int = 1
        self.clock_offset_s: int = 0
        self.events: list[tuple[int, str, str, str]] = []
        self._breakdowns: list[Breakdown] = [
            Breakdown(f.at_s, f.until_s, f.kind, f.target, float(f.amount), f.every_s, f.lasts_s)
            for f in scenario.faults
        ]
        self._fault_change_s: int = 0
        self._minute_s: int = 60

        self._spilling: int = 0
        self._spilt_last_s: int = 0
        self._spilt_before_m3: float = 0.0

        self._minute: Minute = Minute(self.plant)
        self._shown_ntu: float = self.treatment.turbidity_ntu()

    # --- one second

    def advance(self, t_s: int, inputs: Inputs, p1_on: int, p2_on: int, blower_on: int, return_on: int) -> None:
        """The second that ends at `t_s` under these relay commands; then the signals of `t_s` are put into `inputs`.

        Call with t_s = 1, 2, 3, ...; with the board off its relays have fallen open, whatever the commands say.
        """
        if t_s >= self._fault_change_s:
            self._change_faults(t_s)
        if t_s >= self._minute_s:
            self._treat(t_s)
        if t_s >= self.sewer.next_s:
            self.sewer.update(t_s)
        plant = self.plant
        board_on = self.board_on
        mains_on = self.mains_on
        p1_on &= board_on
        p2_on &= board_on
        if self._hard_wired:  # by the floats as they were a second ago; a stop wins, for it lies in the coil's own wire
            if self.high_float.contact == 1:
                p1_on |= self._high_starts_p1
                p2_on |= self._high_starts_p2
            if self.low_float.contact == 0:
                p1_on &= 1 - self._low_breaks_p1
                p2_on &= 1 - self._low_breaks_p2
        plant.p1.decide(p1_on, mains_on)
        plant.p2.decide(p2_on, mains_on)
        plant.blower.decide(blower_on & board_on, mains_on)
        plant.back.decide(return_on & board_on, mains_on)
        inflow_m3 = self.sewer.flow_m3_s
        plant.step(inflow_m3)
        self._minute.add(plant, inflow_m3)

        if plant.spilled_m3 > 0.0 or self._spilling:
            self._watch_spill(t_s)
        if plant.p1.dry | plant.p1.was_dry | plant.p2.dry | plant.p2.was_dry | plant.back.dry | plant.back.was_dry:
            self._watch_dry(t_s)
        self._sense(t_s, inputs)

    def _sense(self, t_s: int, inputs: Inputs) -> None:
        plant = self.plant
        level_mm = plant.level_mm()
        inputs.level = self.level_sensor.read(t_s, level_mm)
        inputs.turbidity = self.turbidity_sensor.read(t_s, self._shown_ntu)
        inputs.float_high = self.high_float.read(t_s, level_mm)
        inputs.float_low = self.low_float.read(t_s, level_mm)
        inputs.mains = self.mains_on if self._mains_sensed else NONE
        inputs.p1_running = self._p1_feedback.read(plant.p1.running)
        inputs.p2_running = self._p2_feedback.read(plant.p2.running)
        inputs.blower_running = self._blower_feedback.read(plant.blower.running)
        inputs.return_running = self._return_feedback.read(plant.back.running)
        inputs.energy_wh = self.energy_meter.read(plant.energy_j, self.mains_on)

    def _treat(self, t_s: int) -> None:
        """The minute's step of the treatment."""
        self._minute_s = t_s + 60
        treatment = self.treatment
        sewer = self.sewer
        treatment.fill_well(self._minute, sewer.sewage_share, sewer.tss_g_m3)
        treatment.step(self._minute)
        fouling_d = float(t_s % _CLEANING_S) / 86400.0
        self._shown_ntu = treatment.turbidity_ntu() + FOULING_NTU_D * fouling_d
        self._minute = Minute(self.plant)

    # --- rare events

    def _watch_spill(self, t_s: int) -> None:
        plant = self.plant
        if plant.spilled_m3 > 0.0:
            self._spilt_last_s = t_s
            if not self._spilling:
                self._spilling = 1
                self._spilt_before_m3 = plant.overflow_m3 - plant.spilled_m3
                self.events.append((t_s, "well", "overflow_begin", ""))
        elif t_s - self._spilt_last_s >= _SPILL_OVER_S:
            self._spilling = 0
            spilt_l = int((plant.overflow_m3 - self._spilt_before_m3) * 1000.0 + 0.5)
            self.events.append((t_s, "well", "overflow_end", str(spilt_l) + " L"))

    def _watch_dry(self, t_s: int) -> None:
        for name, machine in self.plant.machines.items():
            if machine.dry:
                machine.note_dry(t_s)
            if machine.dry != machine.was_dry:
                self.events.append((t_s, name, "dry_run_begin" if machine.dry else "dry_run_end", ""))

    # --- faults

    def _change_faults(self, t_s: int) -> None:
        """Mends and breaks what is due at `t_s`, and notes when the next change comes."""
        for machine in self.plant.machines.values():
            machine.set_faults_none()
        for broken in self._broken.values():
            broken.clear()
        self.mains_on = 1
        self.network_up = 1
        self.broker_up = 1
        self.board_on = 1
        self.clock_known = 1
        self.clock_offset_s = 0
        self._fault_change_s = FOREVER_S
        for fault in self._breakdowns:
            active = 1 if fault.at_s <= t_s < fault.until_s else 0
            if active != fault.active:
                fault.active = active
                self.events.append((t_s, "fault", "begin" if active else "end", fault.words()))
            self._fault_change_s = min(self._fault_change_s, fault.next_s(t_s))
            if fault.strikes(t_s):
                self._break(fault, t_s)

    def _break(self, fault: Breakdown, t_s: int) -> None:
        target = fault.target
        if target == "mains":
            self.mains_on = 0
        elif target == "network":
            self.network_up = 0
        elif target == "broker":
            self.broker_up = 0
        elif target == "board":
            self.board_on = 0
        elif target == "clock":
            if fault.kind == "unset":
                self.clock_known = 0
            else:
                self.clock_offset_s = int(fault.amount)
        elif fault.kind == "replaced":
            self.energy_meter.replace(fault.at_s, fault.amount)
        elif target in self._broken:
            self._broken[target].add(fault.kind, fault.amount, t_s - fault.phase_s(t_s))
        else:
            self.plant.machines[target].add_fault(fault.kind, fault.amount)
