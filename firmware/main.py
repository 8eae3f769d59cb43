# Configuration -> board -> app. Whatever way this ends, the outputs are safe and the unit starts again by itself.
import sys

from machine import WDT, Pin, reset

WDT(timeout=120_000)  # a start that hangs is a start that ends; the app takes a shorter one

try:
    from unit import restart

    if restart.short_lives() > restart.MOST_SHORT_LIVES:
        from unit.safe_mode import run
    else:
        from unit.app import run
    run()
except KeyboardInterrupt:
    WDT(timeout=600_000)  # service at the prompt; after ten minutes without a reset the unit takes itself back
    print("Stopped. Outputs are off. The unit restarts by itself within 10 minutes.")
    print("已停止，输出全部断开。10 分钟内自动重启。")
except Exception as e:  # noqa: BLE001  shown, recorded, and answered by a restart
    sys.print_exception(e)
    restart.record(e)
    reset()
finally:
    for _pin, _open in globals().get("RELAYS", ()):
        Pin(_pin, Pin.OUT, value=_open)
