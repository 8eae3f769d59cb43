"""What an ESP32 does between power-on and its prompt: mount the file system, run boot.py, then main.py."""

import gc
import os
import sys

import host
import vfs
import wire
from micropython import const

_PRELOADED = const(2000)  # `host` and this module, which stand before the first count
_SOFT_RESET = const(5)
_SHIMS = ("time", "select", "tasks", "machine", "esp32", "interrupts", "ppp", "network", "socket", "keys")


def start(memory_address, flash_address, flash_size, fd):
    """Become the board; returns when the prompt is due."""
    gc.collect()
    heap_before = gc.mem_alloc()
    link = host.connect(memory_address, flash_address, flash_size, fd)
    for name in _SHIMS:
        if name + ".mpy" not in os.listdir("/.shim"):
            continue  # a board without a modem, or without pulses
        # The built-in modules of that name are hidden; the u-names still reach them.
        sys.modules.pop(name, None)
        module = __import__(name)
        if name == "tasks":
            sys.modules["_asyncio"] = module  # what `asyncio` looks for; a file of that name would lose to the built-in
        elif name == "keys":
            for built_in in ("micropython", "os"):  # likewise
                sys.modules[built_in] = module.Module(built_in)
    sys.path[:] = ["", ".frozen", "/lib"]
    vfs.umount("/.shim")
    gc.collect()
    link.words.shim_heap = gc.mem_alloc() - heap_before + _PRELOADED
    try:
        _mount()
        link.ask(wire.LISTENS, 0, 0)
        if _run("boot.py") and not link.memory[wire.SKIP_MAIN]:
            _run("main.py")
    except KeyboardInterrupt as e:  # between the scripts
        sys.print_exception(e)
    link.ask(wire.STARTED, 0, 0)
    _interrupts(3)  # what is typed to the prompt may be stopped


def _mount():
    """What the image's `_boot.py` and `inisetup.py` do (MicroPython 1.26.1): mount, or format what is blank, or say so.

    On a damaged file system they say so for ever, and nothing of the firmware runs: only Ctrl-C leads to the prompt.
    """
    import esp32

    partition = esp32.Partition("vfs")
    vfs.umount("/")
    try:
        vfs.mount(partition, "/")
        return
    except OSError:
        pass
    block = bytearray(4096)
    partition.readblocks(0, block)
    if any(byte != 0xFF for byte in block):
        _interrupts(3)
        host.link.ask(wire.LISTENS, 0, 0)
        while True:
            print("The filesystem appears to be corrupted.")
            host.link.sleep_us(3000000)
    vfs.VfsLfs2.mkfs(partition)
    vfs.mount(partition, "/")
    with open("boot.py", "w") as f:
        f.write("# This file is executed on every boot\n")


def _compiled(name):
    """A script; its text is let go, of which an interpreter at start has only a few bytes in memory."""
    with open(name, "rb") as f:
        return compile(f.read(), name, "exec")


def _run(name):
    """Run a file as the interpreter does at start; False if it ended with a traceback.

    Ctrl-C interrupts it from its first instruction on, whatever the file before has said, and nothing while it is
    compiled: MicroPython 1.26.1, shared/runtime/pyexec.c.
    """
    try:
        os.stat(name)
    except OSError:
        return True
    try:
        code = _compiled(name)
        _interrupts(3)
        exec(code, __import__("__main__").__dict__)
        _interrupts(-1)
    except SystemExit:
        host.link.ask(wire.RESET, _SOFT_RESET, 0)
    except BaseException as e:
        _interrupts(-1)
        sys.print_exception(e)
        return False
    return True


def _interrupts(char):
    sys.modules["micropython"].kbd_intr(char)
