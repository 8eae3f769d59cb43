"""The house rules that a machine can check: arrows of imports, complete catalogues, sizes, packages, clean text."""

import ast
import re
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest
from pip._internal.models.index import PyPI
from unit.catalogue import settings as catalogue
from unit.catalogue import tables
from unit.control.io import OUTPUT_NAMES

from sim.report.words import columns
from tests import arrows
from tests.vm import ROOT

FIRMWARE = ROOT / "firmware"
PRODUCT = [FIRMWARE, ROOT / "sim", ROOT / "host_tools"]
NOT_OURS = {".git", ".venv", "build", "out", "typings", "node_modules", "__pycache__"}
MAX_LINES = 400

HARDWARE = {"machine", "esp32", "network"}
# Only these may import what exists on a board alone.
HARDWARE_PLACES = {
    "boot.py", "main.py", "slots.py", "unit/room.py", "unit/app.py", "unit/clock.py", "unit/restart.py",
    "unit/safe_mode.py", "unit/uplink/net/wifi.py", "unit/uplink/net/ethernet.py",
    "unit/uplink/net/cellular.py",
}  # fmt: skip


def modules(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*.py")) if not NOT_OURS & set(path.parts)]


def imports(path: Path) -> set[str]:
    """Dotted names that a module imports from outside its own package."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module or "")
    return found


def test_arrows_point_down():
    """Also those inside functions. A folder and the folders in it may use each other, for no module is in a circle."""
    for room, uses in arrows.arrows().items():
        for other, which in uses.items():
            inside = room.startswith(other + "/") or other.startswith(room + "/")
            down = arrows.FLOORS.index(other) < arrows.FLOORS.index(room)
            assert down or (inside and room not in {"sim", "host_tools"}), which


def test_no_module_is_in_a_circle():
    assert arrows.circles(arrows.graph()) == []


def test_a_circle_would_be_seen():
    assert arrows.circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]


def test_the_simulator_meets_the_tools_on_their_ground_floor_alone():
    used = {other for room, uses in arrows.arrows().items() if room.startswith("sim") for other in uses}
    assert {room for room in used if room.startswith("host_tools")} == {
        "host_tools/unitkit", "host_tools/unitkit/shrink",
    }  # fmt: skip


def test_the_sheet_of_the_house_is_true():
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    assert arrows.table() in page, "docs/architecture.md: put in what `python -m tests.arrows` prints"


def test_on_a_pc_a_function_imports_only_what_need_not_be_there():
    """On a board code lies in the heap, so a module may wait for its use; on a PC an import stands at the top.

    But for what one system alone has, or only a fresh checkout, or what brings packages for MicroPython along.
    """
    known = arrows.modules()
    allowed = {"termios", "tty", "msvcrt", "grp", "httpx2", "unearth", "unearth.errors", "sim.publish"}
    for name, path in known.items():
        if path.is_relative_to(FIRMWARE) or "shim" in path.parts:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                for node in ast.walk(function):
                    if isinstance(node, ast.Import | ast.ImportFrom):
                        names = {node.module} if isinstance(node, ast.ImportFrom) else {a.name for a in node.names}
                        assert names <= allowed, f"{name}:{node.lineno} imports {names} inside a function"


def test_control_imports_nothing_outside_itself():
    for path in modules(FIRMWARE / "unit" / "control"):
        # `array` is memory, no way outside: a list of numbers takes twice as much.
        assert imports(path) <= {"array"}, f"{path.relative_to(ROOT)} imports {imports(path)}"
    uses = arrows.arrows()
    assert set(uses["firmware/unit/control"]) | set(uses["firmware/unit/control/process"]) == {
        "firmware/unit/control", "firmware/unit/control/process",
    }  # fmt: skip


def test_firmware_knows_nothing_of_its_tools():
    for path in modules(FIRMWARE):
        for name in imports(path):
            assert name.partition(".")[0] not in {"sim", "host_tools", "tests"}, f"{path.relative_to(ROOT)}: {name}"


def test_product_knows_nothing_of_its_tests():
    for folder in PRODUCT:
        for path in modules(folder):
            for name in imports(path):
                assert name.partition(".")[0] not in {"tests", "pytest"}, f"{path.relative_to(ROOT)} imports {name}"


def test_hardware_is_imported_in_few_places():
    for path in modules(FIRMWARE):
        place = path.relative_to(FIRMWARE).as_posix()
        if HARDWARE & {name.partition(".")[0] for name in imports(path)}:
            assert place in HARDWARE_PLACES, f"{place} imports {HARDWARE & imports(path)}"


@pytest.mark.parametrize("path", [p for folder in PRODUCT for p in modules(folder)], ids=lambda p: p.name)
def test_a_module_is_one_story(path):
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= MAX_LINES, f"{path.relative_to(ROOT)} has {lines} lines: two modules?"


TABLES = sorted(path.stem for path in (FIRMWARE / "unit/catalogue").glob("*.txt"))


@pytest.mark.parametrize("table", TABLES)
def test_catalogue_is_complete_in_both_languages(table):
    names = columns(table)
    keys = []
    for row in tables.rows(table):
        keys.append(tuple(row[:3]) if names[0] == "left" else row[0])
        assert len(row) == len(names), f"{table}.txt: {row}"
        words = dict(zip(names, row, strict=True))
        for column in names:
            if column not in ("zh", "en") and not column.endswith(("_zh", "_en")):
                continue
            text = words[column]
            assert text, f"{table}.txt: {row[0]} has no words in {column}"
            chinese = re.search(r"[\u4e00-\u9fff]", text)
            if column.endswith("en"):
                assert not chinese, f"{table}.txt: {row[0]}: Chinese words in {column}"
                other = words[column[:-2] + "zh"]
                assert set(re.findall(r"{\w*}", text)) == set(re.findall(r"{\w*}", other)), f"{table}.txt: {row[0]}"
            else:
                latin = re.search(r"[A-Za-z]{3}", text)
                assert chinese or not latin, f"{table}.txt: {row[0]}: no Chinese words in {column}"
    assert len(keys) == len(set(keys)), f"{table}.txt: an entry stands twice"


# Modules of the core whose numbers are the lines of a table.
NUMBERED = {"reasons": "reasons", "events": "events", "points": "points", "supervision": "alarms"}


@pytest.mark.parametrize("module", NUMBERED)
def test_numbers_in_the_core_are_lines_of_the_table(module):
    """`reasons.DRY` is the line of reasons.txt that is called dry, by its place; `points.RUN_S` that of p1_run_s, and
    those of the other outputs follow.
    """
    lines = [row[0] for row in tables.rows(NUMBERED[module])]
    numbers = {}
    tree = ast.parse((FIRMWARE / "unit" / "control" / f"{module}.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and isinstance(node.targets[0], ast.Name):
            name, value = node.targets[0].id.lower(), node.value.args[0]
            if not name.startswith("_") and isinstance(value, ast.Constant):
                each = [f"{output}_{name}" for output in OUTPUT_NAMES if f"{output}_{name}" in lines]
                for i, line in enumerate([name] if name in lines else each):
                    assert value.value + i not in numbers, f"{module}.py: {line} has the place of another"
                    numbers[value.value + i] = line
    if lines[0] == "none":
        numbers[0] = "none"  # a line that only keeps the places: no event has number 0
    assert [numbers.get(place) for place in range(len(lines))] == lines
    assert len(numbers) == len(lines)


def test_every_alarm_has_its_cause():
    tree = ast.parse((FIRMWARE / "unit" / "control" / "supervision.py").read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "self._cause"]
    used = {part.id for call in calls for part in ast.walk(call.args[0]) if isinstance(part, ast.Name)}
    numbered = {ast.unparse(node.targets[0]) for node in tree.body if isinstance(node, ast.Assign)}
    assert {name for name in used if name.isupper()} == {name for name in numbered if not name.startswith("_")}


def test_settings_that_the_code_names_exist():
    """A key spelt wrong in the code would be found only when that line runs."""
    keys = {row[0] for row in catalogue.entries()}
    sections = {key.partition(".")[0] for key in keys} - {"unit", "readings"}  # also a package, a file
    for folder in PRODUCT:
        for path in modules(folder):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    section, _, name = node.value.partition(".")
                    if section in sections and re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", name):
                        place = f"{path.relative_to(ROOT)}:{node.lineno}"
                        assert node.value in keys, f"{place}: no setting {node.value}"


def pyproject() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_every_package_is_installed():
    named = set(pyproject()["tool"]["setuptools"]["packages"])
    found = set()
    for folder, root in ((FIRMWARE / "unit", FIRMWARE), (ROOT / "sim", ROOT), (ROOT / "host_tools", ROOT)):
        for init in folder.rglob("__init__.py"):
            found.add(".".join(init.parent.relative_to(root).parts))
    assert named == found


def test_every_data_file_of_a_package_is_installed():
    patterns = pyproject()["tool"]["setuptools"]["package-data"]
    for name, folder in (("unit", FIRMWARE / "unit"), ("sim", ROOT / "sim"), ("host_tools", ROOT / "host_tools")):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix not in {".py", ".pyc"} and not NOT_OURS & set(path.parts):
                place = path.relative_to(folder).as_posix()
                assert any(fnmatch(place, pattern) for pattern in patterns.get(name, [])), f"{name}/{place}"


def texts() -> Iterator[tuple[Path, str]]:
    """Every text of the repository with its path."""
    for path in sorted(ROOT.rglob("*")):
        inside = path.relative_to(ROOT)
        if path.is_file() and not NOT_OURS & set(inside.parts) and not any(p.endswith("_cache") for p in inside.parts):
            try:
                yield inside, path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue  # a picture or an archive


def test_no_file_names_a_place_on_somebodys_machine():
    places = re.compile(r"(?<![\w.>}])(?:/(?:home|Users|work|root|tmp)/\w|[A-Z]:\\Users\\)")
    for path, text in texts():
        if "egg-info" in path.parts[0] or path.parts[0] in {".hypothesis", ".git"}:
            continue
        found = places.search(text)
        assert not found, f"{path}: {found[0] if found else ''}"
        assert str(ROOT) not in text, f"{path} names the folder it lies in"


def test_no_file_names_a_registry():
    """Which registry serves a package is a matter of whoever installs; the hosts' names are pip's own."""
    hosts = (PyPI.netloc, PyPI.file_storage_domain)
    for path, text in texts():
        if path.parts[0] not in {".hypothesis"} and "egg-info" not in path.parts[0]:
            assert not any(host in text for host in hosts), path


def test_modules_that_the_documents_name_are_there():
    """A page may name a module by its path or by the end of it."""
    folders = (*PRODUCT, ROOT / "tests")
    modules = [path.relative_to(ROOT).as_posix() for folder in folders for path in folder.rglob("*.py")]
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for name in re.findall(r"`([\w./]+\.py)`", page.read_text(encoding="utf-8")):
            assert any(f"/{module}".endswith(f"/{name}") for module in modules), f"{page.name}: no {name}"
