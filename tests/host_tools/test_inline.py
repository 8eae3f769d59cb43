"""What has one caller is written in there: fewer functions, and the same is done in the same order."""

import ast

import pytest

from host_tools.unitkit import fsimage
from host_tools.unitkit.shrink.inline import inline

HEAD = "class A:\n    def __init__(self):\n        self.n = 2\n        self.seen = []\n"


def functions(text: str) -> list[str]:
    return [node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]


def run(text: str, *given: object) -> list:
    """What an `A` has seen, and what its `run` has returned, for each of these."""
    bound: dict = {}
    exec(compile(text, "a.py", "exec"), bound)
    a = bound["A"]()
    return [*(a.run(one) for one in given), a.n, a.seen]


# What `run` may look like, with what it calls once. The names in front of `|` are left over.
BODIES = {
    "a statement": ("run", "self._add(x)", "def _add(self, x):\n    self.seen.append(x)"),
    "early returns": (
        "run", "self._add(x); self.seen.append(9)",
        "def _add(self, x):\n    if x < 0:\n        return\n    self.seen.append(x)\n"
        "    if x > 3:\n        self.n = 0\n        return\n    self.n = 1",
    ),
    "a return in a branch that goes on": (
        "run", "self._add(x)",
        "def _add(self, x):\n    if x < 3:\n        if x < 1:\n            return\n        self.n += x\n"
        "    self.seen.append(x)",
    ),
    "a return in a loop": (
        "run _find", "y = self._find(x)\nself.seen.append(y)",
        "def _find(self, x):\n    for i in range(9):\n        if i > x:\n            return i\n    return -1",
    ),
    "a return in a loop, handed on": (
        "run", "return self._find(x)",
        "def _find(self, x):\n    for i in range(9):\n        if i > x:\n            return i",
    ),
    "a value": (
        "run", "y: int = self._half(x)\nreturn y + self.n",
        "def _half(self, x):\n    if x > 2:\n        return x // 2\n    self.n += 1\n    return x",
    ),
    "a value or nothing": (
        "run", "y = self._half(x)\nreturn y",
        "def _half(self, x):\n    if x > 2:\n        return x // 2\n    self.n += 1",
    ),
    "a condition": (
        "run", "if self._big(x) and x < 4:\n    self.seen.append(x)\nelif x:\n    return 5",
        "def _big(self, x):\n    self.n += x\n    return self.n > 4",
    ),
    "not first": (
        "run _more", "return self.n + self._more(x)", "def _more(self, x):\n    self.n += x\n    return self.n",
    ),
    "variables of its own": (
        "run", "y = 7\nself._put(x + 1, y)\nreturn y + x",
        "def _put(self, z, x):\n    y = z * 2\n    z += 1\n    self.seen.append(y + z + x)",
    ),
    "two, whose variables meet": (
        "run", "a = self._one(x) + 1\nb = self._two(x)\nreturn a * 100 + b",
        "def _one(self, x):\n    y = x + 1\n    return y * y\n"
        "def _two(self, x):\n    y = x + 2\n    z = y + 1\n    return y * z",
    ),
    "one in the other": (
        "run", "return self._one(x)",
        "def _one(self, x):\n    y = x + 1\n    z = self._two(y)\n    return y * 10 + z\n"
        "def _two(self, x):\n    y = x * 3\n    self.n = y\n    return y + 1",
    ),
    "an expression in a loop's test": (
        "run", "while self._more():\n    self.n += 1", "def _more(self):\n    return self.n < 8",
    ),
    "an expression, more than once": (
        "run", "if self._more(1) or x > 2:\n    return self._more(5)", "def _more(self, k):\n    return self.n < k",
    ),
    "what is given changes meanwhile": (
        "run", "self._put(self.n)", "def _put(self, n):\n    self.n = 50\n    self.seen.append(n)",
    ),
    "an exception by name": (
        "run", "e = 4\nself._try(x)\nreturn e",
        "def _try(self, x):\n    try:\n        self.seen.append(1 // x)\n    except ZeroDivisionError as e:\n"
        "        self.seen.append(str(e))",
    ),
    "given by name": ("run _add", "self._add(x=x)", "def _add(self, x):\n    self.seen.append(x)"),
    "handed on": ("run _add", "f = self._add\nf(x)", "def _add(self, x):\n    self.seen.append(x)"),
    "a generator": ("run _all", "self.seen += self._all(x)", "def _all(self, x):\n    yield x"),
    "a function with variables of others": (
        "run _sum", "return self._sum(x)",
        "def _sum(self, x):\n    y = x\n    return sorted([1, 2], key=lambda k: -k * y)",
    ),
}  # fmt: skip


