"""The register: what was flashed where and when, one JSON object a line, only ever appended to.

`qingxi flash` and `qingxi swap` write to it by themselves. Files of several laptops merge: a line is a fact with an id
of its own, so that putting files together in any order, twice or in parts, gives the same register.
"""

import argparse
import contextlib
import datetime
import getpass
import hashlib
import json
import os
from pathlib import Path

from unit.catalogue.printable import printable

from ..unitkit.errors import BadInput, Both, Problems, reading, told, writing
from ..unitkit.progress import show
from .arguments import add_verb, as_json, print_json

FILE = "register.jsonl"
DEFAULT = Path("out/records") / FILE
# The keys of a line; what reads it may rely on them.
KEYS = (
    "when", "what", "unit", "board", "chip", "mac", "micropython", "micropython_sha256", "firmware", "firmware_sha256",
    "config_sha256", "swapped_for", "self_test", "record", "by", "note",
)  # fmt: skip
_SHOWN = ("when", "what", "unit", "mac", "firmware", "config_sha256", "self_test", "by", "note")

_WORDS = {
    "empty": ("{path}：登记簿是空的", "{path}: the register is empty"),
    "merged": ("{path}：加入 {new} 条，共 {all} 条", "{path}: {new} lines added, {all} in all"),
}


def add_parser(verbs) -> None:
    """Add the verb `register` to the command line."""
    p = add_verb(verbs, "register", run, "what was flashed where and when; merge registers of several computers")
    p.add_argument("file", nargs="?", type=Path, default=DEFAULT, metavar="FILE", help="(default: %(default)s)")
    p.add_argument("--merge", nargs="+", type=Path, default=[], metavar="FILE", help="take in the lines of these files")
    p.add_argument("--unit", metavar="ID", help="show the lines of this unit alone")
    p.add_argument("--json", action="store_true", help="print the lines as one JSON list")


def run(args: argparse.Namespace) -> int:
    """Merge what is to be merged, then show."""
    if args.file != DEFAULT and not args.merge:
        _must_exist([args.file])  # nothing was flashed yet, or the name is wrong
    lines = read(args.file)
    if args.merge:
        new = merge(args.file, args.merge)
        lines = read(args.file)
        show(told(_WORDS["merged"], args.lang, path=args.file, new=new, all=len(lines)), aside=True)
    lines = [line for line in lines if args.unit in (None, line["unit"])]
    if args.json:
        print_json(lines, indent=2)
    elif not lines:
        show(told(_WORDS["empty"], args.lang, path=args.file))
    for line in [] if args.json else lines:
        show("  ".join(_short(name, line[name]) for name in _SHOWN).rstrip())
    return 0


def entry(**facts: object) -> dict[str, object]:
    """A new line: `facts` under `KEYS`, the time and who did it added, and an id by which two files are merged."""
    line: dict[str, object] = {key: facts.pop(key, "") for key in KEYS}
    if facts:
        raise TypeError(f"the register has no {', '.join(facts)}")
    line["when"] = line["when"] or datetime.datetime.now().astimezone().isoformat(timespec="seconds")
    line["by"] = line["by"] or _who()
    return {"id": _id(line)} | line


def read(path: Path) -> list[dict[str, object]]:
    """The lines, oldest first. A last line without an end is what a power cut left and does not count.

    BadInput names every line that is no line of a register, or the file where it cannot be read.
    """
    with reading(path):
        text = path.read_text(encoding="utf-8") if path.exists() else ""
    found: dict[str, dict[str, object]] = {}
    problems = Problems()
    for number, text_line in enumerate(text.split("\n")[:-1], 1):
        line = _parsed(text_line)
        if line is None:
            problems.note(
                f"{path}:{number}：不是登记簿的一行；可用文本编辑器删掉这一行",
                f"{path}:{number}: no line of a register; it may be deleted with an editor",
            )
        elif line:
            found[str(line["id"])] = line
    problems.refuse()
    return sorted(found.values(), key=lambda line: (_instant(str(line["when"])), str(line["id"])))


def merge(path: Path, others: list[Path]) -> int:
    """Append to `path` every line of `others` that it does not have; returns how many. One bad line: none is taken."""
    _must_exist(others)
    known = {line["id"] for line in read(path)}
    new = {line["id"]: line for other in others for line in read(other) if line["id"] not in known}
    append(path, *new.values())
    return len(new)


def _must_exist(paths: list[Path]) -> None:
    if missing := [path for path in paths if not path.exists()]:
        raise BadInput(*(Both(f"{path}：没有这个文件", f"{path}: there is no such file") for path in missing))


def append(path: Path, *lines: dict[str, object]) -> None:
    """Put lines behind the others, on the disk before this returns. SurroundingsFailed where that fails."""
    data = "".join(as_json(line) + "\n" for line in lines).encode()
    if not data:
        return
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab+") as f:
            f.seek(0)
            f.truncate(f.read().rfind(b"\n") + 1)  # after a power cut in the line before only that one is lost
            f.write(data)
            f.flush()
            os.fsync(f.fileno())


def _parsed(text: str) -> dict[str, object] | None:
    """A line; empty for an empty one; None for what is none."""
    if not text.strip():
        return {}
    with contextlib.suppress(ValueError, RecursionError):
        line = json.loads(text)
        if isinstance(line, dict) and all(isinstance(line.get(key), str) for key in ("id", *KEYS)):
            _instant(line["when"])
            return line
    return None


def _instant(when: str) -> datetime.datetime:
    found = datetime.datetime.fromisoformat(when)
    return found if found.tzinfo else found.astimezone()


def _id(line: dict[str, object]) -> str:
    return hashlib.sha256(json.dumps(line, sort_keys=True).encode() + os.urandom(8)).hexdigest()[:16]


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def _short(name: str, value: object) -> str:
    text = printable(str(value))
    return text[:12] if name.endswith("sha256") else text
