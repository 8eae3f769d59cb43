"""Names cut short: the same program, and never one short name for two things that know each other."""

import ast
import re

from host_tools import fsimage
from host_tools.fold import fold
from host_tools.shorten import shorten


def run(texts: dict[str, str], path: str) -> dict:
    """What the module `path` has bound after it ran."""
    bound: dict = {}
    exec(compile(texts[path], path, "exec"), bound)
    return bound


def test_private_names_and_arguments_become_short_and_mean_the_same():
    text = (
        "class Pump:\n    def __init__(self, running_hours):\n        self._running_hours = running_hours\n"
        "        self._started_at = 5\n    def sum(self):\n        return self._running_hours * 10 + self._started_at\n"
    )
    short = shorten({"unit/a.py": text}, "")
    assert "_running_hours" not in short["unit/a.py"] and "running_hours" not in short["unit/a.py"]
    assert short["unit/a.py"].count("\n") == text.count("\n")
    assert run(short, "unit/a.py")["Pump"](4).sum() == 45


def test_what_is_reached_from_outside_keeps_its_name():
    text = (
        "import machine\nfrom .topics import thing\nLIST = 1\n\ndef f(value, *, polite=1, topics=2):\n"
        "    return machine.Pin(value, pull=3), f(1, polite=2)\n\nclass A:\n    size = 3\n    def m(self, size):\n"
        "        return size, getattr(self, '_op_' + 'run')\n    def _op_run(self):\n        return self._send_str\n"
    )
    short = shorten({"unit/a.py": text}, "def _send_str(): pass")["unit/a.py"]
    kept = ("machine", "topics", "polite", "pull", "size", "self", "_op_run", "_send_str")
    assert all(re.search(rf"\b{name}\b", short) for name in kept)
    assert not re.search(r"\bvalue\b", short)


def test_a_class_and_its_base_in_another_module_share_no_short_name():
    texts = {
        "unit/base.py": "class Base:\n    def __init__(self):\n        self._first = 1\n",
        "unit/a.py": "from .base import Base\nclass A(Base):\n    def go(self):\n        self._second = 2\n",
    }
    short = shorten(texts, "")
    (first,) = re.findall(r"self\.(_\w+)", short["unit/base.py"])
    (second,) = re.findall(r"self\.(_\w+)", short["unit/a.py"])
    assert first != second


def test_modules_apart_share_the_same_few_names():
    texts = {f"unit/{n}.py": f"class {n}:\n    def f(self):\n        self._of_{n} = 1\n" for n in "abc"}
    short = shorten(texts, "")
    assert len({name for text in short.values() for name in re.findall(r"self\.(_\w+)", text)}) == 1


def test_the_firmware_gets_along_with_few_private_names():
    sources = fold(fsimage.sources())
    short = shorten(sources, "")

    def private(texts):
        nodes = [node for text in texts.values() for node in ast.walk(ast.parse(text))]
        return {node.attr for node in nodes if isinstance(node, ast.Attribute) and re.match("_[a-z]", node.attr)}

    assert len(private(short)) < len(private(sources)) / 3
    for path, text in short.items():
        ast.parse(text, path)
        assert text.count("\n") == sources[path].count("\n"), path
