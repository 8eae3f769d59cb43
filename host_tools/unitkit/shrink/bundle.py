"""Modules that always come into memory together, made one module for a board.

Each module costs a board's heap some 400 bytes besides its code: its object, its table of names, its path, and every
name that it imports. So a module (`ROOTS`) and what its top imports become one, in the order in which they need each
other, but for what may be in memory without it: all that `main.py` reaches by another way, in functions too.
"""

import ast
from functools import cache

from ..errors import SurroundingsFailed
from .edits import Edits, origin, relative

# What a function imports at run time and what then stays for long, with all that comes along.
ROOTS = ("unit/app.py", "unit/reporting.py", "unit/online.py", "unit/console/console.py")
_FIRST = "main.py"


def bundle(sources: dict[str, str]) -> dict[str, str]:
    """The same modules, by path, fewer and larger. SurroundingsFailed names what cannot be put together."""
    for root in filter(sources.__contains__, ROOTS):
        sources = _Bundle(sources, root).made()
    return sources


def where(sources: dict[str, str], path: str, line: int) -> str:
    """`unit/control/claims.py:12` for a line of a module after `bundle`. ValueError for one that it does not have."""
    members = [path]
    for root in filter(sources.__contains__, ROOTS):
        made = _Bundle(sources, root)
        if root == path:
            members = made.members
            break
        sources = made.made()
    for member in members:
        lines = sources[member].count("\n") + 1
        if line <= lines:
            return f"{member}:{line}"
        line -= lines
    raise ValueError(f"{path} has fewer lines")


@cache  # each bundle asks again, and changes only few modules
def _parsed(text: str, path: str) -> ast.Module:
    return ast.parse(text, path)


@cache
def _walked(tree: ast.Module) -> list[ast.AST]:
    return list(ast.walk(tree))


