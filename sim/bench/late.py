"""How late ticks begin on a unit as slow as an ESP32, while its uplink connects, drains, obeys and reconnects.

`python -m sim.bench late`: the virtual board with a clock to which processor time is charged (`SlowBoard`), and a
real mosquitto that answers at the speed of the PC. Prints how many ticks began how late, and the longest slices of the
uplink: for so long it holds the processor at a stretch. Flash, Wi-Fi and garbage beyond the virtual heap are not in it.
"""

import json
import sys
import tempfile
import threading
import time
from argparse import Namespace
from pathlib import Path

import paho.mqtt.client as paho

from host_tools.unitkit import unitfile
from host_tools.unitkit.places import EXAMPLE_UNIT
from sim.board.plant import ScenarioPlant
from sim.board.slow_board import SlowBoard
from sim.board.virtual_board import _REQUEST
from sim.board.vm import HEAP_WITH_BROKER_BYTES

from .heap import MAKE_UNIT, flash
from .uplink import mosquitto
from .workload import QUIET

EDGES_MS = (1, 10, 20, 50, 100, 200, 500, 1000, 2000, 1 << 30)
_BEGINS, _ENDS = 1, 2
_STATES = ("idle", "opening", "greeting", "up")
_CONNECTIONS = 6

# main.py, but that the host is told where a slice of the uplink begins and ends, and time goes on in between.
_MAIN = f"""{MAKE_UNIT}
import host
uplink = app.uplink
part = app.reporting._slice
link = host.link
def mark(what):
    link.ask(1, what, link.now_us)
    link.now_us = link.words.now_us
def sliced(*now):
    before = uplink.session.state
    mark({_BEGINS})
    more = part(*now)
    mark({_ENDS} + 16 * before + 64 * uplink.session.state)
    return more
app.reporting._slice = sliced
app.run()
"""


class Watched(SlowBoard):
    """`slices`: for each (state before, state after, what was asked last) the longest slice, in ms."""

    scripts = _MAIN

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.slices: dict[tuple[str, str, str], int] = {}
        self.asked = ""
        self.n_slices = 0
        self._begun_us = 0

    def _answer(self) -> None:
        super()._answer()
        op, _, _, a, _ = _REQUEST.unpack(self._request)
        if op == 1 and a == _BEGINS:
            self._begun_us = self._spent_us
        elif op == 1 and a & 15 == _ENDS:
            ms = round((self._spent_us - self._begun_us) * self.times_slower / 1000)
            states = a >> 4
            kind = (_STATES[states & 3], _STATES[states >> 2], self.asked)
            self.slices[kind] = max(ms, self.slices.get(kind, 0))
            self.n_slices += 1


class Desk:
    """Whoever asks the unit, over MQTT."""

    def __init__(self, board: Watched, port: int):
        self.board = board
        self.answers: list[dict] = []
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="desk")
        self.client.on_connect = lambda client, *_: client.subscribe("qingxi/#", 1)
        self.client.on_message = self._hear
        self.boot = self.rows = 0
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()

    def _hear(self, _client, _data, message) -> None:
        kind = message.topic.rsplit("/", 1)[-1]
        if kind == "reply":
            self.answers.append(json.loads(message.payload))
        elif kind == "meta":
            self.boot = json.loads(message.payload)["boot"]
        elif kind == "data":
            self.rows += len(json.loads(message.payload)["rows"])

    def ask(self, op: str, **args) -> dict:
        known = len(self.answers)
        self.board.asked = op
        body = {"id": f"d{known}", "boot": self.boot, "op": op, "args": args}
        self.client.publish(f"qingxi/v1/{self.board.unit.settings['unit.id']}/cmd", json.dumps(body), 1)
        until(lambda: len(self.answers) > known, op)
        self.board.asked = ""
        return self.answers[-1]


def until(condition, what: str, limit_s: float = 60) -> None:
    end = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"waited in vain: {what}")
        time.sleep(0.005)


def measure(folder: Path, connections: int) -> Watched:
    """A unit that makes a reading a second serves every command, over so many connections."""
    unit_file = folder / "unit.toml"
    text = EXAMPLE_UNIT.read_text(encoding="utf-8")
    unit_file.write_text(text.replace("interval_s = 60 ", "interval_s = 1 "), encoding="utf-8")
    unit = unitfile.load(unit_file)
    plant = ScenarioPlant(unit.control_settings(), QUIET)
    board = Watched(unit, folder / "flash", None, plant, None, HEAP_WITH_BROKER_BYTES)
    flash(board, _MAIN)
    broker, port = mosquitto(folder)
    board.connect(("127.0.0.1", port))
    shown: list[bytes] = []
    board.serial.listener = shown.append
    thread = threading.Thread(target=board.run)
    desk = Desk(board, port)
    thread.start()
    try:
        for connection in range(connections):
            rows = desk.rows
            until(lambda: desk.rows > rows + 20, "readings")  # noqa: B023  waited for here
            _every_command(desk)
            broker.kill()
            broker.wait()
            time.sleep(0.2)
            if connection + 1 < connections:
                broker, _ = mosquitto(folder, port)
    except RuntimeError:
        print(b"".join(shown).decode(errors="replace")[-3000:], file=sys.stderr)
        raise
    finally:
        board.stop()
        thread.join()
        broker.kill()
        desk.client.loop_stop()
    return board


def _every_command(desk: Desk) -> None:
    desk.ask("show", keys=["lift.start_level_mm", "lift.alternate", "readings.interval_s"])
    desk.ask("log", n=20)
    desk.ask("set", values={"lift.start_level_mm": 650}, confirm=True)
    desk.ask("set", values={"lift.start_level_mm": 100}, confirm=True)
    desk.ask("off", output="blower", for_s=60)
    desk.ask("auto", output="all")
    desk.ask("ack", alarm="all")
    desk.ask("nonsense")


def main(args: Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        board = measure(Path(folder), 1 if args.short else _CONNECTIONS)
    late = board.late_us
    slower = board.times_slower
    print(f"{len(late)} ticks, {board.n_slices} slices of the uplink, a unit {slower} times slower than this PC")
    low = -1000  # a tick may begin a little before the first one's beat
    for edge in EDGES_MS:
        n = sum(low <= us // 1000 < edge for us in late)
        if n:
            print(f"{n:8d}  late by {max(0, low)} to {edge} ms" if edge < 1 << 30 else f"{n:8d}  later")
        low = edge
    print(f"latest {max(late) / 1000:.0f} ms; longest slices:")
    for (before, after, asked), ms in sorted(board.slices.items(), key=lambda item: -item[1])[:12]:
        print(f"{ms:8d} ms  {before} -> {after} {asked}")
