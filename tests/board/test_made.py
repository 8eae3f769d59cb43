"""What makes a unit is gone once it stands, and nothing that runs later wants it."""

import ast
import re
from pathlib import Path

from host_tools.unitkit import fsimage
from host_tools.unitkit.shrink.edits import origin
from sim.bench import heap

Kinds = set[tuple[str, str]]  # (module, class)
BEFORE = ("main.py", "unit/drivers/build.py", "unit/joining.py", "unit/journal/catch_up.py")  # what a start forgets
GONE = ("unit/made.py", "unit/made_uplink.py")


def trees_of(sources: dict[str, str]) -> dict[str, ast.Module]:
    return {path: ast.parse(text) for path, text in sources.items()}


def named(path: str, trees: dict[str, ast.Module]) -> dict[str, tuple[str, str]]:
    """What a name of this module stands for: (module, name in it), or (module, "")."""
    own = ast.ClassDef | ast.FunctionDef
    found = {node.name: (path, node.name) for node in trees[path].body if isinstance(node, own)}
    for node in ast.walk(trees[path]):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                module = origin(path, node, trees, alias.name)
                place = (module, "") if module in trees else (origin(path, node, trees), alias.name)
                found[alias.asname or alias.name] = place
    return found


def settled(trees: dict[str, ast.Module]) -> tuple[Kinds, Kinds, set[str]]:
    """Classes of which no object is made any more; what of a module is gone; the methods that are gone."""
    kinds, parts, methods = set(), set(), set()
    for path in GONE:
        names = named(path, trees) | {"top": ("unit/app.py", "")}  # which it is handed
        for node in ast.walk(trees[path]):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and node.attr != "__init__":
                if isinstance(node.value, ast.Name):
                    parts.add((names[node.value.id][0], node.attr))
                else:
                    methods.add(node.attr)
            elif isinstance(node, ast.Call) and ast.unparse(node.func) == "settle":
                found = [arg for arg in node.args if isinstance(arg, ast.Attribute) and isinstance(arg.value, ast.Name)]
                kinds |= {(names[arg.value.id][0], arg.attr) for arg in found}
    for node in ast.walk(trees["unit/online.py"]):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "made_uplink.uplink":
            kinds |= {("unit/online.py", ast.unparse(arg)) for arg in node.args}
    return kinds, parts, methods


def uses(trees: dict[str, ast.Module], kinds: Kinds, parts: Kinds, methods: set[str]):
    """(what, module, names of class and function around it) of every place that makes or says one of them."""

    def below(node, names, around):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            around = (*around, node.name)
        if isinstance(node, ast.Call):
            name, _, last = ast.unparse(node.func).partition(".")
            module, kind = names.get(name, ("", ""))
            if (module, kind or last) in kinds:
                yield kind or last, around
        if isinstance(node, ast.Attribute) and node.attr in methods:
            yield node.attr, around
        if isinstance(node, ast.Name) and names.get(node.id) in parts:
            yield node.id, around
        for child in ast.iter_child_nodes(node):
            if not (isinstance(node, ast.arg | ast.AnnAssign) and child is node.annotation):
                yield from below(child, names, around)

    for path, tree in trees.items():
        if path not in GONE:
            for what, around in below(tree, named(path, trees), ()):
                yield what, path, around


def at_a_start(path: str, around: tuple[str, ...], kinds: Kinds, parts: Kinds, methods: set[str]) -> bool:
    if path in BEFORE or around in {("App", "__init__"), ("controller",)}:
        return True
    if len(around) == 2:
        return around[1] in methods or ((path, around[0]) in kinds and around[1] == "__init__")
    return len(around) == 1 and (path, around[0]) in parts


def later(sources: dict[str, str]) -> list[tuple[str, str, tuple[str, ...]]]:
    trees = trees_of(sources)
    gone = settled(trees)
    assert all(len(part) >= least for part, least in zip(gone, (25, 5, 10), strict=True))
    return [use for use in uses(trees, *gone) if not at_a_start(*use[1:], *gone)]


def test_nothing_that_is_gone_is_used_later():
    assert later(fsimage.sources()) == []


def test_a_later_use_would_be_seen():
    text = "from .control import events\ndef on(unit):\n    unit.recorder.wake(0)\n    return events.Events()\n"
    found = [use for use in later(fsimage.sources() | {"unit/on.py": text}) if use[1] == "unit/on.py"]
    assert sorted(found) == [("Events", "unit/on.py", ("on",)), ("wake", "unit/on.py", ("on",))]


def test_a_standing_unit_has_let_its_making_go(tmp_path: Path):
    parts = "type(app).__init__, type(app.control.well).__init__, type(app.recorder).wake"
    text = heap.shown(heap.board_with(f"{heap._WHOLE}\nprint('made', {parts})\n", tmp_path), 1)
    assert re.search("made None None None", text), text


BALLAST_BYTES = 20000
# An `App` with a broker whose modules, when they are forgotten, have so much to let go.
FORGETFUL = """
import gc, sys
from unit import config, modules
forget = modules.forget
names = []
def heavy(*forgotten):
    for name in forgotten:
        if "unit." + name in sys.modules:
            sys.modules["unit." + name].ballast = bytearray({ballast})
            names.append(name)
    forget(*forgotten)
modules.forget = heavy
loaded = config.load()
del config
heavy("config", "catalogue.settings", "catalogue.wiring")
from unit.app import App
app = App(*loaded)
loaded = None
gc.collect()
print("forgotten", len(names), gc.mem_alloc())
"""


def test_what_is_forgotten_goes_whole(tmp_path: Path):
    """A class or a function that somebody keeps would hold its module, and all that this one has imported."""
    used = []
    for ballast in (1, BALLAST_BYTES):
        (folder := tmp_path / str(ballast)).mkdir()
        script = FORGETFUL.format(ballast=ballast)
        text = heap.shown(heap.board_with(script, folder, with_broker=True), 1)
        found = re.search(r"forgotten (\d+) (\d+)", text)
        assert found and int(found[1]) > 10, text
        used.append(int(found[2]))
    assert used[1] - used[0] < BALLAST_BYTES // 2