class _Bundle:
    """One root and its members; `members` in the order in which they stand."""

    def __init__(self, sources: dict[str, str], root: str):
        self._sources = sources
        self._root = root
        self._trees = {path: _parsed(text, path) for path, text in sources.items()}
        without = self._reach(_FIRST, {root}, _walked)  # may be in memory before it
        together = self._reach(root, set(ROOTS), lambda tree: tree.body)
        self.members = [path for path in together if path not in without and _is_plain(self._trees[path])]
        self._modules = {path: self._modules_in(path) for path in sources}
        self._names = self._final_names()

    def made(self) -> dict[str, str]:
        """All modules, with the members put together and the imports of the others led there."""
        texts = {path: self._changed(path) for path in self._sources}
        whole = "\n".join(texts.pop(path) for path in self.members)
        return texts | {self._root: whole}

    def _reach(self, path, seen, nodes):
        """Modules that come with `path`, those that it needs before it, but for those `seen`."""
        seen.add(path)
        found = []
        for node in nodes(self._trees[path]):
            for target in self._targets(path, node):
                if target not in seen:
                    found += self._reach(target, seen, nodes)
        return [*found, path]

    def _targets(self, path: str, node: ast.AST) -> list[str]:
        """The modules of the firmware from which one import takes something, itself or as a module.

        Of `__import__("unit.console." + name)`, whose name is known on the board alone, all in that folder.
        """
        match node:
            case ast.Call(func=ast.Name(id="__import__"), args=[ast.BinOp(left=ast.Constant(value=str(folder))), *_]):
                return [module for module in self._trees if module.startswith(folder.replace(".", "/"))]
        if not isinstance(node, ast.ImportFrom):
            return []
        modules = [origin(path, node, self._trees, alias.name) for alias in node.names]
        found = [module for module in modules if module in self._trees]
        module = origin(path, node, self._trees)
        return [module] if not found and module in self._trees else found

    def _final_names(self) -> dict[tuple[str, str], str]:
        """(member, name at its top) -> the name in the bundle."""
        through = set()  # names that a member reaches through their module: `ticks.now`
        for path in self.members:
            modules = self._modules[path]
            for node in _walked(self._trees[path]) if modules else ():
                if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
                    through.add((modules[node.value.id], node.attr))
        owners: dict[str, list[str]] = {}
        for path in self.members:
            for name in _given(self._trees[path]):
                owners.setdefault(name, []).append(path)
        final = {}
        for name, paths in owners.items():
            for path in paths:
                plain = len(paths) == 1 and (path, name) not in through
                stem = path.removesuffix(".py").rpartition("/")[2]
                final[path, name] = name if plain or path == self._root else f"{stem}_{name.lstrip('_')}"
        said = {n.id for path in self.members for n in _walked(self._trees[path]) if isinstance(n, ast.Name)}
        new = [name for (_, given), name in final.items() if name != given]
        foreign = {alias.name for path in self.members for n in _walked(self._trees[path]) if isinstance(n, ast.Import)
                   for alias in n.names}  # fmt: skip
        if len(set(final.values())) < len(final) or said.intersection(new) or foreign.intersection(final.values()):
            raise SurroundingsFailed.of(
                f"firmware/{self._root}：合成一个模块后有名字重复",
                f"firmware/{self._root}: modules that become one give a name to different things",
            )
        return final

    def _modules_in(self, path: str) -> dict[str, str]:
        """Names that stand for a member in this module -> the member."""
        found = {}
        for node in _walked(self._trees[path]):
            if isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    module = origin(path, node, self._trees, alias.name)
                    if module in self.members:
                        found[alias.asname or alias.name] = module
        return found

    def _changed(self, path: str) -> str:
        """A module with its imports and the names that they bind set right."""
        tree = self._trees[path]
        member = path in self.members
        taken = [node for node in _walked(tree) if isinstance(node, ast.ImportFrom)]
        if not member:
            taken = [node for node in taken if not set(self.members).isdisjoint(self._targets(path, node))]
            if not taken:
                return self._sources[path]
        edits = Edits(path, self._sources[path])
        home = self._root if member else path
        modules = self._modules[path]
        renamed = {}  # names of this module -> expression that takes their place
        if member:
            renamed = {n: self._names[p, n] for p, n in self._names if p == path}
        for one in taken:
            self._import(path, home, one, edits, renamed)
        renamed = {name: text for name, text in renamed.items() if name != text}
        shadowed = _shadowed(tree, renamed) if renamed else set()
        for node in _walked(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
                name = self._names[modules[node.value.id], node.attr]
                edits.replace(node, name if member else f"{node.value.id}.{name}")
            elif isinstance(node, ast.Name) and node.id in renamed and id(node) not in shadowed:
                edits.replace(node, renamed[node.id])
        for statement in tree.body if member else ():
            self._rename_definition(statement, renamed, edits)
        return edits.text()

    def _rename_definition(self, statement: ast.stmt, renamed: dict[str, str], edits: Edits) -> None:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and statement.name in renamed:
            word = {ast.FunctionDef: "def ", ast.AsyncFunctionDef: "async def ", ast.ClassDef: "class "}
            column = statement.col_offset + len(word[type(statement)])
            place = ast.Name(statement.name, ast.Store(), lineno=statement.lineno, col_offset=column)
            place.end_lineno, place.end_col_offset = statement.lineno, column + len(statement.name.encode())
            edits.replace(place, renamed[statement.name])
        elif isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "__all__":
            edits.replace(statement, "")

    def _import(self, path: str, home: str, node: ast.ImportFrom, edits: Edits, renamed: dict[str, str]) -> None:
        """Lead one import to where things are now; what stands in the same bundle needs none."""
        member = path in self.members
        lines = []
        for alias in node.names:
            bound = alias.asname or alias.name
            module = origin(path, node, self._trees, alias.name)
            source = module if module in self._trees else origin(path, node, self._trees)
            if source not in self._trees:
                return  # not of the firmware
            if member and source in self.members:
                if module != source:
                    renamed[bound] = self._names[source, alias.name]
                continue
            if source in self.members:
                name = "" if module == source else self._names[source, alias.name]
                source = self._root
            else:
                name = "" if module == source else alias.name
            if name:
                lines.append(f"from {relative(home, source)} import {_as(name, bound)}")
            else:
                package, dot, last = relative(home, source).rpartition(".")
                package += dot if not package.strip(".") else ""
                lines.append(f"from {package} import {_as(last, bound)}")
        edits.replace(node, "; ".join(lines) or "pass")


def _shadowed(tree: ast.Module, renamed: dict[str, str]) -> set[int]:
    """Ids of nodes that name a variable of a function, though the module has something of that name too."""
    found: set[int] = set()
    for function in _walked(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            names = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
            own = {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
            own |= {node.id for node in names if isinstance(node.ctx, ast.Store)}
            found |= {id(node) for node in names if node.id in own & renamed.keys()}
    return found


def _is_plain(tree: ast.Module) -> bool:
    """Whether its top has nothing but imports, assignments, functions and classes."""
    definitions = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    plain = definitions | ast.Import | ast.ImportFrom | ast.Assign | ast.AnnAssign | ast.Expr | ast.Pass
    return all(isinstance(node, plain) for node in tree.body)


def _as(name: str, bound: str) -> str:
    return name if name == bound else f"{name} as {bound}"


def _given(tree: ast.Module) -> list[str]:
    """Names that a module gives to things of its own at its top."""
    found = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.append(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            names = [part for part in ast.walk(node) if isinstance(part, ast.Name)]
            found += [part.id for part in names if isinstance(part.ctx, ast.Store) and part.id != "__all__"]
    return found
