"""Commands over the real broker to the real control core: carried out, or refused with a reason, always answered."""

import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from unit.catalogue.tables import rows
from unit.uplink.commands.handler import OPS

from tests.uplink import command_steps, keys
from tests.uplink.books import Books
from tests.uplink.broker import Broker
from tests.uplink.keys import KEY
from tests.uplink.running import Running
from tests.uplink.worlds import ROOT, run

NOW = 1577836800 + 200_000_000  # the unit's clock, Unix seconds


class Platform:
    """Sends commands to one unit and waits for the answers."""

    def __init__(self, books: Books, unit: Running):
        self.books = books
        self.unit = unit
        self.sent = 0

    def answer(self, payload: Any, retain: bool = False) -> dict[str, Any]:
        before = len(self.books.replies)
        self.books.command("u1", payload, retain)
        assert self.books.wait(lambda: len(self.books.replies) > before), self.unit.lines
        return self.books.replies[-1]

    def ask(self, op: str, args: dict[str, Any] | None = None, **members: Any) -> dict[str, Any]:
        self.sent += 1
        body = {"id": f"c{self.sent}", "boot": self.unit.boot, "op": op, "args": args or {}, **members}
        answer = self.answer(body)
        assert answer["id"] == body["id"], answer
        return answer

    def code(self, op: str, args: dict[str, Any] | None = None, **members: Any) -> str:
        """The code of a refusal."""
        answer = self.ask(op, args, **members)
        assert answer["ok"] is False and answer["why"]
        return answer["code"]


@pytest.fixture
def platform(world: str, broker: Broker, books: Books) -> Iterator[Platform]:
    unit = Running(world, port=broker.port)
    assert books.wait(lambda: "qingxi/v1/u1/state" in books.last)
    yield Platform(books, unit)
    unit.kill()


def test_claims_are_leases_below_protection(platform: Platform):
    assert platform.ask("off", {"output": "p1", "for_s": 600}) == {"id": "c1", "ok": True}
    assert platform.unit.figures()["outputs"][0] == [1, 0]
    assert platform.ask("auto", {"output": "p1"})["ok"]
    assert platform.unit.figures()["outputs"][0] == [0, 0]
    assert platform.code("run", {"output": "p1", "for_s": 1_000_000}) == "lease_limit"
    assert platform.code("run", {"output": "p9", "for_s": 60}) == "args"
    assert platform.code("off", {"output": "p1"}) == "args"
    assert platform.code("off", {"output": "p1", "for_s": "60"}) == "args"
    assert platform.code("off", {"output": "p1", "for_s": True}) == "args"
    assert platform.code("off", {"output": "p1", "for_s": 60, "force": True}) == "args"
    assert platform.ask("auto", {"output": "all"})["ok"]


def test_other_operations_answer(platform: Platform):
    assert platform.ask("ack", {"alarm": "high_level"})["ok"]
    assert platform.ask("ack", {"alarm": "all"})["ok"]
    assert platform.code("ack", {"alarm": "no_such"}) == "args"
    shown = platform.ask("show", {"keys": ["lift.start_level_mm", "aeration.day_from_tod"]})
    assert shown["values"] == {"lift.start_level_mm": "600", "aeration.day_from_tod": "06:00"}
    assert platform.code("show", {"keys": ["no.such"]}) == "args"
    assert platform.ask("log", {"n": 2})["events"][0] == [NOW, 0, "p1", "on", "level_start"]
    assert platform.code("fly") == "unknown_op"


def test_settings_change_whole_or_not_at_all(platform: Platform):
    def shown() -> dict[str, str]:
        return platform.ask("show", {"keys": ["lift.start_level_mm", "mqtt.state_s", "lift.alternate"]})["values"]

    before = shown()
    # A good value beside one out of range, one of the wrong kind, one unknown: none is taken.
    assert platform.code("set", {"values": {"lift.alternate": "hours", "mqtt.state_s": 5}}) == "value"
    assert platform.code("set", {"values": {"lift.alternate": "hours", "mqtt.state_s": "soon"}}) == "value"
    assert platform.code("set", {"values": {"lift.alternate": "hours", "no.such": 1}}) == "args"
    assert platform.code("set", {"values": {"plant.oxic_m3": 10}}) == "args"  # of the simulator only
    # Each allowed for itself, but the start level may not lie below the stop level.
    confirmed = {"values": {"lift.start_level_mm": 100}, "confirm": True}
    assert "lift.stop_level_mm" in platform.ask("set", confirmed)["why"]
    assert platform.code("set", {"values": {"lift.start_level_mm": 650}}) == "confirm"
    assert shown() == before
    assert "reboot" not in platform.ask("set", {"values": {"lift.start_level_mm": 650}, "confirm": True})
    assert platform.ask("set", {"values": {"lift.alternate": "hours", "mqtt.state_s": 30}})["reboot"] is True
    assert shown() == {"lift.start_level_mm": "650", "mqtt.state_s": "30", "lift.alternate": "hours"}


