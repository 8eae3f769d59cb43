"""Changes to the text of a module at places that its syntax tree names, so that all other lines stay as they are."""

import ast

from ..errors import SurroundingsFailed


class Edits:
    """Collects replacements for one module; `text()` applies them. Lines keep their numbers."""

    def __init__(self, path: str, text: str):
        self._path = path
        self._lines = [line.encode() for line in text.split("\n")]  # ast counts columns in bytes
        self._edits: list[tuple[ast.stmt | ast.expr, str]] = []

    def replace(self, node: ast.stmt | ast.expr, text: str) -> None:
        """Put `text` in the place of a statement or an expression; a statement within others becomes `pass` for ""."""
        self._edits.append((node, text))

    def text(self) -> str:
        """The module with all changes. SurroundingsFailed for an expression over two lines."""
        lines = list(self._lines)
        # From the end to the start, so that the places of those before stay right.
        for node, text in sorted(self._edits, key=lambda e: (e[0].lineno, e[0].col_offset), reverse=True):
            assert node.end_lineno is not None and node.end_col_offset is not None
            first, last = node.lineno - 1, node.end_lineno - 1
            if first != last and isinstance(node, ast.expr):
                place = f"firmware/{self._path}:{node.lineno}"
                raise SurroundingsFailed.of(f"{place}：这一处跨了两行", f"{place}: a place that goes over two lines")
            tail = lines[last][node.end_col_offset :]
            if isinstance(node, ast.stmt) and not text:
                text = "pass" if node.col_offset else ""
            lines[first] = lines[first][: node.col_offset] + text.encode() + tail
            for line in range(first + 1, last + 1):
                lines[line] = b""
        return b"\n".join(lines).decode()


def origin(path: str, node: ast.ImportFrom, modules: dict[str, ast.Module], name: str = "") -> str:
    """The path of the module that `from ... import` in module `path` takes from, or of `name` where that is one."""
    folder = path.split("/")[: -node.level] if node.level else []
    parts = [*folder, *filter(None, (node.module or "").split(".")), *filter(None, [name])]
    found = "/".join(parts)
    return f"{found}.py" if f"{found}.py" in modules else f"{found}/__init__.py"


def relative(path: str, target: str) -> str:
    """How module `path` names module `target` in `from ... import`: dots, names; a script at the top, names alone."""
    package = path.split("/")[:-1]
    parts = target.removesuffix(".py").removesuffix("/__init__").split("/")
    if not package:
        return ".".join(parts)
    shared = 0
    while shared < min(len(package), len(parts)) and package[shared] == parts[shared]:
        shared += 1
    return "." * (len(package) - shared + 1) + ".".join(parts[shared:])
