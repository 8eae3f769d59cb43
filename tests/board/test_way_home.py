"""Settings of the way to the broker, changed from afar: tried, kept when a broker serves the unit, else given up."""

import json
from pathlib import Path

import pytest
from littlefs import UserContext
from unit import config
from unit.catalogue import tables
from unit.control.events import SETTINGS_BACK, SETTINGS_KEPT
from unit.journal.cursor import Cursor
from unit.journal.layout import END, EVENT
from unit.journal.ring import Journal
from unit.trial import SERVED_MS

from host_tools.unitkit import fsimage, partitions
from host_tools.verbs.journal import open_image
from sim.board.virtual_board import VirtualBoard

from . import rig
from .online import UNIT, Scene

FAST = 60  # so that ten minutes are ten seconds


def told(scene: Scene) -> list[str]:
    """Codes of the events that have arrived."""
    with scene.books.changed:
        return [row["code"] for (unit, _), row in sorted(scene.books.rows.items()) if unit == UNIT and "code" in row]


def started(scene: Scene, boot: int) -> None:
    assert scene.wait(lambda: (scene.last("meta") or {}).get("boot", 0) >= boot, 60), scene.shown[-2000:]


@pytest.mark.parametrize("values", [{"mqtt.broker": "127.0.0.1:1"}, {"mqtt.broker": "no-such-name.invalid"}])
def test_a_broker_that_is_none_is_given_up(tmp_path: Path, values: dict):
    scene = Scene(tmp_path)
    started(scene, 1)
    before = scene.last("meta")["config_sha256"]
    answer = scene.ask("set", 1, values=values)
    assert (answer["ok"], answer.get("reboot"), answer.get("trial")) == (True, True, True)
    # What is not of the way home waits with it; nothing of either counts before the next start.
    answer = scene.ask("set", 1, values={"lift.start_level_mm": 650}, confirm=True)
    assert answer.get("trial") is True
    assert scene.ask("reboot", 1)["ok"]
    assert scene.wait(lambda: scene.last("availability") == "offline"), scene.shown[-2000:]
    scene.wait(lambda: False, 5)  # it looks for its broker
    assert (scene.last("meta")["boot"], scene.last("availability")) == (1, "offline")
    scene.power_cut()
    started(scene, 3)
    assert scene.last("meta")["config_sha256"] == before
    assert scene.wait(lambda: "settings_back" in told(scene)), told(scene)
    assert scene.ask("show", 3, keys=["lift.start_level_mm"])["values"] == {"lift.start_level_mm": "600"}
    scene.check("the unit goes on")
    scene.close()


def test_what_a_broker_has_served_for_ten_minutes_is_kept(tmp_path: Path):
    scene = Scene(tmp_path, speed=FAST)
    started(scene, 1)
    before = scene.last("meta")["config_sha256"]
    assert scene.ask("set", 1, values={"mqtt.batch_s": 3})["trial"]
    assert scene.last("meta")["config_sha256"] == before
    assert scene.ask("reboot", 1)["ok"]
    started(scene, 2)
    assert scene.last("meta")["config_sha256"] != before  # what is in force, though not kept yet
    assert scene.ask("set", 2, values={"mqtt.batch_s": 4})["code"] == "on_trial"
    assert scene.wait(lambda: "settings_kept" in told(scene), 90), scene.shown[-2000:]
    tried = scene.last("meta")["config_sha256"]
    assert scene.ask("set", 2, values={"readings.interval_s": 2})["ok"]
    scene.power_cut()
    started(scene, 3)
    assert scene.ask("show", 3, keys=["mqtt.batch_s"])["values"] == {"mqtt.batch_s": "3"}
    assert tried not in (before, "")
    scene.close()


def changed_from_afar(board: VirtualBoard, values: dict) -> None:
    """Put what a command from afar leaves for the next start on a board's flash."""
    vfs = partitions.named(partitions.of_board(board.unit.board), "vfs")
    context = UserContext(vfs.size)
    context.buffer[:] = board.flash.read(vfs.at, vfs.size)
    fs = fsimage.file_system(vfs.size, context)
    with fs.open(config.AFAR, "wb") as f:
        f.write(fsimage.sealed(json.dumps(board.unit.board_settings() | values).encode()))
    board.flash.flash_tool_write(vfs.at, bytes(context.buffer))


def test_without_a_broker_the_settings_of_before_return_by_themselves(tmp_path: Path):
    board = rig.board(tmp_path, plant=True)
    changed_from_afar(board, {"mqtt.broker": "127.0.0.1:1"})
    begun_s: list[float] = []
    start = board._start

    def noted(cause: int) -> None:
        begun_s.append(board.now_us / 1e6)
        start(cause)

    board._start = noted  # type: ignore[method-assign]
    board.run(config.AFAR_S + 900)
    assert len(begun_s) == 2 and config.AFAR_S <= begun_s[1] < config.AFAR_S + 60
    codes = [code for _, code in events_of(tmp_path / "board.flash")]
    assert SETTINGS_BACK in codes and SETTINGS_KEPT not in codes
    assert SERVED_MS // 1000 < config.AFAR_S


def events_of(flash: Path) -> list[tuple[int, int]]:
    """(number, code) of every event on a flash."""
    cursor = Cursor(Journal(open_image(flash), tables.count("points"), 60))
    cursor.seek(0)
    found = []
    while (kind := cursor.next()) != END:
        if kind == EVENT:
            found.append((cursor.seq, cursor.code))
    return found
