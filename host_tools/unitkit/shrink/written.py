"""One call that gives way to what it calls, so that the same is done in the same order: see `inline.py`."""

import ast
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from copy import deepcopy
from itertools import count

_Ending = Callable[[ast.expr | None], list[ast.stmt]]  # what takes the place of a `return`


class _Entangled(Exception):
    """A `return` that cannot give way to an if."""


class Call:
    """One call that may give way to what it calls."""

    def __init__(self, caller: ast.FunctionDef, callee: ast.FunctionDef, call: ast.Call):
        self._caller = caller
        self._callee = callee
        self._inside = [node for node in callee.body if not is_words(node)]
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
                return self._with_ending(arguments, lambda given: [ast.Expr(given)] if given and _does(given) else [])
            case ast.Return(value=given) if given is self._call:
                body = self._body(arguments)
                return body if _ends(body) else [*body, ast.Return(None)]
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if value is self._call:
                return self._with_ending(arguments, lambda given: [_assigned(name, given)])
            case ast.AnnAssign(target=ast.Name(id=name), value=given) if given is self._call:
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
            if not plain and (acts or used[name] > 2 or not is_path(given)):
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
        own = bound(self._callee)
        names: dict[str, ast.expr] = {}
        before: list[ast.stmt] = []
        fresh = (name for name in self._fresh() if name not in taken)
        for name, given in zip(arguments, self._given, strict=True):
            if isinstance(given, ast.Name | ast.Constant) and name not in own:
                names[name] = given
            else:
                new = next(fresh)
                names[name] = ast.Name(new, ast.Load())
                before.append(_assigned(new, given))
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


def _does(given: ast.expr) -> bool:
    """Whether a value that nobody wants has to be worked out all the same."""
    return any(isinstance(part, ast.Call) for part in ast.walk(given))


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


def is_words(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def is_path(node: ast.expr) -> bool:
    """`a.b.c`: to look it up changes nothing."""
    return isinstance(node, ast.Name) or (isinstance(node, ast.Attribute) and is_path(node.value))


def bound(function: ast.FunctionDef) -> set[str]:
    """Its variables, arguments apart."""
    found = {
        node.id for node in ast.walk(function) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
    }
    return found | {str(node.name) for node in ast.walk(function) if isinstance(node, ast.ExceptHandler) and node.name}
