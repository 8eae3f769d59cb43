"""What happened in a step, as small integers: the app and the simulator drain it after every step."""

from array import array

from .basics import const

# Event codes; their names and words stand in events.txt, in this order.
OUTPUT_ON = const(1)  # a: output, b: reason
OUTPUT_OFF = const(2)  # a: output, b: reason
ALARM = const(3)  # a: alarm index, b: new state (alarms.py)
AERATION_MODE = const(4)  # a: new mode, b: old mode
DUTY = const(5)  # a: pump that has duty now
CLAIM = const(6)  # a: output, b: source*2 + on; somebody's claim begins
CLAIM_END = const(7)  # a: output, b: source
RESTART = const(8)  # a: 1 when a snapshot was taken up
READINGS_LOST = const(9)  # a: readings that flash gave up before the broker held them, b: last number lost
SERVICE = const(10)  # a: output that the crew has serviced
VISIT = const(11)  # somebody has signed the visitors' book
FIRMWARE_TRIAL = const(12)  # a new firmware is on trial
FIRMWARE_BACK = const(13)  # it failed: the one before is in force
FIRMWARE_DAMAGED = const(14)  # the other slot's is in force
FIRMWARE_KEPT = const(15)  # it has lived a healthy hour
OTHER_BOARD = const(16)  # another board reports under this unit's id
RECORD_REFUSED = const(17)  # a: number of a record that the broker refused again and again, and no other
NETWORK_MEMORY = const(18)  # a planned restart; a: bytes that were left
SETTINGS_KEPT = const(19)  # those that were changed from afar have proved themselves
SETTINGS_BACK = const(20)  # those on trial were not kept: the ones before are in force
COMMANDS_DENIED = const(21)  # a: how many since the start that were not signed; told at 1, 10, 100 ...
SERVICE_MODE = const(22)  # before this start somebody had the unit stand at the prompt
TIME_REFUSED = const(23)  # a: year that a time server says, which is not believed

_CAPACITY = const(48)


class Events:
    """A fixed list of (code, a, b); what does not fit is counted in `dropped`, never stored half."""

    def __init__(self) -> None:
        self.code: bytearray = bytearray(_CAPACITY)
        self.a: array[int] = array("i", [0] * _CAPACITY)
        self.b: array[int] = array("i", self.a)
        self.count: int = 0
        self.dropped: int = 0

    def add(self, code: int, a: int, b: int) -> None:
        if self.count >= _CAPACITY:
            self.dropped += 1
            return
        i: int = self.count
        self.code[i] = code
        self.a[i] = a
        self.b[i] = b
        self.count = i + 1

    def clear(self) -> None:
        self.count = 0
