"""Modules made one: the same program, every name still the thing that it was, every line found again."""

import ast
import functools
import sys
import types

import pytest

from host_tools.unitkit import fsimage
from host_tools.unitkit.errors import BadInput, SurroundingsFailed
from host_tools.unitkit.shrink import bundle
from host_tools.unitkit.shrink.fold import fold
from host_tools.unitkit.shrink.lines import join

PARTS = {
    "main.py": "from unit.app import App\n",
    "unit/__init__.py": "",
    "unit/early.py": "def shared():\n    return 'early'\n",
    "unit/config.py": "from .early import shared\n",
    "unit/parts/__init__.py": "",
    "unit/parts/left.py": '"""Left."""\nimport math\n\ndef made():\n    return math.floor(1.5)\n\n_LIST = [1]\n',
    "unit/parts/right.py": (
        "import math\nfrom .. import early\nfrom . import left\n_LIST = [2]\n\ndef made(first):\n"
        "    made = first\n    return made + left.made() + _LIST[0] + left._LIST[0], early.shared()\n"
    ),
    "unit/parts/guest.py": (
        "from . import left\nfrom .right import made as right_made\n"
        "def go():\n    return right_made(left.made())\n"
    ),
    "unit/app.py": (
        "from .parts import left\nfrom .parts.right import made\n\nclass App:\n    def go(self):\n"
        "        from .parts import guest\n        return made(10), left.made(), guest.go()\n"
    ),
}


@pytest.fixture
def imported(monkeypatch):
    """Import what texts say as package `unit` and give its class App."""

    def load(texts: dict[str, str]):
        for name in [name for name in sys.modules if name == "unit" or name.startswith("unit.")]:
            monkeypatch.delitem(sys.modules, name)

        class Finder:
            @staticmethod
            def find_spec(name, path=None, target=None):
                base = name.replace(".", "/")
                found = next((p for p in (base + "/__init__.py", base + ".py") if p in texts), None)
                if found is None:
                    return None
                from importlib.machinery import ModuleSpec

                return ModuleSpec(name, Finder, origin=found, is_package=found.endswith("__init__.py"))

            @staticmethod
            def create_module(spec):
                return types.ModuleType(spec.name)

            @staticmethod
            def exec_module(module):
                exec(compile(texts[module.__spec__.origin], module.__spec__.origin, "exec"), module.__dict__)

        monkeypatch.setattr(sys, "meta_path", [Finder, *sys.meta_path])
        return __import__("unit.app", fromlist=["App"]).App

    return load


@pytest.fixture
def parts(monkeypatch):
    monkeypatch.setattr(bundle, "ROOTS", {"unit/app.py": ("main.py", "unit/config.py")})
    return dict(PARTS)


def test_it_is_the_same_program_in_fewer_modules(parts, imported):
    wanted = imported(parts)().go()
    made = bundle.bundle(parts)
    assert sorted(set(parts) - set(made)) == ["unit/parts/left.py", "unit/parts/right.py"]
    assert imported(made)().go() == wanted == ((14, "early"), 1, (5, "early"))
    assert made["main.py"] == parts["main.py"]


def test_a_name_that_another_member_has_for_a_module_from_elsewhere_is_refused(parts):
    parts["unit/parts/left.py"] += "\ndef time():\n    return 1\n"
    bundle.bundle(parts)
    parts["unit/parts/right.py"] = "import time\n" + parts["unit/parts/right.py"]
    with pytest.raises(SurroundingsFailed, match="different things"):
        bundle.bundle(parts)


def test_what_comes_into_memory_earlier_stays_apart(parts):
    made = bundle.bundle(parts)
    assert "shared" in made["unit/early.py"]
    assert "def shared" not in made["unit/app.py"]


def test_a_line_of_a_bundle_is_found_in_its_source(parts):
    made = bundle.bundle(parts)["unit/app.py"].split("\n")
    found = set()
    for number, line in enumerate(made, 1):
        path, _, at = bundle.where(parts, "unit.app", number).partition(":")
        source = parts[path].split("\n")[int(at) - 1]
        if "_LIST = " in line:
            found.add(path)
            assert source.partition("=")[2] == line.partition("=")[2]
    assert found == {"unit/parts/left.py", "unit/parts/right.py"}
    assert bundle.where(parts, "unit.early", 2) == "unit/early.py:2"
    for module in ("unit.app", "unit.early"):
        with pytest.raises(BadInput, match="no such line"):
            bundle.where(parts, module, 1000)
    with pytest.raises(BadInput, match="no such module"):
        bundle.where(parts, "unit.nothing", 1)


def test_the_firmware_becomes_few_bundles_whose_lines_stay():
    sources = fold(fsimage.sources())
    made = bundle.bundle(sources)
    assert len(sources) - len(made) > 25
    assert "unit/control/controller.py" not in made and "unit/uplink/wire.py" not in made
    for path in ("unit/config.py", "unit/restart.py", "unit/safe_mode.py", "unit/drivers/build.py"):
        names = [ast.unparse(node) for node in ast.walk(ast.parse(made[path])) if isinstance(node, ast.ImportFrom)]
        assert not any("app" in name or "online" in name for name in names), path
    lines = made["unit/app.py"].split("\n")
    number = next(i for i, line in enumerate(lines, 1) if line.startswith("class Journal"))
    path, _, at = bundle.where(sources, "unit.app", number).partition(":")
    assert path == "unit/journal/ring.py"
    assert sources[path].split("\n")[int(at) - 1].startswith("class Journal")


def test_a_line_of_a_traceback_is_found_in_its_source(monkeypatch):
    sources = fold(fsimage.sources())
    made = bundle.bundle(sources)
    # Each question would put the same sources together again.
    monkeypatch.setattr(bundle, "bundle", lambda _: made)
    monkeypatch.setattr(bundle, "join", functools.cache(join))
    board = join(made["unit/app.py"]).text.split("\n")
    number = next(i for i, line in enumerate(board, 1) if line.startswith("class Journal"))
    path, _, at = bundle.where_on_board(sources, "unit.app", number).partition(":")
    assert path == "unit/journal/ring.py"
    assert sources[path].split("\n")[int(at) - 1].startswith("class Journal")
    several = [i for i, line in enumerate(board, 1) if line.count("; self.") > 3]
    assert several
    for number in several:
        path, _, lines = bundle.where_on_board(sources, "unit.app", number).partition(":")
        first, last = map(int, lines.split("-"))
        assert sum("self." in line for line in sources[path].split("\n")[first - 1 : last]) > 3
    for module, line, what in (("unit.app", 99999, "line"), ("unit.app", 0, "line"), ("unit.nothing", 1, "module")):
        with pytest.raises(BadInput, match=f"no such {what}"):
            bundle.where_on_board(sources, module, line)
