"""The rooms of the house and the arrows between them, read from the imports of the code.

`python -m tests.arrows` prints the table that stands in docs/architecture.md; tests/test_house.py compares the two.
"""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Modules of `firmware/unit/` that the rooms above them need. What main.py names (it may be older than the pack that it
# starts) must stay where it is: `config`, `modules`, `restart`, and at the top `app` and `safe_mode`.
GROUND = {"config", "firmware", "kept", "lowest", "modules", "pin", "released", "restart", "room"}
# Every room, from the ground up: one may use only those before it, and a folder and the folders in it each other.
FLOORS = (
    "firmware/boot, slots, pack",
    "firmware/unit/control",
    "firmware/unit/control/process",
    "firmware/unit/catalogue",
    "firmware/unit (ground)",
    "firmware/unit/journal",
    "firmware/unit/drivers",
    "firmware/unit/uplink",
    "firmware/unit/uplink/net",
    "firmware/unit/uplink/commands",
    "firmware/unit/console",
    "firmware/unit/console/terminal",
    "firmware/unit/console/commands",
    "firmware/unit (top)",
    "firmware/main",
    "host_tools/unitkit",
    "host_tools/unitkit/shrink",
    "sim/world",
    "sim/scenario",
    "sim/report",
    "sim/board/shim",
    "sim/board",
    "sim",
    "sim/bench/vm",
    "sim/bench",
    "host_tools/image",
    "host_tools/device",
    "host_tools/records",
    "host_tools/verbs",
    "host_tools/bench",
    "host_tools",
)


def modules() -> dict[str, Path]:
    """Every module of the product, by its dotted name."""
    found = {}
    for folder, root in (("firmware", "firmware"), ("sim", "."), ("host_tools", ".")):
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT / root).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(path: Path, name: str, known: dict[str, Path], outer_only: bool = False) -> set[str]:
    """The modules of the product that one takes something from, in functions too unless `outer_only`."""
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = set()
    for node in tree.body if outer_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found |= {f"{base}.{alias.name}" if f"{base}.{alias.name}" in known else base for alias in node.names}
    return found & known.keys() - {name}


def graph() -> dict[str, set[str]]:
    """Module -> the modules that it imports, at its top or inside a function."""
    known = modules()
    return {name: imports(path, name, known) for name, path in known.items()}


def room_of(path: Path) -> str:
    folder = path.parent.relative_to(ROOT).as_posix()
    if folder == "firmware":
        return "firmware/main" if path.stem == "main" else "firmware/boot, slots, pack"
    if folder == "firmware/unit":
        if path.stem == "pack_head":  # numbers that the image builder writes into all that reads a pack
            return "firmware/boot, slots, pack"
        return "firmware/unit (ground)" if path.stem in GROUND | {"__init__"} else "firmware/unit (top)"
    return folder


def arrows() -> dict[str, dict[str, list[tuple[str, str]]]]:
    """Room -> the other rooms that it uses, with the imports that do, (module, module)."""
    known = modules()
    found: dict[str, dict[str, list[tuple[str, str]]]] = {}
    for name, path in known.items():
        own = found.setdefault(room_of(path), {})
        for other in sorted(imports(path, name, known)):
            if room_of(known[other]) != room_of(path):
                own.setdefault(room_of(known[other]), []).append((name, other))
    return found


def circles(arrows_of: dict[str, set[str]]) -> list[list[str]]:
    """Every group of modules that reach each other."""
    reach: dict[str, set[str]] = {}
    for name in arrows_of:
        seen: set[str] = set()
        waiting = list(arrows_of[name])
        while waiting:
            other = waiting.pop()
            if other not in seen:
                seen.add(other)
                waiting += arrows_of.get(other, ())
        reach[name] = seen
    groups = {tuple(sorted(b for b in reach[a] if a in reach[b])) for a in reach if a in reach[a]}
    return [list(group) for group in sorted(groups)]


def table() -> str:
    """The sheet of docs/architecture.md."""
    found = arrows()
    lines = ["| room | modules | uses |", "|---|---|---|"]
    counts: dict[str, int] = {}
    for path in modules().values():
        counts[room_of(path)] = counts.get(room_of(path), 0) + (path.name != "__init__.py")
    for room in sorted(counts, key=FLOORS.index):
        uses = ", ".join(f"`{other}`" for other in sorted(found[room], key=FLOORS.index))
        lines.append(f"| `{room}` | {counts[room]} | {uses or '–'} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(table(), end="")
