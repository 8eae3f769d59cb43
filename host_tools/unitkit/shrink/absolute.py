"""Imports by full names: what follows the dots of `from ..uplink import x` would be one more name in a heap.

MicroPython keeps every name for good, and each table of names is twice as large as the one before.
"""

import ast

from .edits import Edits


def absolute(sources: dict[str, str]) -> dict[str, str]:
    """The same modules, by path such as `unit/app.py`."""
    return {path: _changed(path, text) for path, text in sources.items()}


def _changed(path: str, text: str) -> str:
    edits = Edits(path, text)
    for node in ast.walk(ast.parse(text, path)):
        if isinstance(node, ast.ImportFrom) and node.level:
            package = path.split("/")[: -node.level]
            names = ", ".join(alias.name + (f" as {alias.asname}" if alias.asname else "") for alias in node.names)
            edits.replace(node, f"from {'.'.join([*package, *filter(None, [node.module])])} import {names}")
    return edits.text()
