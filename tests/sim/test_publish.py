"""`sim run --broker`: what a simulated run records is in the books of an independent subscriber, once and in order."""

import csv
import json
import os
import subprocess
import threading
from pathlib import Path

from unit.catalogue import tables

from host_tools.main import main
from sim import publish
from tests import patience
from tests.sim.test_runner import COMMAND, ROOT, SMALL
from tests.uplink.books import Books
from tests.uplink.broker import Broker, free_port

U = "qiaotou"
POINTS = [row[0] for row in tables.rows("points")]


def start(folder: Path, port: int, story: str = SMALL, *words: str, compiled: bool = False) -> subprocess.Popen:
    """`qingxi sim run --broker` with its results in `folder`/out."""
    (folder / "s.toml").write_text(story, encoding="utf-8")
    command = [*COMMAND, "sim", "run", str(folder / "s.toml"), "--json", "--broker", f"127.0.0.1:{port}"]
    words = words if compiled else ("--plain", *words)
    env = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'firmware'}"}
    return subprocess.Popen(
        [*command, *words], cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def end(process: subprocess.Popen) -> tuple[dict, str]:
    out, err = patience.output(process, 300)
    assert process.returncode == 0, err
    return json.loads(out), err


def last(books: Books, topic: str):
    return books.last.get(f"qingxi/v1/{U}/{topic}")


def test_every_reading_and_event_of_a_run_arrives_once(tmp_path: Path, broker: Broker, books: Books):
    summary, err = end(start(tmp_path, broker.port))
    assert books.wait(lambda: last(books, "availability") == "offline")
    seqs = books.seqs(U)
    assert seqs == list(range(1, len(seqs) + 1)) and f"published: {len(seqs)} records, 0 wait" in err
    came = [books.rows[U, seq] for seq in seqs]
    rows = [row for row in came if isinstance(row, list)]
    with (tmp_path / "out/s/readings.csv").open() as f:
        written = list(csv.DictReader(f))
    assert len(rows) == len(written) == summary["readings"]["recorded"]
    for row, wanted in zip(rows, written, strict=True):
        assert row[0] == 1781452800 + int(wanted["time_s"])  # 2026-06-15T00:00:00+08:00
        assert row[1] == int(wanted["quality"])
        assert row[2:] == [float(wanted[point]) if wanted[point] else None for point in POINTS]
    # Events: what control said, in its order; the run writes the plant's besides.
    with (tmp_path / "out/s/events.csv").open() as f:
        said = [row["event"] for row in csv.DictReader(f) if row["source"] == "control"]
    assert len(came) - len(rows) == len(said)
    alarms = [event for event in came if isinstance(event, dict) and event["code"] == "blower_failed"]
    assert [event["state"] for event in alarms][:2] == ["unacknowledged", "acknowledged"] or not alarms
    # The power cut is another start, the network's outage another connection.
    meta, state = last(books, "meta"), last(books, "state")
    assert meta["boot"] == 2 and [point["id"] for point in meta["points"]] == POINTS
    assert set(state["outputs"]) == {"p1", "p2", "blower", "return"} and state["t"] == 1781452800 + 86400
    online = [payload for topic, payload in books.messages if topic.endswith("availability") and payload == b"online"]
    assert len(online) == 3


def test_a_run_is_the_same_with_and_without_a_broker(tmp_path: Path, broker: Broker):
    """The one compiled, the other by the plain source."""
    with_broker, _ = end(start(tmp_path, broker.port, compiled=True))
    (tmp_path / "s.toml").write_text(SMALL, encoding="utf-8")
    env = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'firmware'}"}
    command = [*COMMAND, "sim", "run", str(tmp_path / "s.toml"), "--plain", "--json", "--out", str(tmp_path / "alone")]
    alone = json.loads(subprocess.run(command, cwd=ROOT, env=env, capture_output=True, check=True).stdout)
    for summary in (with_broker, alone):
        del summary["wall_s"]
    assert with_broker == alone


def test_another_run_goes_on_where_the_sequence_ended(tmp_path: Path, broker: Broker, books: Books):
    end(start(tmp_path, broker.port, SMALL, "--days", "0.1"))
    assert books.wait(lambda: last(books, "availability") == "offline")
    first = books.seqs(U)
    end(start(tmp_path, broker.port, SMALL, "--days", "0.1"))
    assert books.wait(lambda: last(books, "meta")["boot"] == 2 and last(books, "availability") == "offline")
    seqs = books.seqs(U)
    assert seqs == list(range(1, 2 * len(first) + 1))
    assert max(books.entries.values()) <= 2  # the last few before an end may come twice, as from a unit


