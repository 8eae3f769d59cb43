"""What the settings catalogue writes: a new unit file, the JSON Schema of unit files, the reference page."""

import json
import re

from unit.catalogue import settings as catalogue
from unit.catalogue import settings_words, wiring
from unit.catalogue.lookup import words
from unit.catalogue.tables import rows

from ..unitkit import advice, boards

# Columns of a catalogue row (see settings.txt).
KEY, _, DECIMALS, DEFAULT, RANGE, FLAGS, ZH, EN = range(8)

_FLAGS = {
    "r": ("必填", "required"),
    "s": ("只用于仿真", "simulator only"),
    "p": ("不发送到控制板", "never sent to the board"),
    "a": ("改动前确认", "asks before a change"),
    "b": ("重启后生效", "after a reboot"),
}
# What the words are that a setting of a kind may have.
_WORDS_OF = {"choice": catalogue.choices, "terminal": catalogue.kinds, "probe": catalogue.probes}
_PATTERNS = {"tod": "^([01][0-9]|2[0-3]):[0-5][0-9]$", "tz": "^[+-](0[0-9]|1[0-4]):[0-5][0-9]$"}


def sections() -> dict[str, list[list[str]]]:
    """The catalogue's rows by section, in order."""
    found: dict[str, list[list[str]]] = {}
    for row in catalogue.entries():
        found.setdefault(row[KEY].partition(".")[0], []).append(row)
    return found


def written(row: list[str], value: int | str) -> str:
    """A value as it stands in the unit file: TOML."""
    text = settings_words.encode(row, value)
    return text if catalogue.kind_of(row) in ("int", "num", "bool") else json.dumps(text, ensure_ascii=False)


def between(row: list[str]) -> str:
    """The row's range with its unit, "60..20000 mm"; the words of a choice; "" where there is neither."""
    if words_of := _WORDS_OF.get(catalogue.kind_of(row)):
        return ", ".join(words_of(row))
    unit = settings_words.unit(row[KEY])
    return f"{row[RANGE]} {unit}" if unit else row[RANGE]


def new_file(board: boards.Board, unit_id: str) -> str:
    """A complete unit file for `board`: every setting at its default, terminals given out in order."""
    values: dict[str, int | str] = catalogue.defaults()
    values.update({"unit.id": unit_id, "unit.name_zh": unit_id, "unit.name_en": unit_id, "unit.board": board.name})
    values.update(_wiring(board))
    lines = [
        f"# {board.title_zh} · {board.title_en}",
        "# 数字的单位写在名称末尾；# 后面是说明和允许范围。没有写出的设置用默认值。",
        "# Every number's unit stands at the end of its key; after # come words and range.",
        "# What is left out has its default.",
        "# 检查 check:  qingxi config check FILE",
    ]
    for section, entries in sections().items():
        lines += ["", f"[{section}]  # {words('sections', section, 'zh')} · {words('sections', section, 'en')}"]
        for row in entries:
            key = row[KEY]
            setting = f"{key.partition('.')[2]} = {written(row, values[key])}"
            allowed = f" ({between(row)})" if between(row) else ""
            lines.append(f"{setting:<30} # {row[ZH]} · {row[EN]}{allowed}")
    return "\n".join(lines) + "\n"


def _wiring(board: boards.Board) -> dict[str, str]:
    """A terminal for each machine and each sensor, in order, none twice; none for what few units have."""
    free = dict(board.terminals)
    given: dict[str, str] = {}
    for row in sections()["wiring"]:
        rare = row[KEY].endswith("_running") or row[KEY] in ("wiring.energy", "wiring.network")
        able = (name for kind in catalogue.kinds(row) for name, t in free.items() if t[0] == kind)
        fit = "" if rare else next(able, "")
        given[row[KEY]] = fit
        free.pop(fit, None)
    return given


