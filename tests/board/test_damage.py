"""Damaged configurations and flash: outputs are safe, somebody can come in, and what is readable is used."""

import json
import random

import pytest
from littlefs import UserContext
from unit import config
from unit.catalogue import settings as catalogue

from host_tools.unitkit import fsimage, pack
from sim.board.crew import Crew
from sim.board.virtual_board import VirtualBoard

from . import damage, rig
from .damage import JOURNAL, UNIT, VFS

_GOOD = json.loads(UNIT.board_json())
_BOARD = json.loads(UNIT.pins_json())
_DEEP = 300
_NONSENSE = (
    "null", "true", "7", "-0.0", "1e400", '"x"', "[]", "{}", "[[[[[]]]]]", "[" * _DEEP + "]" * _DEEP,
    '{"unit.id":' * _DEEP + "1" + "}" * _DEEP, '{"a":{"b":[1,{"c":null}]}}', '{"unit.id":"x","unit.id":"y"}', "{", "",
    "NaN", "\ufffd\u0000", '{"lift.start_level_mm":' + "9" * 400 + "}", '{"' + "k" * 5000 + '":1}',
)  # fmt: skip
_HOSTILE = (
    None, True, -1, 0, 1, 2**30 - 1, 2**31, 2**64, -(2**63), 1e308, 0.5, "", "x", "x" * 5000, "桥" * 40, "\n\x1b[2J",
    [], {}, [[]], "../boot.py", "relay1", "relay4", "in1",
)  # fmt: skip


def _with_modules(files: dict[str, bytes], scripts: str = "") -> bytes:
    """A unit in service whose pack, sound in itself, was made with these modules; `scripts`: see `slot_files`."""
    files = fsimage.slot_files(UNIT.board, scripts) | files
    return damage.with_files(damage.in_service(), {fsimage.PACK: pack.pack(files, "bad")})


def _spoilt(text: bytes, rng: random.Random) -> bytes:
    """A sealed copy that is no longer what it was; nonsense and hostile values have a checksum that fits."""
    kind = rng.randrange(5)
    data = bytearray(text)
    if kind == 0:
        damage.flip(data, rng)
    elif kind == 1:
        del data[rng.randrange(len(data)) :]
    elif kind == 2:
        return rng.randbytes(rng.randrange(2000))
    elif kind == 3:
        return fsimage.sealed(rng.choice(_NONSENSE).encode())
    else:
        values = json.loads(text[:-10])
        for _ in range(rng.choice((1, 1, 3, 30))):
            key = rng.choice([*values, *(row[0] for row in catalogue.entries()), "no.such_key"])
            values[key] = rng.choice(_HOSTILE)
        return fsimage.sealed(json.dumps(values).encode())
    return bytes(data)


def _is_taken(copy: bytes) -> bool:
    """Whether a unit runs on this copy: it is readable and allowed, however odd."""
    try:
        text = config.unsealed(copy)
        values = json.loads(text) if text else None
    except ValueError:
        return False
    return values is not None and all(False for _ in catalogue.check(values, _BOARD))


def _configurations(seed: int, count: int, tmp_path) -> None:
    rng = random.Random(seed)
    whole = damage.in_service()
    for _ in range(count):
        files = {}
        fate = rng.random()
        if fate < 0.25:  # what the board has on which pins
            files["board.json"] = _spoilt(fsimage.sealed(UNIT.pins_json().encode()), rng)
        else:
            files["config.json"] = _spoilt(fsimage.sealed(UNIT.board_json().encode()), rng)
        if 0.25 < fate < 0.45:
            files["config.last"] = _spoilt(fsimage.sealed(UNIT.board_json().encode()), rng)
        outcome = damage.start(damage.with_files(whole, files), tmp_path)
        assert outcome.safe and outcome.console and outcome.starts == 1, (files, outcome)
        if not any(_is_taken(files.get(name, b"")) for name in ("config.json", "config.last", "board.json")):
            assert outcome.controls == ("config.last" not in files), (files, outcome)
            assert outcome.closed == outcome.controls


