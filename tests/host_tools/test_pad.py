"""Keys of what the console says are no names of a board for good; all other texts stay as they are."""

from host_tools.unitkit.shrink.pad import pad


def test_short_keys_get_a_blank_and_nothing_else_changes():
    source = 'c.say("none"); label(c, "broker")\nc.say("a_long_key_of_words", n="none")\nx = "none"; print("none")\n'
    assert pad({"unit/x.py": source}) == {
        "unit/x.py": "c.say('none       '); label(c, 'broker     ')\n"
        'c.say("a_long_key_of_words", n="none")\nx = "none"; print("none")\n'
    }
