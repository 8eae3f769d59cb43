"""A keyed unit whose key is gone obeys nobody, says so, and goes on with everything else."""

from pathlib import Path

import pytest
from littlefs import UserContext
from unit import joining

from host_tools.unitkit import fsimage, partitions
from sim.board.flash_file import FlashFile
from tests.uplink import keys

from . import rig
from .online import UNIT, Scene

CREDENTIALS = fsimage.NAMED_FILES["mqtt.credentials_file"]


def put(scene: Scene, content: bytes | None) -> None:
    """Leave this of the credentials file on the flash of a board without power; None: nothing."""
    board = rig.unit().board
    vfs = partitions.named(partitions.of_board(board), "vfs")
    flash = FlashFile(scene.flash, board.flash_mb << 20)
    context = UserContext(vfs.size)
    context.buffer[:] = flash.read(vfs.at, vfs.size)
    fs = fsimage.file_system(vfs.size, context)
    fs.remove(CREDENTIALS)
    if content is not None:
        with fs.open(CREDENTIALS, "wb") as f:
            f.write(content)
    flash.flash_tool_write(vfs.at, bytes(context.buffer))
    flash.close()


@pytest.mark.parametrize("keyed", [True, False])
@pytest.mark.parametrize(
    ("left", "account"),
    [
        (None, (None, None)), (b"", (None, None)), (b"command_key =\n", (None, None)),
        (b"user = a\npassword = b\ncommand_key = x\n", ("a", "b")), (b"user = a\npassword = b\n", ("a", "b")),
    ],
)  # fmt: skip
def test_what_is_no_key_is_a_lost_one_and_no_unit_takes_it_for_none(tmp_path, monkeypatch, keyed, left, account):
    monkeypatch.chdir(tmp_path)
    if left is not None:
        Path(CREDENTIALS).write_bytes(left)
    has_line = left is not None and b"command_key" in left
    assert joining._account(keyed) == (*account, b"" if keyed or has_line else None)
    Path(CREDENTIALS).write_text(f"command_key = {keys.KEY}\n")
    assert joining._account(keyed) == (None, None, keys.KEY.encode())


@pytest.mark.parametrize("left", [b"\xff" * 40, b"comma"])
def test_a_damaged_file_silences_no_keyed_unit(tmp_path, monkeypatch, left, capsys):
    monkeypatch.chdir(tmp_path)
    Path(CREDENTIALS).write_bytes(left)
    assert joining._account(True) == (None, None, b"")
    assert capsys.readouterr().out.startswith("MQTT:")
    with pytest.raises(ValueError):
        joining._account(False)


@pytest.mark.parametrize("left", [None, b"command_key = x\n"])
def test_without_its_key_a_keyed_unit_takes_no_command_and_raises_an_alarm(tmp_path: Path, left: bytes | None):
    scene = Scene(tmp_path, key=keys.KEY)
    assert scene.wait(lambda: scene.last("state"), 60), scene.shown[-2000:]
    assert scene.last("state")["alarms"] == []
    scene.off()
    put(scene, left)
    scene._on()
    assert scene.wait(lambda: scene.last("meta")["boot"] == 2, 60), scene.shown[-2000:]
    command = {"id": "x", "boot": 2, "op": "auto", "args": {"output": "all"}}
    scene.books.command(UNIT, command)
    assert scene.books.wait(lambda: scene.books.replies), scene.shown[-2000:]
    assert scene.books.replies[-1]["code"] == "no_key"
    signed = keys.command(UNIT, {**command, "nonce": scene.last("meta")["nonce"], "ctr": 1, "expires": 1 << 31})
    scene.books.command(UNIT, signed)
    codes = lambda: [alarm["code"] for alarm in scene.last("state")["alarms"]]  # noqa: E731
    assert scene.wait(lambda: "key_lost" in codes(), 60), scene.last("state")
    assert scene.wait(lambda: scene.last("state").get("refused") == {"no_key": 2}, 60), scene.last("state")
    assert all(not reply["ok"] for reply in scene.books.replies)
    scene.check("readings go on")
    scene.close()
