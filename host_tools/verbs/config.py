"""`qingxi config`: write, check and show a unit file; the schema and the reference page of unit files."""

import argparse
import json
import sys
from pathlib import Path

from unit.catalogue import settings as catalogue
from unit.catalogue import settings_words

from ..records import boardguide, unitdocs
from ..unitkit import boards, keys, memory, unitfile
from ..unitkit.errors import BadInput, Problems, both, in_language, told, writing
from ..unitkit.private import write_private
from ..unitkit.progress import say, show
from .arguments import add_group, add_verb, print_json

_WORDS = {
    "good": (
        "{path}：正确。站点 {id}，控制板 {board}，写出 {given} 项，其余 {rest} 项用默认值",
        "{path}: good. Unit {id}, board {board}, {given} settings given, {rest} left at their defaults",
    ),
    "warnings": ("；{count} 条提醒", "; warnings: {count}"),
    "module": (
        "  {board}：{chip}，闪存 {flash} MB，{psram}；MicroPython 用 {build}",
        "  {board}: {chip}, {flash} MB of flash, {psram}; MicroPython {build}",
    ),
    "psram": ("PSRAM {mb} MB", "{mb} MB of PSRAM"),
    "no_psram": ("没有 PSRAM", "no PSRAM"),
    "exists": (
        "{path}：文件已存在，不会覆盖；换一个文件名",
        "{path}: exists already and is not overwritten; choose another name",
    ),
    "written": (
        "已写入 {path}；改好后运行 qingxi config check {path}",
        "wrote {path}; edit it, then run: qingxi config check {path}",
    ),
    "key": (
        '已写入 {path}，只有本用户能读。站点文件 [mqtt] 写 credentials_file = "{name}"，烧录；同一把钥匙给平台',
        'wrote {path}, readable by you alone. Say credentials_file = "{name}" under [mqtt] of the unit file, flash the '
        "unit, and give the same key to its platform",
    ),
    "id": ("--id {id}：应为 {allowed}", "--id {id}: must be {allowed}"),
    "default": ("默认", "default"),
}


def add_parser(verbs) -> None:
    """Add the verb `config` and its sub-verbs to the command line."""
    subs = add_group(verbs, "config", "write, check and show unit files")
    new = add_verb(subs, "new", _new, "write a complete unit file to start from; never over an existing one")
    new.add_argument("--board", choices=boards.names(), default="esp32-devkitc", help="(default: %(default)s)")
    new.add_argument("--id", default="new-unit", help="id of the unit (default: %(default)s)")

    check = add_verb(subs, "check", _check, "check unit files: every mistake at once", "--json")
    check.add_argument("files", nargs="+", type=Path, metavar="FILE")

    what = "write a fresh command_key into a credentials file; never over an existing key"
    key = add_verb(subs, "key", _key, what)
    key.add_argument("file", type=Path, metavar="FILE", help="credentials file, made where it is not there")

    show = add_verb(subs, "show", _show, "show every setting: value, default, allowed values", "--json")
    show.add_argument("file", type=Path, metavar="FILE")

    wiring = add_verb(subs, "wiring", _wiring, "print a board's wiring page")
    wiring.add_argument("board", choices=boards.names())

    guide = add_verb(subs, "boards", _boards, "print the buying guide: which board for which unit")
    schema = add_verb(subs, "schema", _schema, "print the JSON Schema of a unit file, for editors")
    reference = add_verb(subs, "reference", _reference, "print the reference page of the unit file")
    where = "where to write it (default: standard output)"
    for sub in (new, wiring, guide, schema, reference):
        sub.add_argument("file", nargs="?", type=Path, metavar="FILE", help=where)


def _new(args: argparse.Namespace) -> int:
    row = catalogue.find("unit.id")
    if not catalogue.allows(row, args.id):
        raise BadInput(both(_WORDS["id"], id=args.id, allowed=settings_words.allowed(row, args.lang)))
    _write(args.file, unitdocs.new_file(boards.load(args.board), args.id), over=False)
    if args.file:
        show(told(_WORDS["written"], args.lang, path=args.file), aside=True)
    return 0


def _key(args: argparse.Namespace) -> int:
    """A fresh command key for a credentials file; it is never shown."""
    write_private(args.file, keys.with_key(args.file))
    say(args.lang, both(_WORDS["key"], path=args.file, name=args.file.name))
    return 0


