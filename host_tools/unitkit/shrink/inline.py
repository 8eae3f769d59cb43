"""Functions that are called in one place only are written in there: a board's heap then has one function less.

A function costs a board some 50 bytes besides what it does: its object, its place in its class, its head, its call.
Sources are cut into functions for whoever reads them; here those go that have one caller:

- What is one expression, and short, is written in wherever it is called, up to some times.
- A method that nobody but its own class may call, or whose name is said only once in the whole firmware; a function of
  a module likewise. What others may say (`foreign`, the modules `outside`, texts of the program) stays.
- Neither coroutines nor generators, nor what brings modules into memory or lets them go (`settle`): what they hold, and
  how long, is theirs. Neither what has functions in it, which see its variables.
- Into another module only from the one that is always in memory, and only what needs nothing of its module.

What is written in has variables of its own, and is decided on and done in the same order as before.
"""

import ast
import builtins
from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from .bundle import ROOTS
from .shorten import name_tokens, said_by_texts, words_of
from .written import Call, bound, is_path, is_words

_INNER = (
    ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef | ast.comprehension | ast.Yield | ast.YieldFrom
)
_BINDS_ELSEWHERE = ast.Await | ast.Global | ast.Nonlocal | ast.Import | ast.ImportFrom
_SETTLE = "settle"
_MOST_COPIED = 60  # bytes: what a function that has several callers, and goes all the same, may come to


class _Function(NamedTuple):
    path: str
    owner: str  # the class, "" for a function of a module
    node: ast.FunctionDef
    beside: list[ast.stmt]  # where it stands


def inline(sources: dict[str, str], foreign: str = "", outside: Collection[str] = ()) -> dict[str, str]:
    """The same modules, by path, with fewer functions; lines change. `foreign`, `outside`: see `shorten`."""
    trees = {path: ast.parse(text, path) for path, text in sources.items() if path not in outside}
    met = {token.string for path in outside for token in name_tokens(sources[path]) if not token.string.startswith("_")}
    kept = words_of(foreign) | met | said_by_texts(trees)
    changed = _Firmware(trees, kept).inlined()
    return {path: ast.unparse(trees[path]) if path in changed else text for path, text in sources.items()}


