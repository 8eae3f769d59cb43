"""The child process of the virtual board: the real MicroPython virtual machine with its windows to the host mapped.

`spawn` starts it from the host; `python -m sim.board.vm ...` is the child. Modules that an ESP32 has in its flash come
from a read-only file system outside the heap, whose bytecode runs in place (MicroPython's ROMFS).
"""

import ctypes
import fcntl
import mmap
import os
import re
import signal
import socket
import subprocess
import sys
import termios
from functools import cache
from pathlib import Path

import micropython_unix
from mpremote.romfs import VfsRomWriter

from host_tools.unitkit.fsimage import compiled, sources
from host_tools.unitkit.shrink.shorten import foreign_names, shorten

from . import chip_clock, chips
from .chip_memory import surround
from .keyboard import as_on_a_chip, stand_still
from .shim import wire

# What the modules of `shim/` take of the heap; an ESP32 has them in flash (tests/board/test_heap.py measures it).
SHIM_HEAP_BYTES = 22 * 1024
# The firmware with an open console lives in 128 KiB, in words of 64 bits (`sim.bench.heap`); `trend` and `show` need up
# to 40 more while they answer, in pieces. An ESP32 needs little more than half.
DEFAULT_HEAP_BYTES = 192 * 1024 + SHIM_HEAP_BYTES
HEAP_WITH_BROKER_BYTES = 256 * 1024 + SHIM_HEAP_BYTES  # of a unit that talks to a broker
_CHIP_SHIM_BYTES = 48 * 1024  # of the module that shows a chip's memory, and names; the gaps between are filled
SHIM_DIR = Path(__file__).with_name("shim")
_PR_SET_PDEATHSIG = 1
_HUNG_S = 1.0  # of computing
_HUNG_LOOKS = 10  # that found it asleep
_START = """
import sys, uctypes, vfs
rom = vfs.VfsRom(memoryview(uctypes.bytearray_at({}, {})))
vfs.mount(rom, "/.shim")
sys.path.insert(0, "/.shim")
import power_on
{}
power_on.start({}, {}, {}, {})
"""
# On a board with a chip's memory: load one module more, and have it begin when all that is no heap of a chip's stands.
# Not in `power_on`, whose names lie in the heap of every board.
_CHIP_START = """
power_on._SHIMS += ("chip",)
def mount():
    import chip
    chip.begin()
    mounted()
mounted, power_on._mount = power_on._mount, mount
"""


def chip_heap_bytes(chip: str) -> int:
    """The heap of a machine that has a chip's memory: one of `chips.CHIPS`."""
    return chips.vm_heap_bytes(chips.CHIPS[chip]) + SHIM_HEAP_BYTES + _CHIP_SHIM_BYTES


@cache
def shim_rom(unwired: tuple[str, ...], scripts: str = "") -> bytes:
    """The modules of `shim/` but for those of what is `unwired`, compiled, as a ROMFS image.

    Names that stand in `scripts`, code that looks behind the chip, stay.
    """
    rom = VfsRomWriter()
    paths = [path for path in sorted(SHIM_DIR.glob("*.py")) if path.stem not in ("__init__", "wire", *unwired)]
    texts = {path.name: _with_numbers(path.read_text(encoding="utf-8")) for path in paths}
    # A chip's own modules bring no names into the heap: these bring as few as they can. What MicroPython knows, stays,
    # what the firmware says, and what asyncio may say to the queue of its tasks; also the places of the shared memory.
    places = re.findall(r'"(\w+)"', "\n".join(texts.values()))
    said = "\n".join([*foreign_names(sources()), texts["tasks.py"], _START, *places, scripts])
    for name, text in shorten(texts, said).items():
        rom.mkfile(name.removesuffix(".py") + ".mpy", compiled(text, name.removesuffix(".py")))
    return bytes(rom.finalise())


def _with_numbers(source: str) -> str:
    """A shim's source with the names of `wire` replaced by their numbers: names would lie in the board's heap."""
    numbered = re.sub(r"\bwire\.([A-Z][A-Z0-9_]*)\b", lambda name: repr(getattr(wire, name[1])), source)
    return numbered.replace("import wire\n", "\n")