def test_what_is_not_for_now_or_not_for_this_start_is_refused(platform: Platform):
    assert platform.code("auto", {"output": "p1"}, boot=platform.unit.boot + 1) == "other_boot"
    assert platform.code("auto", {"output": "p1"}, boot=None) == "malformed"
    assert platform.code("auto", {"output": "p1"}, expires=NOW - 1) == "expired"
    assert platform.code("auto", {"output": "p1"}, expires="later") == "malformed"
    assert platform.ask("auto", {"output": "p1"}, expires=NOW + 60)["ok"]
    platform.sent -= 1
    assert platform.code("auto", {"output": "p1"}) == "repeated"  # the id of the one that worked
    body = {"id": "r", "boot": platform.unit.boot, "op": "auto", "args": {"output": "p1"}}
    assert platform.answer(body, retain=True)["ok"] is True  # this subscriber gets it live, as any other
    refused = platform.unit.figures()["refused"]
    assert refused == {"other_boot": 1, "malformed": 2, "expired": 1, "repeated": 1}


def test_retained_command_is_refused_after_every_connection(world: str, broker: Broker, books: Books):
    body = {"id": "old", "boot": 1, "op": "reboot", "args": {}}
    books.command("u1", body, retain=True)
    unit = Running(world, port=broker.port)
    assert books.wait(lambda: bool(books.replies))
    assert (books.replies[0]["ok"], books.replies[0]["code"]) == (False, "retained")
    assert unit.quit()["rebooted"] is False


def test_malformed_and_over_long_commands_are_answered(platform: Platform):
    for payload, code in (
        (b"", "malformed"),
        (b"{", "malformed"),
        (b"[]", "malformed"),
        (b"null", "malformed"),
        (b'"run"', "malformed"),
        (b"\xff\xfe\x00", "malformed"),
        (b'{"id":1}', "malformed"),
        (b'{"id":"' + b"x" * 37 + b'"}', "malformed"),
        (b"[" * 1000, "malformed"),
        (b'{"id":"q","boot":1,"op":"reboot","more":1}', "malformed"),
        (b" " * 1100, "too_long"),
        (b"x" * 70000, "too_long"),
    ):
        answer = platform.answer(payload)
        assert (answer["ok"], answer["code"]) == (False, code), payload[:40]
    assert platform.unit.quit()["rebooted"] is False


def test_reboot_waits_for_its_answer(platform: Platform):
    assert platform.ask("reboot") == {"id": "c1", "ok": True}
    assert platform.unit.end()["rebooted"] is True
    assert platform.books.wait(lambda: platform.books.last["qingxi/v1/u1/availability"] == "offline")


def test_signed_commands(world: str, broker: Broker, books: Books, tmp_path):
    (tmp_path / "credentials").write_text(f"# made by the platform\ncommand_key = {KEY}\n")
    unit = Running(world, port=broker.port, credentials=str(tmp_path / "credentials"))
    assert books.wait(lambda: "qingxi/v1/u1/state" in books.last)
    platform = Platform(books, unit)

    nonce = books.last["qingxi/v1/u1/meta"]["nonce"]

    def signed(counter: int, key: str = KEY, unit_id: str = "u1", op: str = "auto") -> bytes:
        head = {"id": f"s{counter}{op}", "boot": unit.boot, "nonce": nonce, "expires": NOW + 60}
        return keys.command(unit_id, {**head, "op": op, "args": {"output": "p1"}, "ctr": counter}, key)

    def code(payload: bytes) -> str:
        return platform.answer(payload).get("code", "ok")

    good = signed(5)
    assert code(good) == "ok"
    assert code(good) == "counter"  # the same bytes again
    assert code(signed(4)) == "counter"
    unsigned = json.dumps({"id": "x", "boot": unit.boot, "op": "auto", "args": {"output": "p1"}}).encode()
    assert code(unsigned) == "signature"
    # All these are counted, and none is answered so soon after the first.
    books.command("u1", signed(6, keys.OTHER_KEY))
    books.command("u1", signed(6, unit_id="u2"))  # meant for another unit
    books.command("u1", signed(6).replace(b"auto", b"okay"))
    books.command("u1", signed(6)[:-3] + (b'0"}' if signed(6)[-3:-2] != b"0" else b'1"}'))
    before = len(books.replies)
    assert code(signed(8)) == "ok"
    assert len(books.replies) == before + 1
    assert unit.figures()["refused"] == {"counter": 2, "signature": 5}
    for topic in ("meta", "state", "reply"):
        said = [payload for name, payload in books.messages if name == "qingxi/v1/u1/" + topic]
        assert said and all(keys.is_from("u1", topic, payload) for payload in said), topic
        assert not any(keys.is_from("u1", topic, payload, keys.OTHER_KEY) for payload in said)
    unit.kill()


