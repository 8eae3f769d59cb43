"""PC and board agree: `unit.catalogue.settings` gives the same answers on CPython and on the real MicroPython."""

import json
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from unit.catalogue import settings as catalogue
from unit.catalogue import settings_problems, settings_words, wiring
from unit.catalogue.tables import rows

from host_tools.unitkit import boards, unitfile
from tests import vm

EXAMPLE = unitfile.load(boards.BOARDS_DIR / "units" / "qiaotou.toml")
BOARD = EXAMPLE.board.compact()
ROWS = {row[0]: row for row in catalogue.entries()}

# One VM for many cases: it reads them as JSON lines, answers with codes and keys, and with every sentence.
_ON_BOARD = """
import json, sys
from unit.catalogue import settings, settings_problems
with open(sys.argv[1]) as f:
    board = json.loads(f.readline())
    for line in f:
        values = json.loads(line)
        full = {}
        problems = list(settings.check(values, board, full))
        names = [[p[0], p[1] if isinstance(p[1], str) else p[1][0]] for p in problems]
        words = [settings_problems.sentence(p, lang, board) for lang in ("zh", "en") for p in problems]
        print(json.dumps([names, words, sorted(full.items())]))
"""


def answer_here(values: dict) -> list:
    full: dict = {}
    problems = list(catalogue.check(values, BOARD, full))
    names = [[p[0], p[1] if isinstance(p[1], str) else p[1][0]] for p in problems]
    words = [settings_problems.sentence(p, lang, BOARD) for lang in ("zh", "en") for p in problems]
    return json.loads(json.dumps([names, words, sorted(full.items())]))


def answers_on_board(cases: list[dict], folder: Path) -> list:
    file = folder / "cases.jsonl"
    lines = [json.dumps(line, ensure_ascii=False) for line in (BOARD, *cases)]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return [json.loads(line) for line in vm.run(_ON_BOARD, str(file)).split("\n") if line]


def near_limits(row: list[str]) -> list[int]:
    span = catalogue.limits(row)
    return [] if span is None else [n for edge in span for n in (edge - 1, edge, edge + 1)]


def value_for(key: str) -> st.SearchStrategy:
    """Values that a setting may meet: around its limits, terminals of the board, and things that do not belong."""
    texts = st.one_of(
        st.sampled_from(["", "a", "A", "x y", "x\ty", "桥头", "x" * 33, "x" * 41, "x" * 121, *BOARD["terminals"]]),
        st.text(st.characters(min_codepoint=1, max_codepoint=0x2FFFF, exclude_categories=["Cs"]), max_size=8),
    )
    numbers = st.one_of(st.sampled_from([0, 1, 2, *near_limits(ROWS[key])]), st.integers(-(2**40), 2**40))
    return st.one_of(numbers, texts, st.booleans(), st.none(), st.just([]), st.just({}))


CHANGES = st.lists(
    st.one_of(
        st.sampled_from(sorted(ROWS)).flatmap(lambda key: st.tuples(st.just(key), value_for(key))),
        st.tuples(st.sampled_from(["lift.start_level", "", "桥", "unit"]), st.integers(0, 9)),
        st.tuples(st.sampled_from(sorted(ROWS)), st.just("left out")),
    ),
    max_size=6,
)


def changed(changes: list[tuple]) -> dict:
    values: dict = dict(EXAMPLE.board_settings())
    for key, value in changes:
        if value == "left out":
            values.pop(key, None)
        else:
            values[key] = value
    return values


def test_board_takes_what_the_pc_made_and_fills_the_same_defaults(tmp_path):
    (answer,) = answers_on_board([json.loads(EXAMPLE.board_json())], tmp_path)
    names, _, full = answer
    assert names == []
    assert dict(full) == {k: v for k, v in EXAMPLE.settings.items() if k in dict(full)}
    left_out = {key for key in EXAMPLE.settings if EXAMPLE.settings[key] != dict(full)[key]}
    assert all(key.endswith("_file") or key.startswith("plant.") for key in left_out)


