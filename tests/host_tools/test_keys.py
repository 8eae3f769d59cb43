"""Command keys on the PC: what is one, how one is made, and what two units must not share."""

import json
import re
from pathlib import Path

import pytest
from unit.uplink import credentials

from host_tools import main
from host_tools.unitkit import fsimage, keys, unitfile
from host_tools.unitkit.errors import BadInput
from tests.vm import ROOT

GOOD = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
WEAK = ("", "x", "only-this-unit", GOOD[:-1], "0" * 64, "0123456" * 10)
TEXT = (ROOT / "boards/esp32/units/qiaotou.toml").read_text(encoding="utf-8")


def unit_file(folder: Path, unit_id: str = "qiaotou", secrets: str | None = None, **mqtt: str) -> Path:
    """A unit file in `folder`, beside it `secrets` as its credentials."""
    folder.mkdir(parents=True, exist_ok=True)
    text = TEXT.replace('id = "qiaotou"', f'id = "{unit_id}"')
    if secrets is not None:
        (folder / "credentials.txt").write_text(secrets)
        mqtt = {"credentials_file": '"credentials.txt"'} | mqtt
    for key, written in mqtt.items():
        text = re.sub(rf"^{key} = .*", "", text, flags=re.MULTILINE).replace("[mqtt]", f"[mqtt]\n{key} = {written}")
    path = folder / f"{unit_id}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def said(capsys, *words: object) -> tuple[int, str]:
    code = main.main(["--lang", "en", *map(str, words)])
    shown = capsys.readouterr()
    return code, shown.out + shown.err


def test_what_is_a_key():
    assert credentials.is_key(GOOD) and credentials.is_key(keys.fresh()) and len(keys.fresh()) == 64
    assert not [text for text in WEAK if credentials.is_key(text)]


@pytest.mark.parametrize("weak", WEAK)
def test_what_is_none_is_refused_and_says_what_to_do(tmp_path: Path, capsys, weak: str):
    path = unit_file(tmp_path, secrets=f"user = a\ncommand_key = {weak}\n")
    image = tmp_path / "image.bin"
    for words in (
        ["config", "check", path], ["image", "build", "--unit", path, "--out", image],
        ["flash", "--port", "none", "--unit", path], ["update", "--broker", "127.0.0.1:1", "--unit", path],
        ["delivery", "--broker", "127.0.0.1:1", "--unit", path],
    ):  # fmt: skip
        code, text = said(capsys, *words)
        assert code == 2 and "Traceback" not in text
        assert f"{tmp_path}/qiaotou.toml:" in text and "credentials.txt: its command_key is empty, too short" in text
        assert f"qingxi config key {tmp_path}/credentials.txt makes one" in text
    assert not image.exists()


def test_a_key_is_made_and_never_shown(tmp_path: Path, capsys):
    path = tmp_path / "new" / "credentials.txt"
    code, text = said(capsys, "config", "key", path)
    key = keys.key_of(path)
    assert code == 0 and key and re.fullmatch("[0-9a-f]{64}", key) and key not in text
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.read_bytes()
    code, text = said(capsys, "config", "key", path)
    assert code == 2 and "holds a command_key already" in text and path.read_bytes() == before


@pytest.mark.parametrize("weak", ["", "x"])
def test_a_key_is_added_to_what_is_there(tmp_path: Path, capsys, weak: str):
    path = unit_file(tmp_path, secrets=f"# ours\nuser = 甲\npassword = p = q\ncommand_key = {weak}\n")
    file = tmp_path / "credentials.txt"
    file.chmod(0o644)
    assert said(capsys, "config", "key", file)[0] == 0
    user, password, key = unitfile.load(path).account()
    assert (user, password) == ("甲", "p = q") and key and credentials.is_key(key)
    assert file.read_text().startswith("# ours\n") and file.stat().st_mode & 0o777 == 0o600
    assert said(capsys, "config", "check", path)[0] == 0


def test_what_is_no_credentials_file_gets_no_key(tmp_path: Path, capsys):
    path = unit_file(tmp_path)
    before = path.read_bytes()
    (tmp_path / "binary").write_bytes(b"\xff\xfe\0")
    for file in (path, tmp_path / "binary", tmp_path):
        code, text = said(capsys, "config", "key", file)
        assert code == 2 and "Traceback" not in text, text
    assert path.read_bytes() == before


def test_keyed_is_part_of_the_configuration_where_there_is_a_key(tmp_path: Path):
    plain = unitfile.load(unit_file(tmp_path / "plain", secrets="user = a\npassword = b\n"))
    derived = unitfile.load(unit_file(tmp_path / "derived", secrets=f"command_key = {GOOD}\n"))
    told = unitfile.load(unit_file(tmp_path / "told", secrets=f"command_key = {GOOD}\n", keyed="true"))
    denied = unitfile.load(unit_file(tmp_path / "denied", secrets=f"command_key = {GOOD}\n", keyed="false"))
    absent = unitfile.load(unit_file(tmp_path / "absent", keyed="true", credentials_file='"not-here.txt"'))
    assert "mqtt.keyed" not in plain.board_settings()
    assert all(unit.board_settings()["mqtt.keyed"] == 1 for unit in (derived, told, denied, absent))
    assert len({unit.sha256 for unit in (derived, told, denied, absent)}) == 1 and plain.sha256 != told.sha256
    files = fsimage.firmware_files(derived)
    assert b'"mqtt.keyed":1' in files["config.json"]


