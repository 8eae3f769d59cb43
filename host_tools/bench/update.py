"""A new firmware over MQTT: bytes and time, for a whole firmware to a unit at work on the virtual board.

First at the PC's speed. Then on a unit as slow as an ESP32 is reckoned to be, whose flash takes its time too: how many
slices of the uplink a piece takes, and how long they are. From that follows what a firmware takes where the network
keeps up. A piece that takes more slices than it may makes the bench fail.
"""

import tempfile
import threading
import time
from argparse import Namespace
from pathlib import Path

from sim.bench.heap import MAKE_UNIT
from sim.bench.uplink import mosquitto
from sim.bench.workload import QUIET
from sim.board.plant import ScenarioPlant
from sim.board.slow_board import SlowBoard
from sim.board.virtual_board import _REQUEST, VirtualBoard

from ..device import update_mqtt
from ..image import signing
from ..unitkit import fsimage, pack, partitions, publisher, unitfile
from ..unitkit.errors import AnswerIsNo
from ..unitkit.places import EXAMPLE_UNIT
from ..unitkit.unitfile import Unit

_KEY = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
_PUBLISHER = signing.new_key()
_VERSION = "99.0"  # of what is brought
_HEAP_BYTES = 1 << 20
_SHORT_FILES = 3  # of some 100: what arrives is checked and taken, not started
_PIECES = 80  # that a slow unit gets; short: 24
_MOST_SLICES = 2.0  # of the command queue that a piece may take: one, and now and then one more
_KEEP_CLEAR = 0.3  # of each second: before a tick no piece is begun, see firmware/unit/online.py
_TICK = 0.15  # of each second, which the tick itself takes
_ERASE_US = 45_000  # of a sector, and
_PROGRAM_US = 3  # of a byte, as an ESP32's flash takes
_BEGINS, _ENDS = 1, 2

# main.py, but that the host is told where a slice begins and ends in which the command queue did something.
_MAIN = f"""{MAKE_UNIT}
import host
queue = app.uplink.queue
work = queue.work
link = host.link
def mark(what):
    link.ask(1, what, link.now_us)
    link.now_us = link.words.now_us
def worked(now, calm):
    mark({_BEGINS})
    answer = work(now, calm)
    mark({_ENDS})
    return answer
queue.work = worked
queue.rest = lambda now: None  # the board's time flies while the PC writes a piece: its code would be let go each time
app.run()
"""


class Watched(SlowBoard):
    """`slices_ms`: how long each slice of the command queue was."""

    scripts = _MAIN

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.slices_ms: list[float] = []
        self._begun_us = self._worn_us = 0

    def _answer(self) -> None:
        super()._answer()
        worn_us = self.flash.erases * _ERASE_US + self.flash.programmed_bytes * _PROGRAM_US
        if self._due_us >= 0:  # like processor time, a start's does not count
            self._advance_silently(worn_us - self._worn_us)
        self._worn_us = worn_us
        op, _, _, what, _ = _REQUEST.unpack(self._request)
        if op == 1 and what == _BEGINS:
            self._begun_us = self.now_us
        elif op == 1 and what == _ENDS:
            self.slices_ms.append((self.now_us - self._begun_us) / 1000)


def main(args: Namespace) -> None:
    files = sorted(fsimage.slot_files(unitfile.load(EXAMPLE_UNIT).board).items())
    data = pack.pack(dict(files[:_SHORT_FILES] if args.short else files), _VERSION)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        unit = _unit(folder)
        numbers = unit.control_settings()
        plant = ScenarioPlant(numbers, QUIET)  # a command wants a unit whose clock is set
        quick = VirtualBoard(unit, folder / "flash", None, plant, heap_bytes=_HEAP_BYTES)
        _served(folder, quick, data, _measure)
        plant = ScenarioPlant(numbers, QUIET)
        slow = Watched(unit, folder / "flash of the slow", None, plant, heap_bytes=_HEAP_BYTES, speed=None)
        vfs = partitions.named(partitions.of_board(unit.board), "vfs")
        held = fsimage.firmware_files(unit, _MAIN) | fsimage.named_files(unit) | {"main.py": _MAIN.encode()}
        slow.flash.flash_tool_write(vfs.at, fsimage.littlefs_image(held, vfs.size))
        pieces = 24 if args.short else _PIECES
        _served(folder, slow, pack.pack(dict(files), _VERSION), _reckon, pieces)


