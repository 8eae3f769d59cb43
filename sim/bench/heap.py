"""Heap of the firmware, module by module, as the virtual board's machine counts it: at start, and later: does it grow?

`python -m sim.bench heap` prints the modules, then the states of the firmware in the memory of an ESP32 without PSRAM
beside what the chip itself showed, and what each transform of `shrink/` saves there; with `--for 30d` also what is in
use at start, after an hour and at the end of so long a life.
"""

import re
import tempfile
import time
from argparse import ArgumentParser, Namespace
from contextlib import redirect_stdout
from pathlib import Path

from mpremote.romfs import make_romfs

from host_tools.unitkit import fsimage, partitions, unitfile
from host_tools.unitkit.places import EXAMPLE_UNIT
from host_tools.unitkit.shrink.shrunk import BUNDLE, TRANSFORMS
from sim.board.chips import Measured
from sim.board.crew import Crew
from sim.board.plant import ScenarioPlant
from sim.board.virtual_board import VirtualBoard
from sim.board.vm import SHIM_HEAP_BYTES
from sim.scenario.scenario import Scenario

from . import chip_states, duration_s
from .workload import QUIET

BUDGET_BYTES = 160 * 1024
AIM_BYTES = 128 * 1024
_ROOMY = 1 << 20
_STEP_BYTES = 4096
_VISIT = ("", "status", "why p1", "alarms", "log 20", "trend level_mm 1h", "net", "lang en", "status")
_ANSWERED = "last visit"  # how the last answer ends
_PROMPTS = ("> ", "# ")
_FROZEN = "asyncio"  # whose bytecode is in every ESP32 image, and takes no heap there

# What main.py does, and no name besides that the firmware or a chip does not know: each would weigh.
MAKE_UNIT = """
import gc
gc.threshold(4096)
from unit import config, modules
loaded = config.load()
del config
modules.forget("config")
from unit.app import App
app = App(*loaded)
loaded = None
def fill(n):  # overwrites what calls that are over have left on the stack, or a collection takes it for something
    return n and fill(n - 1)
fill(30)
[gc, gc, gc, gc, gc, gc, gc, gc, gc, gc, gc, gc]
"""

# Runs in place of main.py: an import hook that weighs every module of the firmware as it is first imported.
_WEIGH = """
import builtins, gc, sys
gc.collect()
start = gc.mem_alloc()
inner = [0]
real = builtins.__import__
def weigh(name, *rest):
    gc.collect()
    a = gc.mem_alloc()
    outer, inner[0] = inner[0], 0
    module = real(name, *rest)
    gc.collect()
    all_in = gc.mem_alloc() - a
    own = all_in - inner[0]
    inner[0] = outer + all_in
    print("module", module.__name__, own)
    return module
builtins.__import__ = weigh
from unit.config import load
loaded = load()
del load
from unit.modules import forget
forget("config")
from unit.app import App
app = App(*loaded)
print("start", start)
"""

_WHOLE = MAKE_UNIT + """
gc.collect()
print("total", gc.mem_alloc())
class Stream:  # somebody who asks for `status`
    data = b"\\rstatus\\r"
    def any(self):
        return len(self.data)
    def readinto(self, to):
        n = min(len(self.data), len(to))
        to[:n] = self.data[:n]
        self.data = self.data[n:]
        return n
    def write(self, to):
        return len(to)
from unit.console.listener import Listener
loaded = Listener(app, Stream())
for n in range(500):
    loaded.poll()
gc.collect()
print("console", gc.mem_alloc())
"""

# The same with the modules where frozen ones and those of a ROMFS are: outside the heap, but for what they make there.
_IN_FLASH = """
import gc, sys, vfs
with open("rom", "rb") as f:
    rom = f.read()
vfs.mount(vfs.VfsRom(memoryview(rom)), "/rom")
sys.path.insert(0, "/rom")
""" + MAKE_UNIT + """
gc.collect()
print("total", gc.mem_alloc() - len(rom))
"""  # fmt: skip

