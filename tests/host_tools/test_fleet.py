"""Many units from one table: all mistakes at once by line and column, nothing half-written, secrets kept."""

import json
import os
import re
import tomllib
from html import unescape

import pytest

from host_tools import main
from host_tools.records import fleet_file
from host_tools.unitkit import fsimage, unitfile
from host_tools.unitkit.errors import BadInput
from host_tools.verbs import fleet
from tests.board.rig import UNIT_FILE

TABLE = """unit.id,unit.name_zh,unit.name_en,lift.start_level_mm,mains.sensed,turbidity.limit_ntu,readings.interval_s
xiacun,下村污水处理站,Xiacun village,650,true,25.5,60
shangcun,上村,"Shangcun, upper",,,,030
"""


def made(folder, *words, table=TABLE, encoding="utf-8", name="county.csv"):
    (folder / name).write_bytes(table.encode(encoding))
    return main.main(["fleet", "make", str(folder / name), "--out", str(folder / "county"), *map(str, words)])


def wrong(folder, capsys, table):
    """The sentences for a table, without the folder."""
    assert made(folder, table=table) == 2
    assert not (folder / "county").exists()
    return capsys.readouterr().err.replace(f"{folder}/", "").splitlines()


def test_each_line_becomes_a_unit_file_with_secrets_of_its_own(tmp_path, capsys):
    assert made(tmp_path, "--json") == 0
    shown = capsys.readouterr()
    out = tmp_path / "county"
    assert [unit["unit"] for unit in json.loads(shown.out)["units"]] == ["xiacun", "shangcun"]
    lower, upper = (unitfile.load(out / name / "unit.toml") for name in ("xiacun", "shangcun"))
    assert (lower.settings["lift.start_level_mm"], lower.settings["turbidity.limit_ntu"]) == (650, 255)
    assert upper.settings["lift.start_level_mm"] == unitfile.load(UNIT_FILE).settings["lift.start_level_mm"]
    assert upper.settings["unit.name_en"] == "Shangcun, upper" and upper.settings["readings.interval_s"] == 30
    pins, passwords = set(), set()
    for unit in (lower, upper):
        files = fsimage.named_files(unit)
        assert {"credentials.txt", "console-pin"} == set(files)
        pin, account = ((unit.path.parent / name).read_text() for name in ("console-pin.txt", "credentials.txt"))
        assert re.fullmatch(r"\d{8}\n", pin) and account.startswith(f"user = {unit.id}\npassword = ")
        password = account.partition("password = ")[2].strip()
        assert len(password) >= 24
        pins.add(pin)
        passwords.add(password)
        page = (out / "labels.html").read_text(encoding="utf-8")
        for secret in (pin.strip(), password):
            assert secret not in page + shown.out + shown.err
        assert f"{unit.id}:{password}\n" in (out / "broker-passwords.txt").read_text()
    assert len(passwords) == 2
    for path in (path for path in out.rglob("*") if path.is_file()):
        assert path.stat().st_mode & 0o077 == 0, path
    assert page.count("<svg") == 2 and "Shangcun, upper" in unescape(page) and "下村污水处理站" in page


def test_comments_and_order_of_the_common_file_stay(tmp_path):
    made(tmp_path)
    common = UNIT_FILE.read_text(encoding="utf-8")
    text = (tmp_path / "county/xiacun/unit.toml").read_text(encoding="utf-8")
    assert "start_level_mm = 650" in text and "# 每分钟记一条 · a reading a minute" in text
    assert len(set(common.splitlines()) - set(text.splitlines())) <= 9


def test_a_second_run_adds_and_never_changes_a_secret(tmp_path, capsys):
    made(tmp_path)
    secrets = {path: path.read_bytes() for path in (tmp_path / "county").glob("*/*.txt")}
    longer = TABLE.replace(",650,", ",660,") + "xincun,新村,Xincun,,,,\n"
    capsys.readouterr()
    assert made(tmp_path, table=longer) == 0
    err = capsys.readouterr().err
    assert "1 units made, 2 that were there left alone" in err and "xiacun/unit.toml: the table says otherwise" in err
    assert {path: path.read_bytes() for path in secrets} == secrets
    assert (tmp_path / "county/xincun/unit.toml").exists()
    assert len((tmp_path / "county/broker-passwords.txt").read_text().splitlines()) == 3
    assert (tmp_path / "county/labels.html").read_text(encoding="utf-8").count("<svg") == 3


