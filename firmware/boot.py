# Every output safe before anything else can fail; then the watchdog, one count of the starts that did not live long,
# and the firmware of the slot in force. What comes in at the port stops none of it, and what fails ends in a restart.
from machine import Pin
from micropython import kbd_intr

kbd_intr(-1)  # Only stores a number. One Ctrl-C at most came before; it strikes at the first jump, inside this `try`.

RELAYS = ()  # (pin, level that opens the contact): the image builder writes the board's here
try:
    for _pin, _open in RELAYS:
        Pin(_pin, Pin.OUT, value=_open)
    for _pin in b" ":  # a jump where no relay is on a pin of the chip
        pass
except KeyboardInterrupt:
    for _pin, _open in RELAYS:
        Pin(_pin, Pin.OUT, value=_open)

import os  # noqa: E402, I001  nothing may come before the relays
import sys  # noqa: E402
from machine import RTC, SOFT_RESET, WDT, reset, reset_cause  # noqa: E402

SERVICE = ()  # (pin, level of the pressed button) where the board has one for service: the image builder writes it here
SUMS = ()  # (file, CRC-32) of what runs outside the slots: the image builder writes it here
STANDS = False  # main.py shall leave the unit standing, at the prompt


def _serves():
    pressed = False
    for pin, level in SERVICE:
        pressed = Pin(pin, Pin.IN, Pin.PULL_UP).value() == level
    return pressed


def _count():
    """Starts in a row that did not live long, this one included: the record of unit/restart.py."""
    kept = RTC().memory()  # a power cut clears it, every other reset leaves it alone
    known = len(kept) == 4 and kept[0] == 0x51
    lives = min(kept[1] + (not STANDS), 255) if known else 1
    cause = reset_cause() | kept[2] & 0x80 if known else reset_cause()
    RTC().memory(bytes((0x51, lives, cause, kept[3] if known else 0)))
    return lives


def _hopeless():
    """No start lives long, the last of them in safe mode. True: main.py leads to the prompt."""
    import time

    WDT(timeout=620_000)
    RTC().memory(b"")  # the count of failed starts begins at 0
    for _ in range(60):
        print("The firmware is damaged: flash it anew. Outputs are off. It tries again within 10 minutes.")
        print("固件已损坏，请重新刷写。输出全部断开。10 分钟内再试。")
        if "console-pin" not in os.listdir():
            return True
        time.sleep(10)
    reset()


def _read(name):
    try:
        with open(name, "rb") as file:
            return file.read()
    except OSError:
        return b""


def _mend():
    from binascii import crc32

    for name, wanted in SUMS:  # damaged bytecode may crash the interpreter or hang it
        if crc32(_read(name)) != wanted:
            whole = _read(name + ".copy")
            if crc32(whole) != wanted:
                raise RuntimeError(name + " is damaged")
            with open("mended", "wb") as file:
                file.write(whole)
            os.rename("mended", name)


try:
    # After a soft reset somebody may be at the prompt, where main.py does not run.
    WDT(timeout=600_000 if reset_cause() == SOFT_RESET else 120_000)
    STANDS = _serves()
    if _count() > 7 and not STANDS:
        STANDS = _hopeless()
    else:
        _mend()
        import slots

        slots.start()
        del slots, sys.modules["slots"]  # the firmware needs its memory; pack.py is still in use
except BaseException as e:  # noqa: BLE001  shown, and answered by a restart
    try:
        sys.print_exception(e)
    finally:
        if not STANDS:
            reset()
SERVICE = SUMS = _count = _hopeless = _mend = _read = _serves = None  # gives their memory back