_WATCH = MAKE_UNIT + """
import asyncio
async def watch():
    while True:
        gc.collect()
        print("used", app.now_s, gc.mem_alloc())
        await asyncio.sleep(3600)
async def both():
    asyncio.create_task(watch())
    await app.live()
asyncio.run(both())
"""


def board_with(
    main: str,
    folder: Path,
    heap_bytes: int = _ROOMY,
    in_rom: bool = False,
    without: tuple[str, ...] = (),
    with_broker: bool = False,
    story: Scenario = QUIET,
    chip: str = "",
) -> VirtualBoard:
    """A virtual board whose main.py is `main`, or its own for "", in the plant of `story`.

    `in_rom`, `without`: as in `flash`. `with_broker`: one is configured; nobody answers there. `chip`: in
    whose memory, instead of `heap_bytes`.
    """
    unit = unitfile.load(EXAMPLE_UNIT)
    plant = ScenarioPlant(unit.control_settings(), story)
    board = VirtualBoard(unit, folder / "flash", None, plant, None, heap_bytes, chip=chip)
    flash(board, main, in_rom, without)
    if with_broker:
        board.connect(("127.0.0.1", 1883))
    return board


def flash(board: VirtualBoard, main: str, in_rom: bool = False, without: tuple[str, ...] = ()) -> None:
    """Write the firmware with `main` in the place of main.py.

    `in_rom`: with the modules in a ROMFS image, the file `rom`. `without`: these transforms of `shrink/` left out.
    """
    files = fsimage.firmware_files(board.unit, main, without) | ({"main.py": main.encode()} if main else {})
    if in_rom:
        files.pop(fsimage.PACK)  # there would be no room for both
        files["rom"] = _romfs(fsimage.slot_files(board.unit.board, main))
    vfs = partitions.named(partitions.of_board(board.unit.board), "vfs")
    board.flash.flash_tool_write(vfs.at, fsimage.littlefs_image(files, vfs.size))


