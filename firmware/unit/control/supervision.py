"""Which fact raises which alarm. Names, delays and words stand in alarms.txt."""

from .alarms import AlarmBook
from .basics import FAILURE, GOOD, NONE, const
from .inflow import Inflow
from .io import BLOWER
from .output import Output
from .process.lift import Lift
from .signals import Analog
from .well import Well

# The causes, one a bit, in the order in which their alarms are told: first those of the plant ...
_CAUSES = (
    "level_failed level_suspect level_drift turbidity_failed turbidity_suspect turbidity_high high_level spill "
    "high_float high_float_stays float_high_wrong float_low_wrong dry_stop no_pump cannot_keep_up backflow mains_off "
    "clock_unset p1_clogged p2_clogged"
)
_N_CAUSES = const(20)
_TURBIDITY = const(3)  # the first of the three that count only where a probe is wired
_TURBIDITY_END = const(6)
_CLOGGED = const(18)
# ... then those of every machine, of which the first is a trip.
_MACHINE_CAUSES = "trip uncommanded max_run starts service"
_N_MACHINE_CAUSES = const(5)


class Supervision:
    """Feeds the facts of each second to the alarms."""

    def __init__(
        self, book: AlarmBook, rows: list[tuple[str, int, int, int]], outputs: list[Output], well: Well, inflow: Inflow
    ) -> None:
        """`rows`: the catalogue that `book` was made from. ValueError when it lacks an alarm."""
        self.book: AlarmBook = book
        self.outputs: list[Output] = outputs
        self.well: Well = well
        self.inflow: Inflow = inflow
        self.high_level_mm: int = 0
        self.spill_level_mm: int = 0
        self.turbidity_limit: int = 0
        self.turbidity_wired: int = 1
        self.pump_service_s: int = 0
        self.blower_service_s: int = 0
        self._seen: int = -1  # the causes of the last second: -1 when they are to be looked at anew
        self._seen_machines: int = -1
        names = [row[0] for row in rows]
        wanted = _CAUSES.split()
        for output in outputs:
            wanted += [output.name + "_" + cause for cause in _MACHINE_CAUSES.split()]
        self._alarm: bytes = bytes([names.index(name) for name in wanted])  # of every cause

    def look_anew(self) -> None:
        """The settings have changed."""
        self._seen = -1

    def step(self, now_s: int, tod_s: int, turbidity: Analog, lift: Lift, mains: int, dry: int) -> None:
        """Take the facts of this second. While none of them has changed, most alarms have nothing to do."""
        causes: int = self._plant(tod_s, turbidity, lift, mains, dry)
        machines: int = self._machines()
        book = self.book
        if causes == self._seen and machines == self._seen_machines and not book.restless:
            return
        self._seen = causes
        self._seen_machines = machines
        book.restless = 0
        i: int = 0
        while i < _N_CAUSES:
            if self.turbidity_wired or i < _TURBIDITY or i >= _TURBIDITY_END:
                book.update(self._alarm[i], now_s, causes >> i & 1)
            i += 1
        while i < len(self._alarm):
            book.update(self._alarm[i], now_s, machines >> (i - _N_CAUSES) & 1)
            i += 1

    def _plant(self, tod_s: int, turbidity: Analog, lift: Lift, mains: int, dry: int) -> int:
        well = self.well
        level: int = well.level.quality
        clarity: int = turbidity.quality
        causes: int = 1 if level == FAILURE else 0
        if GOOD < level < FAILURE:
            causes |= 1 << 1
        if well.level_drifts:
            causes |= 1 << 2
        if clarity == FAILURE:
            causes |= 1 << 3
        else:
            if clarity > GOOD:
                causes |= 1 << 4
            if turbidity.value > self.turbidity_limit:
                causes |= 1 << 5
        if well.level_ok:
            if well.level_mm >= self.high_level_mm:
                causes |= 1 << 6
            if well.level_mm >= self.spill_level_mm:
                causes |= 1 << 7
        if well.high_up == 1:
            causes |= 3 << 8
        if well.float_high_wrong:
            causes |= 1 << 10
        if well.float_low_wrong:
            causes |= 1 << 11
        full: int = 1 if well.level_ok and well.level_mm >= lift.start_level_mm else 0
        if dry and (full or lift.backup):
            causes |= 1 << 12
        if lift.no_pump:
            causes |= 1 << 13
        if lift.swaps >= 3:
            causes |= 1 << 14
        if self.inflow.backflow:
            causes |= 1 << 15
        if not mains:
            causes |= 1 << 16
        if tod_s < 0:
            causes |= 1 << 17
        if self.inflow.pumps[0].clogged:
            causes |= 1 << _CLOGGED
        if self.inflow.pumps[1].clogged:
            causes |= 1 << _CLOGGED + 1
        return causes

    def _machines(self) -> int:
        causes: int = 0
        bit: int = 1
        for output in self.outputs:
            guard = output.guard
            service_s: int = self.blower_service_s if output.index == BLOWER else self.pump_service_s
            if guard.fails_to_run:
                causes |= bit
            if guard.runs_uncommanded:
                causes |= bit << 1
            if guard.max_run_hit:
                causes |= bit << 2
            if guard.starts_limited:
                causes |= bit << 3
            if output.run_s - output.serviced_run_s >= service_s:  # run time from one service to the next
                causes |= bit << 4
            bit <<= _N_MACHINE_CAUSES
        return causes

    def acknowledged(self, index: int) -> None:
        """A machine whose trip or clog somebody has acknowledged may be tried again."""
        for i, output in enumerate(self.outputs):
            if index == NONE or self._alarm[_N_CAUSES + i * _N_MACHINE_CAUSES] == index:
                output.guard.unlock()
        for i, pump in enumerate(self.inflow.pumps):
            if index == NONE or self._alarm[_CLOGGED + i] == index:
                pump.forgive()
