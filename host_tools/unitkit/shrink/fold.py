"""Constants of the firmware written in where they are used, before it is compiled for a board.

MicroPython folds `_X = const(3)` away within one module. Every other constant costs a board's heap an interned name, a
place in its module and one in every module that imports it, some 20 KB in all. Here a name in capitals that a module
binds once, to an integer, becomes that integer in every module; its definition and its imports go. Lines keep their
numbers, so that a traceback of a board fits the source.
"""

import ast
import re

from ..errors import SurroundingsFailed
from .edits import Edits, origin

_CONSTANT = re.compile(r"_?[A-Z0-9][A-Z0-9_]*")

Constants = dict[str, int]


def fold(sources: dict[str, str]) -> dict[str, str]:
    """The same modules, by path such as `unit/control/io.py`, without those of which nothing is left.

    SurroundingsFailed for what this cannot take apart: the message names file and line.
    """
    trees = {path: ast.parse(text, path) for path, text in sources.items()}
    constants = {path: _constants(tree) for path, tree in trees.items()}
    folded = {path: _Module(path, sources[path], trees, constants).folded() for path in sources}
    return {path: text for path, text in folded.items() if text is not None}


def _constants(tree: ast.Module) -> Constants:
    """What a module binds once, at its top, to an integer."""
    bound: dict[str, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            bound[node.id] = bound.get(node.id, 0) + 1
        elif isinstance(node, ast.arg):
            bound[node.arg] = bound.get(node.arg, 0) + 1
    found: Constants = {}
    for node in tree.body:
        name = _defined(node)
        if name is not None and bound[name] == 1:
            assert isinstance(node, ast.Assign)
            value = _integer(node.value)
            if value is not None:
                found[name] = value
    return found


def _defined(node: ast.stmt) -> str | None:
    """The name in capitals that a statement binds alone."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        name = node.targets[0].id
        return name if _CONSTANT.fullmatch(name) else None
    return None


def _integer(node: ast.expr) -> int | None:
    """The value of `3`, `const(3)`, `const(-(1 << 29))`, `const(15 * 16)`; None for anything else."""
    match node:
        case ast.Call(func=ast.Name(id="const"), args=[value], keywords=[]):
            return _integer(value)
        case ast.Constant(value=int(value)) if not isinstance(value, bool):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            positive = _integer(operand)
            return None if positive is None else -positive
        case ast.BinOp(left=ast.Constant(value=int(left)), op=ast.LShift(), right=ast.Constant(value=int(right))):
            return left << right
        case ast.BinOp(left=ast.Constant(value=int(left)), op=ast.Mult(), right=ast.Constant(value=int(right))):
            return left * right
    return None


class _Module:
    """One module while it is folded."""

    def __init__(self, path: str, text: str, trees: dict[str, ast.Module], constants: dict[str, Constants]):
        self._path = path
        self._tree = trees[path]
        self._trees = trees
        self._all = constants
        self._own = dict(constants[path])
        self._modules: dict[str, str] = {}  # names that stand for a module of the firmware -> its path
        self._edits = Edits(path, text)

    def folded(self) -> str | None:
        """The text; None if nothing but its docstring is left."""
        imports = [node for node in ast.walk(self._tree) if isinstance(node, ast.ImportFrom)]
        for taken in imports:
            self._bind(taken)
        kept = self._replace_uses()
        for node in self._definitions():
            self._edits.replace(node, "")
        for taken in imports:
            self._import(taken, kept)
        text = self._edits.text()
        nothing_left = all(_is_docstring(node) for node in ast.parse(text).body)
        return None if nothing_left and not self._path.endswith("/__init__.py") else text

    def _definitions(self) -> list[ast.stmt]:
        return [node for node in self._tree.body if _defined(node) in self._all[self._path]]

    def _bind(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            name = alias.asname or alias.name
            value = self._all.get(self._origin(node), {}).get(alias.name)
            if value is not None:
                self._own[name] = value
            elif (module := self._origin(node, alias.name)) in self._all:
                self._modules[name] = module

    def _origin(self, node: ast.ImportFrom, name: str = "") -> str:
        return origin(self._path, node, self._trees, name)

    def _replace_uses(self) -> set[str]:
        """Write the integers in; returns the other names that the module reads."""
        texts = [node for node in ast.walk(self._tree) if isinstance(node, ast.JoinedStr)]
        in_text = {id(part) for text in texts for part in ast.walk(text)}
        through_module: set[int] = set()
        kept = set()
        going = {id(part) for node in self._definitions() for part in ast.walk(node)}
        for node in ast.walk(self._tree):
            value = None
            if id(node) in going:
                continue
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                value = self._all.get(self._modules.get(node.value.id, ""), {}).get(node.attr)
                if value is not None:
                    through_module.add(id(node.value))
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                value = self._own.get(node.id)
                if value is None and id(node) not in through_module:
                    kept.add(node.id)
            if value is not None:
                assert isinstance(node, ast.expr)
                if id(node) in in_text:
                    raise SurroundingsFailed(f"firmware/{self._path}:{node.lineno}: a constant within an f-string")
                self._edits.replace(node, str(value) if value >= 0 else f"({value})")
        return kept

    def _import(self, node: ast.ImportFrom, kept: set[str]) -> None:
        """An import without the constants, and without `const` and modules that nobody reads any more."""
        origin = self._origin(node)
        if origin not in self._all and not self._modules:
            return
        names = []
        for alias in node.names:
            name = alias.asname or alias.name
            constant = alias.name in self._all.get(origin, {})
            idle = (alias.name == "const" or name in self._modules) and name not in kept
            if not constant and not idle:
                names.append(alias.name + (f" as {alias.asname}" if alias.asname else ""))
        if len(names) < len(node.names):
            text = f"from {'.' * node.level}{node.module or ''} import {', '.join(names)}" if names else ""
            self._edits.replace(node, text)


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
