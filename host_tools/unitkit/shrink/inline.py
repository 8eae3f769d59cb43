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
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from copy import deepcopy
from itertools import count
from typing import Any, NamedTuple

from .bundle import ROOTS
from .shorten import name_tokens, said_by_texts, words_of

_Ending = Callable[[ast.expr | None], list[ast.stmt]]  # what takes the place of a `return`
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


class _Entangled(Exception):
    """A `return` that cannot give way to an if."""


def inline(sources: dict[str, str], foreign: str = "", outside: Collection[str] = ()) -> dict[str, str]:
    """The same modules, by path, with fewer functions; lines change their numbers. `foreign`, `outside`: see `shorten`."""
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
                self._functions += [_Function(path, node.name, n, node.body) for n in node.body if _is_function(n)]
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
            made = _Call(caller, callee, call).in_place_of(statement, self._calls[id(callee.node)] > 1)
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
            case ast.Attribute(attr=name, value=value) if _is_path(value):
                found = self._alone.get(name)
            case _:
                return None
        if found is None or not found.owner:
            return None
        if found.path != caller.path:
            if found.path != ROOTS[0] or not _free(found.node) <= set(dir(builtins)):
                return None
        return found


class _Call:
    """One call that may give way to what it calls."""

    def __init__(self, caller: _Function, callee: _Function, call: ast.Call):
        self._caller = caller.node
        self._callee = callee.node
        self._inside = [node for node in callee.node.body if not _is_words(node)]
        self._call = call
        self._statement: ast.stmt
        self._given = [call.func.value] if isinstance(call.func, ast.Attribute) else []
        self._given += call.args

    def in_place_of(self, statement: ast.stmt, again: bool) -> list[ast.stmt]:
        """The statements that do the same; the last may be the statement itself, changed. None if it cannot be.

        `again`: others call it too.
        """
        self._statement = statement
        arguments = [one.arg for one in self._callee.args.args]
        if self._call.keywords or len(arguments) != len(self._given):
            return []
        match self._inside:
            case [ast.Return(value=ast.expr() as value)] if self._can_be_put(arguments, value):
                value = _Renamed(dict(zip(arguments, self._given, strict=True))).visit(deepcopy(value))
                return [_replaced(statement, self._call, value)]
        if again:
            return []
        match statement:
            case ast.Expr(value=value) if value is self._call:
                return self._with_ending(arguments, lambda given: [ast.Expr(given)] if _does(given) else [])
            case ast.Return(value=value) if value is self._call:
                body = self._body(arguments)
                return body if _ends(body) else [*body, ast.Return(None)]
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if value is self._call:
                return self._with_ending(arguments, lambda given: [_assigned(name, given)])
            case ast.AnnAssign(target=ast.Name(id=name), value=value) if value is self._call:
                return self._with_ending(arguments, lambda given: [_assigned(name, given)])
        if _is_first(statement, self._call):
            name = next(self._fresh())
            made = self._with_ending(arguments, lambda given: [_assigned(name, given)], {name})
            return [*made, _replaced(statement, self._call, ast.Name(name, ast.Load()))] if made else []
        return []

    def _can_be_put(self, arguments: list[str], value: ast.expr) -> bool:
        """Whether the call may give way to an expression: nothing is worked out twice, or later than it was."""
        if any(isinstance(node, ast.NamedExpr) for node in ast.walk(value)):
            return False
        used = Counter(node.id for node in ast.walk(value) if isinstance(node, ast.Name))
        acts = any(isinstance(node, ast.Call) for node in ast.walk(value))
        for name, given in zip(arguments, self._given, strict=True):
            plain = isinstance(given, ast.Name | ast.Constant)
            if not plain and (acts or used[name] > 2 or not _is_path(given)):
                return False
        return True

    def _with_ending(self, arguments: list[str], ending: _Ending, taken: Collection[str] = ()) -> list[ast.stmt]:
        """The body with something in the place of each `return`, and at its end. None where one is in a loop."""
        try:
            _ended(self._inside, ending)
            looped = False
        except _Entangled:
            looped = True
            if any(_returns(node) for node in ast.walk(self._callee) if isinstance(node, _LOOPS)):
                return []
        body = self._body(arguments, taken)
        if not looped:
            return _ended(body, ending)
        last: list[ast.stmt] = [] if _ends(body) else [*ending(None), ast.Break()]
        inner = _Broken(ending).block(body) + last
        return [ast.While(ast.Constant(True), inner, [])]

    def _body(self, arguments: list[str], taken: Collection[str] = ()) -> list[ast.stmt]:
        """The body with names of its own, what is given to it before it."""
        own = _bound(self._callee)
        names: dict[str, ast.expr] = {}
        before: list[ast.stmt] = []
        fresh = (name for name in self._fresh() if name not in taken)
        for name, given in zip(arguments, self._given, strict=True):
            if isinstance(given, ast.Name | ast.Constant) and name not in own:
                names[name] = given
            else:
                names[name] = ast.Name(next(fresh), ast.Load())
                before.append(_assigned(names[name].id, given))
        for name in sorted(own - names.keys()):
            names[name] = ast.Name(next(fresh), ast.Load())
        return [*before, *(_Renamed(names).visit(statement) for statement in self._inside)]

    def _fresh(self) -> Iterator[str]:
        """Names for variables: of the caller's own ones none, those of another call that is over may serve again."""
        names = {node.id for node in ast.walk(self._caller) if isinstance(node, ast.Name)}
        taken = {name for name in names if not _OVER.fullmatch(name)} | {one.arg for one in self._caller.args.args}
        taken |= {node.id for node in ast.walk(self._statement) if isinstance(node, ast.Name)}
        return (name for name in map("_{}".format, count()) if name not in taken)


