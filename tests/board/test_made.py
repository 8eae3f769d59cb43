"""What makes a unit is gone once it stands, and nothing that runs later wants it."""

import ast
import re
from pathlib import Path

from host_tools import fsimage
from host_tools.edits import origin
from sim.bench import heap

Kinds = set[tuple[str, str]]  # (module, class)
MAKERS = ("main.py", "unit/drivers/build.py", "unit/joining.py")  # what runs before a unit stands
FUNCTIONS = ("_control", "_online", "controller")  # by which a start makes it


def named(path: str, trees: dict[str, ast.Module]) -> dict[str, tuple[str, str]]:
    """What a name of this module stands for: (module, name in it), or (module, "")."""
    found = {node.name: (path, node.name) for node in trees[path].body if isinstance(node, ast.ClassDef)}
    for node in ast.walk(trees[path]):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                module = origin(path, node, trees, alias.name)
                whole = module in trees
                place = (module, "") if whole else (origin(path, node, trees), alias.name)
                found[alias.asname or alias.name] = place
    return found


def trees_of(sources: dict[str, str]) -> dict[str, ast.Module]:
    return {path: ast.parse(text) for path, text in sources.items()}


def settled(trees: dict[str, ast.Module]) -> Kinds:
    """The classes that are given up."""
    found = set()
    for path in ("unit/made.py", "unit/uplink/made.py"):
        names = named(path, trees)
        for node in ast.walk(trees[path]):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr[0].isupper():
                found.add((names[node.value.id][0], node.attr))
    return found


def makings(trees: dict[str, ast.Module], kinds: Kinds):
    """(class, module, names of class and function around it) of every call that makes one."""

    def below(node, names, around):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            around = (*around, node.name)
        if isinstance(node, ast.Call):
            name, _, last = ast.unparse(node.func).partition(".")
            module, kind = names.get(name, ("", ""))
            if (made := (module, kind or last)) in kinds:
                yield made, around
        for child in ast.iter_child_nodes(node):
            yield from below(child, names, around)

    for path, tree in trees.items():
        for made, around in below(tree, named(path, trees), ()):
            yield made, path, around


def at_a_start(path: str, around: tuple[str, ...], kinds: Kinds) -> bool:
    in_init = len(around) == 2 and (path, around[0]) in kinds and around[1] == "__init__"
    return in_init or path in MAKERS or (bool(around) and around[-1] in FUNCTIONS)


def test_none_is_made_but_at_a_start():
    trees = trees_of(fsimage.sources())
    kinds = settled(trees)
    made = list(makings(trees, kinds))
    for kind, path, around in made:
        assert at_a_start(path, around, kinds), f"{path}: {'.'.join(around)} makes a {kind[1]}"
    assert len({kind for kind, _, _ in made}) > 25


def test_another_place_that_makes_one_would_be_seen():
    later = "from .control import events\ndef later():\n    return events.Events()\n"
    trees = trees_of(fsimage.sources() | {"unit/later.py": later})
    kinds = settled(trees)
    [(kind, path, around)] = [found for found in makings(trees, kinds) if not at_a_start(*found[1:], kinds)]
    assert (kind, path, around) == (("unit/control/events.py", "Events"), "unit/later.py", ("later",))


def test_a_standing_unit_has_let_its_making_go(tmp_path: Path):
    script = heap._WHOLE + "\nprint('makers', *[type(x).__init__ for x in (app, app.control, app.control.well)])\n"
    text = heap.shown(heap.board_with(script, tmp_path), 1)
    assert re.search("makers None None None", text), text
