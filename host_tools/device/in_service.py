"""Brings a unit in service what it lacks over its serial port: files, and a firmware into the slot not in force.

At MicroPython's raw prompt, so the machines stand meanwhile. A file is there whole or not at all: a rename ends it. The
firmware before stays as the other slot: `slots.py` on the board gives the new one an hour, and else takes it back.
Broken off, it goes on from there the next time; journal, hours and numbers are not touched.
"""

import base64
import json
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from unit import config
from unit.catalogue import settings as catalogue
from unit.catalogue import settings_words

from ..unitkit import fsimage, pack
from ..unitkit.errors import AnswerIsNo, both
from ..unitkit.progress import bar, say
from ..unitkit.unitfile import Unit
from . import self_test
from .raw_repl import RawRepl
from .self_test import SelfTest

_PIECE = 510  # what a board with little memory left can still take in one stretch
_SAVED_EVERY = 32  # pieces, after which a power cut loses none of them
_SILENT_S = 20.0  # a pack is checked, or a block erased, in less
_ARRIVING = "new.pack"  # what came over MQTT and runs nowhere yet, as firmware/unit/uplink/commands/update.py has it
# A configuration that is changed ends a trial of one, as `unit.config.save` does; the copy that last lived long stays.
_CONFIG, _TRIALS, _LAST_GOOD = "config.json", ("config.trial", "config.trying"), "config.last"

# The firmware has ended, and lets go of its memory: what follows wants some.
_MAKE_ROOM = """
for n in list(globals()):
    if n[:2]!="__":del globals()[n]
import gc,sys,asyncio
asyncio.new_event_loop()
asyncio.core.cur_task=None
for n in list(sys.modules):
    if n[:4]=="unit":del sys.modules[n]
gc.collect()
"""
# Runs on the board, whatever its firmware: of that it uses slots.py alone, which lies outside the slots.
_PROGRAM = """
import os,slots,machine
from binascii import a2b_base64,b2a_base64,crc32,hexlify
def _crc(n):
    c=0
    with open(n,"rb") as f:
        while p:=f.read(512):c=crc32(p,c)
    return c
def _ls():
    print(str(hexlify(machine.unique_id()),"utf-8"),slots.spare())
    for n,k,*_ in os.ilistdir():
        if k==0x8000 and n[-5:]!=".pack":print(n,_crc(n))
def _show(n):
    with open(n,"rb") as f:print(str(b2a_base64(f.read()),"utf-8"))
def _open(n,m):
    global _f
    _f=open(n,m)
def _add(c,b):
    b=a2b_base64(b)
    if crc32(b)!=c:raise ValueError("spoilt on the way")
    _f.write(b)
def _put(n):
    _f.close()
    os.rename("_new",n)
def _rm(n):
    try:os.remove(n)
    except OSError:pass
"""
_FILL_SLOT = """
def _at(n,d):
    try:
        with open(n,"rb") as f:print(os.stat(n)[6] if f.read(40)[8:]==d else 0)
    except OSError:print(0)
def _switch(n,m):
    _f.close()
    for s in slots.checking(n):pass
    print(s)
    if s:slots.switch(m)
    else:_rm(n)
"""
_BEGIN_TRIAL_ANEW = """
s=slots.load()
s[1]=1
with open("slot.new","wb") as f:f.write(s+crc32(s).to_bytes(4,"little"))
os.rename("slot.new","slot.state")
"""

_MAC = re.compile("[0-9a-f]{12,16}")

