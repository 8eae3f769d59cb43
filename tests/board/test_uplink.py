"""The virtual board and a real broker, with an independent book-keeper: what arrives, what is obeyed, what survives."""

import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from unit.catalogue import tables

from host_tools.unitkit import fsimage
from host_tools.unitkit.broker_address import address
from host_tools.unitkit.errors import BadInput
from sim.board.vm import HEAP_WITH_BROKER_BYTES
from tests import patience
from tests.uplink.books import Books
from tests.uplink.broker import Broker
from tests.uplink.certificates import Authority

from . import rig
from .online import UNIT, Scene


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    yield made
    made.close()


def test_the_unit_says_who_and_how_it_is(scene: Scene):
    assert scene.books.wait(lambda: len(scene.books.seqs(UNIT)) > 20), scene.shown
    topics = [topic.rsplit("/", 1)[1] for topic, _ in scene.books.messages]
    assert topics[:3] == ["availability", "meta", "state"]
    assert scene.last("availability") == "online"
    meta, state, data = scene.last("meta"), scene.last("state"), scene.last("data")
    points = [row[0] for row in tables.rows("points")]
    assert [point["id"] for point in meta["points"]] == points == data["points"] == list(state["values"])
    assert meta["v"] == 1 and meta["boot"] == state["boot"] == data["boot"] == 1
    assert len(meta["firmware_sha256"]) == len(meta["config_sha256"]) == 64 and meta["firmware"] == "0.1.0"
    assert set(state["outputs"]) == {"p1", "p2", "blower", "return"}
    t, quality, level_mm = data["rows"][-1][:3]
    assert abs(t - 1781452800) < 3600  # 2026-06-15T00:00:00+08:00
    assert quality == 0 and 100 < level_mm < 1500
    for seq, row in scene.recorded().items():
        if row and (UNIT, seq) in scene.books.rows:
            assert scene.books.rows[UNIT, seq][2] == row[1][0]


def test_commands_are_obeyed_and_answered(scene: Scene):
    assert scene.books.wait(lambda: scene.last("state")), scene.shown
    assert scene.ask("off", 1, output="blower", for_s=600)["ok"]
    waited = scene.ask("run", 1, output="blower", for_s=600)
    assert waited["code"] == "mains_wait"  # the control has its say: after a start every machine waits its turn

    def blower(on: bool):
        return lambda: scene.last("state")["outputs"]["blower"] == {"on": on, "why": "remote"}

    assert scene.books.wait(blower(False)), scene.last("state")
    while not scene.ask("run", 1, output="blower", for_s=600)["ok"]:
        assert scene.last("state")["t"] < 1781452800 + 300
        time.sleep(0.5)
    assert scene.books.wait(blower(True)), scene.last("state")
    assert scene.ask("run", 2, output="blower", for_s=600)["code"] == "other_boot"
    assert any(event[2:4] == ["claim", "blower on"] for event in scene.ask("log", 1, n=20)["events"])
    assert scene.ask("set", 1, values={"lift.start_level_mm": 100}, confirm=True)["code"] == "value"
    assert scene.ask("set", 1, values={"lift.start_level_mm": 650}, confirm=True)["ok"]
    assert scene.ask("reboot", 1)["ok"]
    assert scene.books.wait(lambda: scene.last("meta")["boot"] == 2), scene.shown
    assert scene.ask("show", 2, keys=["lift.start_level_mm"])["values"] == {"lift.start_level_mm": "650"}
    scene.check("reboot")


