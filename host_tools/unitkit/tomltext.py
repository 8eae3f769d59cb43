"""TOML files that people write by hand: read one, and name every mistake in it by file, line and key."""

import re
import tomllib
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from .errors import BadInput, Problems

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]")
_KEY = re.compile(r"\s*((?:[A-Za-z0-9_-]+|\"[^\"]*\")(?:\s*\.\s*[A-Za-z0-9_-]+)*)\s*=")

_MOST_CHARS = 1 << 20  # of a file that a person writes
_DEEPEST = 20  # tables or arrays within each other; no file of ours has more than three


class TomlText:
    """One parsed file: `.data` is what tomllib read, `.problems` the sentences collected so far."""

    def __init__(self, path: Path, text: str):
        """Parse `text`. BadInput when it is not TOML at all: there is nothing more to say about such a file."""
        self.path = path
        self.problems = Problems()
        self.data = tables_of(path, text)
        self._lines = key_lines(text)

    def wrong(self, key: str, what: str) -> None:
        """Note a problem. `key` is a dotted path such as `inflow.scale` or `fault.0.kind`."""
        parts = key.split(".")
        line = None
        while parts and line is None:
            line = self._lines.get(".".join(parts))
            parts.pop()
        where = f"{self.path}:{line}" if line else str(self.path)
        self.problems.append(f"{where}: {_readable(key)}: {what}")

    def unknown_keys(self, prefix: str, table: dict[str, Any], allowed: Iterable[str]) -> None:
        """Note every key of `table` that is not allowed there."""
        names = list(allowed)
        for key in table:
            if key not in names:
                near = get_close_matches(key, names, 1)
                hint = f"did you mean {near[0]}? " if near else ""
                self.wrong(f"{prefix}{key}", f"unknown key; {hint}allowed here: {', '.join(names)}")

    def raise_if_wrong(self) -> None:
        """BadInput with all the problems, when there are any."""
        self.problems.refuse()


def read(path: Path) -> TomlText:
    """Read and parse `path`. BadInput when the file is missing, unreadable, not UTF-8 or not TOML."""
    return TomlText(path, text_of(path))


def text_of(path: Path, lang: str = "en") -> str:
    """The text of a file. BadInput, in `lang`, when it is missing, unreadable or not UTF-8."""
    try:
        with path.open(encoding="utf-8-sig") as f:
            text = f.read(_MOST_CHARS + 1)
    except OSError as e:
        why = "读不了" if lang == "zh" else "cannot be read"
        raise BadInput(f"{path}: {why}: {e.strerror}") from None
    except UnicodeDecodeError as e:
        why = "不是 UTF-8 文字" if lang == "zh" else "not UTF-8 text"
        raise BadInput(f"{path}: {why}: {e.reason} at byte {e.start}") from None
    if len(text) > _MOST_CHARS:
        why = f"超过 {_MOST_CHARS} 字" if lang == "zh" else f"longer than {_MOST_CHARS} characters"
        raise BadInput(f"{path}: {why}")
    return text


def tables_of(path: Path, text: str, lang: str = "en", parse_float: Callable[[str], Any] = float) -> dict[str, Any]:
    """What tomllib makes of `text`. BadInput, in `lang`, when it is not TOML."""
    try:
        tables = tomllib.loads(text, parse_float=parse_float)
        _check_depth(tables)
        return tables
    except (ValueError, RecursionError) as e:  # beside TOML's own: thousands of digits, thousands of brackets
        line = re.search(r"line (\d+)", str(e))
        where = f"{path}:{line[1]}" if line else str(path)
        why = "不是 TOML 文件" if lang == "zh" else "not a TOML file"
        raise BadInput(f"{where}: {why}: {e}") from None


def _check_depth(tables: dict[str, Any]) -> None:
    """ValueError where tables or arrays lie deeper in each other than whoever walks over them can go."""
    inside: list[Any] = [tables]
    for _ in range(_DEEPEST):
        inside = [
            part
            for outer in inside
            for part in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(part, dict | list)
        ]
    if inside:
        raise ValueError(f"tables or arrays within each other, more than {_DEEPEST} deep")


def _readable(key: str) -> str:
    """`fault.0.kind` as a person counts: `fault 1, kind`."""
    return re.sub(r"\.(\d+)(\.|$)", lambda m: f" {int(m[1]) + 1}" + (", " if m[2] else ""), key)


def key_lines(text: str) -> dict[str, int]:
    """Where each key and table header stands: dotted path -> line number. A scan that is right for files laid out
    one key a line; a path that it misses only costs the message its line number."""
    lines: dict[str, int] = {}
    counts: dict[str, int] = {}
    prefix = ""
    for number, line in enumerate(text.split("\n"), 1):
        if header := _HEADER.match(line):
            name = header[2].replace('"', "")
            if header[1] == "[[":
                counts[name] = counts.get(name, -1) + 1
                name = f"{name}.{counts[name]}"
            lines.setdefault(name, number)
            prefix = name + "."
        elif key := _KEY.match(line):
            lines.setdefault(prefix + re.sub(r'["\s]', "", key[1]), number)
    return lines
