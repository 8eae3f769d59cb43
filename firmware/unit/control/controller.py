"""The road of one second, readable from top to bottom: signals -> estimate -> claims -> protection -> outputs."""

from . import points, reasons
from .alarms import AlarmBook
from .basics import NONE, const
from .claims import BACKUP, HAND, REMOTE
from .events import CLAIM, CLAIM_END, SERVICE, Events
from .inflow import Inflow
from .io import BLOWER, N_OUTPUTS, OUTPUT_NAMES, P1, P2, RETURN, Inputs, NoMeter
from .output import Output
from .process.contact_oxidation import ContactOxidation
from .signals import Analog, Switch
from .supervision import Supervision
from .witnesses import Well

SNAPSHOT_BYTES = 232  # a buffer of this size holds every snapshot
_STAGGER_S = const(5)  # machines of one unit do not start in the same second after mains return
_DIPS = const(3)  # mains losses, each within ten minutes of the one before, that make them unsteady
_DIP_APART_S = const(600)
_STEADY_AGAIN_S = const(1800)


class Controller:
    """All decisions of one unit. Nothing in here knows the board, the network or the wall clock's source."""

    def __init__(self, settings: dict[str, int], alarm_rows: list[tuple[str, int, int, int, int, bytes]]) -> None:
        """`settings`: numbers by key, as `unit.assembly.control_settings` makes them.

        `alarm_rows`: the catalogue of alarms, as `AlarmBook` takes it. KeyError for a missing key.
        """
        self.inputs: Inputs = Inputs()
        self.events: Events = Events()
        self.now_s: int = 0
        self.tod_s: int = -1
        self.day: int = 0
        self.mains_on: int = 1
        self.well: Well = Well()
        self.inflow: Inflow = Inflow()
        self.turbidity: Analog = Analog()
        self.outputs: list[Output] = [
            Output(P1, OUTPUT_NAMES[0], 0),
            Output(P2, OUTPUT_NAMES[1], 0),
            Output(BLOWER, OUTPUT_NAMES[2], 0),
            Output(RETURN, OUTPUT_NAMES[3], 0),
        ]
        self.process: ContactOxidation = ContactOxidation(self.outputs, self.well, self.inflow, self.events)
        self.alarms: AlarmBook = AlarmBook(alarm_rows, self.events)
        self.supervision: Supervision = Supervision(self.alarms, self.outputs, self.well, self.inflow)
        self.energy_wh: int = 0
        self._energy_ws: int = 0  # by nominal power, not yet counted
        self._nominal: int = 0  # 1: of the energy since the last reading some is by nominal power
        self.meter: NoMeter = NoMeter()
        self._mains: Switch = Switch(2, 0)
        self.mains_unsteady: int = 0  # 1 from some dips in a row until half an hour without
        self.steady_s: int = 60
        self._dips: int = 0
        self._lost_s: int = -_STEADY_AGAIN_S
        self._turned: int = 0  # machines that turned in the last second, by their feedback
        self.mains_sensed: int = 0
        self.restart_wait_s: int = 0
        self.max_lease_s: int = 0
        self._reported: list[int] = [0] * (N_OUTPUTS + 1)  # totals at the last reading
        self.configure(settings)
        self._hold_starts(0)
        for output in self.outputs:
            # When each machine last stopped is unknown, so each rests from now on, for its own shortest rest.
            output.guard.since_s = output.index * _STAGGER_S

    def configure(self, settings: dict[str, int]) -> None:
        """Take other settings, at start or later; nothing that runs is interrupted by it."""
        from .configure import configure

        configure(self, settings)

    def step(self, now_s: int, tod_s: int, day: int) -> None:
        """Decide one second. Call it once a second.

        `now_s`: seconds since this start, never backwards. `tod_s`: local second of the day, -1 while the clock was
        never set. `day`: local days since 2000-01-01. Reads `inputs`; leaves `outputs` and `events`.
        """
        self.now_s = now_s
        self.tod_s = tod_s
        self.day = day
        i = self.inputs
        outputs = self.outputs
        p1 = outputs[P1]
        p2 = outputs[P2]
        # signals
        p1.running = i.p1_running
        p2.running = i.p2_running
        outputs[BLOWER].running = i.blower_running
        outputs[RETURN].running = i.return_running
        self._sense_mains(now_s, i.mains)
        p1_turns: int = p1.turns()
        p2_turns: int = p2.turns()
        self.well.step(now_s, i.level, i.float_high, i.float_low, p1_turns | p2_turns)
        self.turbidity.step(now_s, i.turbidity)
        # estimate
        self.inflow.step(now_s, self.well.level_mm, self.well.level_ok, p1_turns, p2_turns)
        check = self.process.lift.check
        p1_told: int = p1.on + (2 if p1_turns else 0)
        p2_told: int = p2.on + (2 if p2_turns else 0)
        check.effect.step(now_s, self.well.level.raw_value, check.level_tells(), p1_told, p2_told)
        # claims
        mains: int = self.mains_on
        dry: int = self.well.dry
        self.process.step(now_s, tod_s, mains)
        # protection and outputs
        power_w: int = 0
        for output in outputs:
            output.guard.watch(
                now_s, output.running, mains, check.lifts(output.index, now_s) if output.index <= P2 else 0
            )
            output.step(now_s, mains, dry if output.index <= P2 else 0, self.events)
            if output.turns() == 1:
                power_w += output.power_w
        self._energy_ws += power_w
        metered_wh: int = self.meter.step(i.energy_wh, self._energy_ws)
        if metered_wh > 0:
            self.energy_wh += metered_wh
            self._energy_ws = 0
        elif metered_wh == NONE and self._energy_ws >= 3600:
            self.energy_wh += self._energy_ws // 3600
            self._energy_ws %= 3600
            self._nominal = 1
        # alarms
        no_air: int = self.process.aeration.no_air
        self.supervision.step(now_s, tod_s, self.turbidity, self.process.lift, mains, dry, no_air, self.mains_unsteady)

    def command(self, output: int, on: int, for_s: int, source: int) -> int:
        """Run or stop a machine by hand (HAND) or from afar (REMOTE) for `for_s` seconds, below protection.

        Returns 0 when the claim is lodged, else the reason (reasons.py) why it is refused.
        """
        machine = self.outputs[output]
        if for_s < 1 or for_s > self.max_lease_s:
            return reasons.LEASE_LIMIT
        if source == REMOTE and machine.claims.holds(HAND, self.now_s):
            return reasons.HAND
        if on:
            pump: int = 1 if output <= P2 else 0
            if pump and self.well.level_ok and self.well.level_mm <= self.process.lift.stop_level_mm:
                return reasons.LEVEL_WAIT
            blocked: int = machine.guard.block(self.now_s, self.mains_on, self.well.dry if pump else 0)
            if blocked and not machine.on and blocked != reasons.MIN_OFF:
                return blocked
        until_s: int = self.now_s + 1 + for_s  # the next second is the first one that counts
        machine.claims.lodge(source, on, until_s, reasons.HAND if source == HAND else reasons.REMOTE)
        self.events.add(CLAIM, output, source * 2 + on)
        return 0

    def auto(self, output: int, source: int) -> None:
        """Give the machine back to the process: drop the claim of `source`; from the console, the remote one too."""
        machine = self.outputs[output]
        machine.claims.release(source)
        if source == HAND:
            machine.claims.release(REMOTE)
        self.events.add(CLAIM_END, output, source)

    def acknowledge(self, index: int) -> int:
        """Acknowledge one alarm by its index, or all with NONE; returns how many waited for it."""
        self.supervision.acknowledged(index)
        return self.alarms.acknowledge(index, self.now_s)

    def service_done(self, output: int) -> None:
        """The crew has serviced this machine: its service hours start again."""
        self.outputs[output].serviced_run_s = self.outputs[output].run_s
        if output <= P2:
            self.inflow.pumps[output].serviced()
        self.events.add(SERVICE, output, 0)

    def reading(self, values: list[int]) -> int:
        """Like `look`, and the totals begin again from here."""
        quality: int = self.look(values)
        self.count_from_here()
        return quality

    def count_from_here(self) -> None:
        """The totals of the next reading begin now."""
        k: int = 0
        while k < N_OUTPUTS:
            self._reported[k] = self.outputs[k].run_s
            k += 1
        self._reported[N_OUTPUTS] = self.energy_wh
        self._nominal = 0

    def look(self, values: list[int]) -> int:
        """Fill `values`, a place for every point (points.py), and return the quality code of the row.

        A failed sensor gives its last credible value; the code says so: class of the level + 8 * class of the
        turbidity + 64 when the clock was never set + 128 when an energy meter is wired and some of the energy is by
        nominal power all the same. Totals are the growth since the last reading.
        """
        values[points.LEVEL_MM] = self.well.level_mm
        values[points.TURBIDITY_NTU] = self.turbidity.value
        values[points.INFLOW_L_MIN] = self.inflow.l_min
        k: int = 0
        while k < N_OUTPUTS:
            values[points.RUN_S + k] = self.outputs[k].run_s - self._reported[k]
            k += 1
        values[points.ENERGY_WH] = self.energy_wh - self._reported[N_OUTPUTS]
        bits: int = 1 if self.well.float_high.value == 1 else 0
        bits += 2 if self.well.float_low.value == 1 else 0
        bits += 4 if self.mains_on else 0
        k = 0
        while k < N_OUTPUTS:
            bits += 8 << k if self.outputs[k].turns() == 1 else 0
            k += 1
        values[points.INPUTS] = bits
        quality: int = self.well.level.quality + 8 * self.turbidity.quality + (64 if self.tod_s < 0 else 0)
        return quality + (128 if self.meter.wired and self._nominal else 0)

    def save(self, data: bytearray) -> int:
        """Write the snapshot into `data` (at least SNAPSHOT_BYTES); returns its length."""
        from .snapshot import save

        return save(self, data)

    def restore(self, data: bytearray, n: int, outage_s: int) -> int:
        """Take up a snapshot before the first step. `outage_s`: how long the unit was off, 0 if unknown.

        Returns 1, or 0 when the bytes are damaged or of another version: then nothing is changed.
        """
        from .snapshot import restore

        return restore(self, data, n, outage_s)

    def _sense_mains(self, now_s: int, raw: int) -> None:
        """Mains that are gone for a second have dropped every contactor: they come back one after the other."""
        on: int = 1
        if self.mains_sensed:
            self._mains.step(now_s, raw)
            on = 0 if self._mains.value == 0 else 1
        else:
            # All machines that turned stand still at once: a dip that nothing else tells of.
            turn: int = 0
            stopped: int = 0
            for output in self.outputs:
                if output.on and output.running == 1:
                    turn += 1
                elif output.on and output.running == 0:
                    stopped += 1
            if self._turned > 1 and turn == 0 and stopped >= self._turned:
                on = 0
            self._turned = turn
        if self.mains_on and not on:
            self._dips = self._dips + 1 if now_s - self._lost_s < _DIP_APART_S else 1
            self._lost_s = now_s
        elif on and not self.mains_on:
            self._hold_starts(now_s)
        self.mains_on = on
        if self._dips >= _DIPS:
            self.mains_unsteady = 1
        if now_s - self._lost_s >= _STEADY_AGAIN_S:
            self.mains_unsteady = 0

    def _hold_starts(self, now_s: int) -> None:
        """After power-up and mains return every machine waits its turn."""
        wait_s: int = max(self.restart_wait_s, self.steady_s) if self._dips >= _DIPS else self.restart_wait_s
        k: int = 0
        while k < N_OUTPUTS:
            self.outputs[k].guard.wait_until_s = now_s + wait_s + k * _STAGGER_S
            k += 1


__all__ = ["BACKUP", "HAND", "REMOTE", "SNAPSHOT_BYTES", "Controller"]
