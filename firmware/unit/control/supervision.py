"""Which fact raises which alarm. Names, delays and words stand in alarms.txt."""

from .alarms import WORD, AlarmBook
from .basics import FAILURE, GOOD, const
from .inflow import Inflow
from .io import BLOWER
from .output import Output
from .process.lift import Lift
from .signals import Analog
from .witnesses import Well

# The alarms, each by its line in alarms.txt.
LEVEL_FAILED = const(0)
LEVEL_SUSPECT = const(1)
LEVEL_DRIFT = const(2)
TURBIDITY_FAILED = const(3)
TURBIDITY_SUSPECT = const(4)
TURBIDITY_HIGH = const(5)
HIGH_LEVEL = const(6)
HIGH_FLOAT = const(7)
HIGH_FLOAT_STAYS = const(8)
SPILL = const(9)
FLOAT_HIGH_WRONG = const(10)
FLOAT_LOW_WRONG = const(11)
DRY_STOP = const(12)
NO_PUMP = const(13)
CANNOT_KEEP_UP = const(14)
BACKFLOW = const(15)
MAINS_OFF = const(16)
CLOCK_UNSET = const(17)
# Of the first machine; those of the others follow in their order.
CLOGGED = const(18)
TRIP = const(20)
UNCOMMANDED = const(24)
MAX_RUN = const(28)
STARTS = const(32)
SERVICE = const(36)
WORN = const(40)
NO_FEEDBACK = const(42)
# Of the plant again: a new alarm stands at the end, for a journal knows each by its number.
NO_INFLOW = const(46)
NO_AIR = const(47)
MAINS_DIPS = const(48)
KEY_LOST = const(49)

_MOST_SWAPS = const(3)


class Supervision:
    """Feeds the facts of each second to the alarms."""

    def __init__(self, book: AlarmBook, outputs: list[Output], well: Well, inflow: Inflow) -> None:
        self.book: AlarmBook = book
        self.outputs: list[Output] = outputs
        self.well: Well = well
        self.inflow: Inflow = inflow
        self.high_level_mm: int = 0
        self.spill_level_mm: int = 0
        self.turbidity_limit: int = 0
        self.turbidity_wired: int = 1
        self.key_lost: int = 0  # 1 where commands from afar must be signed, and the key is gone
        self.pump_service_s: int = 0
        self.blower_service_s: int = 0
        words: int = len(book.state) // WORD + 1
        self._stands: list[int] = [0] * words  # a bit an alarm: the causes that were found this second
        self._seen: list[int] = [-1] * words  # those of the last second: -1 when they are to be looked at anew

    def look_anew(self) -> None:
        """The settings have changed."""
        self._seen[0] = -1

    def step(
        self, now_s: int, tod_s: int, turbidity: Analog, lift: Lift, mains: int, dry: int, no_air: int, unsteady: int
    ) -> None:
        """Take the facts of this second. While none of them has changed, most alarms have nothing to do.

        `no_air`: 1 when the blower has not run for a day. `unsteady`: 1 when the mains dip again and again.
        """
        self._find(tod_s, turbidity, lift, mains, dry)
        if no_air:
            self._cause(NO_AIR)
        if unsteady:
            self._cause(MAINS_DIPS)
        for output in self.outputs:
            self._find_of(output)
        stands = self._stands
        seen = self._seen
        changed: int = self.book.restless
        i: int = 0
        while i < len(seen):
            if stands[i] != seen[i]:
                seen[i] = stands[i]
                changed = 1
            stands[i] = 0
            i += 1
        if changed:
            self.book.step(now_s, seen)

    def _cause(self, alarm: int) -> None:
        """What raises this alarm is so in this second."""
        self._stands[alarm // WORD] |= 1 << alarm % WORD

    def _find(self, tod_s: int, turbidity: Analog, lift: Lift, mains: int, dry: int) -> None:
        """The causes in the plant."""
        well = self.well
        level: int = well.level.quality
        if level == FAILURE or well.level_out:
            self._cause(LEVEL_FAILED)
        elif level > GOOD:
            self._cause(LEVEL_SUSPECT)
        if well.level_drifts or self.inflow.scale_suspect:
            self._cause(LEVEL_DRIFT)
        if self.turbidity_wired:
            if turbidity.quality == FAILURE:
                self._cause(TURBIDITY_FAILED)
            else:
                if turbidity.quality > GOOD:
                    self._cause(TURBIDITY_SUSPECT)
                if turbidity.value > self.turbidity_limit:
                    self._cause(TURBIDITY_HIGH)
        if well.level_ok:
            if well.level_mm >= self.high_level_mm:
                self._cause(HIGH_LEVEL)
            if well.level_mm >= self.spill_level_mm:
                self._cause(SPILL)
        if well.high_up == 1:
            self._cause(HIGH_FLOAT)
            self._cause(HIGH_FLOAT_STAYS)
        if well.high_out:
            self._cause(FLOAT_HIGH_WRONG)
        if well.low_out:
            self._cause(FLOAT_LOW_WRONG)
        full: int = 1 if well.level_ok and well.level_mm >= lift.start_level_mm else 0
        if dry and (full or lift.backup):
            self._cause(DRY_STOP)
        if lift.no_pump:
            self._cause(NO_PUMP)
        if lift.swaps >= _MOST_SWAPS:
            self._cause(CANNOT_KEEP_UP)
        if self.inflow.backflow:
            self._cause(BACKFLOW)
        if self.inflow.stopped:
            self._cause(NO_INFLOW)
        if not mains:
            self._cause(MAINS_OFF)
        if self.key_lost:
            self._cause(KEY_LOST)
        if tod_s < 0:
            self._cause(CLOCK_UNSET)
        i: int = 0
        while i < 2:
            pump = self.inflow.pumps[i]
            if pump.clogged:
                self._cause(CLOGGED + i)
            if pump.worn:
                self._cause(WORN + i)
            i += 1

    def _find_of(self, output: Output) -> None:
        """The causes in one machine."""
        guard = output.guard
        if guard.fails_to_run:
            self._cause(TRIP + output.index)
        if guard.runs_uncommanded:
            self._cause(UNCOMMANDED + output.index)
        if guard.max_run_hit:
            self._cause(MAX_RUN + output.index)
        if guard.starts_limited:
            self._cause(STARTS + output.index)
        if guard.feedback_lost:
            self._cause(NO_FEEDBACK + output.index)
        service_s: int = self.blower_service_s if output.index == BLOWER else self.pump_service_s
        if output.run_s - output.serviced_run_s >= service_s:  # run time from one service to the next
            self._cause(SERVICE + output.index)

    def acknowledged(self, index: int) -> None:
        """Before the book is told: what somebody has acknowledged, or what it explains, may be tried again."""
        book = self.book
        for output in self.outputs:
            if book.belongs(TRIP + output.index, index):
                output.guard.unlock()
        for i, pump in enumerate(self.inflow.pumps):
            if book.belongs(CLOGGED + i, index):
                pump.forgive()
        for witness in (LEVEL_FAILED, LEVEL_DRIFT, FLOAT_HIGH_WRONG, FLOAT_LOW_WRONG):
            if book.belongs(witness, index):
                self.well.forgive()
