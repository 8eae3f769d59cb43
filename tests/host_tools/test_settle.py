"""What only a start needs: found by following who says whom, and never what may run later."""

import ast

from host_tools.unitkit import fsimage
from host_tools.unitkit.shrink.bundle import bundle
from host_tools.unitkit.shrink.fold import fold
from host_tools.unitkit.shrink.settle import gone, settle

MAIN = "from unit.app import App\nunit = App()\nunit.run()\n"
APP = """
from .parts import Pump, Spare
from . import parts
class App:
    def __init__(self):
        self.pump = Pump(_rated())
        self.pump.prime()
    def run(self):
        self.pump.turn()
def _rated():
    return 5
"""
PARTS = """
class Base:
    def __init__(self, rated):
        self.rated = rated
class Pump(Base):
    def prime(self):
        self.primed = True
    def turn(self):
        return self.rated
class Spare(Base):
    def __init__(self):
        self.rated = 0
    def fetch(self):
        return self.rated
"""


def goes(app: str = APP, parts: str = PARTS, main: str = MAIN, foreign: str = "") -> set[str]:
    """What goes, by `Class.name`."""
    found = gone({"main.py": main, "unit/app.py": app, "unit/parts.py": parts}, foreign, ["main.py"])
    return {f"{one.owner}.{one.name}".lstrip(".") for places in found.values() for one in places}


ALL = {"App.__init__", "Base.__init__", "Pump.prime", "Spare.__init__", "Spare.fetch", "_rated"}


def in_run(line: str) -> str:
    """The app, with another line in what runs later."""
    return APP.replace("        self.pump.turn()\n", f"        self.pump.turn()\n        {line}\n")


def in_start(line: str) -> str:
    """The same in what runs at a start."""
    return APP.replace("        self.pump.prime()\n", f"        self.pump.prime()\n        {line}\n")


def test_what_only_a_start_calls_goes():
    assert goes() == ALL


def test_whatever_is_said_later_stays():
    assert goes(in_run("self.pump.prime()")) == ALL - {"Pump.prime"}
    assert goes(in_run("_rated()")) == ALL - {"_rated"}
    assert goes(in_run("from .parts import Pump as Other; Other(1)")) == ALL - {"Base.__init__"}
    assert goes(in_run("parts.Spare()")) == ALL - {"Spare.__init__", "Base.__init__"}
    assert goes(in_run("self.take(parts)")) == ALL - {"Spare.__init__", "Base.__init__"}
    assert goes(in_run("getattr(self.pump, 'prime')()")) == ALL - {"Pump.prime"}
    assert goes(in_run("getattr(self.pump, 'pri_' + x)()"), PARTS.replace("prime", "pri_me")) >= {"Spare.fetch"}
    assert "Pump.pri_me" not in goes(in_run("getattr(self.pump, 'pri_' + x)()"), PARTS.replace("prime", "pri_me"))


def test_what_a_start_hands_on_stays():
    assert goes(in_start("self.later = self.pump.prime")) == ALL - {"Pump.prime"}
    assert goes(in_start("self.kind = Spare")) == ALL - {"Spare.__init__", "Base.__init__"}
    assert goes(in_start("self.later = lambda: self.pump.fetch()")) == ALL - {"Spare.fetch"}
    assert goes(APP + "KINDS = {1: Spare}\n") == ALL - {"Spare.__init__", "Base.__init__"}
    assert goes(APP + "async def live(spare):\n    spare.fetch()\n") == ALL - {"Spare.fetch"} | {"live"}
    assert goes(APP + "def rows(spare):\n    yield spare.fetch()\n") == ALL - {"Spare.fetch"} | {"rows"}


def test_names_that_mean_something_else_hold_nothing():
    assert goes(in_run("_rated = 5; _rated.real")) == ALL
    assert goes(in_run("self._rated")) == ALL
    assert goes(in_run("[_rated for _rated in (1, 2)]; _rated()")) == ALL - {"_rated"}
    assert goes(in_run("(lambda _rated: 1)(2); _rated()")) == ALL - {"_rated"}
    assert goes(APP.replace("def run(self):", "def run(self, of: Spare = None) -> Spare:")) == ALL


def test_what_others_say_stays_but_for_the_class_that_they_begin_with():
    assert goes(main=MAIN + "unit.pump.prime()\n") == ALL - {"Pump.prime"}
    assert goes(foreign="app.pump.fetch()") == ALL - {"Spare.fetch"}


def test_what_goes_is_let_go_and_the_rest_works():
    app = settle({"unit/app.py": "def rated():\n    return 5\n" + PARTS + "def run(p):\n    return p.turn()\n"}, "run")
    bound: dict = {}
    exec(compile(app["unit/app.py"], "app", "exec"), bound)
    pump = bound["Pump"](7)
    bound["let_go"]()
    assert bound["run"](pump) == 7
    assert bound["rated"] is None and bound["Base"].__init__ is None and bound["Pump"].prime is None


def firmware(more: dict[str, str]) -> dict[str, list[tuple[str, str]]]:
    found = gone(bundle(fold(fsimage.sources() | more)), "", fsimage.OUTSIDE)
    return {path: [(one.owner, one.name) for one in places] for path, places in found.items()}


def test_the_firmware_lets_its_making_go_and_a_later_use_would_keep_it():
    found = firmware({})
    assert len([name for _, name in found["unit/app.py"] if name == "__init__"]) > 20
    making = {("Recorder", "wake"), ("Controller", "__init__"), ("Events", "__init__"), ("", "_drivers")}
    assert making <= set(found["unit/app.py"])
    assert ("Uplink", "__init__") in found["unit/online.py"]
    # As if `App.live` did it: a module that it may load.
    text = "from .control import events\nasync def on(unit):\n    unit.recorder.wake(0)\n    return events.Events()\n"
    kept = making - set(firmware({"unit/on.py": text})["unit/app.py"])
    assert kept == {("Recorder", "wake"), ("Events", "__init__")}


def test_only_functions_of_the_module_itself_are_let_go():
    for path, text in settle(bundle(fold(fsimage.sources())), "", fsimage.OUTSIDE).items():
        tree = ast.parse(text)
        tops = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        if "let_go" in tops:
            last = tree.body[-1]
            assert isinstance(last, ast.FunctionDef)
            targets = last.body[-1].targets
            assert {ast.unparse(target).partition(".")[0] for target in targets} <= tops, path
