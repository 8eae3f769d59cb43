"""Alarm states after ISA-18.2, with delays, acknowledgement and re-sounding."""

from .basics import const
from .events import ALARM, Events

NORMAL = const(0)
UNACKNOWLEDGED = const(1)
ACKNOWLEDGED = const(2)
RETURNED = const(3)  # the cause is gone, nobody has seen it yet
SHELVED = const(4)  # hidden until a time
OUT_OF_SERVICE = const(5)


class Alarm:
    """One alarm. `active` is the cause after its delays; `state` what the crew has done about it."""

    def __init__(self, name: str, index: int, on_delay_s: int, off_delay_s: int, latch: int) -> None:
        self.name: str = name
        self.index: int = index
        self.on_delay_s: int = on_delay_s
        self.off_delay_s: int = off_delay_s
        self.latch: int = latch
        self.active: int = 0
        self.state: int = NORMAL
        self.since_s: int = 0  # start of the present state
        self.shelved_until_s: int = 0
        self.resound_s: int = 12 * 3600
        self._differs_s: int = -1  # since when the cause differs from `active`, -1 when it does not

    def update(self, now_s: int, cause: int, events: Events) -> None:
        """Take the cause (0/1) of this second."""
        if cause == self.active:
            self._differs_s = -1
            if self.state == ACKNOWLEDGED and now_s - self.since_s >= self.resound_s:
                self._enter(now_s, UNACKNOWLEDGED, events)
            elif self.state == SHELVED and now_s >= self.shelved_until_s:
                self._enter(now_s, UNACKNOWLEDGED if self.active else NORMAL, events)
            return
        if self._differs_s < 0:
            self._differs_s = now_s
        delay_s: int = self.on_delay_s if cause else self.off_delay_s
        if now_s - self._differs_s < delay_s:
            return
        self._differs_s = -1
        self.active = cause
        if self.state == SHELVED or self.state == OUT_OF_SERVICE:
            return
        if cause:
            self._enter(now_s, UNACKNOWLEDGED, events)
        elif self.latch and self.state == UNACKNOWLEDGED:
            self._enter(now_s, RETURNED, events)
        elif self.state != NORMAL:
            self._enter(now_s, NORMAL, events)

    def acknowledge(self, now_s: int, events: Events) -> None:
        if self.state == UNACKNOWLEDGED:
            self._enter(now_s, ACKNOWLEDGED, events)
        elif self.state == RETURNED:
            self._enter(now_s, NORMAL, events)

    def shelve(self, now_s: int, for_s: int, events: Events) -> None:
        """Hide the alarm for a time; 0 or less takes it out of service until `return_to_service`."""
        self.shelved_until_s = now_s + for_s
        self._enter(now_s, SHELVED if for_s > 0 else OUT_OF_SERVICE, events)

    def return_to_service(self, now_s: int, events: Events) -> None:
        if self.state == SHELVED or self.state == OUT_OF_SERVICE:
            self._enter(now_s, UNACKNOWLEDGED if self.active else NORMAL, events)

    def _enter(self, now_s: int, state: int, events: Events) -> None:
        self.state = state
        self.since_s = now_s
        events.add(ALARM, self.index, state)


class AlarmBook:
    """All alarms of a unit, made from the rows of the catalogue."""

    def __init__(self, rows: list[tuple[str, int, int, int]], events: Events, resound_s: int) -> None:
        """`rows`: (code, on_delay_s, off_delay_s, latch) of every alarm, in the catalogue's order."""
        self.events = events
        self.alarms: list[Alarm] = []
        for name, on_delay_s, off_delay_s, latch in rows:
            alarm = Alarm(name, len(self.alarms), on_delay_s, off_delay_s, latch)
            alarm.resound_s = resound_s
            self.alarms.append(alarm)

    def get(self, name: str) -> Alarm:
        """The alarm with this code. KeyError when the catalogue has none: a mistake in the program."""
        for alarm in self.alarms:
            if alarm.name == name:
                return alarm
        raise KeyError(name)

    def acknowledge_all(self, now_s: int) -> int:
        """Acknowledge whatever waits for it; returns how many did."""
        n = 0
        for alarm in self.alarms:
            if alarm.state == UNACKNOWLEDGED or alarm.state == RETURNED:
                alarm.acknowledge(now_s, self.events)
                n += 1
        return n
