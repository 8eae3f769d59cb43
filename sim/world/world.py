"""The world as the controller meets it: relay commands in, sensor signals out, once a second."""

from typing import Any

from unit.control.basics import NONE, const
from unit.control.io import Inputs

from .breakdown import FOREVER_S, Breakdown
from .machine import Machine
from .plant import Plant
from .rng import Rng
from .sensors import AnalogSensor, Broken, EnergyMeter, FloatSwitch
from .sewer import Sewer
from .treatment import Treatment

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
    """Plant, inflow, sensors and faults of one scenario.

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
        self._p1_feedback: int = settings["wired.p1_running"]
        self._p2_feedback: int = settings["wired.p2_running"]
        self._blower_feedback: int = settings["wired.blower_running"]
        self._return_feedback: int = settings["wired.return_running"]
        self.level_sensor: AnalogSensor = AnalogSensor(
            1 if settings["level.signal"] == 0 else 0,  # current: the first choice
            float(settings["level.low_mm"]),
            float(settings["level.high_mm"]),
            1.0,
            LEVEL_LAG_S,
            LEVEL_NOISE_MM,
            0.0,
            Rng(seed, _STREAM_LEVEL),
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
        self.high_float: FloatSwitch = FloatSwitch(
            1 if settings["float_high.fitted"] else 0, float(settings["float_high.level_mm"]), Rng(seed, _STREAM_HIGH)
        )
        self.low_float: FloatSwitch = FloatSwitch(
            1 if settings["float_low.fitted"] else 0, float(settings["float_low.level_mm"]), Rng(seed, _STREAM_LOW)
        )
        self.energy_meter: EnergyMeter = EnergyMeter(settings["wired.energy"])
        self._mains_sensed: int = 1 if settings["mains.sensed"] else 0

        self.board_on: int = 1
        self.mains_on: int = 1
        self.network_up: int = 1
        self.broker_up: int = 1
        self.clock_known: int = 1
        self.clock_offset_s: int = 0
        self.events: list[tuple[int, str, str, str]] = []
        self._breakdowns: list[Breakdown] = [
            Breakdown(f.at_s, f.until_s, f.kind, f.target, float(f.amount)) for f in scenario.faults
        ]
        self._fault_change_s: int = 0
        self._minute_s: int = 60

        self._spilling: int = 0
        self._spilt_last_s: int = 0
        self._spilt_before_m3: float = 0.0
        self._p1_dry: int = 0
        self._p2_dry: int = 0
        self._return_dry: int = 0

        # What moved since the last step of the treatment, m3
        self._well_before_m3: float = self.plant.well_m3
        self._anoxic_before_m3: float = self.plant.anoxic_m3
        self._oxic_before_m3: float = self.plant.oxic_m3
        self._inflow_m3: float = 0.0
        self._delivered_m3: float = 0.0
        self._returned_m3: float = 0.0
        self._to_oxic_m3: float = 0.0
        self._to_settling_m3: float = 0.0
        self._out_m3: float = 0.0
        self._air: float = 0.0
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
        plant.p1.decide(p1_on & board_on, mains_on)
        plant.p2.decide(p2_on & board_on, mains_on)
        plant.blower.decide(blower_on & board_on, mains_on)
        plant.back.decide(return_on & board_on, mains_on)
        inflow_m3 = self.sewer.flow_m3_s
        plant.step(inflow_m3)

        self._inflow_m3 += inflow_m3
        self._delivered_m3 += plant.delivered_m3
        self._returned_m3 += plant.returned_m3
        self._to_oxic_m3 += plant.to_oxic_m3
        self._to_settling_m3 += plant.to_settling_m3
        self._out_m3 += plant.out_m3
        if plant.blower.running:
            self._air += plant.blower.flow_share

        if plant.spilled_m3 > 0.0 or self._spilling:
            self._watch_spill(t_s)
        if plant.p1.dry != self._p1_dry or plant.p2.dry != self._p2_dry or plant.back.dry != self._return_dry:
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
        inputs.p1_running = plant.p1.running if self._p1_feedback else NONE
        inputs.p2_running = plant.p2.running if self._p2_feedback else NONE
        inputs.blower_running = plant.blower.running if self._blower_feedback else NONE
        inputs.return_running = plant.back.running if self._return_feedback else NONE
        inputs.energy_wh = self.energy_meter.read(plant.energy_j, self.mains_on)

    def _treat(self, t_s: int) -> None:
        """The minute's step of the treatment."""
        self._minute_s = t_s + 60
        treatment = self.treatment
        sewer = self.sewer
        treatment.fill_well(self._well_before_m3, self._inflow_m3, sewer.sewage_share, sewer.tss_g_m3)
        treatment.step(
            self._anoxic_before_m3,
            self._oxic_before_m3,
            self._delivered_m3,
            self._returned_m3,
            self._to_oxic_m3,
            self._to_settling_m3,
            self._out_m3,
            self._air / 60.0,
        )
        fouling_d = float(t_s % _CLEANING_S) / 86400.0
        self._shown_ntu = treatment.turbidity_ntu() + FOULING_NTU_D * fouling_d
        self._well_before_m3 = self.plant.well_m3
        self._anoxic_before_m3 = self.plant.anoxic_m3
        self._oxic_before_m3 = self.plant.oxic_m3
        self._inflow_m3 = 0.0
        self._delivered_m3 = 0.0
        self._returned_m3 = 0.0
        self._to_oxic_m3 = 0.0
        self._to_settling_m3 = 0.0
        self._out_m3 = 0.0
        self._air = 0.0

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
        plant = self.plant
        self._p1_dry = self._dry_event(t_s, "p1", plant.p1, self._p1_dry)
        self._p2_dry = self._dry_event(t_s, "p2", plant.p2, self._p2_dry)
        self._return_dry = self._dry_event(t_s, "return", plant.back, self._return_dry)

    def _dry_event(self, t_s: int, name: str, machine: Machine, before: int) -> int:
        if machine.dry != before:
            self.events.append((t_s, name, "dry_run_begin" if machine.dry else "dry_run_end", ""))
        return machine.dry

    # --- faults

    def _change_faults(self, t_s: int) -> None:
        """Mends and breaks what is due at `t_s`, and notes when the next change comes."""
        plant = self.plant
        for machine in (plant.p1, plant.p2, plant.blower, plant.back):
            machine.set_faults_none()
        for name in ("level", "turbidity", "float_high", "float_low", "energy"):
            self._broken(name).clear()
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
            if t_s < fault.at_s:
                self._fault_change_s = min(self._fault_change_s, fault.at_s)
            elif active:
                self._fault_change_s = min(self._fault_change_s, fault.until_s)
                self._break(fault)

    def _break(self, fault: Breakdown) -> None:
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
        elif target in ("level", "turbidity", "float_high", "float_low", "energy"):
            self._broken(target).add(fault.kind, fault.amount, fault.at_s)
        else:
            self.machine(target).add_fault(fault.kind, fault.amount)

    def _broken(self, sensor: str) -> Broken:
        if sensor == "level":
            return self.level_sensor.broken
        if sensor == "turbidity":
            return self.turbidity_sensor.broken
        if sensor == "float_high":
            return self.high_float.broken
        if sensor == "energy":
            return self.energy_meter.broken
        return self.low_float.broken

    # --- what a runner asks for

    def machine(self, name: str) -> Machine:
        """The actuator `name`: its `running`, `run_s`, `dry_run_s`."""
        if name == "p1":
            return self.plant.p1
        if name == "p2":
            return self.plant.p2
        if name == "blower":
            return self.plant.blower
        return self.plant.back

    @property
    def inflow_m3(self) -> float:
        """Inflow since the start."""
        return self.plant.inflow_m3

    @property
    def lifted_m3(self) -> float:
        """Delivered by the lift pumps into the anoxic tank since the start."""
        return self.plant.lifted_m3

    @property
    def discharged_m3(self) -> float:
        """Left through the outlet since the start."""
        return self.plant.discharged_m3

    @property
    def overflow_m3(self) -> float:
        """Spilt from the lift well since the start."""
        return self.plant.overflow_m3

    @property
    def stored_m3(self) -> float:
        """In well, rising main and tanks now."""
        return self.plant.stored_m3()

    @property
    def mass_error_m3(self) -> float:
        """Inflow - discharged - overflow - growth of what is stored: 0 but for rounding."""
        return self.plant.mass_error_m3()

    @property
    def energy_j(self) -> float:
        """Electricity of the four machines since the start."""
        return self.plant.energy_j

    @property
    def level_mm(self) -> float:
        """True level of the lift well."""
        return self.plant.level_mm()

    @property
    def inflow_m3_s(self) -> float:
        """True inflow now."""
        return self.sewer.flow_m3_s

    @property
    def rain_mm_h(self) -> float:
        """Rain now."""
        return self.sewer.rain_mm_h

    @property
    def turbidity_ntu(self) -> float:
        """True turbidity of the effluent, without fouling of the probe."""
        return self.treatment.turbidity_ntu()

    @property
    def tss_g_m3(self) -> float:
        """Suspended solids of the effluent."""
        return self.treatment.tss_g_m3()

    @property
    def ammonia_g_m3(self) -> float:
        """Ammonia nitrogen of the effluent."""
        return self.treatment.clear.nh4

    @property
    def nitrate_g_m3(self) -> float:
        """Nitrate nitrogen of the effluent."""
        return self.treatment.clear.no3

    @property
    def cod_g_m3(self) -> float:
        """Soluble biodegradable COD of the effluent."""
        return self.treatment.clear.cod

    @property
    def oxygen_g_m3(self) -> float:
        """Dissolved oxygen in the contact-oxidation tank."""
        return self.treatment.o2_g_m3