def wiring_page(board: boards.Board) -> str:
    """docs/wiring-<board>.md: the board's terminals, which of them not to use, and a wiring that works."""
    lines = [
        f"# {board.title_zh} · {board.title_en}",
        "",
        f'`board = "{board.name}"` · {board.chip}, {board.flash_mb} MB, PSRAM {board.psram_mb} MB · MicroPython '
        f"`{board.micropython}` · pin map 引脚来源: <{board.source}>",
        "",
        "## Wiring that works · 接线示例",
        "",
        "| `[wiring]` | terminal 端子 | pin 引脚 | 接什么 | what |",
        "|---|---|---|---|---|",
    ]
    for key, terminal in _wiring(board).items():
        if terminal:
            row = catalogue.find(key)
            pin = _pins_shown(board.terminals[terminal])
            lines.append(f"| `{key.partition('.')[2]}` | `{terminal}` | {pin} | {row[ZH]} | {row[EN]} |")
    lines += [
        "",
        "## All terminals · 全部端子",
        "",
        "| terminal 端子 | kind 类型 | pin 引脚 | |",
        "|---|---|---|---|",
    ]
    for name, compact in board.terminals.items():
        active = f"active {'high' if compact[1] else 'low'}" if compact[0] in ("relay", "input") else ""
        shunt = f"{compact[1]} ohm shunt" if compact[0] == "analog" else ""
        if compact[0] == "ethernet":
            shunt = '`network.kind = "ethernet"`'
        lines.append(f"| `{name}` | {compact[0]} | {_pins_shown(compact)} | {active}{shunt} |")
    for name in board.unfit:
        lines.append(f"| ~~`{name}`~~ | | | {boards.why(board, name, 'zh')} · {boards.why(board, name, 'en')} |")
    lines += ["", "## Mind · 注意", ""]
    lines += [f"- {note['zh']} {note['en']}" for note in board.notes]
    lines += [_WIRING_NOTES, _WIRING_FOOT.format(name=board.name)]
    return "\n".join(lines)


def _pins_shown(terminal: list[int | str]) -> str:
    if len(terminal) == 5 and isinstance(terminal[3], str):
        return f"{terminal[3]} 0x{terminal[4]:02x}, line {terminal[2]}"
    return ", ".join(f"GPIO{pin}" for pin in wiring.pins(terminal))


def schema() -> dict:
    """The JSON Schema (2020-12) of a unit file, for editors: each setting alone, without the rules between them."""
    properties = {}
    required = []
    for section, entries in sections().items():
        fields = {row[KEY].partition(".")[2]: _schema_of(row) for row in entries}
        needed = [row[KEY].partition(".")[2] for row in entries if "r" in row[FLAGS]]
        properties[section] = {
            "type": "object",
            "description": f"{words('sections', section, 'zh')} · {words('sections', section, 'en')}",
            "properties": fields,
            "required": needed,
            "additionalProperties": False,
        }
        if needed:
            required.append(section)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Qingxi unit file",
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _schema_of(row: list[str]) -> dict:
    kind = catalogue.kind_of(row)
    field: dict = {"description": f"{row[ZH]} · {row[EN]}"}
    if kind in ("int", "num"):
        low, high = row[RANGE].split("..")
        field["type"] = "integer" if kind == "int" else "number"
        field |= {"minimum": json.loads(low), "maximum": json.loads(high)}
    elif kind == "bool":
        field["type"] = "boolean"
    elif kind in ("choice", "probe"):
        field["enum"] = _WORDS_OF[kind](row)
    elif kind == "board":
        field["enum"] = boards.names()
    else:
        field["type"] = "string"
        if kind in _PATTERNS:
            field["pattern"] = _PATTERNS[kind]
        elif kind == "id":
            field["pattern"] = "^[a-z0-9-]{%s,%s}$" % catalogue.limits(row)
        elif kind != "terminal":
            field["minLength"], field["maxLength"] = catalogue.limits(row)
    if (value := catalogue.default(row)) is not None and value != "":
        field["default"] = json.loads(written(row, value))
    return field


