"""Constants written in where they are used: only what is one, everywhere, and on the line where it stood."""

import ast

import pytest

from host_tools.unitkit import fsimage
from host_tools.unitkit.errors import SurroundingsFailed
from host_tools.unitkit.shrink.fold import fold

BASICS = "def const(value):\n    return value\nNONE = const(-(1 << 29))\nGOOD = const(0)\n"


def test_a_constant_becomes_its_number_in_every_module():
    folded = fold(
        {
            "unit/basics.py": BASICS,
            "unit/io.py": "from .basics import GOOD, NONE, const\n_MOST = const(3)\nx = 5 - NONE\ny = [GOOD, _MOST]\n",
        }
    )
    assert folded["unit/io.py"].split("\n") == ["", "", "x = 5 - (-536870912)", "y = [0, 3]", ""]


def test_it_is_found_through_its_module_and_under_another_name():
    folded = fold(
        {
            "unit/why.py": "DRY = 20\n",
            "unit/control/a.py": "from .. import why\nfrom ..why import DRY as D\nx = why.DRY + D\n",
            "unit/main.py": "def f():\n    from unit.why import DRY\n    return DRY\n",
        }
    )
    assert folded["unit/control/a.py"] == "\n\nx = 20 + 20\n"
    assert folded["unit/main.py"] == "def f():\n    pass\n    return 20\n"
    assert "unit/why.py" not in folded, "nothing is left of it"


def test_what_is_bound_twice_or_is_no_integer_stays():
    text = "ONE = 1\nONE = 2\nTEXT = 'a'\nYES = True\nTWO = 2\n\ndef f(TWO):\n    return TWO\n"
    assert fold({"unit/a.py": text})["unit/a.py"] == text


def test_what_else_is_imported_stays():
    folded = fold(
        {
            "unit/b.py": "LIMIT = 4\nclass Thing:\n    pass\n",
            "unit/a.py": "from .b import (\n    LIMIT,\n    Thing,\n)\nx = Thing(), LIMIT\n",
        }
    )
    assert folded["unit/a.py"] == "from .b import Thing\n\n\n\nx = Thing(), 4\n"


def test_a_constant_within_an_f_string_is_refused_with_its_place():
    with pytest.raises(SurroundingsFailed, match=r"unit/a\.py:2: "):
        fold({"unit/a.py": "MANY = 3\nx = f'{MANY}'\n"})


def test_the_firmware_keeps_its_lines_and_loses_its_constants():
    sources = fsimage.sources()
    folded = fold(sources)
    for path, text in folded.items():
        assert text.count("\n") == sources[path].count("\n"), path
        ast.parse(text, path)
    assert "unit/control/reasons.py" in sources and "unit/control/reasons.py" not in folded
    names = {node.id for node in ast.walk(ast.parse(folded["unit/control/witnesses.py"])) if isinstance(node, ast.Name)}
    assert "Analog" in names and not names & {"NONE", "FAILURE", "const"}
