"""What an event says, in the three forms that others read."""

import pytest
from unit.catalogue import event_words
from unit.control import events
from unit.control.alarms import RETURNED
from unit.control.claims import HAND, REMOTE
from unit.control.reasons import LEVEL_START

from sim.runner import _detail

# (code, a, b), as MQTT has it, the detail in events.csv
CASES = [
    (events.OUTPUT_ON, 0, LEVEL_START, ("p1", "on", "level_start"), "p1 level_start"),
    (events.OUTPUT_OFF, 3, LEVEL_START, ("return", "off", "level_start"), "return level_start"),
    (events.ALARM, 9, RETURNED, ("spill", "returned", ""), "spill returned"),
    (events.AERATION_MODE, 2, 0, ("aeration_mode", "2", ""), "2 0"),
    (events.DUTY, 1, 0, ("duty", "p2", ""), "p2"),
    (events.CLAIM, 2, HAND * 2 + 1, ("claim", "blower on", "hand"), "blower on source 3"),
    (events.CLAIM, 2, REMOTE * 2, ("claim", "blower off", "remote"), "blower off source 2"),
    (events.CLAIM_END, 0, HAND, ("claim", "p1 auto", "hand"), "p1 source 3"),
    (events.RESTART, 1, 0, ("restart", "1", ""), "1 0"),
    (events.READINGS_LOST, 7, 40, ("readings_lost", "7", ""), "7 40"),
    (events.SERVICE, 3, 0, ("service", "3", ""), "return"),
    (events.VISIT, 0, 0, ("visit", "0", ""), "0 0"),
    (events.OTHER_BOARD, 0, 0, ("other_board", "0", ""), "0 0"),
    (events.RECORD_REFUSED, 7, 0, ("record_refused", "7", ""), "7 0"),
    (99, 1, 2, ("?", "1", ""), "1 2"),
]


@pytest.mark.parametrize(("code", "a", "b", "mqtt", "detail"), CASES)
def test_an_event_says_the_same_to_everybody(code, a, b, mqtt, detail):
    assert event_words.for_mqtt(code, a, b) == mqtt
    assert _detail(code, a, b) == detail