def _check(args: argparse.Namespace) -> int:
    results = []
    problems = Problems()
    seen: keys.Seen = {}
    for path in args.files:
        try:
            unit = unitfile.load(path, args.lang)
        except BadInput as e:
            problems += e.problems
            results.append({"file": str(path), "ok": False, "problems": e.problems, "warnings": []})
            continue
        warnings = [*unit.warnings, *unit.secrets_warnings(args.lang, seen)]
        result = {"file": str(path), "ok": True, "problems": [], "warnings": warnings}
        results.append(result | {"unit": unit.id, "sha256": unit.sha256, "memory": _memory(unit)})
        given = len(unit.given)
        fill = {"path": path, "id": unit.id, "board": unit.board.name, "given": given}
        good = told(_WORDS["good"], args.lang, rest=len(unit.settings) - given, **fill)
        if warnings:
            good += told(_WORDS["warnings"], args.lang, count=len(warnings))
        show(good, args.json)
        for line in _memory_lines(unit, args.lang):
            show(line, args.json)
        for warning in warnings:
            show(warning, aside=True)
    if args.json:
        print_json(results[0] if len(results) == 1 else results, 2)
    problems.refuse()
    return 0


def _memory(unit: unitfile.Unit) -> dict:
    """What the board's memory allows, for programs; `way` is the one that this unit goes."""
    board = unit.board
    found = {"board": board.name, "psram_mb": board.psram_mb, "micropython": board.micropython}
    return found | {"allows": memory.allows(board), "way": memory.way_of(unit.settings)}


def _memory_lines(unit: unitfile.Unit, lang: str) -> list[str]:
    """The same for people, with a mark at the way that this unit goes."""
    board = unit.board
    own = memory.way_of(unit.settings)
    psram = in_language(both(_WORDS["psram" if board.psram_mb else "no_psram"], mb=board.psram_mb), lang)
    fill = {"board": board.name, "chip": board.chip, "flash": board.flash_mb, "psram": psram}
    lines = [told(_WORDS["module"], lang, build=board.micropython, **fill)]
    for way, answer in memory.allows(board).items():
        words = in_language(memory.WAYS[way][0], lang), in_language(memory.ANSWERS[answer], lang)
        lines.append(f"{'→' if way == own else ' '} {words[0]}{'：' if lang == 'zh' else ': '}{words[1]}")
    return lines


def _show(args: argparse.Namespace) -> int:
    unit = unitfile.load(args.file, args.lang)
    entries = [_entry(row, unit, args.lang) for row in catalogue.entries()]
    if args.json:
        print_json({"file": str(args.file), "unit": unit.id, "sha256": unit.sha256, "settings": entries}, 2)
        return 0
    for entry in entries:
        mark = f"({told(_WORDS['default'], args.lang)})" if entry["is_default"] else ""
        text = f"{entry['value']} {entry['unit']}".strip()
        show(f"{entry['key']:<28} {text:<24} {mark:<9} {entry['name_' + args.lang]}: {entry['allowed']}")
    return 0


def _entry(row: list[str], unit: unitfile.Unit, lang: str) -> dict:
    """One setting for `show`: `value` and `default` as they stand in the file, null where there is no default."""
    key = row[unitdocs.KEY]
    value = unit.settings[key]
    standard = catalogue.default(row)
    return {
        "key": key,
        "value": _plain(row, value),
        "unit": settings_words.unit(key),
        "default": None if standard is None else _plain(row, standard),
        "is_default": value == standard,
        "given": key in unit.given,
        "allowed": settings_words.allowed(row, lang, unit.board.compact()),
        "name_zh": row[unitdocs.ZH],
        "name_en": row[unitdocs.EN],
    }


def _plain(row: list[str], value: int | str) -> int | float | bool | str:
    return json.loads(unitdocs.written(row, value))


def _schema(args: argparse.Namespace) -> int:
    return _write(args.file, json.dumps(unitdocs.schema(), ensure_ascii=False, indent=2) + "\n")


def _reference(args: argparse.Namespace) -> int:
    return _write(args.file, unitdocs.reference())


def _boards(args: argparse.Namespace) -> int:
    return _write(args.file, boardguide.page())


def _wiring(args: argparse.Namespace) -> int:
    return _write(args.file, unitdocs.wiring_page(boards.load(args.board)))


def _write(path: Path | None, text: str, over: bool = True) -> int:
    """Write `text` to `path`, or to standard output without one; over an existing file only where `over` says so."""
    if path is None:
        sys.stdout.write(text)
        return 0
    with writing(path):
        try:
            with path.open("w" if over else "x", encoding="utf-8", newline="\n") as f:
                f.write(text)
        except FileExistsError as e:
            raise BadInput(both(_WORDS["exists"], path=path)) from e
    return 0
