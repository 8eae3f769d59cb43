"""The firmware in the memory of an ESP32 without PSRAM: what the chip showed, and what the virtual board shows.

The board is one with `--chip esp32`, so both are bytes of the chip; `chips.py` says how the machine's bytes are scaled.
"""

import re

from sim.board.chips import MEASURED, Measured

_TOLD = "gc.mem_alloc(), gc.mem_free(), max([region[2] for region in esp32.idf_heap_info(4)])"
_BARE = f"""
import esp32, gc
gc.collect()
print("bare", {_TOLD})
gc.threshold(4096)  # as main.py has it: what garbage lies between takes the heap further than what is in use
"""


def script(whole: str) -> str:
    """What `heap` runs in the place of main.py, but saying three figures for one, and those at the prompt."""
    return _BARE + whole.replace("gc.mem_alloc()", _TOLD)


def found(shown: str) -> dict[str, Measured]:
    """The figures in what the board has shown, by its name for the state."""
    lines = re.findall(r"(bare|total|console) (\d+) (\d+) (\d+)", shown)
    return {name: Measured(*map(int, figures)) for name, *figures in lines}


def report(alone: dict[str, Measured], with_broker: dict[str, Measured]) -> None:
    """Print them beside the chip's. The broker's states have Wi-Fi, but no connection yet, which takes 2 KB more."""
    states = {
        "bare": alone["bare"],
        "unit": alone["total"],
        "console": alone["console"],
        "broker": with_broker["total"],
        "both": with_broker["console"],
    }
    print("an ESP32 without PSRAM, in its bytes: measured on the chip, then on the virtual board")
    print(f"{'':10}{'in use':>16}{'gc.mem_free()':>18}{'largest block':>18}")
    for name, here in states.items():
        chip = MEASURED[name]
        pairs = zip(
            (chip.used_bytes, chip.mem_free_bytes, chip.largest_bytes),
            (here.used_bytes, here.mem_free_bytes, here.largest_bytes),
            strict=True,
        )
        print(f"{name:10}" + "  ".join(f"{there:8d}{n:8d}" for there, n in pairs))