def reference() -> str:
    """docs/unit-file.md: every setting with its default, range and meaning, and every rule between settings."""
    lines = [_HEAD]
    for section, entries in sections().items():
        lines += [
            f"## [{section}] {words('sections', section, 'zh')} · {words('sections', section, 'en')}",
            "",
            "| key | default | allowed | 说明 | meaning | |",
            "|---|---|---|---|---|---|",
        ]
        for row in entries:
            value = catalogue.default(row)
            shown = "" if value is None else f"`{written(row, value)}`"
            notes = ", ".join(_FLAGS[flag][1] for flag in row[FLAGS] if flag in _FLAGS)
            key = row[KEY].partition(".")[2]
            lines.append(f"| `{key}` | {shown} | {_kind_and_range(row)} | {row[ZH]} | {row[EN]} | {notes} |")
        lines.append("")
    lines += [_RULES]
    for left, op, right, only_if, zh, en in rows("rules"):
        condition = f" if `{only_if.replace('=', ' = ')}`" if only_if else ""
        lines.append(f"- `{left} {op} {right}`{condition}: {zh} · {en}")
    lines += ["", _ADVICE]
    for level in ("error", "warning"):
        lines += ["", f"### {_LEVELS[level]}", ""]
        lines += [f"- `{key}`: {_said(zh)} · {_said(en)}" for _, key, at, zh, en in advice.table() if at == level]
    return "\n".join(lines) + "\n"


def _said(words: str) -> str:
    """The words of a row of advice.txt with its figures left open."""
    return re.sub(r"\{[\w.]+\}", lambda m: f"`{m[0][1:-1]}`" if "." in m[0] else "…", words)


def _kind_and_range(row: list[str]) -> str:
    kind = catalogue.kind_of(row)
    text = between(row)
    if kind == "num":
        return f"{text}, {row[DECIMALS]} decimals"
    if kind in ("id", "text", "str"):
        return f"{text} characters"
    if kind in catalogue.TEXTS:
        return settings_words.allowed(row, "en")
    if kind == "terminal":
        return f"terminal: {text}"
    if kind == "board":
        return ", ".join(boards.names())
    return text or "true, false"


_HEAD = """# The unit file · 站点文件

One TOML file a treatment unit: the only input that the simulator, the image builder and the board need. The example is
`boards/esp32/units/qiaotou.toml`.

```
qingxi config new FILE       # a complete file to start from, with a comment on every line · 新建
qingxi config check FILE     # every mistake at once: file, line, key, what is allowed · 检查
qingxi config show FILE      # every value, its range, and whether it is the default · 查看
qingxi config schema         # JSON Schema, for editors that complete and check while typing
```

A key that is not on this page is refused. Every number's key ends in its unit. What is left out has its default.
Times of day are written `"HH:MM"`. The board checks what it gets with the same table and the same
code as `qingxi config check`.

This page is written by `qingxi config reference docs/unit-file.md` from `catalogue/settings.txt`; change it there.
"""

_WIRING_NOTES = """\
- 继电器只控制接触器线圈，不直接带电机；接触器线圈并联阻容吸收。 \
Relays switch the coils of contactors, never a motor; put an RC snubber across each coil.
- 高位浮球另有一路硬接线到接触器，不经控制板。 \
The high float also has a hard wire of its own to the contactor, past this board.
- 浮球、反馈用干接点接地；4-20 mA 用采样电阻接地，信号地与电源地共地。 \
Floats and feedback are dry contacts to ground; 4-20 mA runs through the shunt to the supply's ground.
- 传感器和触点的接法见 [sensors.md](sensors.md)。 \
How each sensor and contact is wired: [sensors.md](sensors.md).
"""

_WIRING_FOOT = """`qingxi config wiring {name} docs/wiring-{name}.md` writes this page from `boards/esp32/{name}.toml`.
"""

_RULES = """## Between settings · 设置之间

Each value may be in its range, and the file still be refused, because two values do not go together:
"""

_ADVICE = """## What they come to · 合起来会怎样

Each value may be right, and the unit still spill, burn a pump or never aerate. `qingxi config check` works that out
from the well's size, the pumps' flow and what is wired, and says in a sentence what would be right (here: …). Errors
are refused like any other; warnings leave the exit code 0, and stand under `warnings` with `--json`. This part the PC
alone checks, all above the board too, when something is set at its console."""
_LEVELS = {"error": "Errors · 错误", "warning": "Warnings · 提醒"}
