"""Does a pump move the level? What flows in is known from before it started; what it lifts is the difference since.

A falling level proves a pump, whatever its feedback says; a level that goes on as before proves that it lifts nothing,
whatever its feedback says. The verdict comes after a minute or so, sooner where it is plain, and never where waves,
noise or a large well hide it. Slopes are in mm per 1000 s; the level comes unfiltered, and blocks of five seconds are
compared, so that the signal's own noise is measured on the way.
"""

from array import array

from .basics import NONE, const

_BLOCK_S = const(5)
_BLOCKS = const(24)  # two minutes
_SETTLE_BLOCKS = const(3)  # the surface swings, the sensor lags, the riser fills
_LEAST_BLOCKS = const(4)
_WINDOW_BLOCKS = const(18)  # a minute and a half
_OLD_S = const(900)  # what flowed in so long ago says nothing
_LEAST_MM_8 = const(40)  # a pump must move the level so far before it is judged, in 1/8 mm: 5 mm ...
_NOISES = const(3)  # ... and so many times the noise of a block
_LIFTS_PCT = const(40)  # of what a sound pump takes
_NOTHING_PCT = const(20)
_SWAP_PCT = const(60)  # two pumps that differ by so much: one of them lifts nothing

# `verdict`
NOTHING = const(0)
LIFTS = const(1)


