"""Benchmarks against the alternatives: one file a bench, registered by lying in this package or in host_tools.bench.

A bench is a module with `main(args)`; what keeps it from running is a ToolError. All have the option `--short`: one
repetition at the smallest size, by which a test sees that it still runs. One with more has `add_options(parser)`.
"""

import argparse
import importlib
import pkgutil
import sys
from collections.abc import Iterable
from itertools import takewhile
from types import ModuleType

from host_tools.unitkit.errors import ToolError

from ..scenario.durations import parse_duration


def duration_s(text: str) -> int:
    """Seconds of an argument such as 30d."""
    try:
        return parse_duration(text)
    except ValueError as e:
        raise argparse.ArgumentTypeError(str(e)) from e


def _parser(what: str, bench: ModuleType) -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(description=what)
    p.add_argument("--short", action="store_true", help="one repetition at the smallest size: does it still run?")
    if hasattr(bench, "add_options"):
        bench.add_options(p)
    return p


def benches(packages: Iterable[str]) -> dict[str, ModuleType]:
    """The benches of these packages, by name."""
    folders = {package: importlib.import_module(package).__path__ for package in packages}
    names = [(name, package) for package in folders for _, name, _ in pkgutil.iter_modules(folders[package])]
    modules = {name: importlib.import_module(f"{package}.{name}") for name, package in sorted(names) if name[0] != "_"}
    return {name: module for name, module in modules.items() if hasattr(module, "main")}


def run(packages: Iterable[str], words: list[str]) -> int:
    """Run the benches that are named before the first option, or all; the options go to each. The worst exit code.

    What keeps one from running is a sentence on standard error, and the next one's turn.
    """
    found = benches(packages)
    names = list(takewhile(lambda word: not word.startswith("-"), words))
    if unknown := [name for name in names if name not in found]:
        print(f"no bench is called {', '.join(unknown)}; there are: {', '.join(found)}", file=sys.stderr)
        return 2
    worst = 0
    for name in names or found:
        what = (found[name].__doc__ or "").partition("\n")[0]
        print(f"== {name}: {what}", flush=True)
        try:
            found[name].main(_parser(what, found[name]).parse_args(words[len(names) :]))
        except ToolError as e:
            print(e, file=sys.stderr)
            worst = max(worst, e.exit_code)
    return worst
