"""Modules made one: the same program, every name still the thing that it was, every line found again."""

import ast
import sys
import types

import pytest

from host_tools.unitkit import fsimage
from host_tools.unitkit.errors import SurroundingsFailed
from host_tools.unitkit.shrink import bundle
from host_tools.unitkit.shrink.fold import fold

PARTS = {
    "main.py": "from unit import config\nfrom unit.app import App\n",
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
        "from . import left\nfrom .right import made as right_made\ndef go():\n    return right_made(left.made())\n"
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


def test_it_is_the_same_program_in_fewer_modules(imported):
    wanted = imported(PARTS)().go()
    made = bundle.bundle(PARTS)
    assert sorted(set(PARTS) - set(made)) == ["unit/parts/left.py", "unit/parts/right.py"]
    assert imported(made)().go() == wanted == ((14, "early"), 1, (5, "early"))
    assert made["main.py"] == PARTS["main.py"]


def test_a_name_that_another_member_has_for_a_module_from_elsewhere_is_refused():
    parts = PARTS | {"unit/parts/left.py": PARTS["unit/parts/left.py"] + "\ndef time():\n    return 1\n"}
    bundle.bundle(parts)
    parts["unit/parts/right.py"] = "import time\n" + parts["unit/parts/right.py"]
    with pytest.raises(SurroundingsFailed, match="different things"):
        bundle.bundle(parts)


def test_what_may_be_in_memory_without_the_root_stays_apart():
    made = bundle.bundle(PARTS)
    assert "shared" in made["unit/early.py"]
    assert "def shared" not in made["unit/app.py"]
    seldom = "def load():\n    from .parts import right\n    return right\n"  # within a function, as on a board
    made = bundle.bundle(PARTS | {"unit/config.py": PARTS["unit/config.py"] + seldom})
    assert "unit/parts/right.py" in made and "unit/parts/left.py" in made


def test_what_comes_later_than_a_root_but_without_another_stays_apart():
    """Whatever the app loads for something else may be there without the uplink, with what it takes."""
    later = {
        "unit/online.py": "from . import ticks, wire\n",
        "unit/ticks.py": "def now():\n    return 1\n",
        "unit/wire.py": "def send():\n    return 2\n",
        "unit/net.py": "from .ticks import now\n",
    }
    app = PARTS["unit/app.py"] + "def on():\n    from . import net, online\n    return net, online\n"
    made = bundle.bundle(PARTS | later | {"unit/app.py": app})
    assert "unit/wire.py" not in made and "unit/ticks.py" in made


def test_what_is_imported_by_a_name_put_together_stays_apart():
    app = PARTS["unit/app.py"] + "def ask(name):\n    return __import__('unit.asked.' + name)\n"
    more = {"unit/asked/one.py": "from ..wire import send\n", "unit/wire.py": "def send():\n    return 2\n"}
    online = {"unit/online.py": "from .wire import send\n"}
    app += "def on():\n    from . import online\n    return online\n"
    assert "unit/wire.py" in bundle.bundle(PARTS | more | online | {"unit/app.py": app})
    del more["unit/asked/one.py"]
    assert "unit/wire.py" not in bundle.bundle(PARTS | more | online | {"unit/app.py": app})


def test_a_line_of_a_bundle_is_found_in_its_source():
    made = bundle.bundle(PARTS)["unit/app.py"].split("\n")
    found = set()
    for number, line in enumerate(made, 1):
        path, _, at = bundle.where(PARTS, "unit/app.py", number).partition(":")
        source = PARTS[path].split("\n")[int(at) - 1]
        if "_LIST = " in line:
            found.add(path)
            assert source.partition("=")[2] == line.partition("=")[2]
    assert found == {"unit/parts/left.py", "unit/parts/right.py"}
    assert bundle.where(PARTS, "unit/early.py", 2) == "unit/early.py:2"
    for path in ("unit/app.py", "unit/early.py"):
        with pytest.raises(ValueError, match="fewer lines"):
            bundle.where(PARTS, path, 1000)


def test_the_firmware_becomes_few_bundles_whose_lines_stay():
    sources = fold(fsimage.sources())
    made = bundle.bundle(sources)
    assert len(sources) - len(made) > 25
    assert "unit/control/controller.py" not in made and "unit/uplink/wire.py" not in made
    early = ["unit/config.py", "unit/restart.py", "unit/safe_mode.py", "unit/drivers/build.py"]
    for path in (*early, *(path for path in made if path.startswith("unit/console/"))):
        names = [ast.unparse(node) for node in ast.walk(ast.parse(made[path])) if isinstance(node, ast.ImportFrom)]
        assert not any("online" in name or ("app" in name and path in early) for name in names), path
    lines = made["unit/app.py"].split("\n")
    number = next(i for i, line in enumerate(lines, 1) if line.startswith("class Journal"))
    path, _, at = bundle.where(sources, "unit/app.py", number).partition(":")
    assert path == "unit/journal/ring.py"
    assert sources[path].split("\n")[int(at) - 1].startswith("class Journal")
