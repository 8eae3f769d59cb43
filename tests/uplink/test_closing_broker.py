"""Brokers that answer by closing: messages get smaller, nothing is lost, the reason is told; two boards with one id."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from unit.catalogue import tables
from unit.control.events import OTHER_BOARD
from unit.uplink import closed
from unit.uplink.wire import HEAD_BYTES

from tests import patience
from tests.uplink.books import Books
from tests.uplink.broker import Broker
from tests.uplink.picky import Picky
from tests.uplink.running import Running

ROOT = "qingxi/v1/u1/"
POINTS = [row[0] for row in tables.rows("points")]
KEYS = sorted([row[0] for row in tables.rows("settings")], key=len)[-16:]
FAST = 200  # the uplink's clock, for waits that grow


def told(unit: Running) -> dict:
    """What the unit says of its broker, as `state` has it."""
    text = unit.figures()["told"]
    return json.loads("{" + text[1:] + "}")["broker"] if text else {}


def ends(unit: Running) -> int:
    return sum(line.startswith("state 0") for line in unit.lines)


@pytest.mark.parametrize(
    ("line", "limit", "ended", "more"),
    [
        ("max_packet_size 1024", 1024, 2, 0),
        ("max_packet_size 512", 512, 4, 2),
        ("max_packet_size 256", 256, 6, 6),
        # Of payloads. This one acknowledges what it drops, and closes then: what was acknowledged last is not believed.
        ("message_size_limit 1500", 1024, 4, 0),
        ("message_size_limit 1000", 1024, 2, 0),
        ("message_size_limit 500", 512, 4, 2),
    ],
)
def test_a_limit_is_found_and_kept_to(world: str, tmp_path: Path, line: str, limit: int, ended: int, more: int):
    broker = Broker(tmp_path, line)
    books = Books(broker.port)
    unit = Running(
        world, port=broker.port, readings=130, events=2, speed=FAST, settings={"mqtt.discovery": "homeassistant"}
    )
    unit.wait("drained", timeout_s=60)
    assert books.wait(lambda: len(books.entries) == 132)
    assert (told(unit)["limit"], ends(unit)) == (limit, ended)
    unit.quit()
    books.close()
    broker.stop()
    assert set(books.entries.values()) == {1}
    assert max(len(payload) for _, payload in books.messages) < int(line.split()[1])
    topics = [topic.removeprefix(ROOT) for topic, _ in books.messages]
    whole = topics.index("meta")
    assert whole < topics.index("data") and ("state" in topics)
    pieces = [json.loads(payload) for topic, payload in books.messages if topic.startswith(ROOT + "meta/")]
    meta = books.last[ROOT + "meta"]
    assert meta.get("more", 0) == len(pieces) == more and meta["boot"] == unit.boot
    assert [point["id"] for piece in [*pieces, meta] for point in piece["points"]] == POINTS
    assert books.last[ROOT + "state"]["broker"]["limit"] == limit
    known = {topic for topic in topics if topic.startswith("homeassistant/")}
    assert len(known) == (len(POINTS) if limit > 256 else 0)  # what does not fit is left out


def test_a_batch_gets_fewer_rows_down_to_one(world: str):
    """This broker minds the rows, whatever their size."""
    broker = Picky(lambda topic, payload: topic.endswith("data") and payload.count(b"[") > 3)
    unit = Running(world, port=broker.port, readings=40, speed=FAST)
    unit.wait("drained", timeout_s=60)
    assert told(unit)["limit"] == 256
    unit.quit()
    assert broker.closed == ["data"] * 6 or broker.closed == ["data"] * 8
    assert broker.entries == dict.fromkeys(range(1, 41), 1)


@pytest.mark.parametrize("lazy", [False, True])
def test_one_record_that_is_always_refused_is_passed_and_told_and_the_rest_arrives(world: str, lazy: bool):
    def dislikes(topic: str, payload: bytes) -> bool:
        if not topic.endswith("data"):
            return False
        body = json.loads(payload)
        return body["seq"] <= 7 < body["seq"] + len(body["rows"])

    broker = Picky(dislikes, lazy=lazy)
    unit = Running(world, port=broker.port, readings=20, speed=FAST)
    unit.wait("drained 21", timeout_s=120)
    found = told(unit)
    unit.quit()
    assert sorted(broker.entries) == [seq for seq in range(1, 22) if seq != 7]
    assert [event["state"] for event in broker.events if event["code"] == "record_refused"] == ["7"]
    assert found["refused_seq"] == 7 and "limit" not in found


def test_after_an_end_one_batch_is_under_way_until_it_is_taken(world: str):
    """This broker takes a message or two at a time; all at once it would never get on, and be sent single rows."""
    seen: list[str] = []

    def dislikes(topic: str, payload: bytes) -> bool:
        kind = topic.rpartition("/")[2]
        seen.append(kind)
        if kind == "meta":
            seen.clear()  # a new connection
        return seen.count("data") == 3

    broker = Picky(dislikes, lazy=True)
    unit = Running(world, port=broker.port, readings=400, speed=FAST)
    unit.wait("drained", timeout_s=60)
    assert "limit" not in told(unit)
    unit.quit()
    assert sorted(broker.entries) == list(range(1, 401)) and len(broker.closed) > 2


def test_a_broker_that_takes_no_record_at_all_keeps_them_in_the_journal(world: str):
    busy = [True]
    broker = Picky(lambda topic, payload: busy[0] and topic.endswith("data"))
    unit = Running(world, port=broker.port, readings=20, speed=2000)
    assert patience.until(lambda: len(broker.closed) > 30, 120)
    figures = unit.figures()
    assert figures["unacknowledged"] == 20 and figures["next_seq"] == 21  # nothing given up, nothing invented
    assert told(unit)["closed_on"] == "data"
    busy[0] = False
    unit.wait("drained 20", timeout_s=60)
    unit.quit()
    assert sorted(broker.entries) == list(range(1, 21))


@pytest.mark.parametrize("topic", ["availability", "meta", "state", "cmd?", "state?", "config"])
def test_a_topic_that_is_refused_is_left_out_and_told(world: str, topic: str):
    """With a question mark: the subscription to it. The second one follows only upon other refusals."""
    told_of = {"config": "discovery", "state?": "cmd? state?"}.get(topic, topic)
    refused = tuple("/" + each for each in told_of.split()) if topic[-1] == "?" else ("/" + topic,)
    broker = Picky(lambda name, payload: name.endswith(refused))
    unit = Running(world, port=broker.port, readings=20, speed=FAST, settings={"mqtt.discovery": "homeassistant"})
    unit.wait("drained", timeout_s=120)
    found = told(unit)
    unit.quit()
    assert broker.entries == dict.fromkeys(range(1, 21), 1)
    assert found["left_out"] == told_of
    assert ("limit" in found) == (topic == "meta")  # the largest so far: it is tried smaller before it is left out
    if topic != "state":
        assert json.loads(broker.last["state"])["broker"]["left_out"]  # says so, once through


def test_an_answer_longer_than_the_broker_takes_is_refused_not_repeated(world: str, tmp_path: Path):
    broker = Broker(tmp_path, "max_packet_size 512")
    books = Books(broker.port)
    unit = Running(world, port=broker.port, readings=130, speed=FAST)
    unit.wait("drained", timeout_s=60)
    known = ends(unit)
    books.command("u1", {"id": "a", "boot": unit.boot, "op": "auto", "args": {"output": "all"}})
    books.command("u1", {"id": "b", "boot": unit.boot, "op": "show", "args": {"keys": KEYS}})
    assert books.wait(lambda: len(books.replies) == 2)
    assert ends(unit) == known
    unit.quit()
    books.close()
    broker.stop()
    assert [(reply["id"], reply.get("code")) for reply in books.replies] == [("a", None), ("b", "too_much")]


def test_answers_that_wait_when_the_limit_is_found_are_cut_to_it():
    long = b'{"id":"a","ok":true,"values":{"unit.id":"%s"}}' % (b"x" * 300)
    up = Looking()
    up.queue.replies = [[0, long], [0, b'{"id":"b","ok":true}']]  # type: ignore[attr-defined]
    closed._bound(up, 256)
    found = [json.loads(text) for _, text in up.queue.replies]  # type: ignore[attr-defined]
    assert [(reply["id"], reply.get("code")) for reply in found] == [("a", "too_much"), ("b", None)]
    assert up.queue.most == up.drain.most - HEAD_BYTES == 256 - len(ROOT) - 19
    closed._bound(up, 0)
    assert up.drain.most == len(up.session.wire.tx)


def test_two_boards_with_one_id_say_so_both(world: str, broker: Broker, books: Books):
    units = [Running(world, port=broker.port, readings=n, speed=20) for n in (3, 40)]
    assert units[0].boot == units[1].boot  # as of two boards that are both new

    def both() -> bool:
        for unit in units:
            unit.say("add 1")  # their states go on
        return all(told(unit).get("other_board") for unit in units)

    assert patience.until(both, 60), [unit.lines[-20:] for unit in units]
    for unit in units:
        unit.kill()
    assert books.wait(lambda: "other_board" in str(books.rows))


def test_a_broker_that_restarts_is_no_other_board(world: str, broker: Broker):
    unit = Running(world, port=broker.port, readings=3, speed=20)
    for times in range(5):
        unit.wait("state 3", times + 1)
        unit.say("add 1")
        unit.wait(f"drained {times + 4}")
        broker.kill()
        broker.start()
    unit.wait("state 3", 6)
    assert not told(unit).get("other_board")
    unit.quit()


class Looking:
    """An uplink as `look` sees it."""

    def __init__(self) -> None:
        self.recorded: list[int] = []
        journal = SimpleNamespace(event=lambda t, code, a, b: self.recorded.append(code))
        self.drain = SimpleNamespace(journal=journal)
        self.queue = SimpleNamespace(key=None)
        self.session = SimpleNamespace(wire=SimpleNamespace(tx=bytearray(2176)))
        self.root = ROOT.encode()
        self.newest = SimpleNamespace(update=lambda: None, uptime_s=0)
        self.identity = SimpleNamespace(boot=5, unit_id="u1")
        self.closed = ["", 0, 0, 0, 0, False, -1, 0, None, [], 0]
        self.thrown, self.left, self.told = 2, [], b""


def state(boot: int, t: object) -> bytes:
    return b'{"v":1,"boot":%d,"t":%s,"q":0,"values":{"level_mm":612}}' % (boot, str(t).encode())


@pytest.mark.parametrize(
    ("seen", "other"),
    [
        ([state(6, 100)], True),  # it has started more often than this unit
        ([state(4, 100)], False),  # this unit's own, of its last start, for all one knows
        ([state(4, 100), state(4, 100)], False),  # and as old as before: a broker that lost the newer ones
        ([state(4, 100), state(4, 101)], True),  # nobody but another board goes on with a start that is over
        ([state(5, 100), state(5, 101)], True),  # as many starts, but not its words
        ([state(5, "null"), b"{}"], True),
        ([b'{"v":1,"boot":nonsense', b'{"v":1,"boot":nonsense'], False),
    ],
)
def test_what_counts_as_another_board(seen: list[bytes], other: bool):
    up = Looking()
    for payload in seen:
        closed.look(up, payload)
    assert up.recorded == [OTHER_BOARD] * other and (b"other_board" in up.told) == other


def test_its_own_newest_state_clears_the_suspicion():
    up = Looking()
    up.closed[9] = [state(5, 100)[:48]]
    closed.look(up, state(6, 1))
    assert b"other_board" in up.told
    closed.look(up, state(5, 100))
    assert up.told == b"" and up.recorded == [OTHER_BOARD]