def class_a(body: str, others: str) -> str:
    def indented(text: str, by: str) -> str:
        return "".join(f"{by}{line}\n" for line in text.split("\n"))

    return HEAD + "    def run(self, x):\n" + indented(body, "        ") + indented(others, "    ")


@pytest.mark.parametrize("name", BODIES)
def test_it_does_the_same_with_fewer_functions(name):
    left, body, others = BODIES[name]
    text = class_a(body, others)
    made = inline({"unit/app.py": text})["unit/app.py"]
    assert set(functions(made)) == set(left.split()) | {"__init__"}
    given = (0, 1, 2, 3, 4, 7, -1)
    assert run(made, *given) == run(text, *given)


def test_what_others_may_say_stays():
    text = class_a("self.add(x)", "def add(self, x):\n    self.seen.append(x)")
    app = {"unit/app.py": text}
    assert "add" not in functions(inline(app)["unit/app.py"])
    for others in ({"unit/b.py": "def f(a):\n    a.add(1)\n"}, {"unit/b.py": "def f(a):\n    getattr(a, 'add')(1)\n"}):
        assert "add" in functions(inline(app | others)["unit/app.py"])
    assert "add" in functions(inline(app, "app.add(4)")["unit/app.py"])
    assert "add" in functions(inline(app | {"main.py": "u.add(4)\n"}, "", ["main.py"])["unit/app.py"])
    private = class_a("self._add(x)", "def _add(self, x):\n    self.seen.append(x)")
    another = "class B:\n    def go(self):\n        self._add()\n    def _add(self):\n        self.n = 1\n"
    assert "_add" not in functions(inline({"unit/app.py": private, "unit/b.py": another})["unit/app.py"])
    heir = "from .app import A\nclass C(A):\n    def _add(self, x):\n        pass\n"
    assert "_add" in functions(inline({"unit/app.py": private, "unit/b.py": heir})["unit/app.py"])
    stranger = "def f(a):\n    a._add(1)\n"
    assert "_add" in functions(inline({"unit/app.py": private, "unit/b.py": stranger})["unit/app.py"])


def test_what_brings_modules_into_memory_stays_by_itself():
    loads = class_a("self._load(x)", "def _load(self, x):\n    from .b import thing\n    self.seen.append(thing)")
    assert "_load" in functions(inline({"unit/app.py": loads})["unit/app.py"])
    starts = class_a("self._load(x)\nsettle()", "def _load(self, x):\n    self.seen.append(x)")
    assert "_load" in functions(inline({"unit/app.py": starts})["unit/app.py"])


def test_into_another_module_goes_only_what_is_always_there_and_needs_nothing_of_its_own():
    asks = "def show(a):\n    return a.total(1) + 1\n"
    total = class_a("self.n = x", "def total(self, x):\n    self.n += x\n    return len(self.seen)")
    made = inline({"unit/app.py": total, "unit/console/b.py": asks})
    assert "total" not in functions(made["unit/app.py"]) and "len(" in made["unit/console/b.py"]
    needs = total.replace("len(", "size(x) + size(") + "def size(x):\n    x = 1\n    return x\n"
    assert "total" in functions(inline({"unit/app.py": needs, "unit/console/b.py": asks})["unit/app.py"])
    assert "total" in functions(inline({"unit/other.py": total, "unit/console/b.py": asks})["unit/other.py"])


def test_the_firmware_has_many_functions_less_and_each_module_is_whole():
    sources = fsimage.sources()
    made = inline(sources, "", fsimage.OUTSIDE)
    assert made.keys() == sources.keys()
    before, after = (sum(len(functions(text)) for text in texts.values()) for texts in (sources, made))
    assert after < before - 80
    assert all(made[path] == sources[path] for path in fsimage.OUTSIDE)