_OVER = re.compile(r"_\d+")  # the variable of something that was written in
_LOOPS = ast.For | ast.While | ast.Try | ast.With


class _Renamed(ast.NodeTransformer):
    """Names that give way to others, or to what was given for them."""

    def __init__(self, names: dict[str, ast.expr]):
        self._names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        new = self._names.get(node.id)
        if new is None:
            return node
        return ast.Name(new.id, node.ctx) if isinstance(new, ast.Name) else new

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        new = self._names.get(node.name or "")
        node.name = new.id if isinstance(new, ast.Name) else node.name
        return self.generic_visit(node)


class _Broken:
    """Statements within `while True:` in which `return` leaves that loop alone."""

    def __init__(self, ending: _Ending):
        self._ending = ending

    def block(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        made: list[ast.stmt] = []
        for statement in statements:
            if isinstance(statement, ast.Return):
                return [*made, *self._ending(statement.value), ast.Break()]
            if isinstance(statement, ast.If):
                statement.body = self.block(statement.body)
                statement.orelse = self.block(statement.orelse)
            made.append(statement)
        return made


def _ended(block: list[ast.stmt], ending: _Ending) -> list[ast.stmt]:
    """A body without a `return`: what follows an `if` that ends it stands in the other branch.

    _Entangled where that would have to stand twice.
    """
    made: list[ast.stmt] = []
    for at, statement in enumerate(block):
        if isinstance(statement, ast.Return):
            return [*made, *ending(statement.value)]
        if not _returns(statement):
            made.append(statement)
            continue
        if not isinstance(statement, ast.If):
            raise _Entangled
        rest = block[at + 1 :]
        if _ends(statement.body):
            body, orelse = statement.body, statement.orelse + rest
        elif _ends(statement.orelse):
            body, orelse = statement.body + rest, statement.orelse
        elif not rest:
            body, orelse = statement.body, statement.orelse
        else:
            raise _Entangled
        body, orelse = _ended(body, ending), _ended(orelse, ending)
        test = statement.test
        if not body:
            body, orelse, test = orelse, [], ast.UnaryOp(ast.Not(), test)
        return [*made, ast.If(test, body or [ast.Pass()], orelse)]
    return [*made, *ending(None)]


def _ends(block: list[ast.stmt]) -> bool:
    """Whether nothing after it is ever reached."""
    match block[-1:]:
        case [ast.Return() | ast.Raise()]:
            return True
        case [ast.If(body=body, orelse=orelse)]:
            return _ends(body) and _ends(orelse)
    return False


def _returns(node: ast.AST) -> bool:
    return any(isinstance(part, ast.Return) for part in ast.walk(node))


def _assigned(name: str, given: ast.expr | None) -> ast.stmt:
    return ast.Assign([ast.Name(name, ast.Store())], given or ast.Constant(None), lineno=0)


def _does(given: ast.expr | None) -> bool:
    """Whether a value that nobody wants has to be worked out all the same."""
    return given is not None and any(isinstance(part, ast.Call) for part in ast.walk(given))


def _replaced(statement: ast.stmt, call: ast.Call, value: ast.expr) -> ast.stmt:
    class Put(ast.NodeTransformer):
        def visit_Call(self, node: ast.Call) -> ast.AST:
            return value if node is call else self.generic_visit(node)

    return Put().visit(statement)


def _is_first(statement: ast.stmt, call: ast.Call) -> bool:
    """Whether a statement begins with this call: before it nothing is worked out that it could change."""
    node: ast.AST | None = statement
    while node is not call:
        match node:
            case ast.If(test=first) | ast.Return(value=first) | ast.Expr(value=first):
                node = first
            case ast.Assign(value=first) | ast.AnnAssign(value=first):
                node = first
            case ast.UnaryOp(operand=first) | ast.Compare(left=first) | ast.IfExp(test=first):
                node = first
            case ast.BoolOp(values=[first, *_]):
                node = first
            case ast.BinOp(left=first, right=second):
                node = second if isinstance(first, ast.Name | ast.Constant) else first
            case _:
                return False
    return True


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


def _is_words(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_function(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef)


def _size(function: ast.FunctionDef) -> int:
    """About the bytes of a function that is one expression; many of any other."""
    body = [node for node in function.body if not _is_words(node)]
    if len(body) != 1 or not isinstance(body[0], ast.Return):
        return _MOST_COPIED
    nodes = [node for node in ast.walk(body[0]) if not isinstance(node, ast.expr_context)]
    return len(nodes) + 4 * sum(isinstance(node, ast.IfExp) for node in nodes)


def _is_path(node: ast.expr) -> bool:
    """`a.b.c`: to look it up changes nothing."""
    return isinstance(node, ast.Name) or (isinstance(node, ast.Attribute) and _is_path(node.value))


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
    return {node.id for node in ast.walk(function) if isinstance(node, ast.Name)} - own - _bound(function)


def _bound(function: ast.FunctionDef) -> set[str]:
    """Its variables, arguments apart."""
    found = {
        node.id for node in ast.walk(function) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
    }
    return found | {str(node.name) for node in ast.walk(function) if isinstance(node, ast.ExceptHandler) and node.name}
