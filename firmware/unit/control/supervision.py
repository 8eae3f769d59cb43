"""Which fact raises which alarm. Names, delays and words stand in alarms.txt."""

from .alarms import Alarm, AlarmBook
from .basics import FAILURE, GOOD, NONE
from .events import Events
from .inflow import Inflow
from .io import BLOWER
from .output import Output
from .process.lift import Lift
from .signals import Analog
from .well import Well


class MachineAlarms:
    """The alarms that every machine has."""

    def __init__(self, book: AlarmBook, output: Output) -> None:
        self.output: Output = output
        self.trip: Alarm = book.get(output.name + "_trip")
        self.uncommanded: Alarm = book.get(output.name + "_uncommanded")
        self.max_run: Alarm = book.get(output.name + "_max_run")
        self.starts: Alarm = book.get(output.name + "_starts")
        self.service: Alarm = book.get(output.name + "_service")

    def step(self, now_s: int, service_s: int, events: Events) -> None:
        """`service_s`: run time from one service to the next."""
        output = self.output
        guard = output.guard
        self.trip.update(now_s, guard.fails_to_run, events)
        self.uncommanded.update(now_s, guard.runs_uncommanded, events)
        self.max_run.update(now_s, guard.max_run_hit, events)
        self.starts.update(now_s, guard.starts_limited, events)
        self.service.update(now_s, 1 if output.run_s - output.serviced_run_s >= service_s else 0, events)


class Supervision:
    """Feeds the facts of each second to the alarms."""

    def __init__(self, book: AlarmBook, outputs: list[Output], well: Well, inflow: Inflow) -> None:
        self.book: AlarmBook = book
        self.well: Well = well
        self.inflow: Inflow = inflow
        self.high_level_mm: int = 0
        self.spill_level_mm: int = 0
        self.turbidity_limit: int = 0
        self.turbidity_wired: int = 1
        self.pump_service_s: int = 0
        self.blower_service_s: int = 0
        self._level_failed: Alarm = book.get("level_failed")
        self._level_suspect: Alarm = book.get("level_suspect")
        self._level_drift: Alarm = book.get("level_drift")
        self._turbidity_failed: Alarm = book.get("turbidity_failed")
        self._turbidity_suspect: Alarm = book.get("turbidity_suspect")
        self._turbidity_high: Alarm = book.get("turbidity_high")
        self._high_level: Alarm = book.get("high_level")
        self._high_float: Alarm = book.get("high_float")
        self._high_float_stays: Alarm = book.get("high_float_stays")
        self._spill: Alarm = book.get("spill")
        self._float_high_wrong: Alarm = book.get("float_high_wrong")
        self._float_low_wrong: Alarm = book.get("float_low_wrong")
        self._dry_stop: Alarm = book.get("dry_stop")
        self._no_pump: Alarm = book.get("no_pump")
        self._cannot_keep_up: Alarm = book.get("cannot_keep_up")
        self._backflow: Alarm = book.get("backflow")
        self._mains_off: Alarm = book.get("mains_off")
        self._clock_unset: Alarm = book.get("clock_unset")
        self._clogged: list[Alarm] = [book.get("p1_clogged"), book.get("p2_clogged")]
        self._machines: list[MachineAlarms] = [MachineAlarms(book, output) for output in outputs]

    def step(self, now_s: int, tod_s: int, turbidity: Analog, lift: Lift, mains: int, dry: int) -> None:
        events = self.book.events
        well = self.well
        level = well.level
        self._level_failed.update(now_s, 1 if level.quality == FAILURE else 0, events)
        self._level_suspect.update(now_s, 1 if GOOD < level.quality < FAILURE else 0, events)
        self._level_drift.update(now_s, well.level_drifts, events)
        if self.turbidity_wired:
            self._turbidity_failed.update(now_s, 1 if turbidity.quality == FAILURE else 0, events)
            self._turbidity_suspect.update(now_s, 1 if GOOD < turbidity.quality < FAILURE else 0, events)
            over: int = 1 if turbidity.quality != FAILURE and turbidity.value > self.turbidity_limit else 0
            self._turbidity_high.update(now_s, over, events)
        high: int = 1 if well.high_up == 1 else 0
        ok: int = well.level_ok
        self._high_level.update(now_s, 1 if ok and well.level_mm >= self.high_level_mm else 0, events)
        self._spill.update(now_s, 1 if ok and well.level_mm >= self.spill_level_mm else 0, events)
        self._high_float.update(now_s, high, events)
        self._high_float_stays.update(now_s, high, events)
        self._float_high_wrong.update(now_s, well.float_high_wrong, events)
        self._float_low_wrong.update(now_s, well.float_low_wrong, events)
        self._dry_stop.update(now_s, 1 if dry and (lift.wanted or lift.backup) else 0, events)
        self._no_pump.update(now_s, lift.no_pump, events)
        self._cannot_keep_up.update(now_s, 1 if lift.swaps >= 3 else 0, events)
        self._backflow.update(now_s, self.inflow.backflow, events)
        self._mains_off.update(now_s, 1 - mains, events)
        self._clock_unset.update(now_s, 1 if tod_s < 0 else 0, events)
        self._clogged[0].update(now_s, self.inflow.pumps[0].clogged, events)
        self._clogged[1].update(now_s, self.inflow.pumps[1].clogged, events)
        for machine in self._machines:
            service_s: int = self.blower_service_s if machine.output.index == BLOWER else self.pump_service_s
            machine.step(now_s, service_s, events)

    def acknowledged(self, index: int) -> None:
        """A machine whose trip or clog somebody has acknowledged may be tried again."""
        for machine in self._machines:
            if index == NONE or machine.trip.index == index:
                machine.output.guard.unlock()
        i: int = 0
        while i < len(self._clogged):
            if index == NONE or self._clogged[i].index == index:
                self.inflow.pumps[i].forgive()
            i += 1
