"""Every network that a unit can have, on a virtual board that has it: readings arrive, also after an outage."""

from pathlib import Path

import pytest

from host_tools.records import unitdocs
from host_tools.unitkit import boards, unitfile
from sim.board.plant import ScenarioPlant
from sim.board.virtual_board import VirtualBoard
from sim.scenario import scenario
from tests import patience
from tests.uplink.books import Books
from tests.uplink.broker import Broker

from . import rig

SPEED = 10
OUTAGE = """
[[fault]]
at = "0d00:02"
for = "40s"
kind = "down"
target = "network"
"""


def unit_text(board: str, kind: str, terminal: str) -> str:
    text = unitdocs.new_file(boards.load(board), "u1")
    changed = {
        "interval_s": "1", "keepalive_s": "10", "state_s": "10", "kind": f'"{kind}"', "network": f'"{terminal}"'
    }  # fmt: skip
    lines = []
    for line in text.splitlines():
        key = line.partition(" = ")[0]
        lines.append(f"{key} = {changed[key]}" if key in changed else line)
    return "\n".join(lines)


def make(folder: Path, port: int, text: str, story: str = OUTAGE) -> tuple[VirtualBoard, list[bytes]]:
    unit = unitfile.parse(text, folder / "unit.toml")
    (folder / "story.toml").write_text(rig.QUIET + story)
    plant = ScenarioPlant(unit.control_settings(), scenario.load(folder / "story.toml"))
    board = VirtualBoard(
        unit, folder / "board.flash", str(folder / "tty"), plant, speed=patience.speed(SPEED), heap_bytes=rig.ROOMY_HEAP
    )
    board.connect(("127.0.0.1", port))
    shown: list[bytes] = []
    board.serial.listener = shown.append
    return board, shown


@pytest.mark.parametrize(
    ("board", "kind", "terminal"),
    [
        ("kc868-a8", "ethernet", "lan"),
        ("olimex-esp32-poe-wrover", "ethernet", "lan"),
        ("esp32s3-eth-8di-8ro", "ethernet", "lan"),
        ("esp32-relay-x8", "cellular", "uart"),
        ("esp32s3-relay-6ch", "cellular", "uart"),
        ("esp32-devkitc", "wifi", ""),
    ],
)
def test_readings_arrive_and_arrive_again_after_an_outage(tmp_path: Path, board: str, kind: str, terminal: str):
    broker = Broker(tmp_path)
    books = Books(broker.port)
    found, shown = make(tmp_path, broker.port, unit_text(board, kind, terminal))

    def online() -> int:
        return sum(topic.endswith("availability") and payload == b"online" for topic, payload in books.messages)

    try:
        with rig.running(found):
            assert books.wait(lambda: len(books.seqs("u1")) > 20, 60), b"".join(shown).decode()
            assert books.wait(lambda: online() >= 2, 60), b"".join(shown).decode()
            last = books.seqs("u1")[-1]
            assert books.wait(lambda: books.seqs("u1")[-1] > last + 10, 60)
        seqs = books.seqs("u1")
        assert seqs == list(range(1, seqs[-1] + 1)), "a reading is missing"
        assert b"Traceback" not in b"".join(shown)
        if kind == "cellular":
            assert found.wiring.modem and found.wiring.modem.calls >= 2
    finally:
        books.close()
        broker.stop()


def test_an_access_point_with_an_account_lets_in_who_has_it(tmp_path: Path):
    broker = Broker(tmp_path)
    books = Books(broker.port)
    (tmp_path / "sim.txt").write_text("user = card\npassword = secret\nauth = pap\n")
    text = unit_text("esp32-relay-x8", "cellular", "uart").replace('sim_file = ""', 'sim_file = "sim.txt"')
    found, shown = make(tmp_path, broker.port, text, "")
    assert found.wiring.modem
    found.wiring.modem._account = ("card", "other")
    try:
        with rig.running(found):
            patience.until(lambda: found.wiring.modem.calls >= 3, 60)
            assert found.wiring.modem.calls >= 3 and not books.seqs("u1"), b"".join(shown).decode()
            found.wiring.modem._account = ("card", "secret")
            assert books.wait(lambda: len(books.seqs("u1")) > 20, 60), b"".join(shown).decode()
    finally:
        books.close()
        broker.stop()


def test_ethernet_that_is_wired_otherwise_costs_the_broker_and_nothing_else(tmp_path: Path):
    found, shown = make(tmp_path, 1, unit_text("kc868-a8", "ethernet", "lan"), "")
    from sim.board.shim import wire

    found.memory.bytes[wire.LAN + 5] ^= 1  # the chip's address
    with rig.running(found):
        rig.until(lambda: b"MQTT: " in b"".join(shown))
        lived_us = found.now_us
        rig.until(lambda: found.now_us > lived_us + 5_000_000)
    assert b"MQTT: esp_eth_driver_install failed" in b"".join(shown)
    assert b"Traceback" not in b"".join(shown) and found.starts == 1


@pytest.mark.parametrize(
    ("kind", "terminal", "said"),
    [
        ("ethernet", "", 'wiring.network = "": does not fit network.kind'),
        ("ethernet", "uart", 'wiring.network = "uart": must be a terminal of the board: lan'),
        ("cellular", "", 'wiring.network = "": does not fit network.kind'),
        ("cellular", "lan", 'wiring.network = "lan": does not fit network.kind'),
        ("wifi", "lan", 'wiring.network = "lan": does not fit network.kind'),
    ],
)
def test_the_check_refuses_a_terminal_that_does_not_fit(kind: str, terminal: str, said: str, tmp_path: Path):
    text = unit_text("kc868-a8", kind, terminal)
    _, problems = unitfile.checked(text, tmp_path / "u.toml", "en")
    assert [sentence.startswith(said) for _, sentence in problems] == [True], problems


def test_a_modem_and_a_sensor_do_not_share_a_uart(tmp_path: Path):
    text = unit_text("esp32-relay-x8", "cellular", "uart").replace('level = "ai1"', 'level = "uart"')
    text = text.replace('signal = "current"', 'signal = "direct"', 1).replace("height_mm = 0", "height_mm = 1600", 1)
    _, problems = unitfile.checked(text, tmp_path / "u.toml", "en")
    assert ["GPIO23 is taken by wiring.level" in sentence for _, sentence in problems] == [True], problems
