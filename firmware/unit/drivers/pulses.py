"""Pulses of an energy meter."""

from ..control.basics import const
from . import Driver, elapsed_ms

_PULSES_MAX = const(0xFFFFF)  # a thousand times as many are still a small int on a 32-bit board
_WH_MAX = const(0x1FFFFFFF)


class PulseCounter(Driver):
    """Pulses of an energy meter, counted in an interrupt; `read` gives the Wh since the start.

    S0 pulses last at least 30 ms (IEC 62053-31), so edges closer than `gap_ms` to the last one are bounce.
    """

    def __init__(self, pin, trigger: int, ticks_ms, per_kwh: int, gap_ms: int = 20) -> None:
        super().__init__()
        self._ticks_ms = ticks_ms
        self._per_kwh = per_kwh
        self._wh: int = 0
        self._rest: int = 0  # thousandths of a pulse that are no whole Wh yet
        self._gap_ms = gap_ms
        self._last_ms: int = (ticks_ms() - gap_ms) & 0x3FFFFFFF
        self._total: int = 0
        self._taken: int = 0
        pin.irq(self._on_edge, trigger)

    def _on_edge(self, _pin) -> None:
        now_ms = self._ticks_ms()
        if elapsed_ms(now_ms, self._last_ms) >= self._gap_ms:
            self._last_ms = now_ms
            self._total = (self._total + 1) & _PULSES_MAX

    def read(self, now_ms: int) -> int:
        total = self._total  # one read: the interrupt may come between two
        new = (total - self._taken) & _PULSES_MAX
        self._taken = total
        self._rest += new * 1000
        self._wh = (self._wh + self._rest // self._per_kwh) & _WH_MAX
        self._rest %= self._per_kwh
        return self._wh
