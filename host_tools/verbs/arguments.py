"""What the verbs have in common on the command line: arguments that several take, and how a result is printed."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from unit.catalogue.printable import is_printable, printable

Run = Callable[[argparse.Namespace], int]

_IMAGE = "an imported image (default: the newest imported that fits the board)"
_SHARED: dict[str, dict[str, Any]] = {
    "--unit": {"type": Path, "required": True, "metavar": "FILE", "help": "unit file"},
    "--port": {"required": True, "metavar": "DEV", "help": "serial port, such as /dev/ttyUSB0 or COM3"},
    "--micropython": {"type": Path, "metavar": "BIN", "help": _IMAGE},
    "--fresh": {"action": "store_true", "help": "empty a board that was a unit before"},
    "--dry-run": {"action": "store_true", "help": "do everything but write"},
    "--note": {"default": "", "metavar": "TEXT", "help": "a remark for the record and the register"},
    "--record": {"type": Path, "default": Path("out/records"), "metavar": "DIR", "help": "(default: %(default)s)"},
    "--json": {"action": "store_true", "help": "print the result as JSON"},
    "--lang": {"choices": ("zh", "en"), "default": argparse.SUPPRESS, "help": "language of messages"},
}


def add_verb(verbs, name: str, run: Run, what: str, *shared: str, about: str | None = None) -> argparse.ArgumentParser:
    """The parser of a verb, with these of the shared arguments and `--lang`; `about` tells more of it than `what`."""
    parser = verbs.add_parser(name, help=what, description=about or what)
    for argument in (*shared, "--lang"):
        parser.add_argument(argument, **_SHARED[argument])
    parser.set_defaults(run=run)
    return parser


def add_group(verbs, name: str, what: str, about: str | None = None):
    """Where the verbs of a verb go, such as `config check`."""
    parser = verbs.add_parser(name, help=what, description=about)
    parser.add_argument("--lang", **_SHARED["--lang"])
    return parser.add_subparsers(required=True, metavar="VERB")


def print_json(value: object, indent: int | None = None) -> None:
    """A result on standard output, for programs, but harmless where it meets a terminal: see `as_json`."""
    print(as_json(value, indent))


def as_json(value: object, indent: int | None = None) -> str:
    """JSON that people can read, with an escape for each character that would do something to a terminal."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    if printable(text, b"\n") == text:
        return text
    return "".join(c if c == "\n" or is_printable(ord(c)) else _escape(c) for c in text)


def _escape(c: str) -> str:
    return f"\\u{ord(c):04x}" if ord(c) < 0x10000 else json.dumps(c)[1:-1]