def _romfs(files: dict[str, bytes]) -> bytes:
    with tempfile.TemporaryDirectory() as root, redirect_stdout(None):  # where it would tell what it takes in
        for name, content in files.items():
            path = Path(root, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return bytes(make_romfs(root, mpy_cross=False))


def weigh_in_flash(with_broker: bool) -> int:
    """Bytes of heap of the running unit if its modules lay in flash."""
    with tempfile.TemporaryDirectory() as folder:
        board = board_with(_IN_FLASH, Path(folder), in_rom=True, with_broker=with_broker)
        found = re.search(r"total (\d+)", text := shown(board, 1))
        if found is None:
            raise RuntimeError(text)
        return int(found[1]) - board.shim_heap_bytes


def least_heap(with_broker: bool) -> int:
    """Bytes of heap with which a unit answers all that a crew asks in a visit, the shim apart; to 4 KiB."""
    low, high = 16, _ROOMY // _STEP_BYTES
    while high - low > 1:
        middle = (low + high) // 2
        if _answers(middle * _STEP_BYTES, with_broker):
            high = middle
        else:
            low = middle
    return high * _STEP_BYTES


def _answers(heap_bytes: int, with_broker: bool) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        board = board_with("", Path(folder), heap_bytes + SHIM_HEAP_BYTES, with_broker=with_broker)
        crew = Crew(board, (120, *_VISIT), _PROMPTS)
        try:
            board.run(3600)
        except TimeoutError:
            return False
        finally:
            crew.close()
        text = crew.shown.decode("utf-8", "replace")
        return _ANSWERED in text and "emory" not in text and "Traceback" not in text


def shown(board: VirtualBoard, until_s: float) -> str:
    """What the board prints until then."""
    parts: list[bytes] = []
    board.serial.listener = parts.append
    board.run(until_s)
    return b"".join(parts).decode("utf-8", "replace").replace("\r\n", "\n")


def weigh(with_broker: bool = False) -> tuple[dict[str, int], int, int]:
    """(bytes by module and for the objects of the running unit, total, total with an open console).

    The modules of the shim are not in it. `with_broker`: of a unit that has one configured.
    """
    (by_module, _), (whole, shim) = _printed(_WEIGH, with_broker, (BUNDLE,)), _printed(_WHOLE, with_broker)
    found: dict[str, int] = {}
    for name, size in re.findall(r"module (\S+) (-?\d+)", by_module):
        found[name] = found.get(name, 0) + int(size)
    totals = dict(re.findall(r"(start|total|console) (\d+)", by_module + whole))
    if len(totals) < 3:
        raise RuntimeError(by_module + whole)
    total = int(totals["total"])
    found["(interpreter and file system)"] = int(totals["start"]) - shim
    rest = total - shim - sum(found.values())
    found["(objects, less what modules save that are made one or forgotten)"] = rest
    return found, total - shim, int(totals["console"]) - shim


def _printed(script: str, with_broker: bool, without: tuple[str, ...] = ()) -> tuple[str, int]:
    """What a board prints with this in the place of main.py, and the bytes that the shim takes of its heap."""
    with tempfile.TemporaryDirectory() as folder:
        board = board_with(script, Path(folder), without=without, with_broker=with_broker)
        return shown(board, 1), board.shim_heap_bytes


def on_chip(without: tuple[str, ...] = ()) -> dict[str, Measured]:
    """What a board with the memory of an ESP32 shows of it, by state, each of `chips.MEASURED` that it comes to.

    `without`: as in `flash`.
    """
    found: dict[str, Measured] = {}
    for with_broker in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            script = chip_states.script(_WHOLE)
            board = board_with(script, Path(folder), without=without, with_broker=with_broker, chip="esp32")
            found |= chip_states.found(shown(board, 1), with_broker)
    return found


def watch(seconds: int) -> list[tuple[int, int]]:
    """(seconds since start, bytes in use after a collection), hour by hour."""
    with tempfile.TemporaryDirectory() as folder:
        board = board_with(_WATCH, Path(folder))
        text = shown(board, seconds)
        return [(int(t), int(n) - board.shim_heap_bytes) for t, n in re.findall(r"used (\d+) (\d+)", text)]


def report(sizes: dict[str, int], total: int, with_console: int) -> None:
    """Print what `weigh` has found."""
    print(f"heap of the firmware, 64-bit virtual machine: budget {BUDGET_BYTES}, aim {AIM_BYTES}")
    for name, size in sorted(sizes.items(), key=lambda item: -item[1]):
        if size:
            print(f"{size:8d}  {name}")
    print(f"{total:8d}  all")
    frozen = sum(size for name, size in sizes.items() if name.startswith(_FROZEN))
    print(f"{frozen:8d}  of it asyncio, whose bytecode is in the image of an ESP32")
    print(f"{with_console:8d}  with an open console")


def add_options(p: ArgumentParser) -> None:
    p.add_argument("--for", dest="life_s", type=duration_s, metavar="DURATION", help="watch a life of so long: 30d")


def main(args: Namespace) -> None:
    if args.short:
        print(f"if the modules lay in flash: {weigh_in_flash(False)}")
    else:
        _report_all()
    if args.life_s:
        _report_growth(args.life_s)


def _report_all() -> None:
    """Print what the modules weigh, and what a broker, modules in flash and a small heap make of it."""
    report(*weigh())
    print("with a broker:")
    report(*weigh(with_broker=True))
    whole = on_chip()
    chip_states.report(whole)
    chip_states.report_savings(whole, {name: on_chip((name,)) for name in TRANSFORMS})
    print(f"if the modules lay in flash: {weigh_in_flash(False)}, with a broker {weigh_in_flash(True)}")
    print(f"least heap that answers a visit: {least_heap(False)}, with a broker {least_heap(True)}")


def _report_growth(seconds: int) -> None:
    """Print what `watch` has found."""
    begun = time.monotonic()
    seen = watch(seconds)
    for t_s, n in (seen[0], *seen[1:2], seen[-1]):
        print(f"in use after {t_s / 3600:7.1f} h: {n}")
    print(f"wall time {time.monotonic() - begun:.1f} s")
