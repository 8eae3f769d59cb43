"""What only a start needs goes once a unit stands: on a board code lies in the heap, a seventh of it for its start.

Nobody lists it. From what may still run once `unit.modules.settle` has been called, this follows every name that is
said to every function of that name; what is never reached can go. It errs on the side of what stays:

- A method is reached by its name, whosoever says it. A function or class is reached through the module that has it.
- `__init__` is reached with its class. What is said but not called, in a start too, is reached: it may be called later.
- Coroutines, generators and functions within functions may run later, whoever began them.
- A function that itself calls `settle` is a start: it has brought modules into memory, and what it alone calls goes.
- So may whatever texts of the program name (`"_op_" + op`), and what the modules outside a slot say, but for classes:
  they make the unit, once.

Every module gets a function `let_go` that puts None in the place of what goes; deleting it would free nothing.
"""

import ast
from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import NamedTuple

from .edits import origin
from .shorten import said_by_texts, words_of

_FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef
_MADE = "__init__"
_SETTLE = "settle"
LET_GO = "let_go"  # what `unit.modules.settle` looks for


class Place(NamedTuple):
    """A function or a class at the top of a module (`owner` is ""), or a method of class `owner`."""

    path: str
    owner: str
    name: str


class _Said(NamedTuple):
    """A name that is said: a method (`path` is ""), something at the top of a module, or a module (`name` is "")."""

    path: str
    name: str
    called: bool


def settle(sources: dict[str, str], foreign: str = "", outside: Collection[str] = ()) -> dict[str, str]:
    """The same modules, by path; those with something that goes have `let_go`. `foreign`, `outside`: see `shorten`."""
    made = dict(sources)
    for path, places in gone(sources, foreign, outside).items():
        tops = [place.name for place in places if not place.owner]
        targets = tops + [f"{place.owner}.{place.name}" for place in places if place.owner]
        lines = [f"global {', '.join(tops)}"] if tops else []
        lines.append(" = ".join(targets) + " = None")
        made[path] += f"\n\ndef {LET_GO}():\n" + "".join(f"    {line}\n" for line in lines)
    return made


def gone(sources: dict[str, str], foreign: str = "", outside: Collection[str] = ()) -> dict[str, list[Place]]:
    """What nothing reaches in a unit that stands, by module."""
    trees = {path: ast.parse(text, path) for path, text in sources.items() if path not in outside}
    abroad = words_of(foreign).union(*(words_of(sources[path]) for path in outside))
    firmware = _Firmware(trees)
    reached = firmware.reached(abroad)
    found = defaultdict(list)
    for place in firmware.functions:
        if place not in reached:
            found[place.path].append(place)
    return dict(found)


