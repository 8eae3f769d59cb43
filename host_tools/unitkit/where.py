"""`python -m host_tools.unitkit.where unit.app run` names what a board without PSRAM calls so in a traceback.

Such a board keeps no lines, and has short names, each for several things: every function of the module that the name
may stand for is named, with file and line of its source. What has one caller only is written in there (`inline.py`), so
an error in it is found under its caller's name.
"""

import ast
import sys
from collections.abc import Iterator

from . import fsimage
from .errors import BadInput
from .shrink.bundle import where
from .shrink.fold import fold
from .shrink.settle import LET_GO
from .shrink.shrunk import INLINE, shrunk, whole


def main() -> int:
    if len(sys.argv) != 3:
        print("usage: python -m host_tools.unitkit.where MODULE NAME", file=sys.stderr)
        return 2
    try:
        print("\n".join(places(sys.argv[1], sys.argv[2])))
    except BadInput as e:
        print(e, file=sys.stderr)
        return 2
    return 0


def places(module: str, short: str, scripts: str = "") -> list[str]:
    """`unit/control/claims.py:45 Claims.lodge` for each function that a board calls so. BadInput where none is.

    `scripts`: see `fsimage.firmware_files`.
    """
    sources = fsimage.sources()
    texts = tuple(sources.items())
    named = whole(texts, scripts, fsimage.OUTSIDE)
    path = next((path for path in named if fsimage.by_module(path) == module), "")
    if not path:
        raise BadInput.of(f"{module}：板上没有这个模块", f"{module}: a board has no such module")
    trees = [ast.parse(texts[path]) for texts in (named, shrunk(sources, scripts, fsimage.OUTSIDE))]
    folded = fold(sources)
    lined = ast.parse(whole(texts, scripts, fsimage.OUTSIDE, (INLINE,))[path])  # with the lines of the sources
    lines = {name: line for name, line, _ in _functions(lined)}
    pairs = zip(*map(_functions, trees), strict=True)
    found = [f"{where(folded, path, lines[name])} {name}" for (name, _, _), (_, _, now) in pairs if now == short]
    if not found:
        raise BadInput.of(f"{module}：没有函数 {short}", f"{module}: no function {short}")
    return found


def _functions(tree: ast.AST, around: str = "") -> Iterator[tuple[str, int, str]]:
    """(name with those around it, line, name alone) of every function but what `settle` has added."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            whole_name = f"{around}{node.name}"
            if not isinstance(node, ast.ClassDef) and node.name != LET_GO:
                yield whole_name, node.lineno, node.name
            yield from _functions(node, whole_name + ".")
        else:
            yield from _functions(node, around)


if __name__ == "__main__":
    sys.exit(main())
