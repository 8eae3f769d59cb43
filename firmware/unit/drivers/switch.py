"""Switch inputs: floats, mains sensing, running feedback."""

from ..control.basics import NONE
from . import Driver, elapsed_ms


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