@settings(max_examples=4, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.lists(CHANGES.map(changed), min_size=60, max_size=120))
def test_pc_and_board_say_the_same(tmp_path_factory, cases):
    there = answers_on_board(cases, tmp_path_factory.mktemp("cases"))
    assert len(there) == len(cases)
    for values, answer in zip(cases, there, strict=True):
        assert answer == answer_here(values), values


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_written_form_and_value_are_inverse(data):
    row = ROWS[data.draw(st.sampled_from(sorted(ROWS)))]
    kind = catalogue.kind_of(row)
    if kind in ("int", "num", "tod", "tz"):
        value = data.draw(st.integers(*catalogue.limits(row)))
    elif kind in ("bool", "choice"):
        value = data.draw(st.integers(0, 1 if kind == "bool" else len(catalogue.choices(row)) - 1))
    else:
        return
    assert catalogue.allows(row, value)
    assert catalogue.decode(row, settings_words.encode(row, value)) == value


@pytest.mark.parametrize(
    "text", ["", "-", ".", "1.", ".5", "+1", "1e3", " 1", "1 ", "0x10", "1_0", "--1", "²", "１", "1.234", "9" * 400]
)
def test_what_is_no_number_is_none(text):
    assert catalogue.decode(ROWS["lift.well_area_m2"], text) is None


@pytest.mark.parametrize(("text", "value"), [("1.8", 180), ("1.80", 180), ("1.800", 180), ("-0.05", -5), ("007", 700)])
def test_decimals_are_exact(text, value):
    assert catalogue.decode(ROWS["lift.well_area_m2"], text) == value


def test_every_number_ends_in_its_unit():
    plain = {"mqtt.port", "protection.tries"}
    for key, row in ROWS.items():
        if catalogue.kind_of(row) in ("int", "num", "tod"):
            assert key in plain or any(key.endswith(ending) for ending, _ in settings_words.UNITS), key


def test_every_default_is_allowed_and_every_limit_reads():
    for key, row in ROWS.items():
        value = catalogue.default(row)
        assert ("r" in row[5]) == (value is None), key
        if value is not None and not (catalogue.kind_of(row) == "terminal" and value == ""):
            assert catalogue.allows(row, value), key


def test_every_rule_can_say_no_and_says_it_in_both_languages():
    """A rule that no values of the catalogue can break would be dead text."""
    full = dict(EXAMPLE.settings)
    for rule in rows("rules"):
        left, op, right, only_if, zh, en = rule
        values = dict(full)
        if only_if:
            key, _, word = only_if.partition("=")
            values[key] = catalogue.decode(ROWS[key], word)
        if right == '""':
            values[left] = ""
        elif op == "!=":
            values[left] = values[right]
        else:
            for factor in left.split(" * "):
                if factor in ROWS:
                    values[factor] = catalogue.limits(ROWS[factor])[1]
            for factor in right.split(" * "):
                if factor in ROWS:
                    values[factor] = catalogue.limits(ROWS[factor])[0]
        broken = [p for p in catalogue.check(values, BOARD) if p[0] == "rule" and p[1] == rule]
        assert broken, rule
        assert zh in settings_problems.sentence(broken[0], "zh", BOARD)
        assert en in settings_problems.sentence(broken[0], "en", BOARD)


@pytest.mark.parametrize("heap", ["96k"])
def test_check_fits_into_a_small_heap(heap):
    script = "from unit.catalogue import settings; print(len(list(settings.check({}))))"
    assert vm.run(script, heap=heap).strip().isdigit()


DAMAGED = [None, 5, "x", [], [[1]], {"terminals": 5}, {"name": "x"}]
DAMAGED += [{"name": "x", "terminals": {"a": row}} for row in ([], 5, ["relay", "1", 2], ["relay", 1, None])]


def test_what_rotted_is_a_sentence_and_no_exception():
    for damaged in DAMAGED:
        assert [p[0] for p in catalogue.check(EXAMPLE.board_settings(), damaged)] in ([], ["shape"])
        if not isinstance(damaged, dict):
            (problem,) = catalogue.check(damaged)
            assert "damaged" in settings_problems.sentence(problem, "en")
    assert not [p for p in catalogue.check(EXAMPLE.board_settings(), DAMAGED[-1]) if p[0] != "shape"]


@pytest.mark.parametrize("name", boards.names())
def test_every_board_is_one_to_the_check(name):
    assert wiring.is_board(json.loads(unitfile.compact_json(boards.load(name).compact())))
