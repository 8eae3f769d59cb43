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


def found(shown: str, with_broker: bool) -> dict[str, Measured]:
    """The figures in what a board has shown, by `chips.MEASURED`'s name for the state."""
    names = {"total": "broker", "console": "both"} if with_broker else {"bare": "bare", "total": "unit"}
    lines = re.findall(r"(bare|total|console) (\d+) (\d+) (\d+)", shown)
    names.setdefault("console", "console")
    return {names[name]: Measured(*map(int, figures)) for name, *figures in lines if name in names}


def report(states: dict[str, Measured]) -> None:
    """Print them beside the chip's. The broker's states have Wi-Fi, but no connection yet, which takes 2 KB more."""
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


def report_savings(whole: dict[str, Measured], without: dict[str, dict[str, Measured]]) -> None:
    """Print what each transform saves of what is in use. `without`: the states of a firmware built without it."""
    states = [name for name in whole if name != "bare"]
    print("what each step of the image builder saves there; - where the firmware without it has no room")
    print(f"{'':10}" + "".join(f"{name:>10}" for name in states))
    for step, there in without.items():
        saved = [str(there[name].used_bytes - whole[name].used_bytes) if name in there else "-" for name in states]
        print(f"{step:10}" + "".join(f"{figure:>10}" for figure in saved))
