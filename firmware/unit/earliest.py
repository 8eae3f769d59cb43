"""What a start knows of the time before anybody has told it. Needed once a start, and then forgotten.

Certificates have dates, and a chip without a clock of its own wakes in the year 2000. So the chip is set to the lowest
date that it can be, that of the firmware or of the newest record in the journal; the unit's own clock counts as never
set all the same. Every reset but a power cut leaves the chip's clock alone, so it is the time after one if the run
before knew the time, and otherwise only that lowest date.
"""

from .control.basics import NONE
from .released import RELEASED_S


def begin(clock, journal):
    """Have a `Clock`, just made, know whether the chip's shows the time. Before this start has written anything."""
    from .clock import set_chip
    from .journal.newest import newest

    clock.begun_s, knew = newest(journal)
    clock.told = clock.told or knew
    clock.read()
    if clock.utc_s != NONE:
        return
    clock.told = False
    try:
        set_chip(max(RELEASED_S, clock.begun_s))
    except OSError:
        pass  # then certificates wait until somebody tells the time