def test_every_mistake_is_told_at_once_by_line_and_column(tmp_path, capsys):
    told = wrong(
        tmp_path,
        capsys,
        TABLE
        + "\nxiacun,新村,New,abc,maybe,25.5,60\n"
        + "Bad_Id,新村,New,100,true,2000,0\n"
        + ",新村,New,,,,\n"
        + "wide,新村,New,,,,,,\n",
    )
    assert [line.partition(": ")[0] for line in told] == sorted(line.partition(": ")[0] for line in told)
    text = "\n".join(told)
    for words in (
        r"county.csv:5: column lift.start_level_mm: .*abc",
        r"county.csv:5: column mains.sensed: .*maybe",
        r"county.csv:5: column unit.id: xiacun stands in line 2 already",
        r"county.csv:6: column unit.id: .*Bad_Id",
        r"county.csv:6: column turbidity.limit_ntu: .*1000",
        r"county.csv:6: column readings.interval_s: .*1 to 3600|county.csv:6: column readings.interval_s: .*1\.\.3600",
        r"county.csv:6: column lift.start_level_mm: ",
        r"county.csv:7: column unit.id is empty",
        r"county.csv:8: 9 cells: the header has 7",
    ):
        assert re.search(words, text), (words, text)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("unit.id,unit.name_zh,unit.nam_en\n", "column unit.nam_en is no setting.*unit.name_en"),
        ("unit.id,unit.name_zh,unit.name_en,unit.id\n", "column unit.id stands twice"),
        ("unit.name_zh,unit.name_en\na,b\n", "column unit.id is missing"),
        ("unit.id,unit.name_zh,unit.name_en\n", "there is no unit in it"),
        ("", "column unit.id is missing"),
        ("PK\x03\x04\0\0", "no CSV table"),
    ],
)
def test_a_table_that_is_none_is_refused(tmp_path, capsys, table, words):
    assert re.search(words, "\n".join(wrong(tmp_path, capsys, table)))


def test_a_spreadsheet_of_a_chinese_computer_is_read(tmp_path):
    for number, encoding in enumerate(("gb18030", "utf-8-sig")):
        (tmp_path / str(number)).mkdir()
        assert made(tmp_path / str(number), encoding=encoding, table=TABLE.replace("\n", "\r\n")) == 0
        unit = unitfile.load(tmp_path / str(number) / "county/xiacun/unit.toml")
        assert unit.settings["unit.name_zh"] == "下村污水处理站"


def test_files_that_the_common_file_names_come_along_and_a_missing_one_is_told(tmp_path, capsys):
    (tmp_path / "common").mkdir()
    base = tmp_path / "base.toml"
    text = UNIT_FILE.read_text(encoding="utf-8") + '\n[network]\nwifi_file = "common/wifi.txt"\n'
    base.write_text(text, encoding="utf-8")
    assert made(tmp_path, "--base", base) == 2
    assert capsys.readouterr().err.count("common/wifi.txt: cannot be read") == 1
    assert not (tmp_path / "county").exists()
    (tmp_path / "common/wifi.txt").write_text("county = pass\n")
    assert made(tmp_path, "--base", base) == 0
    unit = unitfile.load(tmp_path / "county/shangcun/unit.toml")
    assert fsimage.named_files(unit)["wifi.txt"] == b"county = pass\n"
    assert (unit.path.parent / "wifi.txt").stat().st_mode & 0o077 == 0


def test_a_line_may_have_a_common_file_of_its_own(tmp_path):
    (tmp_path / "big.toml").write_text(UNIT_FILE.read_text(encoding="utf-8").replace("= 1.80", "= 4.00"))
    table = "unit.id,unit.name_zh,unit.name_en,base\na,甲,A,big.toml\nb,乙,B,\n"
    assert made(tmp_path, table=table) == 0
    areas = [unitfile.load(tmp_path / f"county/{name}/unit.toml").settings["lift.well_area_m2"] for name in "ab"]
    assert areas == [400, 180]


def test_a_folder_that_cannot_be_written_leaves_nothing_half_made(tmp_path, monkeypatch):
    written = fleet.write_private

    def full(path, data):
        if path.parent.name == "shangcun":
            raise OSError(28, os.strerror(28))
        written(path, data)

    monkeypatch.setattr(fleet, "write_private", full)
    assert made(tmp_path) == 3
    assert list((tmp_path / "county").iterdir()) == []