def spawn(
    heap_bytes: int, memory_fd: int, flash_path: Path, wire_end: socket.socket, terminal: int,
    unwired: tuple[str, ...], scripts: str, chip: str, stepping: tuple[int, str] = (-1, ""),
) -> subprocess.Popen[bytes]:
    """Start a virtual machine whose console is the terminal device `terminal`; it ends with this process.

    `chip`: whose memory it has, one of `chips.CHIPS`, or "" for a heap that is all its own. `stepping`: see `stepped`.
    """
    if chip:
        scripts += _CHIP_START
    else:
        unwired += ("chip",)
    rom_fd = os.memfd_create("qingxi-shim", 0)
    os.write(rom_fd, shim_rom(unwired, scripts))
    flash_fd = os.open(flash_path, os.O_RDONLY)
    passed = [memory_fd, flash_fd, rom_fd, wire_end.fileno()]
    numbers = [str(number) for number in (heap_bytes, *passed, os.getpid(), stepping[0])]
    passed += [stepping[0]] if stepping[0] >= 0 else []
    try:
        return subprocess.Popen(
            [sys.executable, "-m", "sim.board.vm", *numbers, stepping[1], chip],
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            pass_fds=passed,
            start_new_session=True,
            cwd=SHIM_DIR.parents[2],
        )
    finally:
        os.close(rom_fd)
        os.close(flash_fd)


class HangWatch:
    """Tells a machine that hangs from one that the computer has no time for: by what it computes without a sign."""

    def __init__(self) -> None:
        self._seen = (0, 0)
        self._computed_s = 0.0
        self._asleep = 0

    def hangs(self, process: subprocess.Popen[bytes] | None, sign: int, idle: bool = False) -> bool:
        """Ask again and again. `sign` changes with what shows that it lives; `idle`: nothing keeps it waiting."""
        if process is None:
            return False
        computed_s, asleep = _computed_s(process.pid)
        if (process.pid, sign) != self._seen:
            self._seen, self._computed_s, self._asleep = (process.pid, sign), computed_s, 0
        self._asleep += idle and asleep
        return computed_s - self._computed_s > _HUNG_S or self._asleep > _HUNG_LOOKS


def _computed_s(pid: int) -> tuple[float, bool]:
    """Seconds of a processor that this process has used, and whether it wants none now."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), fields[0] == "S"


def main(argv: list[str]) -> None:
    *numbers, stops, chip = argv
    heap_bytes, memory_fd, flash_fd, rom_fd, wire_fd, host_pid, step_fd = map(int, numbers)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != host_pid:
        return  # the host died before it was watched
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # so that Ctrl-C on the console is this process's SIGINT
    memory, _ = _map(libc, memory_fd, mmap.PROT_READ | mmap.PROT_WRITE)
    flash, flash_size = _map(libc, flash_fd, mmap.PROT_READ)
    rom, rom_size = _map(libc, rom_fd, mmap.PROT_READ)
    keyboard = as_on_a_chip()
    clock = chip_clock.lead(memory)
    surroundings = surround(chip, memory) if chip else None
    if step_fd >= 0:
        stand_still(keyboard, step_fd, stops, memory)
    start = _START.format(rom, rom_size, _CHIP_START if chip else "", memory, flash, flash_size, wire_fd)
    micropython_unix.run_main(["micropython", "-X", f"heapsize={heap_bytes}", "-i", "-c", start])
    del surroundings, keyboard, clock  # not before


def _map(libc: ctypes.CDLL, fd: int, protection: int) -> tuple[int, int]:
    """Address and size of a file mapped for as long as the process lives."""
    size = os.fstat(fd).st_size
    libc.mmap.restype = ctypes.c_void_p
    number = ctypes.c_int
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, number, number, number, ctypes.c_long]
    address = libc.mmap(None, size, protection, mmap.MAP_SHARED, fd, 0)
    if address in (None, ctypes.c_void_p(-1).value):
        raise OSError(ctypes.get_errno(), "mmap")
    os.close(fd)
    return int(address), size


if __name__ == "__main__":
    main(sys.argv[1:])
