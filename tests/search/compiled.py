"""The compiled twins of control and of what is run every second in here, by the machinery of the fast simulator."""

import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType

from sim import fast

_HERE = Path(__file__).resolve().parent
_MODULES = ("chance", "plant", "senses", "ideal", "oracle", "loop")


def sources() -> dict[str, Path]:
    """Path inside the compiled package -> source file."""
    control = {name: path for name, path in fast.sources().items() if name.startswith("unit/")}
    return control | {f"tests/search/{name}.py": _HERE / f"{name}.py" for name in _MODULES}


@cache
def _fails() -> bool:
    try:
        fast.load("tests.search.loop", sources(), "qingxi_search")
    except fast.NoCompiler as e:
        print(str(e), file=sys.stderr)
        return True
    return False


def load(name: str, plain: bool = False) -> ModuleType:
    """`unit.control.controller`, `tests.search.loop`, ...; the plain source where there is no compiler."""
    if plain or _fails():
        return import_module(name)
    return fast.load(name, sources(), "qingxi_search")
