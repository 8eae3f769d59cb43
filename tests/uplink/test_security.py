"""Who is let in: the broker's certificate by the unit, the unit's password and access by the broker."""

import datetime
import subprocess
from pathlib import Path

import pytest

from tests import patience
from tests.uplink.books import Books
from tests.uplink.broker import Broker
from tests.uplink.certificates import BOARDS_DAY, DAY, Authority
from tests.uplink.names import Resolver
from tests.uplink.running import Running


def secure_broker(folder: Path, files: tuple[Path, Path], *lines: str) -> Broker:
    return Broker(folder, f"certfile {files[0]}", f"keyfile {files[1]}", *lines)


def unit_of(world: str, broker: Broker, ca: Path, host: str = "broker.test", **options: object) -> Running:
    resolver = Resolver(broker_test="127.0.0.1")
    return Running(
        world, port=0, brokers=f"{host}:{broker.port}", ca=str(ca), readings=3, speed=10,
        settings={"network.dns": f"127.0.0.1:{resolver.port}"}, **options,
    )  # fmt: skip


@pytest.mark.parametrize("host", ["broker.test", "127.0.0.1"])
def test_tls_with_the_right_certificate(world: str, tmp_path: Path, host: str):
    authority = Authority(tmp_path)
    broker = secure_broker(tmp_path, authority.certify("good", "broker.test", "127.0.0.1"))
    unit = unit_of(world, broker, authority.ca, host)
    unit.wait("drained 3")
    assert unit.quit()["connects"] == 1
    broker.stop()


@pytest.mark.parametrize("fault", ["wrong authority", "wrong host name", "expired", "not yet valid"])
@pytest.mark.parametrize("clock", [1, 0])  # the dates are held against the chip's, see tests/board/test_secure_time.py
def test_tls_refusals_never_connect_and_never_send(world: str, tmp_path: Path, fault: str, clock: int):
    authority = Authority(tmp_path)
    trusted = Authority(tmp_path, "other").ca if fault == "wrong authority" else authority.ca
    name = "other.test" if fault == "wrong host name" else "broker.test"
    begins = datetime.datetime.now(datetime.UTC) + DAY if fault == "not yet valid" else BOARDS_DAY
    files = authority.certify("bad", name, days_left=-1 if fault == "expired" else 5, begins=begins)
    broker = secure_broker(tmp_path, files)
    unit = unit_of(world, broker, trusted, clock=clock)
    unit.wait("state 0", times=4)  # it keeps trying, and is refused each time
    figures = unit.quit()
    broker.stop()
    assert figures["connects"] == 0 and figures["sent_bytes"] == 0 and figures["unacknowledged"] == 3
    assert "certif" in figures["why"].lower(), figures["why"]


def test_handshake_waits_until_the_plant_can_bear_it(world: str, tmp_path: Path):
    authority = Authority(tmp_path)
    broker = secure_broker(tmp_path, authority.certify("good", "broker.test"))
    unit = unit_of(world, broker, authority.ca, may_block=0)
    unit.wait("state 1")
    polls = unit.figures()["polls"]
    assert patience.until(lambda: unit.figures()["polls"] > polls + 100)
    assert not any(line.startswith("state 2") for line in unit.lines)  # TCP stands, no handshake began
    unit.say("may_block 1")
    unit.wait("drained 3")
    unit.quit()
    broker.stop()


def test_wrong_password_is_refused_and_the_right_one_let_in(world: str, tmp_path: Path):
    passwords = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-c", "-b", passwords, "u1", "right"], check=True, capture_output=True)
    subprocess.run(["mosquitto_passwd", "-b", passwords, "books", "b"], check=True, capture_output=True)
    acl = tmp_path / "acl"
    acl.write_text("user books\ntopic readwrite #\npattern readwrite qingxi/v1/%u/#\n")
    broker = Broker(tmp_path, "allow_anonymous false", f"password_file {passwords}", f"acl_file {acl}")
    books = Books(broker.port, "books", "b")
    (tmp_path / "wrong").write_text("user = u1\npassword = wrong\n")
    (tmp_path / "right").write_text("user = u1\npassword = right\n")
    unit = Running(world, port=broker.port, readings=3, credentials=str(tmp_path / "wrong"), speed=10)
    unit.wait("state 0", times=3)
    figures = unit.quit()
    assert figures["connects"] == 0 and figures["why"].startswith("refused"), figures["why"]
    assert not books.entries
    unit = Running(world, port=broker.port, readings=3, credentials=str(tmp_path / "right"))
    unit.wait("drained 3")
    assert books.wait(lambda: len(books.entries) == 3)
    unit.quit()
    # Its own topics only: under another unit's name it is not let in, and keeps what it has.
    other = Running(world, port=broker.port, unit="u2", readings=3, credentials=str(tmp_path / "right"), speed=10)
    other.wait("state 0", times=2)
    assert other.quit()["unacknowledged"] == 3
    assert books.seqs("u2") == []
    books.close()
    broker.stop()


def test_a_unit_shows_its_own_certificate_where_the_broker_wants_one(world: str, tmp_path: Path):
    authority = Authority(tmp_path)
    files = authority.certify("good", "broker.test")
    wants = ("require_certificate true", f"cafile {authority.ca}", "use_identity_as_username true")
    broker = secure_broker(tmp_path, files, *wants)
    stranger = unit_of(world, broker, authority.ca)
    stranger.wait("state 0", times=3)
    figures = stranger.figures()
    stranger.kill()
    assert figures["connects"] == 0 and figures["unacknowledged"] == 3
    own = [str(path) for path in authority.certify("u1")]
    unit = unit_of(world, broker, authority.ca, own=own)
    unit.wait("drained 3")
    assert unit.quit()["connects"] == 1
    broker.stop()
