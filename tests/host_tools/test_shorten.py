"""Names cut short: the same program, and never one short name for two things that know each other."""

import ast
import re

from host_tools.unitkit import fsimage
from host_tools.unitkit.shrink.bundle import bundle
from host_tools.unitkit.shrink.fold import fold
from host_tools.unitkit.shrink.shorten import foreign_names, shorten


def run(texts: dict[str, str], path: str) -> dict:
    """What the module `path` has bound after it ran."""
    bound: dict = {}
    exec(compile(texts[path], path, "exec"), bound)
    return bound


def test_names_become_short_and_mean_the_same():
    text = (
        "class Pump:\n    def __init__(self, running_hours):\n        self._running_hours = running_hours\n"
        "        self.started_at = 5\n    def total(self):\n        return self._running_hours * 10 + self.started_at\n"
        "def outcome():\n    return Pump(4).total()\n"
    )
    short = shorten({"unit/a.py": text, "main.py": "from unit.a import outcome\n"}, "", ["main.py"])["unit/a.py"]
    assert not any(name in short for name in ("_running_hours", "running_hours", "Pump", "started_at", "total"))
    assert short.count("\n") == text.count("\n")
    assert run({"unit/a.py": short}, "unit/a.py")["outcome"]() == 45


def test_what_is_reached_from_outside_keeps_its_name():
    text = (
        "import machine\nfrom .topics import thing\n\ndef f(value_here, *, polite=1, topics=2):\n"
        "    return machine.Pin(value_here, pull=3), f(1, polite=2)\n\nclass A:\n    feed = 3\n    def m(self, size):\n"
        "        return size, getattr(self, '_op_' + 'run')\n    def _op_run(self):\n        return self._send_str\n"
        "    def watched(self):\n        self.amount = 1\n"
        "    def hello(self):\n        return getattr(self, 'hello')\n"
    )
    main = "from unit.a import A\nA().watched()\n"
    short = shorten({"unit/a.py": text, "slots.py": main}, "def _send_str(): pass", ["slots.py"])["unit/a.py"]
    kept = ["machine", "topics", "polite", "pull", "feed", "self", "_op_run", "_send_str", "A", "watched", "hello"]
    assert all(re.search(rf"\b{name}\b", short) for name in kept)
    assert not re.search(r"\b(value_here|size)\b", short)


def attributes(text: str) -> list[str]:
    return re.findall(r"self\.(\w+)", text)


def test_a_class_and_its_base_in_another_module_share_no_short_name():
    texts = {
        "unit/base.py": "class Base:\n    def __init__(self):\n        self.first = 1\n",
        "unit/a.py": "from .base import Base\nclass A(Base):\n    def go(self):\n        self.second = 2\n",
    }
    short = shorten(texts, "")
    assert attributes(short["unit/base.py"]) != attributes(short["unit/a.py"])


def test_a_variable_and_what_its_function_takes_from_the_module_share_no_short_name():
    text = (
        "def helper():\n    return 1\n\ndef other(variable):\n    return helper() + variable\n"
        "def go():\n    return other(1)\n"
    )
    short = shorten({"unit/a.py": text, "main.py": "go"}, "", ["main.py"])
    assert run(short, "unit/a.py")["go"]() == 2


def test_modules_apart_share_the_same_few_names():
    texts = {f"unit/{n}.py": f"class {n}:\n    def f(self):\n        self.of_{n} = 1\n" for n in "abc"}
    short = shorten(texts, "")
    assert len({name for text in short.values() for name in attributes(text)}) == 1


def test_the_firmware_gets_along_with_few_names():
    sources = bundle(fold(fsimage.sources()))
    short = shorten(sources, "")

    def names(texts):
        nodes = [node for text in texts.values() for node in ast.walk(ast.parse(text))]
        return {node.attr for node in nodes if isinstance(node, ast.Attribute)}

    assert len(names(short)) < len(names(sources)) / 3
    for path, text in short.items():
        ast.parse(text, path)
        assert text.count("\n") == sources[path].count("\n"), path


def test_what_the_compiler_writes_in_gives_its_name_to_nothing_else():
    text = "from micropython import const\n_LONG = const(5)\ndef f(running_h):\n    return running_h + _LONG\n"
    short = shorten({"unit/a.py": text}, "")["unit/a.py"]
    assert "_LONG = const(5)" in short and "running_h" not in short


def test_names_that_cost_nothing_come_first_unless_the_program_says_them():
    text = "def first(value):\n    return second(value)\ndef second(value):\n    return value\n"
    assert "def acosh(" in shorten({"unit/a.py": text}, "")["unit/a.py"]
    assert "acosh" not in shorten({"unit/a.py": text}, "acosh")["unit/a.py"]


def test_what_is_built_on_is_told_from_what_is_its_own():
    text = "import esp32\ndef mine(flag):\n    esp32.Partition.find(label=flag)\n"
    names = foreign_names({"unit/a.py": text})
    assert {"esp32", "Partition", "find", "label"} <= names
    assert not names & {"mine", "flag"}
