"""The names that a module says most often come first in its table: their numbers then take one byte of bytecode.

A compiler numbers names as it meets them, and 128 have numbers of one byte. So a module begins with a line that says
its most frequent ones and is never worked out: it is gone once the module has been imported.
"""

import ast
from collections import Counter

_SHORT = 126  # numbers of one byte, less those of the line itself
_LINE = "__name__ or __name__."


def order(sources: dict[str, str], outside: tuple[str, ...] = ()) -> dict[str, str]:
    """The same modules, by path; `outside` stays as it is. Lines change their numbers."""
    return {path: text if path in outside else _ordered(text) for path, text in sources.items()}


def _ordered(text: str) -> str:
    tree = ast.parse(text)
    said: Counter[str] = Counter()
    for top in tree.body:  # what is said at the top itself is gone after the import too
        for function in ast.walk(top):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                said.update(_names(function))
    if len(said) <= _SHORT:
        return text
    return _LINE + ".".join(name for name, _ in said.most_common(_SHORT)) + "\n" + text


def _names(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """What its bytecode says by number: all but its variables."""
    names = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
    own = {node.id for node in names if not isinstance(node.ctx, ast.Load)} | {one.arg for one in function.args.args}
    found = [node.id for node in names if node.id not in own]
    found += [node.attr for node in ast.walk(function) if isinstance(node, ast.Attribute)]
    return [function.name, *(one.arg for one in function.args.args), *found]
