"""The unit file (TOML): the technician's only input, read and checked for simulator, image builder and board.

The check itself is `unit.catalogue.settings`, the same code that the board runs; here stands what only the PC knows:
TOML, line numbers, board files, suggestions.
"""

import datetime
import difflib
import hashlib
import json
import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from unit import assembly
from unit.catalogue import settings as catalogue
from unit.catalogue import settings_problems
from unit.uplink import credentials

from . import advice, boards, keys, memory, tomltext
from .errors import BadInput, in_language, reading, told

SIMULATOR_OR_PC_ONLY = ("s", "p")  # flags of settings that no board gets

_WORDS = {
    "suggest": ("；是不是 {near}？", "; did you mean {near}?"),
    "warning": ("提醒：", "warning: "),
    "terminal": ("{key} = {value}：{why}", "{key} = {value}: {why}"),
    "no_file": (
        '{key} = ""：mqtt.broker 已填写，{other} 时必须给出这个文件（{name}）',
        '{key} = "": must name a {name}, for mqtt.broker is set and {other}',
    ),
}


def is_for_pc(row: list[str]) -> bool:
    """Whether a setting never reaches a board."""
    return any(flag in row[5] for flag in SIMULATOR_OR_PC_ONLY)


@dataclass(frozen=True)
class Unit:
    """A checked unit file.

    `settings` holds every setting with defaults filled in, as the board keeps it (see `unit.catalogue.settings`);
    `given` the keys that stand in the file; `warnings` a sentence, with file and line, for what is no mistake and yet
    leaves a rule without its witness, or little time.
    """

    path: Path
    settings: dict[str, int | str]
    given: frozenset[str]
    board: boards.Board
    warnings: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return str(self.settings["unit.id"])

    @property
    def names(self) -> tuple[str, str]:
        """(Chinese, English)."""
        return str(self.settings["unit.name_zh"]), str(self.settings["unit.name_en"])

    def control_settings(self) -> dict[str, int]:
        """The settings that are numbers: what the control core and the plant run on."""
        return assembly.control_settings(self.settings)

    def board_settings(self) -> dict[str, int | str]:
        """What the board gets: every setting that differs from its default and is not for the PC alone; no secrets."""
        standard = {row[0]: catalogue.default(row) for row in catalogue.entries() if not is_for_pc(row)}
        found = {key: self.settings[key] for key, value in standard.items() if self.settings[key] != value}
        return found | {"mqtt.keyed": 1} if self.is_keyed else found

    @property
    def is_keyed(self) -> bool:
        """Whether the unit obeys signed commands only: its file says so, or its credentials file holds a key."""
        return bool(self.settings["mqtt.keyed"]) or bool(keys.key_of(self.files().get("mqtt.credentials_file")))

    def board_json(self) -> str:
        """`board_settings` as compact JSON with sorted keys: equal settings give equal bytes."""
        return compact_json(self.board_settings())

    def pins_json(self) -> str:
        """The board's terminals as compact JSON: what `settings.check` and the drivers read on the board."""
        return compact_json(self.board.compact())

    @property
    def sha256(self) -> str:
        """The configuration's hash: that of `board_json`, in hexadecimal."""
        return hashlib.sha256(self.board_json().encode()).hexdigest()

    def files(self) -> dict[str, Path]:
        """The files (secrets, certificates) that the unit file names, by setting, relative to the unit file."""
        named = {row[0]: str(self.settings[row[0]]) for row in catalogue.entries() if "p" in row[5]}
        return {key: self.path.parent / name for key, name in named.items() if name}

    def account(self) -> tuple[str | None, str | None, str | None]:
        """(user, password, command key) of the credentials file. BadInput: it cannot be read, or is wrong."""
        path = self.files().get("mqtt.credentials_file")
        if not path:
            return None, None, None
        with reading(path):
            try:
                return credentials.broker(str(path))
            except UnicodeDecodeError:
                raise
            except ValueError as e:
                raise BadInput(str(e)) from e

    def secrets_warnings(self, lang: str, seen: keys.Seen) -> list[str]:
        """Sentences, with file and line, on what it shares with the units beside it and on weak secrets."""
        found = [(("file", key), told(_WORDS["warning"], lang) + in_language(sentence, lang))
                 for key, sentence in keys.warnings(self.path, self.settings, self.board, seen)]  # fmt: skip
        return _located(found, self.path, tomltext.text_of(self.path, lang)) if found else []


def compact_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def load(path: str | Path, lang: str = "en") -> Unit:
    """Read and check a unit file. BadInput holds a sentence in `lang` for every problem of the file."""
    path = Path(path)
    return parse(tomltext.text_of(path, lang), path, lang)


def parse(text: str, path: str | Path, lang: str = "en") -> Unit:
    """Check the text of a unit file; `path` is named in the sentences of BadInput."""
    path = Path(path)
    unit, found = checked(text, path, lang)
    if unit is None:
        raise BadInput(*_located(found, path, text))
    return unit


