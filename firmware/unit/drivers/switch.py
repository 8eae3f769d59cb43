"""Switch inputs: floats, mains sensing, running feedback, pulses of an energy meter."""

from ..control.basics import NONE, const
from . import Driver, elapsed_ms

_PULSES_MAX = const(0x1FFFFFFF)


class Switch(Driver):
    """A contact: 1 active, 0 not.

    A new state counts once it has held for `debounce_ms` and two samples in a row; the very first counts at once.
    `pin` is anything with `value()`: a `machine.Pin` or a bit of an expander, which says NONE when it cannot be read.
    `active` is the level of the pin, 0 or 1, when the contact is what the input's name says.
    """

    def __init__(self, pin, active: int, debounce_ms: int) -> None:
        super().__init__()
        self._value = pin.value
        self._active = active
        self._debounce_ms = debounce_ms
        self._state: int = NONE
        self._seen: int = NONE  # the state that wants to become the new one
        self._since_ms: int = 0

    def poll(self, now_ms: int) -> None:
        level = self._value()
        if level == NONE:
            self._state = self._seen = NONE
            return
        seen = 1 if level == self._active else 0
        if seen != self._seen:
            self._seen = seen
            self._since_ms = now_ms
            if self._state == NONE:
                self._state = seen
        elif seen != self._state and elapsed_ms(now_ms, self._since_ms) >= self._debounce_ms:
            self._state = seen

    def read(self, now_ms: int) -> int:
        self.poll(now_ms)
        return self._state


class CurrentSwitch(Driver):
    """Running feedback from a 4-20 mA current transformer: 1 while the motor draws current.

    On from `on_ua` of loop current, off again below 7/8 of the way down to the 4 mA of a motor at rest. A broken loop
    (below 3.6 mA, NAMUR NE 43) is NONE, not "stopped".
    """

    def __init__(self, current: Driver, on_ua: int) -> None:
        super().__init__()
        self._current = current
        self._on_ua = on_ua
        self._off_ua = on_ua - (on_ua - 4000) // 8
        self._state: int = NONE

    def poll(self, now_ms: int) -> None:
        self._current.poll(now_ms)

    def read(self, now_ms: int) -> int:
        ua = self._current.read(now_ms)
        self.errors = self._current.errors
        self.last_error = self._current.last_error
        if ua == NONE:
            return NONE
        if ua < 3600:
            self._state = NONE
        elif ua >= self._on_ua:
            self._state = 1
        elif ua < self._off_ua or self._state == NONE:
            self._state = 0
        return self._state


class PulseCounter(Driver):
    """Pulses of an energy or flow meter, counted in an interrupt; `read` gives those since the last call.

    S0 pulses last at least 30 ms (IEC 62053-31), so edges closer than `gap_ms` to the last one are bounce.
    """

    def __init__(self, pin, trigger: int, ticks_ms, gap_ms: int = 20) -> None:
        super().__init__()
        self._ticks_ms = ticks_ms
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
        return new
