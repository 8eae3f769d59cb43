"""Keys lost and leaked, rehearsed: a board that lives through it, firmware after firmware, each with its own list."""

from dataclasses import dataclass
from pathlib import Path

from host_tools.unitkit import fsimage, pack
from tests import publishers
from tests.board.test_slots import _TRUSTED, A, install

from . import rig

# Each start says which firmware it is, has it trusted as after its hour, and takes the next thing that the desk holds:
# a pack, and the signature that comes with it. A piece is as large as over MQTT.
_MAIN = """
import sys, pack, machine, vfs
from unit import firmware
from unit.uplink.commands.update import update
from unit.uplink.commands.refusal import Refusal
vfs.mount(vfs.VfsPosix("DESK"), "/desk")
class Healthy:
    now_s = 3600
    lost_s = 0
    reporting = recorder = journal = control = events = None
    failed = False
    def has_served(self): return True
    def add(self, code, a, b): pass
app = Healthy()
app.reporting = app.recorder = app.journal = app.control = app.events = app
firmware.judge(app)
print("runs", firmware.stamp()[0])
class Keeper: incoming = None
def ask(keeper, args):
    if keeper.incoming:
        if keeper.incoming.is_piece(args): return keeper.incoming.take(args)
        keeper.incoming.close()
        keeper.incoming = None
    job = update(args, keeper)
    try:
        while True: next(job)
    except StopIteration as e:
        return e.value
def bring(name, signature):
    from binascii import b2a_base64, hexlify
    keeper = Keeper()
    with open("/desk/" + name, "rb") as f:
        sha256 = str(hexlify(f.read(40)[8:]), "utf-8")
        at = ask(keeper, {"sha256": sha256})["at"]
        f.seek(at)
        while piece := f.read(510):
            ask(keeper, {"sha256": sha256, "at": at, "data": b2a_base64(piece)})
            at += len(piece)
    ask(keeper, {"sha256": sha256, "switch": True, "signature": signature})
try:
    with open("done") as f: done = int(f.read())
except OSError:
    done = 0
with open("/desk/acts") as f:
    acts = f.read().split("\\n")
while done < len(acts):
    words = acts[done].split()
    done += 1
    with open("done", "w") as f: f.write(str(done))
    try:
        bring(*words)
        print("takes", words[0])
        machine.reset()
    except Refusal as e:
        print("refuses", words[0], e.args[0])
print("over")
"""


@dataclass(frozen=True)
class Act:
    """Somebody brings a firmware of that version with that list, signed by that key."""

    version: str
    listed: str
    signer: str


def play(folder: Path, listed: str, *acts: Act) -> list[str]:
    """What a unit says whose firmware, of version 1, has the list `listed`."""
    desk = folder / "desk"
    desk.mkdir()
    main = _MAIN.replace("DESK", str(desk))
    found = rig.board(folder, main)
    board = fsimage.slot_files(found.unit.board, main + " None")

    def firmware(version: str, names: str) -> bytes:
        return pack.pack(board | {"publisher.txt": publishers.listed(*names)}, version)

    install(found, {"a.pack": firmware("1", listed)}, A, _TRUSTED)
    lines = []
    for number, act in enumerate(acts):
        data = firmware(act.version, act.listed)
        name = f"{number}-{act.version}"
        (desk / name).write_bytes(data)
        lines.append(f"{name} {publishers.sign_text(pack.head(data, name).sha256, act.signer)}")
    (desk / "acts").write_text("\n".join(lines))
    shown = rig.output(found, "over", 120)
    return [line for line in shown.splitlines() if line.split()[:1] in (["runs"], ["takes"], ["refuses"])]


def test_a_key_that_leaked_is_given_up_and_a_key_in_reserve_goes_on(tmp_path):
    assert play(
        tmp_path, "AB",
        Act("2", "BC", "B"),  # B, which lay in reserve, brings the list without A
        Act("3", "AT", "A"),  # the thief, with a list of his own
        Act("2", "AT", "A"),
        Act("3", "BC", "C"),
        Act("2.5", "BC", "B"),  # rightly signed, and with faults that are known
    ) == [
        "runs 1", "takes 0-2", "runs 2", "refuses 1-3 publisher", "refuses 2-2 publisher", "takes 3-3", "runs 3",
        "refuses 4-2.5 older",
    ]  # fmt: skip


def test_a_key_that_is_lost_is_replaced_by_the_other(tmp_path):
    assert play(tmp_path, "AB", Act("2", "BC", "B"), Act("2", "BC", "C"), Act("4", "CD", "C"), Act("5", "CD", "B")) == [
        "runs 1", "takes 0-2", "runs 2", "takes 1-2", "runs 2", "takes 2-4", "runs 4", "refuses 3-5 publisher",
    ]  # fmt: skip


def test_with_both_keys_lost_nothing_comes_from_afar(tmp_path):
    assert play(tmp_path, "AB", Act("2", "CD", "C"), Act("2", "CD", "D")) == [
        "runs 1", "refuses 0-2 publisher", "refuses 1-2 publisher",
    ]  # fmt: skip


def test_a_newer_firmware_that_rots_leaves_its_version_behind(tmp_path):
    """The one before it runs again, and yet what is older than the newest stays out."""
    first = play(tmp_path, "AB", Act("3", "AB", "A"))
    assert first[-1] == "runs 3"
    found = rig.board(tmp_path)
    assert rig.stored(found, "version.lowest")[:-4] == b"3"
    b = rig.stored(found, "b.pack")
    install(found, {"b.pack": b[:5000] + b"?" + b[5001:]}, 1, _TRUSTED)
    desk = tmp_path / "desk"
    acts = (desk / "acts").read_text()
    again = pack.pack(fsimage.slot_files(found.unit.board) | {"publisher.txt": publishers.listed("A")}, "2")
    (desk / "2").write_bytes(again)
    signature = publishers.sign_text(pack.head(again, "2").sha256)
    (desk / "acts").write_text(f"{acts}\n2 {signature}")
    shown = rig.output(found, "over", 120)
    assert "runs 1" in shown and "refuses 2 older" in shown, shown