def checked(text: str, path: Path, lang: str) -> tuple[Unit | None, list[tuple[tuple, str]]]:
    """The unit, or None and every (problem of `settings.check`, sentence in `lang`). BadInput if it is no TOML."""
    tables = tomltext.tables_of(path, text, lang, parse_float=_Float)
    values = {key: _value(key, written) for key, written in _flatten(tables)}
    name = values.get("unit.board")
    board = boards.load(name) if isinstance(name, str) and name in boards.names() else None
    compact = board.compact() if board else None
    full: dict[str, int | str] = {}
    found = [(problem, _sentence(problem, lang, board, compact)) for problem in catalogue.check(values, compact, full)]
    beyond = [*memory.too_much(full, board)] if board else []
    missing = [problem for problem in _missing_files(full) if not beyond or problem[1] != "mqtt.ca_file"]
    found += [(problem, _sentence(problem, lang, board, compact)) for problem in beyond + missing]
    secret = list(keys.problems(path.parent, full))
    found += [(("file", key), in_language(sentence, lang)) for key, sentence in secret]
    if board is None and "unit.board" in full:
        problem = ("value", "unit.board", full["unit.board"])
        found.append((problem, _sentence(problem, lang, board, {"name": ", ".join(boards.names()), "terminals": {}})))
    findings = _advice(full, found, board)
    found += [(("advice", finding), in_language(finding.text, lang)) for finding in findings if finding.is_error]
    if found or board is None:
        return None, found
    mild = [
        (("advice", finding), told(_WORDS["warning"], lang) + in_language(finding.text, lang)) for finding in findings
    ]
    return Unit(path, full, frozenset(values), board, tuple(_located(mild, path, text))), []


def _advice(full: dict, found: list, board: boards.Board | None) -> list[advice.Finding]:
    """What the settings come to, where none that this depends on is wrong by itself."""
    wrong = {key.partition(".")[0] for problem, _ in found for key in keys_of(problem)}
    if board is None or wrong & advice.SECTIONS:
        return []
    return list(advice.found(full, board.terminals))


def _missing_files(full: dict):
    """Yield the files without which a unit would never reach its broker; no board has settings that name files."""
    if full.get("mqtt.broker"):
        if full.get("network.kind") == 0 and full.get("network.wifi_file") == "":
            yield "no_file", "network.wifi_file", "network.kind = wifi"
        if full.get("mqtt.tls") and full.get("mqtt.ca_file") == "":
            yield "no_file", "mqtt.ca_file", "mqtt.tls = true"


def keys_of(problem: tuple) -> list[str]:
    """The settings that a problem names: of a rule up to four, of advice all in its sentence."""
    if problem[0] == "advice":
        return problem[1].keys
    return re.findall(r"\w+\.\w+", f"{problem[1][0]} {problem[1][2]}") if problem[0] == "rule" else [problem[1]]


class _Float(str):
    """A decimal as it is written, so that 1.80 m2 becomes 180 without a detour through binary fractions."""


class _Wrong:
    """A value that cannot be what its setting wants; shown as it stands in the file."""

    def __init__(self, written: object):
        self.written = written

    def __repr__(self) -> str:
        if isinstance(self.written, _Float):
            return str(self.written)
        if isinstance(self.written, datetime.date | datetime.time):
            return self.written.isoformat()
        return json.dumps(self.written, ensure_ascii=False, default=str)


def _flatten(tables: dict, above: str = ""):
    """(dotted key, value) of every entry; tables of tables are walked, so that nothing in the file is overlooked."""
    for key, value in tables.items():
        if isinstance(value, dict) and value:
            yield from _flatten(value, above + key + ".")
        else:
            yield above + key, value


def _value(key: str, written: object) -> object:
    """The value for the catalogue's check; `_Wrong` where the file's type or form does not fit the setting."""
    row = catalogue.find(key)
    if row is None:
        return _Wrong(written)
    kind = catalogue.kind_of(row)
    if kind in ("int", "num"):
        text = _plain(written)
    elif kind == "bool":
        text = {True: "true", False: "false"}[written] if isinstance(written, bool) else None
    else:
        text = written if type(written) is str else None
    value = catalogue.decode(row, text) if text is not None else None
    return _Wrong(written) if value is None else value


def _plain(written: object) -> str | None:
    """A TOML number in plain decimal digits; None for what is no number."""
    if type(written) is int:
        return str(written) if abs(written) < 10**12 else None
    if not isinstance(written, _Float):
        return None
    try:
        number = Decimal(written.replace("_", ""))
    except ArithmeticError:  # an exponent of twenty digits
        return None
    return format(number, "f") if number.is_finite() and -20 < number.adjusted() < 20 else None


def _sentence(problem: tuple, lang: str, board: boards.Board | None, compact: dict | None) -> str:
    code, key = problem[:2]
    if code == "value" and key.startswith("wiring.") and board and problem[2] in board.unfit:
        return told(_WORDS["terminal"], lang, key=key, value=f'"{problem[2]}"', why=boards.why(board, problem[2], lang))
    if code == "memory" and board:
        return in_language(memory.why(board), lang)
    if code == "no_file":
        row = catalogue.find(key) or []
        return told(_WORDS["no_file"], lang, key=key, other=problem[2], name=row[-2] if lang == "zh" else row[-1])
    text = settings_problems.sentence(problem, lang, compact)
    if code == "unknown" and (near := nearest(key)):
        text += told(_WORDS["suggest"], lang, near=near)
    return text


def nearest(key: str) -> str | None:
    """The setting whose key is most like a wrong one; the same last word in another section counts as alike."""
    keys = [row[0] for row in catalogue.entries()]
    if close := difflib.get_close_matches(key, keys, 1, 0.7):
        return close[0]
    word = key.rpartition(".")[2]
    close = difflib.get_close_matches(word, [k.partition(".")[2] for k in keys], 1, 0.7)
    return next((k for k in keys if k.partition(".")[2] == close[0]), None) if close else None


def _located(found: list[tuple[tuple, str]], path: Path, text: str) -> list[str]:
    """The sentences with file and line in front, in the order of the file; what is missing from it comes last."""
    lines = tomltext.key_lines(text)
    placed = []
    for problem, sentence in found:
        # The first of its settings that stands in the file gives the line.
        line = next((lines[key] for key in keys_of(problem) if key in lines), None)
        placed.append((line or 10**9, f"{path}:{line}: {sentence}" if line else f"{path}: {sentence}"))
    return [sentence for _, sentence in sorted(placed, key=lambda item: item[0])]
