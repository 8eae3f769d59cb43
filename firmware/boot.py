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
_lives = min(_kept[1] + 1, 255) if _known else 1
RTC().memory(bytes((0x51, _lives, reset_cause(), _kept[3] if _known else 0)))
HOPELESS = _lives > 7  # starts in a row that did not live long, the last of them in safe mode

import os  # noqa: E402
import sys  # noqa: E402
from binascii import crc32  # noqa: E402

SUMS = ()  # (file, CRC-32) of the bytecode that is imported here: the image builder writes it here


def _read(name):
    try:
        with open(name, "rb") as file:
            return file.read()
    except OSError:
        return b""


try:
    if not HOPELESS:
        for _name, _sum in SUMS:  # damaged bytecode may crash the interpreter or hang it
            if crc32(_read(_name)) != _sum:
                _whole = _read(_name + ".copy")
                if crc32(_whole) != _sum:
                    raise RuntimeError(_name + " is damaged")
                with open("mended", "wb") as _file:
                    _file.write(_whole)
                os.rename("mended", _name)
        SUMS = _file = _whole = _kept = _read = None  # gives their memory back
        import slots

        slots.start()
        del slots, sys.modules["slots"]  # the firmware needs its memory; pack.py is still in use
except Exception as e:  # noqa: BLE001  shown; main.py does what can be done without a firmware
    sys.print_exception(e)