def _unit(folder: Path) -> Unit:
    (folder / "credentials.txt").write_text(f"command_key = {_KEY}\n", encoding="utf-8")
    path = folder / "unit.toml"
    text = EXAMPLE_UNIT.read_text(encoding="utf-8")
    text = text.replace('credentials_file = ""', 'credentials_file = "credentials.txt"')
    (folder / publisher.FILE).write_bytes(publisher.in_pack([signing.public(_PUBLISHER, "bench")]))
    path.write_text(f'{text}\n[update]\npublisher_file = "{publisher.FILE}"\n', encoding="utf-8")
    return unitfile.load(path)


def _served(folder: Path, board: VirtualBoard, data: bytes, measure, *more) -> None:
    """Have `measure` look at a board that lives and has a broker."""
    broker, port = mosquitto(folder)
    board.connect(("127.0.0.1", port))
    life = threading.Thread(target=board.run)
    life.start()
    try:
        with update_mqtt.Remote(f"127.0.0.1:{port}", board.unit.id, _KEY, None, None, None) as remote:
            measure(board, remote, data, *more)
    finally:
        board.stop()
        life.join()
        broker.terminate()
        broker.wait()


def _measure(board: VirtualBoard, remote: update_mqtt.Remote, data: bytes) -> None:
    erases, programmed, began = board.flash.erases, board.flash.programmed_bytes, time.perf_counter()
    sha256 = pack.head(data, "pack").sha256
    for _ in remote.bring(sha256, data, remote.at({"sha256": sha256})):
        pass
    remote.ask(update_mqtt.switch_args(sha256, signing.sign(_PUBLISHER, sha256)))
    took_s = time.perf_counter() - began
    print(f"a firmware of {len(data):,} bytes: {remote.traffic_bytes:,} bytes over MQTT in {took_s:.0f} s,")
    print(
        f"  {len(data) / took_s:,.0f} bytes of it a second; on the flash {board.flash.erases - erases} erases and "
        f"{board.flash.programmed_bytes - programmed:,} bytes programmed"
    )


def _reckon(board: Watched, remote: update_mqtt.Remote, data: bytes, pieces: int) -> None:
    sha256 = pack.head(data, "pack").sha256
    begun = remote.ask({"sha256": sha256})["at"]
    for at in remote.bring(sha256, data[: pieces * update_mqtt.PIECE_BYTES], begun):
        if at < 3 * update_mqtt.PIECE_BYTES:  # the code is being loaded
            board.slices_ms.clear()
            begun = at
    found = list(board.slices_ms)
    brought = (at - begun) / update_mqtt.PIECE_BYTES
    slices, ms = len(found) / brought, sum(found) / brought
    seconds = len(data) / update_mqtt.PIECE_BYTES * ms / 1000 / (1 - _KEEP_CLEAR - _TICK)
    print(f"on a unit {board.times_slower} times slower than this PC, with the time that flash takes:")
    piece = f"a piece of {update_mqtt.PIECE_BYTES} bytes"
    print(f"  {piece}: {slices:.2f} slices, {ms:.0f} ms, the longest {max(found):.0f};")
    print(f"  beside the ticks {len(data):,} bytes in {seconds:.0f} s, where the network keeps up")
    if slices > _MOST_SLICES:
        raise AnswerIsNo.of(
            f"一段要 {slices:.1f} 片，至多 {_MOST_SLICES}", f"{slices:.1f} slices a piece, {_MOST_SLICES} at most"
        )
