"""`qingxi config`: its verbs, exit codes and outputs, and that the committed reference page is the generated one."""

import json
import tomllib

import jsonschema
import pytest
from unit.catalogue import settings as catalogue
from unit.catalogue.tables import rows

from host_tools import main
from host_tools.records import unitdocs
from host_tools.unitkit import boards, unitfile
from tests.vm import ROOT

EXAMPLE = boards.BOARDS_DIR / "units" / "qiaotou.toml"


def run(capsys, *args: str) -> tuple[int, str, str]:
    code = main.main([*args])
    out, err = capsys.readouterr()
    return code, out, err


def test_check_good(capsys):
    code, out, _ = run(capsys, "config", "check", str(EXAMPLE))
    assert code == 0
    assert "good. Unit qiaotou" in out


def written(folder, board, *changes: tuple[str, str]) -> str:
    """A new unit file for a board, over Wi-Fi, with the files that TLS and Wi-Fi want and these changes."""
    text = unitdocs.new_file(boards.load(board), "q")
    for before, after in (('wifi_file = ""', 'wifi_file = "w"'), ('ca_file = ""', 'ca_file = "c"'), *changes):
        assert before in text
        text = text.replace(before, after, 1)
    path = folder / f"{board}.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


BROKER, SECURE = ('broker = ""', 'broker = "10.0.0.1"'), ("tls = false", "tls = true")


@pytest.mark.parametrize(
    ("board", "changes", "mark"),
    [
        ("esp32-devkitc", (), "without a broker: everything at once"),
        ("esp32-devkitc", (BROKER,), "plain MQTT: yes, taking turns with the console"),
        ("esp32s3-relay-6ch", (BROKER,), "plain MQTT: yes, taking turns with the console"),
        ("olimex-esp32-poe-wrover", (SECURE,), "without a broker: everything at once"),
        ("olimex-esp32-poe-wrover", (BROKER,), "plain MQTT: everything at once"),
        ("esp32s3-eth-8di-8ro", (BROKER, SECURE), "MQTT over TLS: everything at once"),
    ],
)
def test_check_says_what_the_boards_memory_allows(capsys, tmp_path, board, changes, mark):
    path = written(tmp_path, board, *changes)
    code, out, _ = run(capsys, "config", "check", path)
    lines = out.splitlines()
    assert code == 0 and boards.load(board).micropython in lines[1] and "PSRAM" in lines[1]
    assert [line[0] for line in lines[2:]].count("→") == 1
    assert any(line.startswith(f"→ {mark}") for line in lines[2:])
    has_psram = boards.load(board).psram_mb > 0
    assert lines[4].startswith(("→", " ")) and (": no: " in lines[4]) == (not has_psram)
    shown = json.loads(run(capsys, "config", "check", "--json", path)[1])["memory"]
    tls = "all" if has_psram else "no"
    assert shown["allows"] == {"no_broker": "all", "mqtt": "all" if has_psram else "turns", "tls": tls}
    assert shown["way"] == ("tls" if len(changes) == 2 else "mqtt" if BROKER in changes else "no_broker")
    _, chinese, _ = run(capsys, "config", "check", path, "--lang", "zh")
    assert len(chinese.splitlines()) == 5 and "不联网：全部功能同时可用" in chinese


@pytest.mark.parametrize(
    "verb",
    [
        ("config", "check"),
        ("sim", "board", "--unit"),
        ("sim", "run", str(EXAMPLE.parents[3] / "sim/scenarios/week.toml"), "--unit"),
        ("image", "build", "--out", "x", "--unit"),
        ("flash", "--port", "no such port", "--unit"),
        ("update", "--port", "no such port", "--unit"),
    ],
)
def test_tls_without_psram_is_refused_wherever_a_unit_file_is_read(capsys, tmp_path, monkeypatch, verb):
    path = written(tmp_path, "kc868-a8", BROKER, SECURE)
    monkeypatch.chdir(tmp_path)
    code, _, err = run(capsys, *verb, path)
    assert code == 2 and f"{path}:" in err and "mqtt.tls = true: board kc868-a8 has no PSRAM" in err


def test_check_bad_is_exit_2_with_every_file_and_problem(capsys, tmp_path):
    bad = tmp_path / "bad.toml"
    bad.write_text(
        EXAMPLE.read_text(encoding="utf-8").replace("= 600", "= 0").replace("= 60 ", "= 0 "), encoding="utf-8"
    )
    code, out, err = run(capsys, "config", "check", str(bad), str(EXAMPLE), str(tmp_path / "none.toml"))
    assert code == 2
    assert "qiaotou.toml: good" in out
    assert "lift.start_level_mm = 0 mm" in err
    assert "readings.interval_s = 0 s" in err
    assert "none.toml: cannot be read" in err


