"""A firmware over MQTT: in pieces, resumed, checked, refused; and what cannot live takes itself back."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from host_tools import main
from host_tools.device import update_mqtt as update
from host_tools.unitkit import pack
from host_tools.unitkit.errors import AnswerIsNo, BadInput
from tests import publishers

from . import rig
from .online import Scene, Sender
from .test_slots import firmware

KEY = "00112233445566778899aabbccddeeff"
update_pace = update.Pace


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path, key=KEY)
    yield made
    made.close()


class Cutting(Sender):
    """Has `strike` happen before the command of that number."""

    def __init__(self, scene: Scene, key: str = KEY, at: int = -1, strike=lambda: None):
        super().__init__(scene.broker.port, key, scene.books)
        self.asked, self._strikes_at, self._strike = 0, at, strike

    def post(self, args, op="update"):
        if self.asked == self._strikes_at:
            self._strike()
        self.asked += 1
        return super().post(args, op)


def code(remote: update.Remote, args: dict) -> str:
    with pytest.raises(AnswerIsNo) as refused:
        remote.ask(args)
    return str(refused.value).split()[2]


def short() -> bytes:
    """A pack that arrives soon and cannot start."""
    return pack.pack({"unit/__init__.mpy": b"no bytecode", "unit/noise.txt": bytes(range(32, 100)) * 60}, "99.1")


def sent(remote: update.Remote, data: bytes) -> int:
    """Bring a firmware with the signature of its publisher; how many bytes went."""
    return update.send(remote, data, "en", signature=publishers.sign(data))


def test_a_firmware_is_cut_off_goes_on_and_takes_itself_back_when_it_cannot_start(scene: Scene):
    data = short()
    with Cutting(scene, at=4, strike=scene.power_cut) as remote:
        before = remote.meta["firmware_sha256"]
        falls_back(remote, data)
    with Cutting(scene) as remote:
        assert scene.wait(lambda: remote.meta["boot"] >= 3, 60), scene.shown
        assert remote.meta["firmware_sha256"] == before
    scene.check("the unit goes on")


def falls_back(remote: update.Remote, data: bytes) -> None:
    """Send a firmware that cannot start: it arrives whole, and the unit shows that it took back the one before."""
    with pytest.raises(AnswerIsNo, match="took back the one before"):
        sent(remote, data)


@pytest.mark.parametrize("at", [3, 9])
@pytest.mark.parametrize("how", ["power_cut", "link_cut", "sender gone"])
def test_broken_off_at_a_piece_it_goes_on_while_the_unit_works(scene: Scene, at: int, how: str):
    data = short()

    def strike() -> None:
        if how == "power_cut":
            scene.power_cut()
        elif how == "link_cut":
            scene.proxy.cut()
        else:
            raise KeyboardInterrupt

    with Cutting(scene, at=at, strike=strike) as remote:
        if how == "sender gone":
            with pytest.raises(KeyboardInterrupt):
                sent(remote, data)
            scene.served("nobody sends")
        else:
            falls_back(remote, data)
    with Cutting(scene) as remote:
        sha256 = pack.head(data, "it").sha256
        if how == "sender gone":
            here = remote.ask({"sha256": sha256})["at"]
            assert 0 < here < len(data) if at > 4 else 0 <= here < len(data)
            falls_back(remote, data)
        assert scene.wait(lambda: remote.meta["boot"] >= 2, 60), scene.shown
    scene.check("the unit goes on")


def test_pieces_are_taken_while_a_pump_runs(scene: Scene):
    data = short()
    sha256 = pack.head(data, "it").sha256
    pumps = ("p1", "p2")
    with Cutting(scene) as remote:
        assert scene.wait(lambda: runs(remote, pumps), 120), scene.shown
        at = remote.ask({"sha256": sha256})["at"]
        *_, at = remote.bring(sha256, data[:-1], at)
        assert at == len(data) - 1
        assert any(scene.last("state")["outputs"][pump]["on"] for pump in pumps)  # and it still does


def runs(remote: update.Remote, pumps: tuple[str, ...]) -> bool:
    """Whether a pump runs, or can be had to."""
    for pump in pumps:
        try:
            remote.ask({"output": pump, "for_s": 3600}, "run")
            return True
        except AnswerIsNo:
            pass  # it may not start yet
    return False


def test_what_is_not_signed_not_whole_or_not_wanted_is_refused(scene: Scene):
    data = short()
    sha256 = pack.head(data, "it").sha256
    with Cutting(scene) as remote:
        stranger = Cutting(scene, key=KEY[::-1])
        stranger.meta = remote.meta
        scene.books.client.publish(remote._base + "cmd", stranger.signed({"id": "a", "op": "update"}), 1)
        assert scene.books.wait(lambda: scene.books.replies), scene.shown
        assert scene.books.replies[-1]["code"] == "signature"
        assert code(remote, {"sha256": "no digest"}) == "args"
        assert code(remote, {"sha256": sha256, "at": 0, "data": "AAAA"}) == "args"
        assert code(remote, {"sha256": sha256, "switch": True}) == "digest"
        altered = data[:-5] + b"?" + data[-4:]
        with pytest.raises(AnswerIsNo, match="refuses: digest"):
            send_as(remote, altered, sha256)
        assert remote.ask({"sha256": sha256})["at"] == 0 and remote.meta["boot"] == 1
    scene.check("the unit goes on")


def send_as(remote: update.Remote, data: bytes, sha256: str) -> None:
    """Send bytes under a digest that is not theirs."""
    for at in range(0, len(data), update.PIECE_BYTES):
        piece = base64.b64encode(data[at : at + update.PIECE_BYTES]).decode()
        remote.ask({"sha256": sha256, "at": at, "data": piece})
    remote.ask({"sha256": sha256, "switch": True, "signature": publishers.sign_text(sha256)})


def test_who_holds_the_command_key_alone_runs_no_code(scene: Scene):
    """He brings what he likes, and it lies there; it never runs, nor is it in a slot, where it might."""
    data = short()
    sha256 = pack.head(data, "it").sha256
    switch = {"sha256": sha256, "switch": True}
    signed = publishers.sign_text(pack.head(firmware("99.2"), "it").sha256)  # a true one, which went over the air
    with Cutting(scene) as remote:
        at = remote.ask({"sha256": sha256})["at"]
        *_, at = remote.bring(sha256, data, at)
        assert at == len(data)
        stranger = publishers.sign_text(sha256, "stranger")
        for more in ({}, {"signature": ""}, {"signature": None}, {"signature": stranger}, {"signature": signed}):
            assert code(remote, switch | more) == "publisher"
        scene.power_cut()
        assert scene.wait(lambda: remote.meta["boot"] >= 2, 60), scene.shown
        assert code(remote, switch) == "publisher"  # it is still there
    scene.check("the unit goes on")
    scene.off()
    held = rig.file_names(scene.flash)
    assert {"a.pack", "new.pack"} <= held and "b.pack" not in held
    scene.power_cut()


def test_without_publishers_a_unit_takes_no_piece(tmp_path: Path):
    scene = Scene(tmp_path, key=KEY, listed=())
    try:
        data = short()
        sha256 = pack.head(data, "it").sha256
        piece = {"sha256": sha256, "at": 0, "data": base64.b64encode(data[:500]).decode()}
        with Cutting(scene) as remote:
            for args in ({"sha256": sha256}, piece, {"sha256": sha256, "switch": True}):
                assert code(remote, args) == "no_publisher"
        scene.check("the unit goes on")
    finally:
        scene.close()


def test_an_older_firmware_does_not_come_back(scene: Scene):
    data = pack.pack({"unit/__init__.mpy": b"no bytecode", "unit/noise.txt": bytes(range(32, 100)) * 60}, "0.0.9")
    with Cutting(scene) as remote:
        with pytest.raises(AnswerIsNo, match=r"refuses: older this is version 0\.0\.9"):
            sent(remote, data)
        assert remote.meta["boot"] == 1
    scene.check("the unit goes on")


def test_the_limit_of_traffic_is_the_units_and_readings_have_their_half(scene: Scene, capsys, monkeypatch):
    waits: list[float] = []
    monkeypatch.setattr(update, "Pace", lambda rate: made.append(rate) or update_pace(rate, lambda: 0.0, waits.append))
    made: list[float] = []
    with Cutting(scene) as remote:
        assert remote.bytes_per_h(7) == 0
        remote.ask({"values": {"mqtt.bytes_per_h": 100000}}, "set")
        falls_back(remote, short())
        spent = remote.traffic_bytes
    assert made == [50000] and "at most 100000 bytes an hour" in capsys.readouterr().err
    assert waits == sorted(waits) and spent * 0.7 < waits[-1] * 50000 / 3600 < spent


def test_a_pace_is_kept_however_the_bytes_come():
    now_s = 0.0

    def sleep(seconds: float) -> None:
        nonlocal now_s
        now_s += seconds

    pace = update.Pace(3600, lambda: now_s, sleep)
    for n in (100, 1, 900):
        pace.spend(n)
    assert now_s == 1001
    now_s += 5000  # nothing is saved up meanwhile
    pace.spend(10)
    assert now_s == 6011
    update.Pace(0, lambda: now_s, sleep).spend(10**9)
    assert now_s == 6011


@pytest.mark.campaign
def test_a_whole_firmware_arrives_while_link_and_broker_fail(scene: Scene, capsys):
    data = firmware("2")
    with Cutting(scene, at=100, strike=lambda: scene.link_cut(None)) as remote:  # type: ignore[arg-type]
        assert sent(remote, data) == len(data)
        assert scene.wait(lambda: remote.meta["firmware"] == "2", 60)
        assert remote.meta["firmware_sha256"] == pack.head(data, "it").sha256
    scene.check("the new firmware")


def test_without_a_key_nothing_is_sent():
    assert main.main(["update", "--broker", "127.0.0.1:1", "--unit", str(rig.UNIT_FILE)]) == BadInput.exit_code
