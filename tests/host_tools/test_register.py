"""The register of what was flashed: appended to, merged from several computers, sound after a power cut."""

import json

import pytest

from host_tools import main
from host_tools.unitkit.errors import BadInput
from host_tools.verbs import register


def line(unit, **facts):
    return register.entry(what="new", unit=unit, **facts)


def units(path):
    return [found["unit"] for found in register.read(path)]


def test_lines_come_in_the_order_of_their_time_whoever_wrote_them(tmp_path):
    path = tmp_path / "out" / "register.jsonl"
    register.append(path, line("b", when="2026-06-02T08:00:00+08:00"))
    register.append(path, line("a", when="2026-06-02T00:00:01+00:00"))
    register.append(path, line("c", when="2026-06-01T23:59:59+00:00"))
    assert units(path) == ["c", "b", "a"]


def test_two_laptops_merge_in_any_order_twice_and_in_parts(tmp_path):
    one, two, both, again = (tmp_path / name for name in ("one", "two", "both", "again"))
    for number in range(4):
        register.append(one, line(f"one-{number}"))
        register.append(two, line(f"two-{number}"))
    before = one.read_bytes()
    assert register.merge(one, [two]) == 4 and register.merge(one, [two, two]) == 0
    assert one.read_bytes().startswith(before)
    register.merge(both, [two, one])
    register.merge(again, [both, one, two])
    assert register.read(both) == register.read(again) == register.read(one)
    both.write_bytes(b"".join(sorted(one.read_bytes().splitlines(keepends=True) * 2)))  # as a version control would
    assert register.read(both) == register.read(one)


def test_the_same_thing_done_twice_is_two_lines(tmp_path):
    path = tmp_path / "register"
    for _ in range(2):
        register.append(path, line("a", when="2026-06-01T00:00:00+08:00"))
    assert units(path) == ["a", "a"]


def test_a_line_that_a_power_cut_tore_costs_itself_alone(tmp_path):
    path = tmp_path / "register"
    register.append(path, line("a"))
    whole = path.read_bytes()
    register.append(path, line("b"))
    for size in range(len(whole) + 1, path.stat().st_size):
        torn = tmp_path / "torn"
        torn.write_bytes(path.read_bytes()[:size])
        assert units(torn) == ["a"]
        register.append(torn, line("c"))
        assert sorted(units(torn)) == ["a", "c"]


def test_what_is_no_register_is_refused_line_by_line_and_nothing_is_merged(tmp_path):
    good, bad = tmp_path / "good", tmp_path / "bad"
    register.append(good, line("a"))
    bad.write_text(json.dumps(line("b")) + '\n{"unit": "c"}\n\nnonsense\n', encoding="utf-8")
    with pytest.raises(BadInput) as told:
        register.merge(good, [bad])
    assert [problem.partition(": ")[0] for problem in told.value.problems] == [f"{bad}:2", f"{bad}:4"]
    assert units(good) == ["a"]
    with pytest.raises(BadInput, match="no such file"):
        register.merge(good, [tmp_path / "gone"])


def test_the_verb_shows_merges_and_prints_json(tmp_path, capsys, monkeypatch):
    one, two = tmp_path / "one", tmp_path / "two"
    register.append(one, line("qiaotou", when="2026-06-01T00:00:00+08:00", mac="24:0a:c4:12:34:56", note="换了天线"))
    register.append(two, line("xiacun"))
    assert main.main(["register", str(one), "--merge", str(two), "--json"]) == 0
    shown = capsys.readouterr()
    assert [entry["unit"] for entry in json.loads(shown.out)] == ["qiaotou", "xiacun"]
    assert "1 lines added, 2 in all" in shown.err
    assert main.main(["register", str(one), "--unit", "qiaotou"]) == 0
    out = capsys.readouterr().out
    assert "24:0a:c4:12:34:56" in out and "换了天线" in out and "xiacun" not in out
    assert main.main(["--lang", "zh", "register", str(tmp_path / "none")]) == 2
    assert "没有这个文件" in capsys.readouterr().err
    monkeypatch.chdir(tmp_path)  # where nothing was flashed yet, and no file is named
    assert main.main(["--lang", "zh", "register"]) == 0
    assert "登记簿是空的" in capsys.readouterr().out
