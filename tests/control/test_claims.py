"""Who wants what: the strongest claim that is in force wins."""

from unit.control.claims import BACKUP, HAND, PROCESS, REMOTE, SOURCE_NAMES, Claims
from unit.control.reasons import DRY_REST, NOTHING

SOURCES = (PROCESS, REMOTE, BACKUP, HAND)  # the weakest first


def won(c, now_s):
    c.arbitrate(now_s)
    return (c.source, c.on, c.reason, c.until_s)


def test_a_new_output_is_wanted_by_nobody():
    c = Claims()
    assert (c.on, c.reason, c.source, c.until_s) == (0, NOTHING, PROCESS, 0)
    for now_s in (0, 7):
        assert won(c, now_s) == (PROCESS, 0, NOTHING, now_s)
        assert [c.holds(source, now_s) for source in SOURCES] == [0, 0, 0, 0]
        assert [c.wants(source) for source in SOURCES] == [0, 0, 0, 0]
    assert SOURCE_NAMES[HAND] == "hand" and SOURCE_NAMES[BACKUP] == "backup" and SOURCE_NAMES[REMOTE] == "remote"


def test_hand_outranks_a_full_well_and_a_full_well_outranks_a_command_from_afar():
    for on in (0, 1):
        c = Claims()
        for n, source in enumerate(SOURCES):
            c.lodge(source, on ^ n & 1, 100 + n, DRY_REST - n)
            assert won(c, 50) == (source, on ^ n & 1, DRY_REST - n, 100 + n)
            assert c.wants(source) == on ^ n & 1
        for n in (3, 2, 1, 0):
            assert won(c, 50)[0] == SOURCES[n]
            c.release(SOURCES[n])
            assert c.holds(SOURCES[n], 0) == 0
        assert won(c, 50) == (PROCESS, 0, NOTHING, 50)
        assert c.wants(HAND) == on ^ 1  # what it said last


def test_a_claim_ends_in_its_second_unless_it_is_renewed():
    for source in SOURCES:
        c = Claims()
        c.lodge(source, 1, 100, DRY_REST)
        assert c.holds(source, 99) == 1 and won(c, 99) == (source, 1, DRY_REST, 100)
        assert c.holds(source, 100) == 0 and won(c, 100) == (PROCESS, 0, NOTHING, 100)
        c.lodge(source, 1, 102, DRY_REST)
        assert won(c, 101) == (source, 1, DRY_REST, 102)
        c.lodge(source, 1, 1, DRY_REST)
        assert won(c, 0) == (source, 1, DRY_REST, 1)
        c.release(source)
        assert won(c, 0) == (PROCESS, 0, NOTHING, 0)
