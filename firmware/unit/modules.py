"""Forgetting modules: on a board the code of a module lies in the heap, and some are needed once a start."""

import sys


def forget(*names):
    """Let go of these modules of the unit ("config", "drivers.build"); a later import loads them again.

    What they made stays. Memory comes back only if nobody holds a function or a class of theirs.
    """
    for name in names:
        full = "unit." + name
        if sys.modules.pop(full, None) is not None:
            parent, _, last = full.rpartition(".")
            if hasattr(sys.modules.get(parent), last):
                delattr(sys.modules[parent], last)


def absent(*names):
    """Those of these modules that are not in memory: whoever brings them forgets them again, and no others."""
    return [name for name in names if "unit." + name not in sys.modules]


def settle():
    """The unit stands. Where memory is short, modules then let go of what only a start needs: see docs/architecture.md.

    The image builder has given those of a board without PSRAM a function that does it; elsewhere nothing happens.
    """
    for module in list(sys.modules.values()):
        if hasattr(module, "let_go"):
            module.let_go()
            del module.let_go