def test_settings_from_afar_that_no_start_survives_are_taken_back(tmp_path: Path):
    """The firmware's own main.py, but that this unit cannot live with one start level."""
    main = fsimage.firmware_files(rig.unit())["main.py"].decode()
    found = re.search(r"\n    (\w+) = config\.load\(.*\n", main)
    assert found
    falls = f"    if {found[1]}[0]['lift.start_level_mm'] == 650:\n        raise ValueError('cannot live with it')\n"
    scene = Scene(tmp_path, main=main.replace(found[0], found[0] + falls))
    try:
        scene.check("start")
        before = scene.ask("show", 1, keys=["lift.start_level_mm"])["values"]
        assert before != {"lift.start_level_mm": "650"}
        assert scene.ask("set", 1, values={"lift.start_level_mm": 650}, confirm=True)["ok"]
        assert scene.ask("show", 1, keys=["lift.start_level_mm"])["values"] == {"lift.start_level_mm": "650"}
        assert scene.ask("reboot", 1)["ok"]
        assert scene.books.wait(lambda: scene.last("meta")["boot"] > 1, 60), scene.shown
        assert scene.shown.count("cannot live with it") >= 2
        assert scene.ask("show", scene.last("meta")["boot"], keys=["lift.start_level_mm"])["values"] == before
        scene.check("end")
    finally:
        scene.close()


def test_the_default_heap_of_a_unit_with_a_broker_is_enough_for_every_command(tmp_path: Path):
    scene = Scene(tmp_path, heap_bytes=HEAP_WITH_BROKER_BYTES)
    good, bad = {"lift.start_level_mm": 650, "lift.alternate": "hours"}, {"lift.start_level_mm": 100}
    try:
        scene.check("start")
        for _ in range(3):
            assert scene.ask("log", 1, n=20)["ok"]
            assert scene.ask("show", 1, keys=list(good))["ok"]
            assert scene.ask("set", 1, values=good, confirm=True)["ok"]
            assert scene.ask("set", 1, values=bad, confirm=True)["code"] == "value"
        scene.check("commands")
    finally:
        scene.close()


def test_a_unit_without_memory_for_the_uplink_pumps_without_it(tmp_path: Path):
    scene = Scene(tmp_path, heap_bytes=158 * 1024)  # enough for the rest, not for all
    try:
        assert scene.wait(lambda: "MQTT: memory" in scene.shown), scene.shown
        known = len(scene.recorded())
        assert scene.wait(lambda: len(scene.recorded()) > known + 30)  # it lives, and makes readings
        assert "Traceback" not in scene.shown
    finally:
        scene.close()


@pytest.mark.parametrize("text", ["127.0.0.1", ":1883", "127.0.0.1:0", "127.0.0.1:x", "127.0.0.1:70000"])
def test_what_is_no_broker_is_refused(text):
    with pytest.raises(BadInput, match="--broker: must be HOST:PORT"):
        address(text)


def test_a_unit_file_with_tls_password_and_wifi_is_all_that_a_unit_needs(tmp_path: Path):
    authority = Authority(tmp_path)
    certificate, key = authority.certify("good", "127.0.0.1")
    passwords = tmp_path / "passwords"
    account = (UNIT, "open sesame")
    subprocess.run(["mosquitto_passwd", "-c", "-b", passwords, *account], check=True, capture_output=True)
    broker = Broker(
        tmp_path, f"certfile {certificate}", f"keyfile {key}", f"password_file {passwords}", "allow_anonymous false"
    )
    (tmp_path / "account.txt").write_text(f"user = {UNIT}\npassword = open sesame\n")
    (tmp_path / "wifi.txt").write_text("village = secret\n")
    files = f'ca_file = "{authority.ca.name}"\ncredentials_file = "account.txt"'
    text = rig.UNIT_FILE.read_text(encoding="utf-8").replace('broker = ""', f'broker = "127.0.0.1:{broker.port}"')
    text = text.replace('"esp32-devkitc"', f'"{rig.PSRAM_BOARD}"')
    text = re.sub(r'\nca_file = ""[^\n]*\ncredentials_file = ""[^\n]*', "\n" + files, text)
    text = text.replace("[readings]", '[network]\nwifi_file = "wifi.txt"\nntp = ""\n\n[readings]')
    unit_file = tmp_path / "unit.toml"
    unit_file.write_text(text, encoding="utf-8")
    try:
        with rig.program(tmp_path, "--unit", str(unit_file), "--speed", str(patience.speed(5))):
            books = Books(broker.port, UNIT, "open sesame", str(authority.ca))
            assert books.wait(lambda: books.seqs(UNIT))
            assert books.last[f"qingxi/v1/{UNIT}/availability"] == "online"
            books.close()
    finally:
        broker.stop()
