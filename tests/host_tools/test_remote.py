"""`qingxi update --broker` against a unit that signs, strangers who pose as it, and answers that nobody expects."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from host_tools import main
from host_tools.device import remote, update_mqtt
from host_tools.device.signed import command
from host_tools.unitkit import fsimage, pack
from host_tools.unitkit.errors import AnswerIsNo, SurroundingsFailed
from host_tools.verbs import update as verb_update
from tests.uplink.broker import Broker, free_port
from tests.uplink.certificates import Authority
from tests.vm import ROOT

from .fake_unit import BASE, KEY, OLD_SHA256, OTHER_KEY, UNIT, FakeUnit, Forger, signed

DATA = pack.pack({"unit/noise.txt": bytes(range(32, 100)) * 100}, "2")
SHA256 = pack.head(DATA, "it").sha256


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    running = Broker(tmp_path)
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """What never comes is given up soon; and a publisher has signed, see test_publisher.py."""
    monkeypatch.setattr(verb_update, "_signature", lambda *_: b"signed")
    monkeypatch.setattr(remote, "ANSWER_S", 10.0)
    monkeypatch.setattr(remote, "UNSIGNED_S", 1.0)
    monkeypatch.setattr(remote, "NEWS_S", 1.0)
    monkeypatch.setattr(update_mqtt, "COMES_BACK_S", 3.0)


@pytest.fixture
def unit(broker: Broker) -> Iterator[FakeUnit]:
    made = FakeUnit(broker.port)
    made.wanted = DATA
    yield made
    made.close()


def asked(broker: Broker, key: str = KEY) -> update_mqtt.Remote:
    return update_mqtt.Remote(f"127.0.0.1:{broker.port}", UNIT, key, None, None, None)


def update(broker: Broker, key: str = KEY) -> int:
    with asked(broker, key) as at_work:
        return update_mqtt.send(at_work, DATA, "en")


def test_a_firmware_arrives_and_the_unit_shows_that_it_runs_it(broker: Broker, unit: FakeUnit, capsys):
    assert update(broker) == len(DATA) and bytes(unit.pack) == DATA
    assert unit.sha256 == SHA256 and unit.boot == 5 and not unit.refused
    assert "runs the new firmware" in capsys.readouterr().err
    assert update(broker) == 0
    assert "runs this firmware already" in capsys.readouterr().err
    assert unit.obeyed[-1][0] == "show"  # it has said so itself, for this start


def test_a_piece_fits_the_longest_command():
    args = {"sha256": "0" * 64, "at": 10**8, "data": base64.b64encode(DATA[: update_mqtt.PIECE_BYTES]).decode()}
    members = {"id": "0" * 16, "boot": 2**31 - 1, "nonce": "0" * 16, "op": "update", "args": args}
    made = command(KEY.encode(), UNIT, members | {"ctr": 10**18, "expires": 10**9})
    assert 1000 < len(made) <= 1024


def test_nothing_forged_makes_it_report_success(broker: Broker, unit: FakeUnit, capsys):
    unit.stays = True
    forger = Forger(broker.port, SHA256)
    with asked(broker) as at_work, pytest.raises(SurroundingsFailed, match="not shown itself"):
        update_mqtt.send(at_work, DATA, "en")
    forger.close()
    assert at_work.forged > 10 and unit.sha256 == OLD_SHA256 and at_work.meta["boot"] == 4
    assert "runs" not in capsys.readouterr().err


def test_among_strangers_it_does_its_work_and_says_that_they_are_there(
    broker: Broker, unit: FakeUnit, tmp_path: Path, monkeypatch, capsys
):
    monkeypatch.setattr(fsimage, "firmware_pack", lambda *_: DATA)
    forger = Forger(broker.port, SHA256)
    assert verb(broker, tmp_path) == 0
    forger.close()
    assert unit.sha256 == SHA256 and bytes(unit.pack) == DATA
    shown = capsys.readouterr()
    assert "messages without its signature came and were not believed" in shown.err
    assert json.loads(shown.out)["forged"] > 10 and "\x1b" not in shown.err


def verb(broker: Broker, folder: Path, key: str = KEY) -> int:
    """`qingxi update --broker`; its exit code."""
    (folder / "key.txt").write_text(f"command_key = {key}\n")
    text = (ROOT / "boards/esp32/units/qiaotou.toml").read_text(encoding="utf-8")
    text = text.replace('id = "qiaotou"', f'id = "{UNIT}"')
    path = folder / "unit.toml"
    path.write_text(text.replace('credentials_file = ""', 'credentials_file = "key.txt"'), encoding="utf-8")
    words = ["--lang", "en", "update", "--json", "--broker", f"127.0.0.1:{broker.port}", "--unit", str(path)]
    return main.main(words)


def test_a_recorded_meta_of_another_start_proves_nothing(broker: Broker, unit: FakeUnit):
    """The board was flashed anew: of its old life there are records, rightly signed, with higher starts."""
    unit.stays = True
    old = signed("meta", unit.meta() | {"boot": 50, "nonce": "a" * 16, "firmware_sha256": SHA256})
    unit.say("meta", old, retain=True).wait_for_publish(20)
    with pytest.raises(SurroundingsFailed, match="somebody may hold it back"):
        update(broker)
    unit.tell().wait_for_publish(20)
    plain = unit._obey

    def obey(command):
        plain(command)
        if command["args"].get("switch"):
            unit.say("meta", old)

    unit._obey = obey  # type: ignore[method-assign]
    with pytest.raises(SurroundingsFailed, match="somebody may hold it back"):
        update(broker)
    assert unit.sha256 == OLD_SHA256


def test_a_recorded_answer_is_no_answer(broker: Broker, unit: FakeUnit):
    forger = Forger(broker.port, SHA256)
    forger.heard = lambda topic, payload: forger.recorded.append((topic, payload))  # type: ignore[method-assign]
    with asked(broker) as first:
        first.bytes_per_h(0)
    recorded = [payload for topic, payload in forger.recorded if topic == "reply"]
    unit.mute = True
    with asked(broker) as second:
        command_id = second.post({"keys": ["mqtt.bytes_per_h"]}, "show")
        for payload in recorded:
            forger.say("reply", payload)
        assert recorded and second._answer(command_id) is None and not second.is_proven
    forger.close()


def test_it_goes_on_where_the_unit_has_started_anew(broker: Broker, unit: FakeUnit):
    with asked(broker) as at_work:
        assert at_work.bytes_per_h(7) == 0
        *_, at = (here for here, _ in zip(at_work.bring(SHA256, DATA, 0), range(5), strict=False))
        unit.restart()
        assert update_mqtt.send(at_work, DATA, "en") <= len(DATA) - at
    assert unit.sha256 == SHA256


def test_a_lost_answer_to_the_switch_is_not_taken_for_a_refusal(broker: Broker, unit: FakeUnit):
    unit.loses = 1
    assert update(broker) == len(DATA)
    assert unit.sha256 == SHA256 and unit.boot == 5


def test_a_firmware_that_cannot_live_is_told(broker: Broker, unit: FakeUnit):
    unit.falls_back = True
    with pytest.raises(AnswerIsNo, match="took back the one before"):
        update(broker)


STRANGERS = [(False, KEY, "update --port"), (True, OTHER_KEY, "another key"), (None, KEY, "no answer")]


@pytest.mark.parametrize(("signs", "key", "says"), STRANGERS)
def test_a_unit_that_signs_nothing_or_otherwise(broker: Broker, tmp_path: Path, capsys, signs, key: str, says: str):
    stranger = None if signs is None else FakeUnit(broker.port, key, signs)
    assert verb(broker, tmp_path) == 3
    shown = capsys.readouterr().err
    assert says in shown and shown.count("\n") == 1, shown
    if stranger:
        stranger.close()
        assert not stranger.obeyed


def test_a_refusal_is_an_answer_and_safe_to_show(broker: Broker, unit: FakeUnit, tmp_path: Path, capsys):
    unit.reply_with = None
    plain = unit._reply
    unit._reply = lambda command, _: plain(  # type: ignore[method-assign]
        command, {"ok": False, "code": "no\x1b[2J", "why": "\x9b2J\u202e\nunit runs this firmware already"}
    )
    assert verb(broker, tmp_path) == 1
    shown = capsys.readouterr().err
    assert "xiacun refuses: no?[2J ?2J???unit" in shown.replace("J??unit", "J???unit") and shown.count("\n") == 1


METAS = (
    {"boot": "4"}, {"boot": True}, {"boot": 0}, {"boot": -1}, {"boot": 1 << 40}, {"boot": None}, {"nonce": 7},
    {"nonce": "x" * 16}, {"nonce": "0" * 15}, {"nonce": None}, {"firmware_sha256": 1}, {"firmware_sha256": "0"},
)  # fmt: skip


@pytest.mark.parametrize("wrong", METAS)
def test_a_signed_meta_of_another_shape_is_a_sentence(broker: Broker, unit: FakeUnit, wrong: dict):
    unit.meta_more = wrong
    unit.tell().wait_for_publish(20)
    with pytest.raises(SurroundingsFailed, match="meta is not what this program expects"):
        update(broker)


PAYLOADS = (
    b"", b"{}", b"[]", b"nonsense", b'"x"', b"null", b"[" * 5000, b'{"id":"ID"}', b'{"id":"ID","ok":1}', b"\xff\xfe",
    b'{"id":"ID","ok":"true"}', b'{"id":"ID","ok":false}', b'{"id":"ID","ok":false,"code":7}',
    b'{"id":"ID","ok":false,"code":"x","why":[]}', b'{"id":"ID","ok":true}', b'{"id":"ID","ok":true,"values":[]}',
    b'{"id":"ID","ok":true,"values":{"mqtt.bytes_per_h":"1e9"}}', b'{"id":"ID","ok":true,"values":{}}',
    b'{"id":"ID","ok":true,"values":{"mqtt.bytes_per_h":-1}}', b'{"id":["ID"],"ok":true}', b'{"id":null,"ok":true}',
    b'{"id":"ID","ok":true,"values":{"mqtt.bytes_per_h":' + b"9" * 5000 + b"}}",
)  # fmt: skip


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("rightly", [True, False])
def test_an_answer_of_another_shape_is_a_sentence(
    broker: Broker, unit: FakeUnit, tmp_path: Path, monkeypatch, capsys, payload: bytes, rightly: bool
):
    monkeypatch.setattr(remote, "TRIES", 2)
    monkeypatch.setattr(remote, "ANSWER_S", 0.5)
    unit.reply_with = payload
    if rightly:
        monkeypatch.setattr(remote.signed, "said", lambda key, unit_id, topic, got: trusting(topic, got))
    assert verb(broker, tmp_path) == 3
    shown = capsys.readouterr().err
    assert "Traceback" not in shown and ("not what this program expects" in shown or "no answer" in shown), shown


def trusting(topic: str, payload: bytes) -> bytes:
    """As if each reply were signed."""
    return payload if topic == "reply" else payload[: -len(',"sig":""}') - 64] + b"}"


@pytest.mark.parametrize("at", [None, "0", -1, True, 1.5, 1 << 40])
def test_a_place_that_is_none_is_a_sentence(broker: Broker, unit: FakeUnit, at):
    plain = unit._reply

    def reply(command, answer):
        plain(command, answer | {"at": at} if "at" in answer else answer)

    unit._reply = reply  # type: ignore[method-assign]
    with pytest.raises(SurroundingsFailed, match="reply is not what this program expects"):
        update(broker)


def test_an_account_that_is_not_let_in_is_told(tmp_path: Path, capsys):
    nobody = tmp_path / "nobody"
    nobody.touch(mode=0o600)
    closed = Broker(tmp_path, "allow_anonymous false", f"password_file {nobody}")
    try:
        assert verb(closed, tmp_path) == 3
        assert "cannot be reached" in capsys.readouterr().err
    finally:
        closed.stop()


def test_over_tls_by_name_with_the_units_own_certificate(tmp_path: Path):
    """The broker's certificate names its host, and lets in only who shows one himself."""
    authority = Authority(tmp_path)
    certificate, key = authority.certify("broker", "localhost")
    own = authority.certify("unit")
    files = (f"certfile {certificate}", f"keyfile {key}", f"cafile {authority.ca}", "require_certificate true")
    plain = free_port()
    running = Broker(tmp_path, *files, f"listener {plain} 127.0.0.1")
    unit = FakeUnit(plain)
    try:
        for address, mine, code in (("localhost", own, 0), ("127.0.0.1", own, 3), ("localhost", None, 3)):
            broker = f"{address}:{running.port}"
            try:
                with remote.Remote(broker, UNIT, KEY, None, None, authority.ca, mine) as at_work:
                    at_work.prove()
                    assert at_work.is_proven and code == 0
            except SurroundingsFailed as e:
                assert code == 3, e
    finally:
        unit.close()
        running.stop()


def test_every_command_says_for_which_start_and_until_when(broker: Broker, unit: FakeUnit):
    heard = []
    plain = unit.heard
    unit.heard = lambda topic, payload: heard.append(json.loads(payload)) or plain(topic, payload)  # type: ignore
    assert update(broker) == len(DATA)
    assert all(set(c) == {"id", "boot", "nonce", "op", "args", "ctr", "expires", "sig"} for c in heard)
    assert len({c["id"] for c in heard}) == len({c["ctr"] for c in heard}) == len(heard)
    assert BASE.endswith(UNIT + "/")
