"""Lines of a module put together: a board keeps a number in its heap for every line that something stands in.

Statements in a row become one line, and a short body stands behind its `if`. Comments and docstrings go. So a traceback
of a board names a line of this text; `python -m host_tools.unitkit.where unit.app 512` names the lines of the source.
"""

import ast
from typing import NamedTuple

_BODIES = ("body", "orelse", "finalbody")
_HEADS = ast.If | ast.For | ast.While | ast.With | ast.FunctionDef | ast.AsyncFunctionDef
_COMPOUND = _HEADS | ast.Try | ast.ClassDef | ast.AsyncFor | ast.AsyncWith | ast.Match


class Joined(NamedTuple):
    """`text`, and for each of its lines the first and the last line of the source that stand there, (0, 0) for none."""

    text: str
    sources: list[tuple[int, int]]


def join(source: str) -> Joined:
    """The same module in fewer lines."""
    tree = _Undocumented().visit(ast.parse(source))
    text = ast.unparse(tree)
    plain = ast.parse(text)
    lines = text.split("\n")
    sources = [(0, 0)] * (len(lines) + 1)
    for old, new in zip(ast.walk(tree), ast.walk(plain), strict=True):
        if isinstance(old, ast.stmt) and isinstance(new, ast.stmt):
            last = old.lineno if isinstance(old, _COMPOUND) else old.end_lineno or old.lineno
            sources[new.lineno] = (old.lineno, last)
    after, behind = _places(plain)
    made: list[str] = []
    found: list[tuple[int, int]] = []
    for number, line in enumerate(lines, 1):
        if number in after or number in behind:
            made[-1] += ("; " if number in after else " ") + line.lstrip()
            found[-1] = (found[-1][0], sources[number][1])
        else:
            made.append(line)
            found.append(sources[number])
    return Joined("\n".join(made) + "\n", found)


def _places(tree: ast.Module) -> tuple[set[int], set[int]]:
    """Lines that can stand after the statement before them, and those that can stand behind the head of theirs."""
    after: set[int] = set()
    behind: set[int] = set()
    for node in ast.walk(tree):
        for name in _BODIES:
            body = getattr(node, name, None)
            if not isinstance(body, list):
                continue
            for one, other in zip(body, body[1:], strict=False):
                if not isinstance(one, _COMPOUND) and not isinstance(other, _COMPOUND):
                    after.add(other.lineno)
            if name == "body" and isinstance(node, _HEADS) and not any(isinstance(part, _COMPOUND) for part in body):
                behind.add(body[0].lineno)
    return after, behind


class _Undocumented(ast.NodeTransformer):
    """A tree without texts that nobody takes."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [part for part in body if not _is_text(part)]  # type: ignore[attr-defined]
            if body and not node.body and not isinstance(node, ast.Module):  # type: ignore[attr-defined]
                node.body = [ast.Pass(lineno=body[0].lineno, end_lineno=body[0].lineno)]  # type: ignore[attr-defined]
        return node


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
