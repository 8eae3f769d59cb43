"""`qingxi delivery`: a broker that drops what it acknowledges is found; one that keeps all is called good."""

import json
from pathlib import Path

import pytest

from host_tools import main
from tests.uplink.books import Books
from tests.uplink.broker import Broker
from tests.uplink.picky import Picky
from tests.uplink.running import Running
from tests.vm import ROOT

UNIT = ROOT / "boards/esp32/units/qiaotou.toml"
KEEPS_ON = "max_queued_messages 1000"  # as by default: with the tests' 0 this version closes on what it drops
GOOD = {"cmd", "data 46", "data 2048", "event 36", "event 2048"}


def asked(capsys: pytest.CaptureFixture, port: int) -> tuple[int, dict[str, str]]:
    """(exit code, what was answered)."""
    code = main.main(["delivery", "--broker", f"127.0.0.1:{port}", "--unit", str(UNIT), "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("line", "bad"),
    [
        ("", set()),
        ("acl", {"data 46", "data 2048"}),
        ("max_packet_size 1024", {"data 2048", "event 2048"}),
        ("message_size_limit 1000", {"data 2048", "event 2048"}),
    ],
)
def test_what_a_broker_keeps(tmp_path: Path, capsys: pytest.CaptureFixture, line: str, bad: set[str]):
    if line == "acl":
        rules = tmp_path / "acl"
        rules.write_text("topic read #\ntopic write qingxi/v1/qiaotou/state\ntopic write qingxi/v1/qiaotou/event\n")
        line = f"acl_file {rules}"
    broker = Broker(tmp_path, line, KEEPS_ON)
    code, found = asked(capsys, broker.port)
    broker.stop()
    assert set(found) == GOOD and {what for what, answer in found.items() if answer not in ("ok", "nobody")} == bad
    assert code == (1 if bad else 0)


def test_a_unit_does_not_see_what_the_check_finds(tmp_path: Path, capsys: pytest.CaptureFixture):
    """The access list drops readings and acknowledges them: the unit has delivered all, the platform has nothing."""
    rules = tmp_path / "acl"
    rules.write_text("topic read #\ntopic write qingxi/v1/qiaotou/state\ntopic write qingxi/v1/qiaotou/event\n")
    broker = Broker(tmp_path, f"acl_file {rules}", KEEPS_ON)
    books = Books(broker.port)
    unit = Running("cpython", port=broker.port, unit="qiaotou", readings=3, events=1)
    unit.wait("drained 4")
    assert books.wait(lambda: books.seqs("qiaotou") == [4])
    code, found = asked(capsys, broker.port)
    assert (code, found["data 46"]) == (1, "not authorized") and unit.figures()["connects"] == 1
    unit.quit()
    books.close()
    broker.stop()


def test_a_broker_that_speaks_no_mqtt_5_gives_no_reasons(capsys: pytest.CaptureFixture):
    old = Picky(lambda topic, payload: False, connack=b"\x20\x02\0\x01")
    assert main.main(["--lang", "en", "delivery", "--broker", f"127.0.0.1:{old.port}", "--unit", str(UNIT)]) == 3
    assert "no MQTT 5" in capsys.readouterr().err
    old.close()
    assert main.main(["delivery", "--broker", "127.0.0.1:1", "--unit", str(UNIT)]) == 3
    assert main.main(["delivery", "--broker", "nonsense", "--unit", str(UNIT)]) == 2


def test_it_says_what_it_found_in_words(tmp_path: Path, capsys: pytest.CaptureFixture):
    broker = Broker(tmp_path, "max_packet_size 1024")
    for lang, words in (("en", "data, 2048 bytes: not taken:"), ("zh", "data，2048 字节：不收：")):
        assert main.main(["--lang", lang, "delivery", "--broker", f"127.0.0.1:{broker.port}", "--unit", str(UNIT)]) == 1
        assert words in capsys.readouterr().out
    broker.stop()
