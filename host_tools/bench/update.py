"""A new firmware over MQTT: bytes and time, for a whole firmware to a unit at work on the virtual board."""

import tempfile
import threading
import time
from argparse import Namespace
from pathlib import Path

from sim.bench.uplink import mosquitto
from sim.board.virtual_board import VirtualBoard

from ..device import update_mqtt
from ..unitkit import fsimage, pack, unitfile
from ..unitkit.places import EXAMPLE_UNIT

_KEY = "only-this-unit"
_HEAP_BYTES = 1 << 20
_SHORT_FILES = 3  # of some 100: what arrives is checked and taken, not started


def main(args: Namespace) -> None:
    files = sorted(fsimage.slot_files(unitfile.load(EXAMPLE_UNIT).board).items())
    data = pack.pack(dict(files[:_SHORT_FILES] if args.short else files), "newer")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "credentials.txt").write_text(f"command_key = {_KEY}\n", encoding="utf-8")
        path = folder / "unit.toml"
        text = EXAMPLE_UNIT.read_text(encoding="utf-8")
        path.write_text(text.replace('credentials_file = ""', 'credentials_file = "credentials.txt"'), encoding="utf-8")
        board = VirtualBoard(unitfile.load(path), folder / "flash", str(folder / "tty"), heap_bytes=_HEAP_BYTES)
        broker, port = mosquitto(folder)
        board.connect(("127.0.0.1", port))
        life = threading.Thread(target=board.run)
        life.start()
        try:
            _measure(board, f"127.0.0.1:{port}", data)
        finally:
            board.stop()
            life.join()
            broker.terminate()
            broker.wait()


def _measure(board: VirtualBoard, broker: str, data: bytes) -> None:
    with update_mqtt.Remote(broker, board.unit.id, _KEY, None, None, None) as remote:
        erases, programmed, began = board.flash.erases, board.flash.programmed_bytes, time.perf_counter()
        update_mqtt.send(remote, data, "en")
        took_s = time.perf_counter() - began
        print(f"a firmware of {len(data):,} bytes: {remote.traffic_bytes:,} bytes over MQTT in {took_s:.0f} s,")
        print(
            f"  {len(data) / took_s:,.0f} bytes of it a second; on the flash {board.flash.erases - erases} erases and "
            f"{board.flash.programmed_bytes - programmed:,} bytes programmed"
        )
