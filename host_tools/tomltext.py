"""TOML files that people write by hand: read one, and name every mistake in it by file, line and key."""

import re
import tomllib
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from .errors import BadInput

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]")
_KEY = re.compile(r"\s*((?:[A-Za-z0-9_-]+|\"[^\"]*\")(?:\s*\.\s*[A-Za-z0-9_-]+)*)\s*=")


class TomlText:
    """One parsed file: `.data` is what tomllib read, `.problems` the sentences collected so far."""

    def __init__(self, path: Path, text: str):
        """Parse `text`. BadInput when it is not TOML at all: there is nothing more to say about such a file."""
        self.path = path
        self.problems: list[str] = []
        try:
            self.data: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as e:
            raise BadInput(f"{path}: not a TOML file: {e}") from None
        self._lines = _key_lines(text)

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
        if self.problems:
            raise BadInput(*self.problems)


def read(path: Path) -> TomlText:
    """Read and parse `path`. BadInput when the file is missing, unreadable, not UTF-8 or not TOML."""
    try:
        return TomlText(path, path.read_text(encoding="utf-8-sig"))
    except OSError as e:
        raise BadInput(f"{path}: cannot be read: {e.strerror}") from None
    except UnicodeDecodeError as e:
        raise BadInput(f"{path}: not UTF-8 text: {e.reason} at byte {e.start}") from None


def _readable(key: str) -> str:
    """`fault.0.kind` as a person counts: `fault 1, kind`."""
    return re.sub(r"\.(\d+)(\.|$)", lambda m: f" {int(m[1]) + 1}" + (", " if m[2] else ""), key)


def _key_lines(text: str) -> dict[str, int]:
    """Where each key and table header stands: dotted path -> line number. A scan that is right for files laid out
    one key a line; a path that it misses only costs the message its line number."""
    lines: dict[str, int] = {}
    counts: dict[str, int] = {}
    prefix = ""
    for number, line in enumerate(text.splitlines(), 1):
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