def test_a_flood_of_what_is_not_signed_costs_a_unit_little(world: str, broker: Broker, books: Books, tmp_path):
    """And it is told: at the journal, and in `state`."""
    (tmp_path / "credentials").write_text(f"command_key = {KEY}\n")
    unit = Running(world, port=broker.port, credentials=str(tmp_path / "credentials"), speed=30)
    assert books.wait(lambda: "qingxi/v1/u1/state" in books.last)
    for i in range(200):
        books.command("u1", b'{"id":"j%d"}' % i)
    assert books.wait(lambda: books.last["qingxi/v1/u1/state"].get("refused") == {"signature": 200}, 60)
    assert len(books.replies) < 20
    unit.wait("denied 100")
    unit.kill()


@pytest.mark.parametrize("keyed", [True, False])
def test_a_megabyte_of_a_stranger_does_not_silence_a_unit_that_counts_its_bytes(
    world: str, broker: Broker, books: Books, tmp_path, keyed: bool
):
    """It would pay for it for fifty hours; so it owes no more than some minutes, and says what is going on."""
    secrets = {"credentials": str(tmp_path / "credentials")} if keyed else {}
    (tmp_path / "credentials").write_text(f"command_key = {KEY}\n")
    settings = {"mqtt.bytes_per_h": 20_000, "mqtt.state_s": 10}
    unit = Running(world, port=broker.port, speed=60, settings=settings, **secrets)
    state = "qingxi/v1/u1/state"
    assert books.wait(lambda: state in books.last)
    books.command("u1", b"x" * 1_000_000)
    begun_ms = unit.figures()["now_ms"]
    assert books.wait(lambda: books.last[state].get("throttled"), 60), unit.figures()
    unit.say("event")
    unit.say("add 3")
    assert books.wait(lambda: len(books.entries) == 4, 60), unit.figures()
    assert unit.figures()["now_ms"] - begun_ms < 1_800_000
    assert books.wait(lambda: not books.last[state].get("throttled"), 60), unit.figures()
    unit.kill()


def test_what_strangers_send_without_end_leaves_a_unit_its_reserve(world: str, broker: Broker, books: Books, tmp_path):
    (tmp_path / "credentials").write_text(f"command_key = {KEY}\n")
    settings = {"mqtt.bytes_per_h": 60_000, "mqtt.state_s": 10}
    unit = Running(world, port=broker.port, speed=60, settings=settings, credentials=str(tmp_path / "credentials"))
    assert books.wait(lambda: "qingxi/v1/u1/state" in books.last)
    stop = threading.Event()

    def flood() -> None:
        while not stop.wait(0.05):
            books.client.publish("qingxi/v1/u1/cmd", b"x" * 20_000, 1)

    thread = threading.Thread(target=flood)
    thread.start()
    try:
        assert books.wait(lambda: books.last["qingxi/v1/u1/state"].get("throttled"), 60), unit.figures()
        unit.say("add 100")
        unit.say("event")
        assert books.wait(lambda: len(books.entries) == 101, 60), unit.figures()
    finally:
        stop.set()
        thread.join()
    assert len(books.replies) < 60
    unit.kill()


def test_every_operation_and_every_refusal(world: str, tmp_path: Path):
    assert run(world, "command_steps.py", tmp_path, heap="1m")[-1] == f"cases {len(command_steps.CASES)}"


def test_every_code_of_the_reference_is_met():
    """What docs/mqtt.md names, all of it and nothing else but reasons of the control."""
    text = (ROOT / "docs/mqtt.md").read_text(encoding="utf-8")
    paragraph = text.partition("Codes of refusal:")[2].partition("Where the id cannot")[0]
    named = set(re.findall(r"`(\w+)`", paragraph)) - {"set", "update"}
    met = {code for _, code, *_ in command_steps.CASES} - {"ok"} | {"publisher", "older"}  # these in publisher_steps.py
    assert met - {row[0] for row in rows("reasons")} == named
    assert {op for _, code, op, *_ in command_steps.CASES if code == "ok"} == set(OPS)


def fuzz(world: str, n: int, seed: int) -> None:
    refused, grown = run(world, "fuzz_steps.py", n, seed, heap="600k", timeout_s=300)
    assert refused == f"refused {n} calls 0 reboot False"
    assert int(grown.split()[1]) <= 1024  # bytes after hundreds of them: what counting by code needs, and no more


def test_malformed_commands_change_nothing_and_leave_no_memory_behind(world: str):
    fuzz(world, 700, 1)


@pytest.mark.campaign
def test_ten_thousand_malformed_commands_change_nothing(world: str):
    fuzz(world, 10_000, 2)
