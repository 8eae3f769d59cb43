"""Command keys and accounts of units on the PC: whether a key is one, made ones, and what two units must not share."""

import secrets
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from unit.uplink import credentials

from .boards import Board
from .errors import BadInput, Both, both, reading

_KEY_BYTES = 32
_MOST_NEIGHBOURS = 5000  # unit files that are looked at; a county has some hundred
_NAMED = 3  # of those that share something, so many are named
_PIN_DIGITS = 6
_NAMES = ("user", "password", "command_key")
_WORDS = {
    "weak": (
        "command_key 是空的、太短或太简单，等于没有；qingxi config key {path} 会写一个",
        "its command_key is empty, too short or too simple to protect anything; qingxi config key {path} makes one",
    ),
    "strange": (
        "{path}：不是凭据文件：{name} 不认识；只能有 user、password、command_key",
        "{path}: no credentials file: it says {name}; it may hold user, password and command_key",
    ),
    "exists": (
        "{path}：已有 command_key，不会覆盖。真要换：先删掉那一行，换好后重新烧录站点并告诉平台",
        "{path}: holds a command_key already, which is not overwritten. To have another, delete that line first; then "
        "flash the unit again and tell the platform",
    ),
    "no_file": (
        "mqtt.keyed = true，但没有 credentials_file：写上它，再运行 qingxi config key 写一个 command_key",
        "mqtt.keyed = true, but there is no credentials_file: name one, and have qingxi config key write a command_key",
    ),
    "no_key": (
        "mqtt.keyed = true，但 {path} 里没有 command_key；qingxi config key {path} 会写一个",
        "mqtt.keyed = true, but {path} holds no command_key; qingxi config key {path} makes one",
    ),
    "same_key": (
        "{path} 的 command_key 和 {others} 的相同：拿到一个就能命令全部；各用 qingxi config key 换一个",
        "the command_key of {path} is also that of {others}: whoever has one commands them all; give each its own "
        "with qingxi config key",
    ),
    "shared": (
        "{path} 也是 {others} 的凭据文件：每站应有自己的账号和钥匙",
        "{path} is the credentials file of {others} too: each unit must have an account and a key of its own",
    ),
    "user": (
        "{path} 的 user = {user} 是另一个站点的编号（{others}）：两站会冒充对方",
        "{path} says user = {user}, which is the id of another unit ({others}): each could pose as the other",
    ),
    "clear": (
        "mqtt.tls = false，而 {path} 里有密码：密码和数据明文传送；写 tls = true",
        "mqtt.tls = false while {path} holds a password: it and all data travel in clear; say tls = true",
    ),
    "clear_small": (
        "mqtt.tls = false，而 {path} 里有密码：明文传送。控制板 {board} 没有 PSRAM，做不了 TLS：走专用网络"
        "（VPN 路由器、运营商专用 APN）并给命令签名（command_key），或换有 PSRAM 的控制板",
        "mqtt.tls = false while {path} holds a password: it travels in clear. Board {board} has no PSRAM and cannot do "
        "TLS: take a network of your own (VPN router, private APN) and sign commands (command_key), or a board with "
        "PSRAM",
    ),
    "pin": (
        "{path} 的密码只有 {n} 位，几秒就能试出：改为 6 到 8 位数字",
        "the PIN of {path} has {n} characters and is found within seconds: take 6 to 8 digits",
    ),
}


def first_line(content: bytes) -> str:
    """Where a PIN stands in its file. UnicodeDecodeError where that is no text."""
    return content.decode("utf-8").partition("\n")[0].strip()


def fresh() -> str:
    """A new command key: 64 hexadecimal digits."""
    return secrets.token_hex(_KEY_BYTES)


def key_of(path: Path | None) -> str | None:
    """The command key in a credentials file, good or not; None where there is no such line, or no such file."""
    return _account(path).get("command_key")


def _account(path: Path | None) -> dict[str, str]:
    """What a credentials file says; empty where it cannot be read, which others complain of."""
    if path is not None and path.is_file():  # a device has no end
        with suppress(OSError, ValueError):
            return dict(credentials.pairs(str(path)))
    return {}


def wrong_key(path: Path) -> Both | None:
    """What is wrong with the command key in a credentials file, if it holds one."""
    key = key_of(path)
    return None if key is None or credentials.is_key(key) else both(_WORDS["weak"], path=path)


def problems(folder: Path, settings: Mapping[str, int | str]) -> Iterator[tuple[str, Both]]:
    """(setting, what is wrong) of the keys of a unit whose file lies in `folder`; a file that is not there is not."""
    name = settings.get("mqtt.credentials_file")
    path = folder / str(name) if name else None
    if path is not None and (wrong := wrong_key(path)):
        yield "mqtt.credentials_file", Both(f"{path}：{wrong.zh}", f"{path}: {wrong}")
    elif settings.get("mqtt.keyed"):
        if path is None:
            yield "mqtt.keyed", both(_WORDS["no_file"])
        elif path.is_file() and key_of(path) is None:
            yield "mqtt.keyed", both(_WORDS["no_key"], path=path)


