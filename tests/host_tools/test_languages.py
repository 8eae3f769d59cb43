"""Whatever a technician's verb says, it says in Chinese and in English."""

import ast
import re

import pytest

from host_tools import main
from tests.vm import ROOT

TOOLS = ROOT / "host_tools"
ERRORS = {"BadInput", "AnswerIsNo", "SurroundingsFailed"}
# The simulator's and the board files' users are developers: these speak English alone.
FOR_DEVELOPERS = {"boards.py", "fold.py", "sim.py", "sim_board.py", "tomltext.py", "__init__.py"}
MODULES = [path for path in sorted(TOOLS.rglob("*.py")) if path.name not in FOR_DEVELOPERS]


def has_chinese(text: str) -> bool:
    return re.search(r"[\u4e00-\u9fff]", text) is not None


def constants(node: ast.AST) -> str:
    """All literal text below a node, with {} for what is filled in."""
    return "".join(
        part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)
    )


def pairs(tree: ast.AST):
    """(line, Chinese, English) of every sentence that is written as a pair.

    That is `Both(...)`, an error's `of(...)`, `problems.note(...)`, or a tuple of two texts.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and takes_a_pair(node.func):
            yield node.lineno, constants(node.args[0]), constants(node.args[1])
        elif isinstance(node, ast.Tuple) and len(node.elts) == 2 and all(map(is_text, node.elts)):
            zh, en = map(constants, node.elts)
            if has_chinese(zh) or has_chinese(en):
                yield node.lineno, zh, en


def takes_a_pair(called: ast.expr) -> bool:
    match called:
        case ast.Name(id="Both" | "Damaged"):
            return True
        case ast.Attribute(value=ast.Name(id=error), attr="of"):
            return error in ERRORS
        case ast.Attribute(attr="note"):
            return True
    return False


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_no_error_is_told_in_english_alone(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ERRORS:
            for argument in node.args:
                assert not is_text(argument), f"{path.name}:{node.lineno}: a sentence in one language"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_each_sentence_has_both_languages_and_the_same_blanks(path):
    for line, zh, en in pairs(ast.parse(path.read_text(encoding="utf-8"))):
        words = re.sub(r"{\w*}|--?\w[\w-]*|[A-Z][\w.-]*", "", en)
        assert not has_chinese(en), f"{path.name}:{line}: Chinese in the English sentence {en!r}"
        assert has_chinese(zh) or not re.search(r"[a-z]{3}", words), f"{path.name}:{line}: no Chinese for {en!r}"
        blanks = [sorted(re.findall(r"{\w*}", text.replace("zh}", "en}"))) for text in (zh, en)]
        assert blanks[0] == blanks[1], f"{path.name}:{line}: other blanks in {zh!r} than in {en!r}"


def test_the_test_finds_sentences():
    found = [pair for path in MODULES for pair in pairs(ast.parse(path.read_text(encoding="utf-8")))]
    assert len(found) > 200


@pytest.mark.parametrize(
    ("environment", "language"),
    [({}, "en"), ({"LANG": "zh_CN.UTF-8"}, "zh"), ({"LANG": "zh_CN", "LC_ALL": "C"}, "en"), ({"LANG": "de_DE"}, "en")],
)
def test_it_speaks_the_language_of_the_computer(monkeypatch, environment, language):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert main.parser().parse_args(["register"]).lang == language