def _images(seed: int, count: int, tmp_path) -> int:
    """How many of the units whose files were damaged still had full control."""
    rng = random.Random(seed)
    whole = damage.in_service()
    in_control = 0
    for i in range(count):
        part = JOURNAL if i % 4 == 0 else VFS
        data = bytearray(whole[part.at : part.at + part.size])
        spoil = (damage.flip, damage.truncate, damage.blocks)[i % 3]  # as many of each: what is cut short runs nothing
        spoil(data, rng)
        outcome = damage.start(whole[: part.at] + bytes(data) + whole[part.at + part.size :], tmp_path)
        assert outcome.safe and outcome.console, (seed, i, spoil, outcome)
        if part is JOURNAL:
            assert outcome.controls and outcome.starts == 1, (seed, i, spoil, outcome)
        else:
            in_control += outcome.controls
    return in_control


def test_a_unit_in_service_is_whole(tmp_path):
    outcome = damage.start(damage.in_service(), tmp_path)
    assert outcome.safe and outcome.console and outcome.controls and outcome.starts == 1


def test_without_any_readable_configuration_nothing_moves(tmp_path):
    bad = {"config.json": b"x", "config.last": b"", "config.last.new": b"y"}
    outcome = damage.start(damage.with_files(damage.in_service(), bad), tmp_path)
    assert outcome.safe and outcome.console and outcome.starts == 1 and not outcome.closed
    assert "no-configuration>" in outcome.shown


def test_a_file_system_that_cannot_be_mounted_leaves_the_prompt_and_open_relays(tmp_path):
    """As the stock image does: nothing of the firmware runs."""
    whole = bytearray(damage.in_service())
    whole[VFS.at : VFS.at + 8192] = bytes(8192)
    outcome = damage.start(bytes(whole), tmp_path)
    assert "appears to be corrupted" in outcome.shown
    assert outcome.safe and outcome.console and not outcome.closed


def test_a_blank_file_system_is_formatted_as_the_image_does(tmp_path):
    whole = bytearray(damage.in_service())
    whole[VFS.at : VFS.at + VFS.size] = b"\xff" * VFS.size
    outcome = damage.start(bytes(whole), tmp_path)
    assert outcome.safe and outcome.console and not outcome.closed and "corrupted" not in outcome.shown


@pytest.mark.parametrize(
    ("name", "controls"),
    [("console/console", True), ("console/listener", True), ("online", True), ("app", False), ("assembly", False)],
)
def test_a_module_that_cannot_be_loaded(tmp_path, name, controls):
    """The console's own code is not needed for control; without the road's, safe mode pumps on floats."""
    outcome = damage.start(_with_modules({f"unit/{name}.mpy": b"nonsense"}), tmp_path)
    assert outcome.safe and outcome.console and outcome.controls == controls
    assert ("Safe mode" in outcome.shown) != controls


def test_a_console_that_breaks_whenever_it_is_used_is_given_up_for_the_prompt(tmp_path):
    rotten = """
class Console:
    left_for_s = 0
    pause_ms = 50
    def __init__(self, listener):
        pass
    def poll(self):
        raise ValueError("rotten")
"""
    module = fsimage.compiled(rotten, "unit/console/console.py")
    outcome = damage.start(_with_modules({"unit/console/console.mpy": module}, rotten), tmp_path)
    assert outcome.safe and outcome.console and outcome.controls and ">>> " in outcome.shown


def _visited(folder, console: str, waits_s: tuple[int, ...], key=b"\r", files=None) -> tuple[VirtualBoard, str]:
    """A unit with this source of its console, and what it showed; after each wait somebody presses Enter, or `key`."""
    module = fsimage.compiled(console, "unit/console/console.py")
    flash = _with_modules({"unit/console/console.mpy": module}, console)
    (folder / "board.flash").write_bytes(damage.with_files(flash, files or {}))
    board = rig.board(folder, plant=True)
    crew = Crew(board, [step for after_s in waits_s for step in (after_s, key)], ())
    try:
        board.run()
    finally:
        crew.close()
    return board, crew.shown.decode()


def test_a_console_that_breaks_says_so_rests_and_begins_afresh(tmp_path):
    rotten = """
class Console:
    left_for_s = needs_ms = 0
    pause_ms = 50
    def __init__(self, listener):
        listener.app.opened = getattr(listener.app, "opened", 0) + 1
        self.listener = listener
    def poll(self):
        if self.listener.stream.readinto(bytearray(9)):
            if self.listener.app.opened <= 3:
                raise ValueError("rotten")
            print("well again")
"""
    board, shown = _visited(tmp_path, rotten, (60, 5, 5, 5, 60, 500, 60, 5))
    assert shown.count("has restarted: press Enter") == shown.count("已重新启动：请按回车") == 2
    assert shown.count("rotten") == 3
    assert shown.count("no console for 10 min") == shown.count("控制台停用10分钟") == 1
    assert "rotten" in shown.partition("no console for 10 min")[0] and shown.count("well again") == 2
    assert board.starts == 1


