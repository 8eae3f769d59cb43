"""Nothing that comes from outside does anything to the terminal of whoever runs a tool."""

import ast
import json
from pathlib import Path

import pytest
from unit.catalogue.printable import is_printable

from host_tools import main
from host_tools.device import self_test
from host_tools.records.flash_record import label
from host_tools.unitkit.progress import show
from host_tools.verbs import arguments, register
from tests.vm import ROOT

EVIL = "\x1b]0;gone\x07\x9b2J\u202eevil\u200b\u2028\ud800\x7f\r\ufeff\U000e0041"
CONSOLE = ("console.py", "sim.py")  # a terminal itself; lines drawn anew


def is_safe(text: str) -> bool:
    return all(c == "\n" or is_printable(ord(c)) for c in text)


def test_what_is_shown_and_said_is_safe(capsys):
    show(EVIL)
    show(EVIL + "\n桥头", aside=True)
    out, err = capsys.readouterr()
    assert is_safe(out) and is_safe(err)
    assert out == "?]0;gone??2J?evil???????\n"
    assert err.endswith("\n桥头\n")


def test_json_is_safe_valid_and_says_the_same(capsys):
    for indent in (None, 2):
        arguments.print_json({"why": EVIL, "名": ["桥头", "\U0001f4a7"]}, indent)
        out = capsys.readouterr().out
        assert is_safe(out) and "桥头" in out and "\U0001f4a7" in out
        out.encode()
        assert json.loads(out) == {"why": EVIL, "名": ["桥头", "\U0001f4a7"]}


def test_verbs_print_by_no_other_way():
    """So that a new one cannot forget it."""
    for path in [ROOT / "host_tools/main.py", *sorted((ROOT / "host_tools/verbs").glob("*.py"))]:
        called = [n for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Call)]
        prints = [n.lineno for n in called if isinstance(n.func, ast.Name) and n.func.id == "print"]
        allowed = 1 if path.name == "arguments.py" else 9 if path.name in CONSOLE else 0
        assert len(prints) <= allowed, (path, prints)


def test_a_problem_that_quotes_a_file_is_safe(tmp_path: Path, capsys):
    path = tmp_path / "unit.toml"
    for written in ('id = "a\\u001b[2Jb\\u202e"', '"\\u009b2J" = 1', 'board = "\\u202eeno\\u001b"'):
        path.write_text(f"[unit]\n{written}\n", encoding="utf-8")
        assert main.main(["config", "check", str(path)]) == 2
        shown = capsys.readouterr()
        assert is_safe(shown.err) and is_safe(shown.out) and str(path) in shown.err


@pytest.mark.parametrize("written", ["\\u009b2J", "\\u202e", "\\u200b", "\\u2028", "\\u061c"])
def test_a_name_that_turns_or_hides_text_is_refused(tmp_path: Path, capsys, written: str):
    text = (ROOT / "boards/esp32/units/qiaotou.toml").read_text(encoding="utf-8")
    path = tmp_path / "unit.toml"
    path.write_text(text.replace('name_zh = "', f'name_zh = "{written}'), encoding="utf-8")
    assert main.main(["--lang", "en", "config", "check", str(path)]) == 2
    assert "unit.name_zh" in capsys.readouterr().err


def test_a_foreign_register_is_shown_and_merged(tmp_path: Path, capsys):
    line = dict.fromkeys(register.KEYS, EVIL) | {"id": "1", "when": "2026-06-15T00:00:00+08:00", "unit": "a\nb"}
    foreign, own = tmp_path / "foreign.jsonl", tmp_path / "own.jsonl"
    foreign.write_text(json.dumps(line) + "\n")
    assert main.main(["register", str(own), "--merge", str(foreign)]) == 0
    out = capsys.readouterr().out
    assert is_safe(out) and out.count("\n") == 1
    assert register.read(own) == [line]


def test_a_boards_report_is_safe_before_it_goes_into_pages_and_files():
    shown = "unit ok xia\u202ecun\r\nmicropython ok 1.26\x9b2J\x00\r\nend\r\n"
    tests = self_test.parse(shown)
    assert tests is not None
    assert tests["unit"].detail == "xia?cun" and tests["micropython"].detail == "1.26?2J?"


def test_a_label_is_neither_markup_nor_turned():
    page = label("QINGXI x", "x\u202e", ["<b>\u2066"])
    assert "\u202e" not in page and "\u2066" not in page and "&lt;b&gt;?" in page
