"""The fleet file: a CSV with a unit a line, whose columns are settings; what is left out stands in a common unit file.

unit.id,unit.name_zh,unit.name_en,lift.well_area_m2
xiacun,下村污水处理站,Xiacun village,1.80
"""

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path

from unit.catalogue import settings as catalogue

from ..unitkit import tomltext, unitfile
from ..unitkit.errors import BadInput, Both, Problems, reading
from ..unitkit.unitfile import Unit

BASE = "base"  # a column that names another common unit file, relative to the fleet file
MUST = ("unit.id", "unit.name_zh", "unit.name_en")
_MOST_BYTES = 8 << 20


@dataclass(frozen=True)
class Planned:
    """One unit of the fleet: its checked settings and the text of its unit file. `line` is that of the CSV."""

    line: int
    unit: Unit
    text: str


def read(path: Path, base: Path, fixed: dict[str, str], lang: str) -> list[Planned]:
    """The units of a fleet file. `fixed` are settings, by key, that all units get.

    BadInput holds a sentence for every wrong cell, with file, line, column and what is allowed.
    """
    header, rows = table(path)
    problems = Problems(_wrong_header(path, header))
    problems.refuse()
    texts: dict[Path, str] = {}
    planned = []
    first_line: dict[str, int] = {}
    for line, cells in rows:
        if len(cells) > len(header):
            problems.note(
                f"{path}:{line}：有 {len(cells)} 格，表头只有 {len(header)} 列；含逗号的内容要加双引号",
                f"{path}:{line}: {len(cells)} cells: the header has {len(header)}; quote what has a comma in it",
            )
            continue
        row = {key: cell.strip() for key, cell in zip(header, cells) if cell.strip()}
        own_base = path.parent / row.pop(BASE) if BASE in row else base
        if own_base not in texts:
            texts[own_base] = tomltext.text_of(own_base, lang)
        text = edited(texts[own_base], row | fixed)
        unit, found = unitfile.checked(text, own_base, lang)
        problems += [_sentence(path, line, header, problem, sentence) for problem, sentence in found]
        unit_id = row.get("unit.id", "")
        if not unit_id:
            problems.note(f"{path}:{line}：unit.id 列是空的", f"{path}:{line}: column unit.id is empty")
        elif unit_id in first_line:
            problems.note(
                f"{path}:{line}：unit.id 列：{unit_id} 在第 {first_line[unit_id]} 行已有；每站一个",
                f"{path}:{line}: column unit.id: {unit_id} stands in line {first_line[unit_id]} already; "
                "each unit has its own",
            )
        first_line.setdefault(unit_id, line)
        if unit is not None:
            planned.append(Planned(line, unit, text))
    if not rows:
        problems.note(f"{path}：没有站点，每行写一个", f"{path}: there is no unit in it; write one a line")
    problems.refuse()
    return planned


def edited(text: str, values: dict[str, str]) -> str:
    """A unit file with these settings, by key, as they are written in a cell; comments and order stay."""
    lines = text.rstrip("\n").split("\n")  # not splitlines(): a text may hold what that takes for an end of a line
    for key, cell in values.items():
        section, _, name = key.partition(".")
        written = f"{name} = {_toml(key, cell)}"
        places = tomltext.key_lines("\n".join(lines))
        if key in places:
            old = lines[places[key] - 1]
            comment = old[_value_end(old) :]
            lines[places[key] - 1] = written + comment
        elif section in places:
            lines.insert(places[section], written)
        else:
            lines += ["", f"[{section}]", written]
    return "\n".join(lines) + "\n"


def _toml(key: str, cell: str) -> str:
    """A cell as a TOML value; one that cannot be what its setting wants becomes a text, which the check refuses."""
    row = catalogue.find(key)
    kind = catalogue.kind_of(row) if row else ""
    if kind == "bool" and cell.lower() in ("true", "false"):
        return cell.lower()
    if kind in ("int", "num") and cell.lstrip("-").replace(".", "", 1).isdecimal() and cell.isascii():
        sign, digits = ("-" if cell.startswith("-") else ""), cell.lstrip("-")
        whole, dot, part = digits.partition(".")
        return sign + (whole.lstrip("0") or "0") + (dot + (part or "0") if dot else "")
    return json.dumps(cell, ensure_ascii=False).replace("\x7f", "\\u007f")  # JSON may hold it as it is, TOML not


def _value_end(line: str) -> int:
    """Where, in a line `key = value # words`, the value ends: with the blanks before the comment."""
    quote = ""
    for at in range(line.index("=") + 1, len(line)):
        char = line[at]
        if quote:
            quote = "" if char == quote and line[at - 1] != "\\" else quote
        elif char in "\"'":
            quote = char
        elif char == "#":
            return len(line[:at].rstrip())
    return len(line)


def table(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """(header, [(line, cells)]) without empty lines. Spreadsheets write UTF-8 or, in China, GB 18030."""
    with reading(path), path.open("rb") as f:
        data = f.read(_MOST_BYTES + 1)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("gb18030", "replace")
    if len(data) > _MOST_BYTES or "\0" in text or "\ufffd" in text:
        raise BadInput.of(
            f"{path}：不是 CSV 表格；在表格软件里“另存为 CSV（UTF-8）”",
            f"{path}: no CSV table; in the spreadsheet say: save as CSV (UTF-8)",
        )
    reader = csv.reader(io.StringIO(text, newline=""))
    rows = []
    line = 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            rows.append((line, cells))
        line = reader.line_num + 1
    if not rows:
        return [], []
    return [cell.strip() for cell in rows[0][1]], rows[1:]


def _wrong_header(path: Path, header: list[str]):
    """A sentence for every column that is no setting, stands twice or is missing."""
    for key in dict.fromkeys(header):
        if header.count(key) > 1:
            yield Both(
                f"{path}:1：{key or '空'} 列出现两次", f"{path}:1: column {key or 'without a name'} stands twice"
            )
        elif key != BASE and catalogue.find(key) is None:
            near = unitfile.nearest(key) or "unit.name_zh"
            yield Both(
                f"{path}:1：{key or '空'} 列不是设置；应为 base 或设置名，如 {near}（全部：docs/unit-file.md）",
                f"{path}:1: column {key or 'without a name'} is no setting: it must be base or the key of one, such as "
                f"{near} (all: docs/unit-file.md)",
            )
    for key in MUST:
        if key not in header:
            yield Both(f"{path}:1：缺少 {key} 列", f"{path}:1: column {key} is missing")


def _sentence(path: Path, line: int, header: list[str], problem: tuple, sentence: str) -> str:
    key = next((key for key in unitfile.keys_of(problem) if key in header), "")
    column = (f"{key} 列：", f"column {key}: ") if key else ("", "")
    return Both(f"{path}:{line}：{column[0]}{sentence}", f"{path}:{line}: {column[1]}{sentence}")
