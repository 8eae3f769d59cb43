"""A unit's ordinary days with a real broker, in both worlds: what arrives, in which order, and once."""

from unit.catalogue.tables import rows

from tests import patience
from tests.uplink.books import Books
from tests.uplink.broker import Broker, free_port
from tests.uplink.running import Running

ROOT = "qingxi/v1/u1/"
T0 = 1577836800 + 200_000_000  # Unix seconds of a unit's start here


def test_backlog_arrives_once_and_in_order_behind_the_newest_state(world: str, broker: Broker, books: Books):
    unit = Running(world, port=broker.port, readings=230, events=2)
    unit.wait("drained")
    assert books.wait(lambda: len(books.entries) == 232)
    unit.say("add 3")
    unit.say("event")
    unit.wait("drained 236")
    assert books.wait(lambda: len(books.entries) == 236)
    assert unit.figures()["held"] == []  # code that a connection needs once, or only for events
    unit.quit()

    assert books.seqs("u1") == list(range(1, 237))
    assert set(books.entries.values()) == {1}
    topics = [topic.removeprefix(ROOT) for topic, _ in books.messages]
    assert topics[:3] == ["availability", "meta", "state"]  # before any history
    assert topics[3] == "data"
    seqs = [body["seq"] for body in (books.last[ROOT + "data"], books.last[ROOT + "event"])]
    assert seqs == [233, 236]
    data = books.last[ROOT + "data"]
    assert (data["v"], data["boot"], data["points"]) == (1, unit.boot, [row[0] for row in rows("points")])
    # t in Unix seconds, quality, then the points in their own units: turbidity is recorded in tenths.
    assert data["rows"][0][:4] == [T0 + 230 * 60, 0, 600 + 230 % 37, 12.0]
    event = books.last[ROOT + "event"]["events"]
    assert event == [{"code": "p1", "state": "on", "why": "level_start", "t": T0 + 233 * 60}]


def test_meta_and_state_say_what_the_contract_promises(world: str, broker: Broker, books: Books):
    unit = Running(world, port=broker.port)
    assert books.wait(lambda: ROOT + "state" in books.last)
    meta, state = books.last[ROOT + "meta"], books.last[ROOT + "state"]
    unit.quit()
    assert (meta["v"], meta["boot"], meta["firmware"]) == (1, unit.boot, "0.1.0")
    assert len(meta["firmware_sha256"]) == len(meta["config_sha256"]) == 64
    assert meta["energy_source"] == "metered"  # the unit of these tests has everything wired
    assert {"id": "turbidity_ntu", "unit": "NTU", "low": 0, "high": 4000}.items() <= meta["points"][1].items()
    assert state["values"]["level_mm"] == 612 and state["values"]["turbidity_ntu"] == 12.3
    assert state["values"]["energy_wh"] is None  # not known is not zero
    # No input of this unit says anything, so nothing shows that the pump turns.
    assert state["outputs"]["p1"] == {"on": False, "why": "level_wait", "feedback": False}
    assert (state["boot"], state["q"], state["alarms"]) == (unit.boot, 0, [])


def test_readings_of_a_unit_without_a_clock_carry_its_uptime(world: str, broker: Broker, books: Books):
    unit = Running(world, port=broker.port, readings=2, clock=0)
    unit.wait("drained")
    assert books.wait(lambda: len(books.entries) == 2)
    unit.quit()
    data = books.last[ROOT + "data"]
    assert data["points"][-1] == "uptime_s"
    assert [(row[0], row[-1]) for row in data["rows"]] == [(None, 0), (None, 60)]


def test_availability_follows_goodbye_and_sudden_death(world: str, broker: Broker, books: Books):
    unit = Running(world, port=broker.port)
    assert books.wait(lambda: books.last.get(ROOT + "availability") == "online")
    unit.quit()
    assert books.wait(lambda: books.last[ROOT + "availability"] == "offline")
    unit = Running(world, port=broker.port)
    assert books.wait(lambda: books.last[ROOT + "availability"] == "online")
    unit.kill()
    assert books.wait(lambda: books.last[ROOT + "availability"] == "offline")
    late = Books(broker.port)  # retained: whoever comes later knows it too
    assert late.wait(lambda: late.last.get(ROOT + "availability") == "offline")
    late.close()


def test_rate_limit_holds_the_backlog_back(world: str, broker: Broker, books: Books):
    # 360 kB an hour are 100 bytes a second by the unit's clock. 400 readings need 19 kB.
    unit = Running(world, port=broker.port, readings=400, speed=60, settings={"mqtt.bytes_per_h": 360000})
    unit.wait("drained", timeout_s=40)
    assert unit.quit()["behind_ms"] > 100_000  # without a limit it is some seconds


def test_batch_time_lets_readings_share_a_message(world: str, broker: Broker, books: Books):
    unit = Running(world, port=broker.port, readings=1, speed=60, settings={"mqtt.batch_s": 60})
    unit.wait("drained 1")
    for _ in range(5):
        unit.say("add 1")
    unit.wait("drained 6")
    unit.quit()
    assert books.wait(lambda: len(books.entries) == 6)
    assert sum(topic.endswith("data") for topic, _ in books.messages) == 2


def test_discovery_announces_every_point_of_the_catalogue(world: str, broker: Broker, books: Books):
    unit = Running(world, port=broker.port, readings=1, settings={"mqtt.discovery": "homeassistant"})
    unit.wait("drained")
    unit.quit()
    assert books.wait(lambda: ROOT + "data" in books.last)  # it comes behind them
    for row in rows("points"):
        body = books.last[f"homeassistant/sensor/u1/{row[0]}/config"]
        assert body["state_topic"] == ROOT + "state" and f"['{row[0]}']" in body["value_template"]
        assert body["availability_topic"] == ROOT + "availability"


def test_access_list_that_forbids_commands_does_not_keep_readings(world: str, tmp_path):
    (tmp_path / "acl").write_text("topic read $SYS/#\ntopic write qingxi/v1/u1/#\nuser books\ntopic readwrite #\n")
    (tmp_path / "passwords").write_text("")
    broker = Broker(tmp_path, f"acl_file {tmp_path / 'acl'}")
    unit = Running(world, port=broker.port, readings=3)
    unit.wait("drained")
    figures = unit.quit()
    broker.stop()
    assert figures["connects"] == 1


def test_a_network_through_which_no_broker_answers_is_begun_anew(world: str):
    """15 minutes of the uplink's time, again and again; not while a broker serves the unit."""
    unit = Running(world, port=free_port(), readings=1, speed=2000)
    assert patience.until(lambda: unit.figures()["begun_anew"] >= 2)
    unit.kill()


def test_a_network_that_served_lately_is_left_alone(world: str, broker: Broker):
    unit = Running(world, port=broker.port, readings=1, speed=200)
    unit.wait("drained")
    before = unit.figures()["begun_anew"]
    unit.live_ms(20 * 60_000)
    broker.kill()
    unit.live_ms(200_000)
    assert unit.quit()["begun_anew"] == before
