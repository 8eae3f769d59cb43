"""What an ESP32 does between power-on and its prompt: mount the file system, run boot.py, then main.py."""

import gc
import sys

import host
import vfs
import wire
from micropython import const

_PRELOADED = const(2000)  # `host` and this module, which stand before the first count
_SOFT_RESET = const(5)
_SHIMS = ("time", "select", "tasks", "machine", "esp32", "network", "socket", "keys")


def start(memory_address, flash_address, flash_size, fd):
    """Become the board; returns when the prompt is due."""
    gc.collect()
    heap_before = gc.mem_alloc()
    link = host.connect(memory_address, flash_address, flash_size, fd)
    for name in _SHIMS:
        # The built-in modules of that name are hidden; the u-names still reach them.
        sys.modules.pop(name, None)
        module = __import__(name)
        if name == "tasks":
            sys.modules["_asyncio"] = module  # what `asyncio` looks for; a file of that name would lose to the built-in
        elif name == "keys":
            sys.modules["micropython"] = module  # likewise
    sys.path[:] = ["", ".frozen", "/lib"]
    vfs.umount("/.shim")
    gc.collect()
    link.words.shim_heap = gc.mem_alloc() - heap_before + _PRELOADED
    _mount()
    try:
        link.ask(wire.LISTENS, 0, 0)
        if _run("boot.py") and not link.memory[wire.SKIP_MAIN]:
            _run("main.py")
    except KeyboardInterrupt as e:  # between the scripts
        sys.print_exception(e)
    link.ask(wire.STARTED, 0, 0)


def _mount():
    import esp32

    partition = esp32.Partition("vfs")
    vfs.umount("/")
    try:
        vfs.mount(vfs.VfsLfs2(partition), "/")
    except OSError:
        # The stock start-up code formats an empty partition and loops for ever on a damaged one.
        if bytes(_head(partition)) == b"\xff" * 64:
            vfs.VfsLfs2.mkfs(partition)
            vfs.mount(vfs.VfsLfs2(partition), "/")
        else:
            raise


def _head(partition):
    """The first bytes of a partition; all 0xFF where nothing was ever written."""
    head = bytearray(64)
    partition.readblocks(0, head, 0)
    return head


def _run(name):
    """Run a file as the interpreter does at start; False if it ended with a traceback."""
    try:
        with open(name) as f:
            source = f.read()
    except OSError:
        return True
    try:
        exec(compile(source, name, "exec"), __import__("__main__").__dict__)
    except SystemExit:
        host.link.ask(wire.RESET, _SOFT_RESET, 0)
    except (Exception, KeyboardInterrupt) as e:
        sys.print_exception(e)
        return False
    return True
