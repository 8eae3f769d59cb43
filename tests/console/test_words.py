"""No word is missing: every text that the console asks for stands in its table, and no line of the table is idle."""

import ast
import importlib

from unit.control.claims import SOURCE_NAMES
from unit.control.io import OUTPUT_NAMES
from unit.tables import rows

from tests.vm import ROOT

FOLDER = ROOT / "firmware/unit/console"
# Asked for by a name that is made at run time.
MADE = {"mode_0", "mode_1", "mode_2", "mode_3", *OUTPUT_NAMES, *SOURCE_NAMES}


def strings() -> set[str]:
    found = set()
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return found


def asked() -> set[str]:
    """The first arguments of `say` and `_label`, as far as they are written out."""
    found = set()
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                place = {"say": 0, "_label": 1}.get(name, -1)
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
    for path in FOLDER.glob("*.py"):
        if path.stem in ("serial", "__init__"):
            continue  # the one imports what only MicroPython has, the other is empty
        module = importlib.import_module(f"unit.console.{path.stem}")
        found |= {(path.stem, name[4:]) for name in dir(module) if name.startswith("cmd_")}
    assert found == named
