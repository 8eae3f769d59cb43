"""Short texts that are no names: MicroPython makes a literal of up to ten characters a name, and keeps it for good.

The keys of what the console says are such. A blank behind them, which `Text.say` does not mind, makes them texts that
go with their module.
"""

import ast

from .edits import Edits

_NAME_CHARACTERS = 10  # MICROPY_ALLOC_PARSE_INTERN_STRING_LEN


def pad(sources: dict[str, str]) -> dict[str, str]:
    """The same modules, by path such as `unit/console/text.py`."""
    return {path: _changed(path, text) for path, text in sources.items()}


def _changed(path: str, text: str) -> str:
    edits = Edits(path, text)
    for node in ast.walk(ast.parse(text, path)):
        key = _key(node) if isinstance(node, ast.Call) else None
        if key and isinstance(key.value, str) and len(key.value) <= _NAME_CHARACTERS:
            edits.replace(key, repr(key.value.ljust(_NAME_CHARACTERS + 1)))
    return edits.text()


def _key(call: ast.Call) -> ast.Constant | None:
    """The literal key of `x.say("key")` or `label(c, "key")`."""
    say = isinstance(call.func, ast.Attribute) and call.func.attr == "say"
    label = isinstance(call.func, ast.Name) and call.func.id == "label"
    args = call.args[:1] if say else call.args[1:2] if label else []
    found = [arg for arg in args if isinstance(arg, ast.Constant)]
    return found[0] if found else None
