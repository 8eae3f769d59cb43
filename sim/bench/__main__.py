"""Runs every bench of this package, or those named: `python -m sim.bench journal`."""

import importlib
import pkgutil
import sys

from . import __path__


def main() -> None:
    for name in sys.argv[1:] or sorted(module.name for module in pkgutil.iter_modules(__path__)):
        bench = importlib.import_module(f"{__package__}.{name}")
        if hasattr(bench, "main"):
            print(f"== {name}: {(bench.__doc__ or '').splitlines()[0]}", flush=True)
            bench.main()


if __name__ == "__main__":
    main()
