"""Brings a board's flash and a broker of the user's choice together, as provisioning does: by its configuration."""

import json

from littlefs import LittleFS, UserContext
from unit import config

from host_tools.unitkit import fsimage, partitions
from host_tools.unitkit.errors import SurroundingsFailed
from host_tools.unitkit.unitfile import compact_json

from .flash_file import FlashFile

_WIFI = b"virtual = board\n"


def provision(flash: FlashFile, host: str, port: int) -> None:
    """Have the unit on `flash` talk to the broker at a numeric address, in plain TCP, over its own network.

    It asks nobody else: no time server. SurroundingsFailed if the flash holds no unit.
    """
    table = partitions.decode(flash.read(partitions.TABLE_AT, 0xC00))
    vfs = partitions.named(table, "vfs")
    context = UserContext(vfs.size)
    before = flash.read(vfs.at, vfs.size)
    context.buffer[:] = before
    fs = fsimage.file_system(vfs.size, context)
    text = config.unsealed(_content(fs, config.NEWEST)) or config.unsealed(_content(fs, config.LAST_GOOD))
    if text is None:
        raise SurroundingsFailed(f"{flash.path}: holds no configuration; give another --flash file")
    settings = json.loads(text)
    for key in ("mqtt.tls", "network.dns"):
        settings.pop(key, None)
    settings |= {"mqtt.broker": f"{host}:{port}", "network.ntp": ""}
    copy = fsimage.sealed(compact_json(settings).encode())
    for name, content in ((config.NEWEST, copy), (config.LAST_GOOD, copy), ("wifi.txt", _WIFI)):
        if _content(fs, name) != content:
            with fs.open(name, "wb") as f:
                f.write(content)
    for at in range(0, vfs.size, partitions.BLOCK):
        block = bytes(context.buffer[at : at + partitions.BLOCK])
        if block != before[at : at + partitions.BLOCK]:
            flash.flash_tool_write(vfs.at + at, block)


def _content(fs: LittleFS, name: str) -> bytes | None:
    try:
        with fs.open(name, "rb") as f:
            return bytes(f.read())
    except FileNotFoundError:
        return None