def test_signed_commands_get_a_key_each(tmp_path):
    made(tmp_path, "--command-keys")
    keys = {path.read_text().partition("command_key = ")[2] for path in (tmp_path / "county").glob("*/credentials.txt")}
    assert len(keys) == 2 and all(re.fullmatch(r"[0-9a-f]{64}\n", key) for key in keys)
    units = [unitfile.load(path) for path in sorted((tmp_path / "county").glob("*/unit.toml"))]
    page = (tmp_path / "county" / "labels.html").read_bytes()
    assert all(unit.settings["mqtt.keyed"] == 1 and unit.is_keyed for unit in units)
    made(tmp_path)  # as it is there already: the same labels, and no word of a change
    assert (tmp_path / "county" / "labels.html").read_bytes() == page


def test_units_that_share_a_key_are_named_and_passwords_in_clear_once(tmp_path, capsys):
    base = tmp_path / "base.toml"
    text = UNIT_FILE.read_text(encoding="utf-8").replace('broker = ""', 'broker = "mqtt.example"')
    text = text.replace("tls = true", "tls = false").replace("[readings]", '[network]\nwifi_file = "w"\n\n[readings]')
    base.write_text(text, encoding="utf-8")
    (tmp_path / "w").write_text("village = pa55word\n")
    assert made(tmp_path, "--command-keys", "--base", base) == 0
    shown = capsys.readouterr().err
    assert shown.count("in clear") == 1 and "commands them all" not in shown
    lower, upper = (tmp_path / "county" / name / "credentials.txt" for name in ("xiacun", "shangcun"))
    upper.write_text(lower.read_text())
    assert made(tmp_path, "--lang", "zh", "--base", base) == 0
    shown = capsys.readouterr().err
    assert shown.count("拿到一个就能命令全部") == 2 and "是另一个站点的编号" in shown
    assert str(lower) in shown and str(upper) in shown and "changed" not in shown


def test_a_label_has_the_configuration_that_is_flashed(tmp_path, monkeypatch):
    """Whether the board has a key is part of it."""
    labels = []
    monkeypatch.setattr(fleet, "label", lambda code, *_: labels.append(code) or "")
    hashes = set()
    for words in ((), ("--command-keys",), ()):  # the last time they are there already
        made(tmp_path, *words)
        for name in ("xiacun", "shangcun"):
            sha256 = unitfile.load(tmp_path / "county" / name / "unit.toml").sha256
            hashes.add(sha256)
            assert f"QINGXI {name}\nCFG {sha256[:12]}" in labels
        labels.clear()
        if not words and len(hashes) == 2:
            (tmp_path / "county").rename(tmp_path / "unkeyed")
    assert len(hashes) == 4


def test_the_table_to_start_from_is_one(tmp_path, capsys):
    path = tmp_path / "new.csv"
    assert main.main(["fleet", "new", str(path)]) == 0
    assert len(fleet_file.read(path, UNIT_FILE, {}, "en")) == 2
    assert main.main(["--lang", "zh", "fleet", "new", str(path)]) == 2
    assert "不会覆盖" in capsys.readouterr().err


def test_a_value_is_put_where_the_old_one_was():
    text = '[unit]\nid = "a # b" # name\n[lift]\nx = 1\n'
    for key, cell, line in (
        ("unit.id", 'say "hi" # 1', 'id = "say \\"hi\\" # 1" # name'),
        ("lift.start_level_mm", "0650", "start_level_mm = 650"),
        ("turbidity.limit_ntu", "-00.50", "limit_ntu = -0.50"),
        ("turbidity.limit_ntu", "1e3", 'limit_ntu = "1e3"'),
        ("mains.sensed", "TRUE", "sensed = true"),
    ):
        edited = fleet_file.edited(text, {key: cell})
        assert line in edited.splitlines(), edited
        tomllib.loads(edited)


def test_no_common_file_is_told(tmp_path, capsys):
    assert made(tmp_path, "--base", tmp_path / "no.toml") == 2
    assert "no.toml" in capsys.readouterr().err
    with pytest.raises(BadInput):
        fleet_file.read(tmp_path / "county.csv", tmp_path / "no.toml", {}, "en")
