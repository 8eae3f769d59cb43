# Configuration -> board -> app. Whatever way this ends, the outputs are safe and the unit starts again by itself.
import gc
import sys

from machine import RTC, WDT, Pin, reset

_hopeless = globals().get("HOPELESS")  # set by boot.py when one start after another has failed

WDT(timeout=120_000)  # ends a start that hangs; the app sets a shorter one
gc.threshold(4096)  # collecting often keeps the heap in one piece, so that long buffers still find room

try:
    if _hopeless:
        raise RuntimeError("no start lives long")
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
except KeyboardInterrupt:
    WDT(timeout=600_000)  # service at the prompt; after ten minutes without a reset the unit takes itself back
    print("Stopped. Outputs are off. The unit restarts by itself within 10 minutes.")
    print("已停止，输出全部断开。10 分钟内自动重启。")
except Exception as e:  # noqa: BLE001  shown, recorded, and answered by a restart
    sys.print_exception(e)
    if _hopeless:
        RTC().memory(b"")  # the count of failed starts begins at 0
        WDT(timeout=600_000)
        print("The firmware is damaged: flash it anew. Outputs are off. It tries again within 10 minutes.")
        print("固件已损坏，请重新刷写。输出全部断开。10 分钟内再试。")
    else:
        if "restart" in globals():
            restart.record(e)
        reset()
finally:
    for _pin, _open in globals().get("RELAYS", ()):
        Pin(_pin, Pin.OUT, value=_open)