def test_a_console_that_broke_three_times_opens_no_prompt_where_a_pin_is_set(tmp_path):
    rotten = """
class Console:
    left_for_s = needs_ms = 0
    pause_ms = 50
    def __init__(self, listener):
        pass
    def poll(self):
        raise ValueError("rotten")
"""
    pin = {"console-pin": fsimage.pin_hash("qiaotou", "2580")}
    board, shown = _visited(tmp_path, rotten, (60, 5, 5, 60, 60, 500, 60, 5), b"\x03", pin)
    assert shown.count("no console for 10 min") == 2 and "Ctrl-C" not in shown
    assert ">>> " not in shown and "Service mode" not in shown
    assert board.starts == 1


def test_a_console_comes_back_even_if_it_could_not_be_let_go(tmp_path):
    rotten = """
class Console:
    left_for_s = needs_ms = 0
    pause_ms = 50
    def __init__(self, listener):
        self.listener = listener
        listener.app.visits = self.visits = getattr(listener.app, "visits", 0) + 1
        if self.visits == 1:
            listener.forget = self.forget
    def forget(self):
        raise MemoryError("nothing left")
    def poll(self):
        if self.listener.stream.readinto(bytearray(9)):
            if self.visits == 1:
                raise ValueError("rotten")
            print("well again")
"""
    board, shown = _visited(tmp_path, rotten, (60, 5, 5, 5))
    assert "rotten" in shown and "nothing left" in shown and "well again" in shown
    assert board.starts == 1


def _rotten(name: str) -> bytes:
    """A file beside the slots whose rot would crash the interpreter, or hang it."""
    rotten = bytearray(fsimage.firmware_files(UNIT)[name])
    at, rot = {"pack.mpy": (113, b"\x04"), "slots.mpy": (len(rotten) - 40, b"\xff" * 40)}[name]
    rotten[at : at + len(rot)] = rot
    return bytes(rotten)


@pytest.mark.parametrize("name", ["pack.mpy", "slots.mpy"])
@pytest.mark.parametrize("copy", [b"", None], ids=["no-copy", "rotten-copy"])
def test_rotten_bytecode_outside_the_slots_is_not_run_and_ends_at_the_prompt(tmp_path, name, copy):
    rotten = _rotten(name)
    files = {name: rotten, name + fsimage.COPY: rotten if copy is None else copy}
    outcome = damage.start(damage.with_files(damage.in_service(), files), tmp_path)
    assert outcome.safe and outcome.console and not outcome.closed and outcome.starts == 8
    assert f"{name} is damaged" in outcome.shown and "firmware is damaged" in outcome.shown


def test_rotten_bytecode_outside_the_slots_is_mended_from_its_copy(tmp_path):
    files = {name: _rotten(name) for name in ("pack.mpy", "slots.mpy")}
    outcome = damage.start(damage.with_files(damage.in_service(), files), tmp_path)
    assert outcome.safe and outcome.console and outcome.controls and outcome.starts == 1
    vfs = (tmp_path / "flash").read_bytes()[VFS.at : VFS.at + VFS.size]
    context = UserContext(VFS.size)
    context.buffer[:] = vfs
    fs = fsimage.file_system(VFS.size, context)
    for name in files:
        with fs.open(name, "rb") as f:
            assert f.read() == fsimage.firmware_files(UNIT)[name]
    assert "mended" not in fs.listdir("/")


def test_when_safe_mode_fails_too_the_unit_stands_at_the_prompt(tmp_path):
    outcome = damage.start(_with_modules({"unit/app.mpy": b"", "unit/safe_mode.mpy": b""}), tmp_path)
    assert outcome.safe and outcome.console and not outcome.closed
    assert "firmware is damaged" in outcome.shown and outcome.starts == 8


def test_a_sample_of_configurations(tmp_path):
    _configurations(1, 30, tmp_path)


def test_a_sample_of_images(tmp_path):
    _images(1, 24, tmp_path)


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(100, 110))
def test_a_thousand_configurations(seed, tmp_path):
    _configurations(seed, 100, tmp_path)


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(200, 210))
def test_a_thousand_images(seed, tmp_path):
    assert _images(seed, 100, tmp_path) > 20