class _Firmware:
    def __init__(self, trees: dict[str, ast.Module]):
        self._trees = trees
        self.functions: dict[Place, ast.FunctionDef | ast.AsyncFunctionDef] = {}
        self._named: dict[str, list[Place]] = defaultdict(list)  # functions and methods, but for `__init__`
        self._classes: dict[tuple[str, str], ast.ClassDef] = {}
        self._means = {path: self._imported(path) for path in trees}
        self._at_import: list[tuple[str, ast.AST]] = []  # what runs when a module is imported
        for path, tree in trees.items():
            self._take(path, "", tree.body)

    def _imported(self, path: str) -> dict[str, set[tuple[str, str]]]:
        """What a name of this module means somewhere in it: (module, name there), or (module, "")."""
        means = defaultdict(set)
        for node in ast.walk(self._trees[path]):
            if isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    module = origin(path, node, self._trees, alias.name)
                    home = origin(path, node, self._trees)
                    if module in self._trees or home in self._trees:
                        place = (module, "") if module in self._trees else (home, alias.name)
                        means[alias.asname or alias.name].add(place)
        return dict(means)

    def _take(self, path: str, owner: str, body: list[ast.stmt]) -> None:
        for node in body:
            if isinstance(node, _FUNCTION):
                place = Place(path, owner, node.name)
                self.functions[place] = node
                if node.name != _MADE:
                    self._named[node.name].append(place)
                for part in (*node.decorator_list, *node.args.defaults, *node.args.kw_defaults):
                    if part is not None:
                        self._at_import.append((path, part))
            elif isinstance(node, ast.ClassDef) and not owner:
                self._classes[path, node.name] = node
                self._take(path, node.name, node.body)
            elif not isinstance(node, ast.Import | ast.ImportFrom):
                self._at_import.append((path, node))

    def reached(self, abroad: set[str]) -> set[Place]:
        """Functions that may run in a unit that stands; `abroad`: names that others may say."""
        waiting = [place for name in abroad | said_by_texts(self._trees) for place in self._named.get(name, ())]
        known: set[Place | _Said] = set()
        said = [one for path, node in self._at_import for one in self._said(path, node)]
        for place, node in self.functions.items():
            names = list(self._said(place.path, node))
            implicit = place.name.startswith("__") and place.name != _MADE
            if implicit:
                waiting.append(place)
            said += names if _runs_on(node) else [one for one in names if not one.called]
        while waiting or said:
            if said:
                one = said.pop()._replace(called=True)
                if one not in known:
                    known.add(one)
                    waiting += self._meant(one)
            elif (place := waiting.pop()) not in known:
                known.add(place)
                names = list(self._said(place.path, self.functions[place]))
                starts = any(one.name == _SETTLE for one in names)
                said += [one for one in names if not (starts and one.called) or one.name == _SETTLE]
        return {place for place in known if isinstance(place, Place)}

    def _meant(self, said: _Said) -> list[Place]:
        if not said.path:
            return [place for place in self._named.get(said.name, ()) if place.owner]
        if not said.name:  # a module that is handed on: all that it has
            tops = [name for path, name in self._classes if path == said.path]
            tops += [place.name for place in self.functions if place.path == said.path and not place.owner]
            return [place for name in tops for place in self._meant(_Said(said.path, name, True))]
        if (said.path, said.name) in self._classes:
            return self._making(said.path, said.name)
        place = Place(said.path, "", said.name)
        if place in self.functions:
            return [place]
        taken = self._means[said.path].get(said.name, ())  # from another module
        return [place for one in taken for place in self._meant(_Said(*one, True))]

    def _making(self, path: str, name: str) -> list[Place]:
        """`__init__` of a class and of its bases, which it may call."""
        init = Place(path, name, _MADE)
        found = [init] if init in self.functions else []
        for base in self._classes[path, name].bases:
            found += [place for one in self._said(path, base) if one.path for place in self._meant(one)]
        return found

    def _said(self, path: str, node: ast.AST) -> Iterator[_Said]:
        """The names that a piece of a module says, but for annotations, which no board reads."""
        own = _variables(node) if isinstance(node, _FUNCTION) else set()
        parts = node.body if isinstance(node, _FUNCTION) else [node]
        for part in parts:
            yield from self._said_in(path, part, own, False, False)

    def _said_in(self, path: str, node: ast.AST, own: set[str], called: bool, later: bool) -> Iterator[_Said]:
        """`called`: this is what a call calls. `later`: within a function of its own, which may run later."""
        match node:
            case ast.Call(func=function):
                yield from self._said_in(path, function, own, not later, later)
                for part in [*node.args, *node.keywords]:
                    yield from self._said_in(path, part, own, False, later)
                return
            case ast.Name(id=name, ctx=ast.Load()) if name not in own:
                for meant in self._means[path].get(name, {(path, name)}):
                    yield _Said(*meant, called)
            case ast.Attribute(value=ast.Name(id=name), attr=attr) if self._is_module(path, name) and name not in own:
                for module, _ in self._means[path][name]:
                    yield _Said(module, attr, called)
                return
            case ast.Attribute(attr=attr, ctx=ast.Load()):
                yield _Said("", attr, called)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                later = True
        for field, value in ast.iter_fields(node):
            if field not in ("annotation", "returns"):
                for part in value if isinstance(value, list) else [value]:
                    if isinstance(part, ast.AST):
                        yield from self._said_in(path, part, own, False, later)

    def _is_module(self, path: str, name: str) -> bool:
        return all(not there for _, there in self._means[path].get(name, {("", name)}))


def _variables(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """Names that are the function's own throughout. What it imports is not among them: it means something elsewhere."""
    own = {node.arg for node in ast.walk(function.args) if isinstance(node, ast.arg)}
    shared: set[str] = set()
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            own.add(node.id)
        elif isinstance(node, ast.Global):
            shared.update(node.names)
        if not isinstance(node, _FUNCTION | ast.Lambda | ast.comprehension):
            waiting += ast.iter_child_nodes(node)
    return own - shared


def _runs_on(function: ast.AST) -> bool:
    """Whether it may go on after its call has returned."""
    kinds = ast.AsyncFunctionDef | ast.Yield | ast.YieldFrom
    return any(isinstance(node, kinds) for node in ast.walk(function))
