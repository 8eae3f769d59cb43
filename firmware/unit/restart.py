"""Why the unit started and how often it has not lived long: four bytes that every reset but a power cut leaves alone.

boot.py counts each start in the RTC's memory before anything else; whoever lives `LONG_LIFE_S` takes it back.
"""

import machine

from .control.basics import const

LONG_LIFE_S = const(300)
LIVES_TO_REVERT = const(3)  # one more in a row, and the configuration with which the unit last lived long is back
MOST_SHORT_LIVES = const(5)  # one more in a row and the unit starts in safe mode

# Of the third byte, whose rest is the cause of the last reset: somebody has had the unit stand for service. boot.py
# keeps it, main.py sets it.
_SERVED = const(0x80)

_MAGIC = const(0x51)
_LENGTH = const(4)
_COUNT = const(1)
_CAUSE = const(2)
_ERROR = const(3)

# Kinds of error by number, for the journal; 0 is none, 255 any other.
ERRORS = ((), MemoryError, OSError, ValueError, TypeError, KeyError, IndexError, AttributeError, ImportError)
_OTHER = const(255)


def _memory():
    kept = bytearray(machine.RTC().memory())
    if len(kept) != _LENGTH or kept[0] != _MAGIC:
        kept = bytearray((_MAGIC, 1, machine.reset_cause(), 0))
    return kept


def short_lives():
    """Starts in a row, this one included, that have not lived long yet."""
    return _memory()[_COUNT]


def last_error():
    """Number in ERRORS of the error that ended the life before, 0 if none did, 255 for another kind."""
    return _memory()[_ERROR]


def record(error):
    """Keep the kind of an error over the reset that follows it."""
    kept = _memory()
    kept[_ERROR] = _OTHER
    for number in range(1, len(ERRORS)):
        if isinstance(error, ERRORS[number]):
            kept[_ERROR] = number
            break
    machine.RTC().memory(kept)


def served():
    """Whether somebody has had the unit stand for service since this was asked last."""
    kept = _memory()
    if not kept[_CAUSE] & _SERVED:
        return False
    kept[_CAUSE] ^= _SERVED
    machine.RTC().memory(kept)
    return True


def lived():
    """The unit has lived long enough: the next start counts from one again."""
    kept = _memory()
    kept[_COUNT] = kept[_ERROR] = 0
    machine.RTC().memory(kept)