def with_key(path: Path) -> bytes:
    """The content of a credentials file with a fresh command key; a new one where there is no file.

    BadInput where it holds a key, or is no credentials file. A line whose key is none becomes a comment.
    """
    if not path.exists():
        return f"command_key = {fresh()}\n".encode()
    with reading(path):
        lines = path.read_text(encoding="utf-8").splitlines()
        try:
            found = credentials.pairs(str(path))
        except ValueError as e:
            raise BadInput(str(e)) from e
    if strange := [name for name, _ in found if name not in _NAMES]:
        raise BadInput(both(_WORDS["strange"], path=path, name=strange[0]))
    if any(name == "command_key" and credentials.is_key(value) for name, value in found):
        raise BadInput(both(_WORDS["exists"], path=path))
    lines = [f"# {line.strip()}" if line.partition("=")[0].strip() == "command_key" else line for line in lines]
    return "\n".join([*lines, f"command_key = {fresh()}\n"]).encode()


@dataclass(frozen=True)
class Neighbour:
    """Another unit file: its path, the unit's id, its credentials file and the command key in that."""

    path: Path
    unit_id: str
    credentials: Path | None
    key: str | None


Seen = dict[tuple[Path, str], list[Neighbour]]  # what was read already, of (folder, pattern)


def _neighbours(path: Path, seen: Seen) -> list[Neighbour]:
    """The other units whose files lie in the same folder, or in one beside it, as `qingxi fleet make` lays them."""
    own = path.resolve()
    found: dict[Path, Neighbour] = {}
    for place in ((own.parent, "*.toml"), (own.parent.parent, "*/*.toml")):
        if place not in seen:
            folder, pattern = place
            files = islice(folder.glob(pattern), _MOST_NEIGHBOURS)
            seen[place] = [unit for file in sorted(files) if (unit := _neighbour(file))]
        found |= {unit.path: unit for unit in seen[place]}
    found.pop(own, None)
    return list(found.values())


def _neighbour(path: Path) -> Neighbour | None:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return None  # `config check` of that file says so
    unit, mqtt = data.get("unit"), data.get("mqtt")
    unit_id = unit.get("id") if isinstance(unit, dict) else None
    name = mqtt.get("credentials_file") if isinstance(mqtt, dict) else None
    if not isinstance(unit_id, str):
        return None
    file = (path.parent / name).resolve() if name and isinstance(name, str) else None
    return Neighbour(path, unit_id, file, key_of(file))


def warnings(
    path: Path, settings: Mapping[str, int | str], board: Board, seen: Seen | None = None
) -> Iterator[tuple[str, Both]]:
    """(setting, sentence) of what a unit shares with others and should not, and of what its secrets are weak by.

    `path` is that of its unit file; the others are those in the same folder and in the folders beside it. `seen`: an
    empty dict, kept from unit to unit where many are checked at once.
    """
    name = settings.get("mqtt.credentials_file")
    if name:
        own = path.parent / str(name)
        others = _neighbours(path, {} if seen is None else seen)
        yield from (("mqtt.credentials_file", text) for text in _shared(str(settings["unit.id"]), own, others))
        if settings["mqtt.broker"] and not settings["mqtt.tls"] and _account(own).get("password"):
            yield "mqtt.tls", both(_WORDS["clear" if board.psram_mb else "clear_small"], path=own, board=board.name)
    if settings.get("console.pin_file"):
        pin_file = path.parent / str(settings["console.pin_file"])
        with suppress(OSError, UnicodeDecodeError):
            pin = first_line(pin_file.read_bytes())
            if 0 < len(pin) < _PIN_DIGITS:
                yield "console.pin_file", both(_WORDS["pin"], path=pin_file, n=len(pin))


def _shared(unit_id: str, own: Path, neighbours: list[Neighbour]) -> Iterator[Both]:
    """What the unit has in common with another one; a copy of its own file is none."""
    others = [other for other in neighbours if other.unit_id != unit_id]
    its_file = own.resolve()
    sharing = [other for other in others if other.credentials == its_file]
    if sharing:
        yield both(_WORDS["shared"], path=own, others=_named(sharing))
    key, user = key_of(own), _account(own).get("user")
    same = [other for other in others if key and other not in sharing and other.key == key]
    if same:
        yield both(_WORDS["same_key"], path=own, others=_named(same))
    owners = [other for other in others if user and other.unit_id == user and user != unit_id]
    if owners:
        yield both(_WORDS["user"], path=own, user=user, others=_named(owners))


def _named(units: list[Neighbour]) -> str:
    named = ", ".join(f"{unit.unit_id} {unit.path}" for unit in units[:_NAMED])
    return named + (f" +{len(units) - _NAMED}" if len(units) > _NAMED else "")