def test_keyed_without_a_key_is_refused(tmp_path: Path, capsys):
    for folder, secrets, says in (("a", None, "is no credentials_file"), ("b", "user = a\n", "holds no command_key")):
        code, text = said(capsys, "config", "check", unit_file(tmp_path / folder, secrets=secrets, keyed="true"))
        assert code == 2 and "mqtt.keyed = true" in text and says in text
    absent = unitfile.load(unit_file(tmp_path / "absent", keyed="true", credentials_file='"not-here.txt"'))
    with pytest.raises(BadInput, match=r"not-here\.txt"):
        fsimage.named_files(absent)


def warned(capsys, path: Path) -> list[str]:
    assert main.main(["--lang", "en", "config", "check", "--json", str(path)]) == 0
    found = json.loads(capsys.readouterr().out)["warnings"]
    return [warning for warning in found if "credentials" in warning or "PIN" in warning]


def test_two_units_with_one_key_one_file_or_the_others_name_are_named(tmp_path: Path, capsys):
    first = unit_file(tmp_path / "xiacun", "xiacun", f"user = xiacun\ncommand_key = {GOOD}\n")
    assert warned(capsys, first) == []
    unit_file(tmp_path / "copy", "xiacun", f"user = xiacun\ncommand_key = {GOOD}\n")  # the same unit
    assert warned(capsys, first) == []
    second = unit_file(tmp_path / "shangcun", "shangcun", f"user = xiacun\ncommand_key = {GOOD}\n")
    (key,) = warned(capsys, first)
    assert f"shangcun {second}" in key and f"{first}:" in key and "commands them all" in key
    found = " ".join(warned(capsys, second))
    assert "commands them all" in found and "user = xiacun, which is the id of another unit (xiacun" in found
    third = unit_file(tmp_path / "third", "dongcun", credentials_file='"../xiacun/credentials.txt"')
    shared = [warning for warning in warned(capsys, third) if "is the credentials file of" in warning]
    assert len(shared) == 1 and str(first) in shared[0]
    beside = unit_file(tmp_path / "xiacun", "xicun", credentials_file='"credentials.txt"')
    assert any("is the credentials file of" in warning and str(first) in warning for warning in warned(capsys, beside))
    assert GOOD not in json.dumps(warned(capsys, first))


def test_what_lies_beside_is_no_reason_to_fail(tmp_path: Path, capsys):
    first = unit_file(tmp_path / "a", "xiacun", f"command_key = {GOOD}\n")
    (tmp_path / "b").mkdir()
    for i, text in enumerate(("[unit", "unit = 1", "[unit]\nid = 1\n[mqtt]\ncredentials_file = 7\n", "mqtt = []")):
        (tmp_path / "b" / f"{i}.toml").write_text(text)
    (tmp_path / "b" / "v.toml").write_bytes(b"\xff")
    (tmp_path / "b" / "folder.toml").mkdir()
    assert warned(capsys, first) == []


def test_a_password_in_clear_is_warned_of_and_says_the_way_of_the_board(tmp_path: Path, capsys):
    secrets = "user = qiaotou\npassword = pa55\n"
    clear = {"broker": '"mqtt.example"', "tls": "false"}
    files = {"ca_file": '"ca.pem"'}
    wifi = '[network]\nwifi_file = "wifi.txt"\n\n[readings]'
    for psram, says in ((False, "private APN"), (True, "say tls = true")):
        path = unit_file(tmp_path / str(psram), secrets=secrets, **clear, **files)
        text = path.read_text(encoding="utf-8").replace("[readings]", wifi)
        if psram:
            text = text.replace('"esp32-devkitc"', '"olimex-esp32-poe-wrover"')
        path.write_text(text, encoding="utf-8")
        (warning,) = warned(capsys, path) if not psram else warned_of_board(path)
        assert "mqtt.tls = false while" in warning and says in warning and "pa55" not in warning
    quiet = unit_file(tmp_path / "quiet", secrets="command_key = " + GOOD + "\n", **clear, **files)
    text = quiet.read_text(encoding="utf-8").replace("[readings]", wifi)
    quiet.write_text(text, encoding="utf-8")
    assert warned(capsys, quiet) == []


def warned_of_board(path: Path) -> list[str]:
    """The warnings where the wiring of the example does not fit the board."""
    settings = {"unit.id": "qiaotou", "mqtt.credentials_file": "credentials.txt", "mqtt.broker": "x", "mqtt.tls": 0}
    from host_tools.unitkit import boards

    return [str(text) for _, text in keys.warnings(path, settings, boards.load("olimex-esp32-poe-wrover"))]


@pytest.mark.parametrize(("pin", "count"), [("1234", 1), ("12345", 1), ("123456", 0), ("12345678", 0)])
def test_a_short_pin_is_warned_of(tmp_path: Path, capsys, pin: str, count: int):
    path = unit_file(tmp_path)
    (tmp_path / "pin.txt").write_text(pin + "\n")
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"^pin_file = .*$", "", text, flags=re.MULTILINE)
    path.write_text(text.replace("[console]", "") + '\n[console]\npin_file = "pin.txt"\n', encoding="utf-8")
    found = [warning for warning in warned(capsys, path) if "6 to 8 digits" in warning]
    assert len(found) == count and not any(f"{pin} " in warning for warning in found)
