"""Running feedback from a current transformer."""

from ..control.basics import NONE
from . import Driver


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
        if ua == NONE:
            return NONE
        if ua < 3600:
            self._state = NONE
        elif ua >= self._on_ua:
            self._state = 1
        elif ua < self._off_ua or self._state == NONE:
            self._state = 0
        return self._state