class _Firmware:
    def __init__(self, trees: dict[str, ast.Module], kept: set[str]):
        self._functions: list[_Function] = []
        self._said: Counter[str] = Counter()  # names, in whatever way
        self._said_of_others: set[str] = set()  # attributes of anything but `self`
        self._said_of_self: Counter[tuple[str, str, str]] = Counter()  # (module, class, attribute)
        self._called: Counter[str] = Counter()
        self._called_of_self: Counter[tuple[str, str, str]] = Counter()
        self._related: set[str] = set()  # classes that have a base, or are one
        for path, tree in trees.items():
            self._take(path, tree)
        defined = Counter(function.node.name for function in self._functions)
        self._alone: dict[str, _Function] = {}  # said once in the whole firmware
        self._private: dict[tuple[str, str, str], _Function] = {}  # said by their class only
        self._calls: dict[int, int] = {}  # that are left
        for function in self._functions:
            name = function.node.name
            if name in kept or name.startswith("__") or not _is_simple(function.node):
                continue
            place = (function.path, function.owner, name)
            own = name.startswith("_") and function.owner not in self._related and name not in self._said_of_others
            if defined[name] == 1 and self._said[name] == self._called[name]:
                calls = self._called[name]
                home: dict[Any, _Function] = self._alone
            elif function.owner and own and self._said_of_self[place] == self._called_of_self[place]:
                calls = self._called_of_self[place]
                home = self._private
            else:
                continue
            if calls == 1 or 0 < calls * _size(function.node) <= _MOST_COPIED:
                home[name if home is self._alone else place] = function
                self._calls[id(function.node)] = calls
        self._done: set[int] = set()
        self._changed: set[str] = set()

    def _take(self, path: str, tree: ast.Module) -> None:
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                if node.bases:
                    self._related.update([node.name, *(ast.unparse(base).rpartition(".")[2] for base in node.bases)])
                self._count_self(path, node)
                for method in node.body:
                    if isinstance(method, ast.FunctionDef):
                        self._functions.append(_Function(path, node.name, method, node.body))
            elif isinstance(node, ast.FunctionDef):
                self._functions.append(_Function(path, "", node, tree.body))
        for part in ast.walk(tree):
            match part:
                case ast.Name(id=name) | ast.alias(name=name) | ast.arg(arg=name):
                    self._said[name] += 1
                case ast.Attribute(attr=name, value=value):
                    self._said[name] += 1
                    if not (isinstance(value, ast.Name) and value.id == "self"):
                        self._said_of_others.add(name)
                case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                    self._called[name] += 1

    def _count_self(self, path: str, owner: ast.ClassDef) -> None:
        for part in ast.walk(owner):
            match part:
                case ast.Attribute(attr=name, value=ast.Name(id="self")):
                    self._said_of_self[path, owner.name, name] += 1
                case ast.Call(func=ast.Attribute(attr=name, value=ast.Name(id="self"))):
                    self._called_of_self[path, owner.name, name] += 1

    def inlined(self) -> set[str]:
        """Write in all that can be; returns the modules that have changed."""
        for function in self._functions:
            self._finish(function)
        return self._changed

    def _finish(self, caller: _Function) -> None:
        if id(caller.node) in self._done:
            return
        self._done.add(id(caller.node))
        if _holds(caller.node, ast.Yield | ast.YieldFrom | ast.Global | ast.Nonlocal) or _says(caller.node, _SETTLE):
            return
        self._block(caller, caller.node.body)

    def _block(self, caller: _Function, block: list[ast.stmt]) -> None:
        at = 0
        while at < len(block):
            statement = block[at]
            for inner in _blocks(statement):
                self._block(caller, inner)
            while written := self._written(caller, statement):
                block[at : at + 1] = written
                at += len(written) - 1
                if written[-1] is not statement:
                    break
            at += 1

    def _written(self, caller: _Function, statement: ast.stmt) -> list[ast.stmt]:
        """What takes the statement's place once one call in it is written in; none if there is none such."""
        for call in _calls(statement):
            callee = self._callee(caller, call)
            if callee is None or callee.node is caller.node:
                continue
            self._finish(callee)
            made = Call(caller.node, callee.node, call).in_place_of(statement, self._calls[id(callee.node)] > 1)
            if made:
                self._changed.add(caller.path)
                self._calls[id(callee.node)] -= 1
                if self._calls[id(callee.node)]:
                    return made
                callee.beside.remove(callee.node)
                if not callee.beside:
                    callee.beside.append(ast.Pass())
                self._changed.add(callee.path)
                return made
        return []

    def _callee(self, caller: _Function, call: ast.Call) -> _Function | None:
        match call.func:
            case ast.Name(id=name):
                found = self._alone.get(name)
                return found if found and not found.owner and found.path == caller.path else None
            case ast.Attribute(attr=name, value=ast.Name(id="self")):
                found = self._private.get((caller.path, caller.owner, name)) or self._alone.get(name)
            case ast.Attribute(attr=name, value=value) if is_path(value):
                found = self._alone.get(name)
            case _:
                return None
        if found is None or not found.owner:
            return None
        near = found.path == caller.path
        return found if near or (found.path == ROOTS[0] and _free(found.node) <= set(dir(builtins))) else None


def _calls(statement: ast.stmt) -> Iterator[ast.Call]:
    """Those in the statement itself, not in the statements within it."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Call):
            yield node
        if not isinstance(node, _INNER):
            waiting += [
                part for part in ast.iter_child_nodes(node) if not isinstance(part, ast.stmt | ast.ExceptHandler)
            ]


def _blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    if isinstance(statement, _INNER):
        return
    for field in ("body", "orelse", "finalbody"):
        if inner := getattr(statement, field, None):
            yield inner
    for handler in getattr(statement, "handlers", ()):
        yield handler.body


def _size(function: ast.FunctionDef) -> int:
    """About the bytes of a function that is one expression; many of any other."""
    body = [node for node in function.body if not is_words(node)]
    if len(body) != 1 or not isinstance(body[0], ast.Return):
        return _MOST_COPIED
    nodes = [node for node in ast.walk(body[0]) if not isinstance(node, ast.expr_context)]
    return len(nodes) + 4 * sum(isinstance(node, ast.IfExp) for node in nodes)


def _is_simple(node: ast.FunctionDef) -> bool:
    a = node.args
    if node.decorator_list or a.vararg or a.kwarg or a.kwonlyargs or a.posonlyargs or a.defaults:
        return False
    return not _holds(node, _INNER | _BINDS_ELSEWHERE) and not _says(node, _SETTLE)


def _holds(function: ast.FunctionDef, kinds: object) -> bool:
    """Whether it has one of these within it."""
    return any(isinstance(node, kinds) for node in ast.walk(function) if node is not function)  # type: ignore[arg-type]


def _says(function: ast.FunctionDef, name: str) -> bool:
    return any(name in (getattr(node, "id", None), getattr(node, "attr", None)) for node in ast.walk(function))


def _free(function: ast.FunctionDef) -> set[str]:
    """Names that mean something of its module."""
    own = {one.arg for one in function.args.args}
    return {node.id for node in ast.walk(function) if isinstance(node, ast.Name)} - own - bound(function)
