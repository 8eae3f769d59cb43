# Configuration -> board -> app. Whatever way this ends, the outputs are safe and the unit starts again by itself.
import gc
import sys

import micropython
from machine import RTC, WDT, Pin, reset

micropython.kbd_intr(-1)  # the interpreter has put it on again; as in boot.py, one Ctrl-C at most came before
try:
    for _pin in b" ":
        pass
except KeyboardInterrupt:
    pass

try:
    WDT(timeout=120_000)  # ends a start that hangs; the app sets a shorter one
    gc.threshold(4096)  # collecting often keeps the heap in one piece, so that long buffers still find room
    if globals().get("STANDS"):  # boot.py: the service button is pressed, or no start lives long and there is no PIN
        raise KeyboardInterrupt
    from unit import config, modules, restart

    _loaded = config.load(restart.short_lives() > restart.LIVES_TO_REVERT)
    del config
    modules.forget("config")  # the rest needs its memory
    if restart.short_lives() > restart.MOST_SHORT_LIVES:
        from unit.safe_mode import SafeMode as Unit
    else:
        from unit.app import App as Unit
    _unit = Unit(*_loaded)
    del _loaded
    import slots

    slots.watch(_unit)
    del slots, sys.modules["slots"]
    _unit.run()
except KeyboardInterrupt:  # raised by whoever has asked for the PIN, if there is one, or by the button
    WDT(timeout=600_000)  # service at the prompt; after ten minutes without a reset the unit takes itself back
    _kept = bytearray(RTC().memory())
    if len(_kept) == 4:
        _kept[2] |= 0x80  # the next start tells the journal; see unit/restart.py
        RTC().memory(_kept)
    print("Service mode. Outputs are off. The unit restarts by itself within 10 minutes.")
    print("维护模式，输出全部断开。10 分钟内自动重启。")
except BaseException as e:  # noqa: BLE001  shown, recorded, and answered by a restart
    try:
        sys.print_exception(e)
        restart.record(e)  # a NameError where it could not be imported
    finally:
        reset()
finally:
    for _pin, _open in globals().get("RELAYS", ()):
        Pin(_pin, Pin.OUT, value=_open)
