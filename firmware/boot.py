# Every output safe before anything else can fail, then one count of the starts that did not live long,
# then the firmware of the slot in force.
from machine import Pin

RELAYS = ()  # (pin, level that opens the contact): the image builder writes the board's here
for _pin, _open in RELAYS:
    Pin(_pin, Pin.OUT, value=_open)

from machine import RTC, reset_cause  # noqa: E402  nothing may come before the relays

# The record of unit/restart.py: a power cut clears it, every other reset leaves it alone.
_kept = RTC().memory()
_known = len(_kept) == 4 and _kept[0] == 0x51
RTC().memory(bytes((0x51, min(_kept[1] + 1, 255) if _known else 1, reset_cause(), _kept[3] if _known else 0)))

import sys  # noqa: E402

try:
    import slots

    slots.start()
    del slots, sys.modules["slots"]  # its memory is the firmware's now; pack.py stays
except Exception as e:  # noqa: BLE001  shown; main.py does what can be done without a firmware
    sys.print_exception(e)
