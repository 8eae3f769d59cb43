"""What makes a unit is gone once it stands; what it forgets goes whole; it needs no word of main.py's for that."""

import re
from pathlib import Path

from sim.bench import heap

# Looks at what stands; it names nothing of the firmware, which would keep it.
_LOOK = """
def look(module):
    there = [name for name in dir(module) if hasattr(getattr(module, name), "__init__")]
    return sum([getattr(module, name).__init__ is None for name in there])
import sys
app, online = sys.modules["unit.app"], sys.modules["unit.online"]
print("made", look(app), look(online), hasattr(app, "let_go"))
"""


def test_a_standing_unit_has_let_its_making_go(tmp_path: Path):
    text = heap.shown(heap.board_with(heap.MAKE_UNIT + _LOOK, tmp_path, with_broker=True), 1)
    found = re.search(r"made (\d+) (\d+) False", text)
    assert found and int(found[1]) > 20 and int(found[2]) > 5, text


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
config.forget = heavy
loaded = config.load()
del config
heavy("config")
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


# What main.py of an earlier version does: the names that it forgets have moved since.
_OLD_MAIN = """
from unit import config, modules, restart
loaded = config.load(restart.short_lives() > 3)
del config
modules.forget("config", "settings", "wiring")
import sys
gone = ("unit.config", "unit.catalogue.settings", "unit.catalogue.wiring")
print("catalogue", [name for name in gone if name in sys.modules])
"""


def test_an_older_main_leaves_no_catalogue_in_memory(tmp_path: Path):
    text = heap.shown(heap.board_with(_OLD_MAIN, tmp_path), 1)
    assert "catalogue []" in text, text