_WORDS = {
    "stands": (
        "{unit}：期间设备全停，完成后自动重启",
        "{unit}: meanwhile all machines stand; it restarts by itself afterwards",
    ),
    "file": ("  换了 {name}", "  {name} is new"),
    "trial": (
        "  程序 {size} 字节（已有 {had}）写入另一个槽：试运行一小时，不合格会自己退回原来的程序",
        "  firmware: {size} bytes ({had} were there) in the other slot, on trial for an hour; if it does not get on, "
        "the one before is back by itself",
    ),
    "same": ("  都已是最新，没有改动", "  it has everything already; nothing was changed"),
    "back": (
        "新程序若不行，板子自己退回原来的程序：三次启动失败，或一小时后",
        "if the new firmware does not get on, the unit takes the one before again, by itself: after three starts that "
        "come to nothing, or an hour",
    ),
    "on_trial": (
        "{unit} 正在试运行一个新程序，另一个槽是它的退路：等满一小时再来，或断电 3 次让它退回",
        "{unit} has a firmware on trial, and the other slot is its way back: come again when its hour is over",
    ),
    "spoilt": (
        "程序传到板上后摘要不一致，没有切换：再运行一次",
        "the firmware that arrived on the board has another digest; nothing was switched. Run it again",
    ),
}


@dataclass(frozen=True)
class Brought:
    """What a unit got: names of files written or removed, bytes of the firmware; `mac` is its board's.

    `settings` tells of each setting that it had otherwise, be it from the console: "key: before -> after".
    """

    files: tuple[str, ...]
    settings: tuple[str, ...]
    file_bytes: int
    firmware_bytes: int
    firmware_was_there: int  # bytes of it, from a time before
    mac: str

    @property
    def has_firmware(self) -> bool:
        return self.firmware_bytes + self.firmware_was_there > 0


def visit(port: str, lang: str, unit: Unit, report: SelfTest) -> Brought:
    """`bring`, to the unit on a port that gave this report; tells the user. NoWayIn where it cannot be done."""
    with RawRepl(port, lang, fsimage.pin(unit)) as board:
        say(lang, both(_WORDS["stands"], unit=unit.id))
        served = report["broker"].state == self_test.OK
        brought = bring(board, unit, report["firmware"].detail, served, bar())
    for name in brought.files:
        say(lang, both(_WORDS["file"], name=name))
    for change in brought.settings:
        say(lang, "  " + change)
    if not brought.files and not brought.has_firmware:
        say(lang, both(_WORDS["same"]))
    if brought.has_firmware:
        say(lang, both(_WORDS["trial"], size=brought.firmware_bytes, had=brought.firmware_was_there))
    return brought


@contextmanager
def tried(brought: Brought) -> Iterator[None]:
    """Whatever is found wrong inside, after a new firmware was brought: the user is told that it goes by itself."""
    try:
        yield
    except AnswerIsNo as e:
        if not brought.has_firmware:
            raise
        raise AnswerIsNo(*e.problems, both(_WORDS["back"])) from e


def bring(
    board: RawRepl,
    unit: Unit,
    running_sha256: str,
    served: bool,
    progress: Callable[[float], None] = lambda share: None,
) -> Brought:
    """Make the unit at the prompt what `unit` and this program's firmware say; it is on trial after its restart.

    `running_sha256` is the firmware in force; `served`: a broker served the unit, so that it must serve a new firmware
    too. AnswerIsNo where another firmware is on trial, before anything is changed, or where a digest differs.
    """
    files = fsimage.firmware_files(unit) | fsimage.named_files(unit)
    data = files.pop(fsimage.PACK)
    del files[_LAST_GOOD]
    _run(board, _MAKE_ROOM)
    _run(board, _PROGRAM)
    mac, spare, there = _listed(board)
    renewed = pack.head(data, fsimage.PACK).sha256 != running_sha256
    if not spare:
        _run(board, _BEGIN_TRIAL_ANEW)  # on trial: a start that we cause is none that came to nothing
    if renewed and not spare:
        raise AnswerIsNo(both(_WORDS["on_trial"], unit=unit.id))
    changed = [name for name in files if there.get(name) != str(zlib.crc32(files[name]))]
    gone = [name for name in fsimage.NAMED_FILES.values() if name in there and name not in files]
    settings = _differences(board, unit) if _CONFIG in changed and _CONFIG in there else ()
    for name in sorted(changed, key=_turn):
        board.run('_open("_new","wb")', _SILENT_S)
        _send(board, files[name])
        board.run(f"_put({name!r})", _SILENT_S)
    for name in gone + (list(_TRIALS) if _CONFIG in changed else []):
        board.run(f"_rm({name!r})", _SILENT_S)
    at = _firmware(board, spare, data, served, progress) if renewed else 0
    sizes = sum(len(files[name]) for name in changed)
    pairs = ":".join(mac[i : i + 2] for i in range(0, len(mac), 2))
    return Brought(tuple(sorted(changed + gone)), settings, sizes, len(data) - at if renewed else 0, at, pairs)