def test_check_json(capsys, tmp_path):
    bad = tmp_path / "bad.toml"
    bad.write_text("[unit]\nfoo = 1\n", encoding="utf-8")
    code, out, _ = run(capsys, "config", "check", "--json", str(bad))
    result = json.loads(out)
    assert code == 2
    assert result["ok"] is False
    assert any("unit.foo" in problem for problem in result["problems"])


@pytest.mark.parametrize("args", [("--lang", "zh", "config", "check"), ("config", "check", "--lang", "zh")])
def test_language_before_and_after_the_verb(capsys, args):
    code, out, _ = run(capsys, *args, str(EXAMPLE))
    assert code == 0
    assert "正确" in out


@pytest.mark.parametrize("board", boards.names())
def test_new_is_complete_good_and_never_overwrites(capsys, tmp_path, board):
    path = tmp_path / "new.toml"
    assert run(capsys, "config", "new", str(path), "--board", board, "--id", "unit-7")[0] == 0
    unit = unitfile.load(path)
    assert unit.given == set(unit.settings)
    assert unit.id == "unit-7"
    before = path.read_bytes()
    code, _, err = run(capsys, "config", "new", str(path))
    assert code == 2
    assert "exists already" in err
    assert path.read_bytes() == before


def test_new_without_file_prints(capsys):
    code, out, _ = run(capsys, "config", "new")
    assert code == 0
    unitfile.parse(out, "printed.toml")


@pytest.mark.parametrize("bad_id", ["", "Qiao", "a" * 33, "桥头"])
def test_new_refuses_a_wrong_id(capsys, tmp_path, bad_id):
    code, _, err = run(capsys, "config", "new", str(tmp_path / "n.toml"), "--id", bad_id)
    assert code == 2
    assert "lower-case letters" in err
    assert not (tmp_path / "n.toml").exists()


def test_new_into_no_folder_is_exit_3(capsys, tmp_path):
    assert run(capsys, "config", "new", str(tmp_path / "no" / "n.toml"))[0] == 3


def test_show_says_every_value_and_marks_defaults(capsys):
    code, out, _ = run(capsys, "config", "show", str(EXAMPLE))
    assert code == 0
    lines = {line.split()[0]: line for line in out.splitlines()}
    assert set(lines) == {row[0] for row in catalogue.entries()}
    assert "2000 mm" in lines["level.high_mm"]
    assert "(default)" not in lines["level.high_mm"]
    assert "60 s" in lines["lift.max_run_s"] or "3600 s" in lines["lift.max_run_s"]
    assert "(default)" in lines["lift.max_run_s"]


def test_show_json_gives_back_the_file(capsys):
    code, out, _ = run(capsys, "config", "show", "--json", str(EXAMPLE))
    assert code == 0
    shown = {entry["key"]: entry for entry in json.loads(out)["settings"]}
    with EXAMPLE.open("rb") as f:
        tables = tomllib.load(f)
    for section, fields in tables.items():
        for key, value in fields.items():
            assert shown[f"{section}.{key}"]["value"] == value
            assert shown[f"{section}.{key}"]["given"] is True


def test_schema_takes_good_files_and_refuses_bad_ones(capsys):
    code, out, _ = run(capsys, "config", "schema")
    assert code == 0
    schema = json.loads(out)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    good = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    validator.validate(good)
    for section, key, value in (
        ("unit", "id", "Qiaotou"),
        ("unit", "board", "uno"),
        ("lift", "start_level_mm", 5),
        ("lift", "start_level_mm", "600"),
        ("lift", "start_level", 600),
        ("lift", "alternate", "often"),
        ("aeration", "day_from_tod", "6:00"),
        ("mqtt", "tls", 1),
    ):
        bad = {name: dict(fields) for name, fields in good.items()}
        bad[section][key] = value
        assert not validator.is_valid(bad), (section, key, value)
    assert not validator.is_valid({name: fields for name, fields in good.items() if name != "wiring"})


def test_reference_page_is_current():
    page = (ROOT / "docs" / "unit-file.md").read_text(encoding="utf-8")
    assert page == unitdocs.reference(), "run: qingxi config reference docs/unit-file.md"


def test_every_section_has_words():
    assert [row[0] for row in rows("sections")] == list(unitdocs.sections())


def test_no_verb_is_a_usage_error(capsys):
    with pytest.raises(SystemExit) as caught:
        main.main(["config"])
    assert caught.value.code == 2
