"""Does each lift pump lift? One that does not gives way to the other; where neither does, the well has no water.

`effect.py` measures, this decides. Three useless starts in a row make a pump "clogged".
"""

from ..basics import NONE, const
from ..effect import LIFTS, NOTHING, Effect
from ..inflow import Inflow
from ..output import Output
from ..witnesses import Well

_FLAT_S = const(30)  # a level that stands still so long under a pump, and nobody knows what flows in ...
_LOOK_S = const(60)  # ... so the pump rests so long and the level tells
_UNKNOWN_S = const(1800)  # a pump has run alone for so long, and nobody can tell what it lifts
_USELESS_STARTS = const(3)  # in a row: the pump is clogged
_STANDS_S = const(240)  # pumps turn so long and the level has not moved at all ...
_STANDS_MM = const(30)  # ... though a sound pump would have moved it by this


class PumpCheck:
    """What the level says of the two lift pumps."""

    def __init__(self, pumps: list[Output], well: Well, inflow: Inflow) -> None:
        self.pumps: list[Output] = pumps
        self.well: Well = well
        self.inflow: Inflow = inflow
        self.effect: Effect = Effect()
        self.effect_s: int = 90
        self.start_level_mm: int = 0
        self.floor_most_mm: int = 0  # half way from stop to start
        self.look_until_s: int = 0  # the pumps rest until then, so that the level tells what flows in
        self.high_fell_s: int = -1  # when the high float fell
        self.compare: int = 0  # 1 when the other pump is to take over, so that the two can be compared
        self.keep: int = 0  # 1 when the pump that turns goes on, for the other has just failed to lift
        self._useless: int = 0  # bits: pumps that lifted nothing since the well was last empty
        self._judged_s: int = -1  # the start that has been judged
        self._useless_starts: list[int] = [0, 0]

    def expect(self, area_m2_100: int) -> None:
        """What sound pumps do to the level follows from their flow and the well's area."""
        well = self.well
        effect = self.effect
        effect.expect((self.inflow.pumps[0].usual_l_min + self.inflow.pumps[1].usual_l_min) // 2, area_m2_100)
        slow_s: int = _STANDS_MM * 1000 // effect.rate_ks
        well.stands_s = max(_STANDS_S, slow_s)
        well.rate_ks = effect.rate_ks

    def step(self, now_s: int, full: int) -> None:
        """A pump that lifts nothing gives way; where both do, the well has no water or the level lies."""
        effect = self.effect
        well = self.well
        turning: int = effect.turning
        self.compare = 0
        self.keep = 0
        if turning == 0:
            if effect.inflow_ks * 2 > effect.rate_ks:
                well.forget_floor()  # so much flows in that a pump which lifts it finds no air
            return
        if not self.level_tells():
            return
        if effect.verdict == LIFTS:
            if turning < 3:
                if effect.other_idle:
                    self._useless |= 3 - turning
                    effect.other_idle = 0
                self._has_lifted(turning >> 1)
            return
        ran_s: int = now_s - effect.since_s
        if ran_s < self.effect_s or self._judged_s == effect.since_s:
            return
        if effect.verdict == NONE:
            if ran_s >= _UNKNOWN_S and effect.inflow_ks == NONE and self._other_can(now_s, turning):
                self._judged_s = effect.since_s
                self.compare = 1
            elif effect.flat_s >= _FLAT_S and effect.inflow_ks == NONE and not full and not well.wet():
                self._judged_s = effect.since_s
                self.look_until_s = now_s + _LOOK_S
            return
        if turning < 3 and not effect.lifted and not well.near_floor():
            self._useless |= turning
        if not effect.flat_s or well.wet() or not self._any_turns(turning):
            return  # what rises is no dry well
        if effect.lifted and well.level_mm >= self.start_level_mm:
            return  # as much flows in as they lift
        self._judged_s = effect.since_s
        well.spend(now_s, self.effect_s)
        if effect.lifted or self._useless == 3 or turning == 3 or well.near_floor() or well.left_s() < self.effect_s:
            well.found_floor(now_s, self.floor_most_mm)
            self.inflow.forget_run()

    def _any_turns(self, turning: int) -> int:
        """0 when the feedback of all these pumps says that they stand still: then none runs dry."""
        return 1 if (turning & 1 and self.pumps[0].running != 0) or (turning & 2 and self.pumps[1].running != 0) else 0

    def lame(self, k: int) -> int:
        """1 for a pump that lifts nothing, as far as one knows."""
        return 1 if self.inflow.pumps[k].clogged or self._useless & k + 1 else 0

    def _other_can(self, now_s: int, turning: int) -> int:
        other: int = 1 - (turning >> 1)
        return 1 if turning < 3 and not self.lame(other) and self.pumps[other].guard.available(now_s) else 0

    def _has_lifted(self, k: int) -> None:
        """Pump `k` lifts: it is useful, there is water, and one that gave way to it is not."""
        self._useless_starts[k] = 0
        self.well.regain()
        other: int = 1 - k
        if self._useless & 1 << other:
            self.keep = 1
            self._useless_starts[other] += 1
            if self._useless_starts[other] >= _USELESS_STARTS:
                self.inflow.pumps[other].clogged = 1
        self._useless = 0

    def lifts(self, k: int, now_s: int) -> int:
        """What the water says of pump `k`: 1 it works, 0 it does not or nobody can tell, NONE wait."""
        pump = self.pumps[k]
        other = self.pumps[1 - k]
        if not pump.on or (other.on and other.running != 0):
            return 0
        effect = self.effect
        if self.high_fell_s - max(effect.told_s, pump.guard.since_s) > 10:
            return 1  # the high float fell under it, whatever its feedback said
        if not self.level_tells():
            return 0
        if effect.falls and effect.turning & k + 1:
            return 1
        if effect.verdict == NOTHING:
            return 0
        return NONE if now_s - effect.told_s < self.effect_s + _FLAT_S else 0

    def level_tells(self) -> int:
        """1 while a level that nobody contradicts shows what the pumps do."""
        well = self.well
        return 1 if well.level_ok and not well.disputed and not well.spilling() else 0

    def new_turn(self) -> None:
        """The well was empty: each pump may show anew what it lifts."""
        self._useless = 0

    def gives_way(self, k: int) -> int:
        """1 when pump `k` is worse than the other, as far as one knows."""
        if self._useless:
            return 1 if self._useless == k + 1 else 0
        return 1 if self.inflow.pumps[k].clogged and not self.inflow.pumps[1 - k].clogged else 0
