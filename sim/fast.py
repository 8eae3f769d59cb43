"""The fast simulator: the same sources, compiled.

Control core, world and inner loop are copied to `build/fast/`, `int` annotations become mypyc's machine integer `i64`
and module constants become final, and mypyc compiles the copy as package `qingxi_fast`. Nothing else is changed, so
the compiled code decides what the plain code decides; `tests/sim/test_one_truth.py` holds it. Integers of the core fit
30 bits by rule, so 64 never overflow; floating point is kept to the letter (no contraction into fused operations).
"""

import ast
import hashlib
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import unit.control  # where the firmware lies, installed or in a checkout

_SIM = Path(__file__).resolve().parent
_PACKAGE = "qingxi_fast"
_FLAGS = "-O2 -ffp-contract=off -w"


class NoCompiler(Exception):
    """There is no C compiler here, or it failed; the message says in one line what to do."""


def sources() -> dict[str, Path]:
    """Path inside the compiled package -> source file, of everything that is compiled."""
    control = Path(unit.control.__file__).resolve().parent
    found = {f"unit/control/{p.relative_to(control).as_posix()}": p for p in sorted(control.rglob("*.py"))}
    world = _SIM / "world"
    found |= {f"sim/world/{p.relative_to(world).as_posix()}": p for p in sorted(world.rglob("*.py"))}
    return found


def translate(source: str, package: str = _PACKAGE) -> str:
    """The compiled form of one module's source text, which becomes a part of `package`."""
    tree = ast.parse(source)
    lines = source.splitlines()
    edits: list[tuple[int, int, int, str]] = []  # line, start, end, replacement; columns count UTF-8 bytes

    def machine_ints(annotation: ast.expr | None) -> None:
        if annotation is not None and "array[" not in ast.unparse(annotation):  # whose numbers mypyc takes as `int`
            for node in ast.walk(annotation):
                if isinstance(node, ast.Name) and node.id == "int":
                    edits.append((node.lineno, node.col_offset, node.col_offset + 3, "i64"))

    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign | ast.arg):
            machine_ints(node.annotation)
        elif isinstance(node, ast.FunctionDef):
            machine_ints(node.returns)
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name) as target], value=value) if name.strip("_").isupper():
                number: ast.expr | None = None
                match value:
                    case ast.Call(func=ast.Name(id="const"), args=[inner]):
                        number = inner
                    case ast.Constant(value=int() | float()):
                        number = value
                if number is not None:
                    text = ast.get_source_segment(source, number)
                    end = statement.end_col_offset or 0
                    edits.append((statement.lineno, target.col_offset, end, f"{name}: Final = {text}"))
    for line, start, end, text in sorted(edits, reverse=True):
        raw = lines[line - 1].encode()
        lines[line - 1] = (raw[:start] + text.encode() + raw[end:]).decode()
    body = "\n".join(lines) + "\n"
    for part in ("unit.control", "sim.world", "tests.search"):
        body = body.replace(f"from {part}", f"from {package}.{part}")
    first = tree.body[0] if tree.body else None
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    after = first.end_lineno or 0 if first and is_docstring else 0
    imports = "from typing import Final\nfrom mypy_extensions import i64\n"
    kept = body.splitlines(keepends=True)
    return "".join(kept[:after]) + imports + "".join(kept[after:])


def _digest(texts: dict[str, bytes]) -> str:
    h = hashlib.sha256(f"{sys.version}{version('mypy')}{_FLAGS}".encode())
    h.update(Path(__file__).read_bytes())
    for name, text in texts.items():
        h.update(b"\0%s\0%d\0%s" % (name.encode(), len(text), text))
    return h.hexdigest()[:16]


def _cache() -> Path:
    """`build/fast` of the checkout, or the user's cache where that cannot be written."""
    checkout = _SIM.parent
    if (checkout / "pyproject.toml").exists() and os.access(checkout, os.W_OK):
        return checkout / "build" / "fast"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "qingxi" / "fast"


_SETUP = """
import sys
from mypyc.build import mypycify
from setuptools import setup
files = sys.argv.pop().split(",")
package = files[0].split("/")[0]
setup(name=package, packages=[package], ext_modules=mypycify(files, opt_level="2"))
"""


def _compile(texts: dict[str, bytes], target: Path, package: str) -> None:
    if not any(shutil.which(cc) for cc in (os.environ.get("CC", "cc"), "gcc", "clang")):
        raise NoCompiler("no C compiler found (on Debian: apt-get install gcc); running the plain source, far slower")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        root = Path(scratch)
        for name, text in texts.items():
            path = root / package / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(translate(text.decode(), package), encoding="utf-8")
            for folder in path.parents[: len(Path(name).parents)]:
                (folder / "__init__.py").touch()
        files = ",".join(f"{package}/{name}" for name, text in texts.items() if not name.endswith("__init__.py"))
        env = os.environ | {"CFLAGS": _FLAGS}
        command = [sys.executable, "-c", _SETUP, "-q", "build_ext", "--inplace", files]
        done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            tail = (done.stdout + done.stderr).strip()[-3000:]
            raise NoCompiler(f"compiling the simulator failed, running the plain source, far slower:\n{tail}")
        shutil.rmtree(root / "build", ignore_errors=True)
        try:
            os.rename(root, target)
        except OSError:
            if not target.exists():  # else somebody else has just built the same
                raise
        root.mkdir(exist_ok=True)


def load(module: str, files: dict[str, Path] | None = None, package: str = _PACKAGE) -> ModuleType:
    """The compiled twin of `module` ("unit.control.controller", "sim.world.world", "sim.world.loop").

    `files`, as of `sources()`, and `package`: what else to compile, under another name.
    Compiles on the first call after a change of the sources, some half a minute. Raises NoCompiler.
    """
    texts = {name: path.read_bytes() for name, path in (files or sources()).items()}
    target = _cache() / _digest(texts)
    if not target.exists():
        print("compiling the simulator (once after a change of its sources) ...", file=sys.stderr)
        _compile(texts, target, package)
    if str(target) not in sys.path:
        sys.path.insert(0, str(target))
    return importlib.import_module(f"{package}.{module}")


if __name__ == "__main__":
    print(load("unit.control.controller").__file__)