def test_what_a_line_that_is_down_kept_back_comes_with_the_next_run(tmp_path: Path, broker: Broker, books: Books):
    story = SMALL.replace('at = "11:00"\nfor = "2h"', 'at = "11:00"')
    _, err = end(start(tmp_path, broker.port, story))
    waiting = int(err.partition(" records, ")[2].split()[0])
    assert waiting > 12 * 60
    assert books.wait(lambda: last(books, "availability") == "offline")
    delivered = len(books.seqs(U))
    end(start(tmp_path, broker.port, SMALL, "--days", "0.01"))
    assert books.wait(lambda: len(books.seqs(U)) >= delivered + waiting)
    seqs = books.seqs(U)
    assert seqs == list(range(1, len(seqs) + 1))


def test_commands_reach_a_run_that_leaves_time_for_them(tmp_path: Path, broker: Broker, books: Books):
    story = SMALL.replace('at = "10:00"\nfor = "30s"', 'at = "23:50"')
    process = start(tmp_path, broker.port, story, "--speed", "600")
    try:
        assert books.wait(lambda: last(books, "state"))

        def ask(op: str, **args: object) -> dict:
            known = len(books.replies)
            books.command(U, {"id": f"c{known}", "boot": 1, "op": op, "args": args})
            assert books.wait(lambda: len(books.replies) > known)
            return books.replies[-1]

        def told(row: object, what: str) -> bool:
            return isinstance(row, dict) and row["code"] == "claim" and row["state"] == what

        assert ask("off", output="blower", for_s=7200)["ok"]
        assert books.wait(lambda: any(told(row, "blower off") for row in books.rows.values()))
        assert ask("auto", output="all")["ok"]
        assert ask("set", values={"lift.alternate": "hours"}, confirm=True)["code"] == "not_stored"
        assert ask("show", keys=["lift.alternate"])["values"] == {"lift.alternate": "starts"}
        assert any(event[2:4] == ["claim", "blower off"] for event in ask("log", n=20)["events"])
        assert ask("reboot")["ok"]
        assert books.wait(lambda: last(books, "meta")["boot"] == 2)
    finally:
        process.kill()
        process.wait()


def test_the_account_of_the_unit_file_is_used(tmp_path: Path):
    passwords = tmp_path / "passwords"
    passwords.touch()
    for name in (U, "books"):
        subprocess.run(["mosquitto_passwd", "-b", passwords, name, "secret"], check=True, capture_output=True)
    broker = Broker(tmp_path, "allow_anonymous false", f"password_file {passwords}")
    books = Books(broker.port, "books", "secret")
    unit = (ROOT / "boards/esp32/units/qiaotou.toml").read_text(encoding="utf-8")
    unit = unit.replace('credentials_file = ""', 'credentials_file = "account.txt"')
    (tmp_path / "unit.toml").write_text(unit, encoding="utf-8")
    try:
        for password, code in (("wrong", 3), ("secret", 0)):
            (tmp_path / "account.txt").write_text(f"user = {U}\npassword = {password}\n")
            process = start(tmp_path, broker.port, SMALL, "--days", "0.01", "--unit", str(tmp_path / "unit.toml"))
            _, err = patience.output(process, 60)
            assert process.returncode == code, err
            assert ("refused" in err) == (code == 3)
        assert books.wait(lambda: last(books, "availability") == "offline") and books.seqs(U)
    finally:
        books.close()
        broker.stop()


def test_no_broker_is_exit_3_at_once_and_leaves_nothing(tmp_path: Path):
    process = start(tmp_path, free_port())
    _, err = patience.output(process, 20)
    assert process.returncode == 3 and "--broker: 127.0.0.1:" in err and "nothing comes through" in err
    assert not (tmp_path / "out/s").exists()


def test_a_broker_that_goes_away_is_exit_3(tmp_path: Path, broker: Broker, monkeypatch, capsys):
    monkeypatch.setattr(publish, "PATIENCE_S", 1.0)
    monkeypatch.chdir(tmp_path)
    Path("s.toml").write_text(SMALL.replace("days = 1", "days = 400"), encoding="utf-8")
    threading.Timer(1, broker.kill).start()
    assert main(["sim", "run", "s.toml", "--plain", "--broker", f"127.0.0.1:{broker.port}"]) == 3
    assert "nothing comes through" in capsys.readouterr().err and not Path("out/s").exists()
