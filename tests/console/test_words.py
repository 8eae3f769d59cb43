"""No word is missing: every text that the console asks for stands in its table, and no line of the table is idle."""

import ast
import importlib

from unit.catalogue.lookup import nth, piece, row
from unit.catalogue.tables import rows
from unit.console import text
from unit.control.alarms import STATE_NAMES
from unit.control.claims import SOURCE_NAMES
from unit.control.io import OUTPUT_NAMES

from tests.vm import ROOT

FOLDER = ROOT / "firmware/unit/console"
# Asked for by a name that is made at run time.
STATES = {"alarm_" + name for name in STATE_NAMES}
MADE = {"mode_0", "mode_1", "mode_2", "mode_3", *STATES, *OUTPUT_NAMES, *SOURCE_NAMES}


def strings() -> set[str]:
    found = set()
    for path in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return found


def asked() -> set[str]:
    """The first arguments of `say` and `label`, as far as they are written out."""
    found = set()
    for path in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                place = {"say": 0, "label": 1}.get(name, -1)
                if 0 <= place < len(node.args):
                    for part in ast.walk(node.args[place]):
                        if isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value.isidentifier():
                            found.add(part.value)
    return found


def test_every_text_that_is_asked_for_is_there():
    keys = {row[0] for row in rows("console")}
    missing = (asked() | MADE) - keys - {"done", "y"}
    assert missing == set()
    assert len(asked()) > 80


def test_no_text_is_idle():
    assert {row[0] for row in rows("console")} - strings() - MADE == set()


def test_every_command_has_its_function_and_every_function_its_line():
    named = {(row[1], row[0]) for row in rows("commands")}
    found = set()
    for path in FOLDER.rglob("*.py"):
        if path.stem in ("serial", "__init__"):
            continue  # the one imports what only MicroPython has, the other is empty
        place = ".".join(path.relative_to(FOLDER).with_suffix("").parts)
        module = importlib.import_module(f"unit.console.{place}")
        found |= {(place, name[4:]) for name in dir(module) if name.startswith("cmd_")}
    assert found == named


def test_what_is_looked_up_is_what_stands_there():
    for path in (ROOT / "firmware/unit/catalogue").glob("*.txt"):
        table = list(rows(path.stem))
        for i, found in enumerate(table):
            assert nth(path.stem, i) == found
            if [other[0] for other in table].index(found[0]) == i:
                assert row(path.stem, found[0]) == found
        assert nth(path.stem, len(table)) is nth(path.stem, -1) is None
        assert row(path.stem, "no such entry") is row(path.stem, "") is row(path.stem, "#") is None


def test_the_words_of_status_stand_in_few_pieces():
    said = ("units", "none", "p1", "return", "turbidity", "mark_spill", "last_visit", "alarms_hint", "net_up")
    assert len({piece("console", key) for key in said}) <= text._PIECES