class Effect:
    """Of the two lift pumps on the level of their well."""

    def __init__(self) -> None:
        self.verdict: int = NONE  # on the pumps that turn now: LIFTS, NOTHING, NONE unknown
        self.falls: int = 0  # 1 while the level falls as no inflow can make it
        self.lifted: int = 0  # 1 once these pumps have lifted since they turn
        self.flat_s: int = 0  # since the level stands still although they turn
        self.turning: int = 0  # bit 0: first pump, bit 1: second
        self.since_s: int = 0  # they turn, or rest, like this
        self.told_s: int = 0  # ... and their feedback says the same
        self._told: int = 0
        self.slope_ks: int = NONE  # of the level now
        self.inflow_ks: int = NONE  # the slope with no pump, NONE unknown
        self.rate_ks: int = 1  # what one sound pump takes from the level
        self._inflow_s: int = -_OLD_S
        self._other_ks: int = NONE  # the slope under the other pump, just before
        self.other_idle: int = 0  # 1 when this comparison has shown that the other lifts nothing
        self._best_pct: int = 0  # of the expected, at the best since they turn
        self._noise_8: int = 8  # mean of what a block departs from its neighbours, 1/8 mm
        self._mean_8: array[int] = array("i", [0] * _BLOCKS)  # ring of block means, 1/8 mm
        self._n: int = 0  # blocks since the last change
        self._at: int = 0
        self._sum: int = 0
        self._in_block: int = 0

    def expect(self, pump_l_min: int, area_m2_100: int) -> None:
        """What a sound pump is to do to the level."""
        # mm in 1000 s = l/min * 1000 / 60 / m2
        rate: int = pump_l_min * 5000 // (3 * area_m2_100)
        self.rate_ks = rate if rate > 0 else 1

    def step(self, now_s: int, raw_mm: int, usable: int, p1_told: int, p2_told: int) -> None:
        """Take this second. `usable`: 1 while `raw_mm` is a live signal that nobody contradicts.

        `p1_told`, `p2_told`: 1 when it is commanded, and 2 when it turns as far as its feedback tells.
        """
        turning: int = (1 if p1_told else 0) | (2 if p2_told else 0)
        told: int = p1_told + 4 * p2_told
        if turning != self.turning:
            # From one pump to the other: whatever flows in, the slopes of the two may be compared.
            self._other_ks = self.slope_ks if turning + self.turning == 3 and turning * self.turning else NONE
            self.turning = turning
            self.since_s = now_s
            self.lifted = 0
            self.other_idle = 0
            self._best_pct = 0
        if told != self._told:
            # What the level did before a feedback came or went says nothing of the time after it.
            self._told = told
            self.told_s = now_s
            self._forget()
        if not usable:
            self._forget()
            self.inflow_ks = NONE
            return
        if self.inflow_ks != NONE and now_s - self._inflow_s >= _OLD_S:
            self.inflow_ks = NONE
        self._sum += raw_mm
        self._in_block += 1
        if self._in_block == _BLOCK_S:
            self._end_block(now_s)

    def _forget(self) -> None:
        self.verdict = NONE
        self.falls = 0
        self.flat_s = 0
        self._n = 0
        self._sum = 0
        self._in_block = 0
        self.slope_ks = NONE

    def _back(self, blocks: int) -> int:
        return self._mean_8[(self._at - blocks) % _BLOCKS]

    def _end_block(self, now_s: int) -> None:
        self._mean_8[self._at] = self._sum * 8 // _BLOCK_S
        self._at = (self._at + 1) % _BLOCKS
        self._sum = 0
        self._in_block = 0
        self._n += 1
        n: int = self._n - _SETTLE_BLOCKS
        if n >= 3:
            bend: int = self._back(1) - 2 * self._back(2) + self._back(3)
            if bend < 0:
                bend = -bend
            bend = min(bend, 4000)
            self._noise_8 += (bend - self._noise_8) // 8
        if n < _LEAST_BLOCKS:
            return
        if n > _WINDOW_BLOCKS:
            n = _WINDOW_BLOCKS
        half: int = n // 2
        late: int = 0
        early: int = 0
        i: int = 1
        while i <= half:
            late += self._back(i)
            early += self._back(n + 1 - i)
            i += 1
        # The middles of the two halves are n - half blocks apart.
        moved_8: int = (late - early) // half
        apart_s: int = (n - half) * _BLOCK_S
        self.slope_ks = moved_8 * 125 // apart_s
        self._judge(now_s, moved_8, apart_s)

    def _judge(self, now_s: int, moved_8: int, apart_s: int) -> None:
        pumps: int = (self.turning & 1) + (self.turning >> 1)
        if pumps == 0:
            self.inflow_ks = self.slope_ks if self.slope_ks > 0 else 0
            self._inflow_s = now_s
            return
        expected_ks: int = self.rate_ks * pumps
        expected_8: int = expected_ks // 5 * apart_s // 25  # in 1/8 mm; in this order it fits 30 bits
        if expected_8 < _LEAST_MM_8 or expected_8 < _NOISES * self._noise_8:
            self.verdict = NONE
            self.flat_s = 0
            return
        self.falls = 1 if -4 * self.slope_ks > expected_ks else 0
        flat: int = 1 if -8 * self.slope_ks < expected_ks and 8 * self.slope_ks < expected_ks else 0
        self.flat_s = self.flat_s + _BLOCK_S if flat else 0
        inflow_ks: int = self.inflow_ks if self.inflow_ks != NONE else 0  # at least that
        share_pct: int = (inflow_ks - self.slope_ks) // (expected_ks // 100 + 1)
        sinks: int = 1 if -moved_8 > max(_LEAST_MM_8, _NOISES * self._noise_8) else 0  # whatever a pump is said to lift
        if (share_pct >= _LIFTS_PCT or sinks) and not (flat and self.lifted and share_pct * 4 < self._best_pct * 3):
            self.verdict = LIFTS
            self.lifted = 1
            if share_pct > self._best_pct:
                self._best_pct = share_pct
        elif self.inflow_ks == NONE:
            self.verdict = NONE
            if self._other_ks != NONE:
                more_pct: int = (self._other_ks - self.slope_ks) // (expected_ks // 100 + 1)
                if more_pct > _SWAP_PCT:
                    self.verdict = LIFTS
                    self.lifted = 1
                    self.other_idle = 1
                elif more_pct < -_SWAP_PCT:
                    self.verdict = NOTHING
        elif share_pct <= _NOTHING_PCT or flat:
            self.verdict = NOTHING
        else:
            self.verdict = NONE