def _listed(board: RawRepl) -> tuple[str, str, dict[str, str]]:
    """The board's number, the pack that is not in force, and the CRC-32 of each file that it has."""
    first, *lines = board.run("_ls()", _SILENT_S).split("\n")
    mac, _, spare = first.strip().partition(" ")
    there = dict(line.strip().rpartition(" ")[::2] for line in lines if line.strip())
    if not _MAC.fullmatch(mac) or spare not in ("", fsimage.PACK, fsimage.SECOND_PACK):
        raise board.garbled()
    return mac, spare, there


def _turn(name: str) -> int:
    """When a file is written: an end at any moment leaves a board whose boot.py has bytecode that it knows, or a copy.

    The configuration comes last: what it needs is there then.
    """
    if name == "main.py" or name.endswith(".mpy"):
        return 0  # a boot.py of before takes its own back from the copies
    return 1 if name == "boot.py" else 3 if name == _CONFIG else 2


def _run(board: RawRepl, program: str) -> None:
    board.run(program.replace("    ", " "), _SILENT_S)


def _differences(board: RawRepl, unit: Unit) -> tuple[str, ...]:
    """The settings that are otherwise on the board; none where its copy is damaged."""
    try:
        text = config.unsealed(base64.b64decode(board.run(f"_show({_CONFIG!r})", _SILENT_S)))
        before = json.loads(text or b"null")
    except (ValueError, RecursionError):
        raise board.garbled() from None
    if not isinstance(before, dict):
        return ()
    after = unit.board_settings()
    found = []
    for row in catalogue.entries():
        old, new = (values.get(row[0], catalogue.default(row)) for values in (before, after))
        if old != new:
            shown = [_shown(row, value) for value in (old, new)]
            found.append(f"{row[0]}: {shown[0]} -> {shown[1]}")
    return tuple(found)


def _shown(row: list[str], value: object) -> str:
    if value is None:
        return "-"
    return settings_words.show(row, value) if catalogue.allows(row, value) else repr(value)


def _firmware(board: RawRepl, spare: str, data: bytes, served: bool, progress: Callable[[float], None]) -> int:
    """Fill the spare slot and switch to it. Returns how much was there already."""
    _run(board, _FILL_SLOT)
    at = board.number(f"_at({spare!r},{data[8:40]!r})", _SILENT_S, len(data))
    board.run(f"_rm({_ARRIVING!r})", _SILENT_S)
    if not at:
        board.run(f"_rm({spare!r})", _SILENT_S)  # first, or the file system would need room for three
    board.run(f'_open({spare!r},"ab")', _SILENT_S)
    _send(board, data[at:], lambda share: progress((at + share * (len(data) - at)) / len(data)))
    if board.run(f"_switch({spare!r},{int(served)})", _SILENT_S).strip() != "True":
        raise AnswerIsNo(both(_WORDS["spoilt"]))
    return at


def _send(board: RawRepl, data: bytes, progress: Callable[[float], None] = lambda share: None) -> None:
    """Add bytes to the file that is open on the board; what is spoilt on the way stops it."""
    for at in range(0, len(data), _PIECE):
        piece = data[at : at + _PIECE]
        board.run(f"_add({zlib.crc32(piece)},{base64.b64encode(piece).decode()!r})", _SILENT_S)
        if at // _PIECE % _SAVED_EVERY == _SAVED_EVERY - 1:
            board.run("_f.flush()", _SILENT_S)
        progress((at + len(piece)) / len(data))
