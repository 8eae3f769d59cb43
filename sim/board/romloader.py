"""The loader in a chip's ROM, on a pseudo-terminal: what a board is to esptool while its BOOT button is held.

Answers the commands of esptool's documentation, "Serial Protocol" (ESP32, ESP32-S3; without the stub), and writes the
very flash file that the virtual board starts from. `python -m sim.board.romloader` is a board on a cable: loader
first, then, once it is reset, the virtual board on the same flash and the same port.
"""

import argparse
import hashlib
import os
import pty
import select
import struct
import sys
import termios
import time
import tty
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from host_tools.unitkit import unitfile
from host_tools.unitkit.errors import ToolError

from .flash_file import BLOCK, FlashFile
from .rom_chips import CHIPS, Registers
from .serial_port import put_link

FLASH_BEGIN, FLASH_DATA, FLASH_END = 0x02, 0x03, 0x04
SYNC, WRITE_REG, READ_REG, SPI_SET_PARAMS, SPI_ATTACH = 0x08, 0x09, 0x0A, 0x0B, 0x0D
READ_FLASH_SLOW, CHANGE_BAUDRATE = 0x0E, 0x0F
FLASH_DEFL_BEGIN, FLASH_DEFL_DATA, FLASH_DEFL_END = 0x10, 0x11, 0x12
SPI_FLASH_MD5, GET_SECURITY_INFO = 0x13, 0x14

_BAD_MESSAGE, _FAILED, _BAD_CHECKSUM, _WRITE_ERROR, _DEFLATE_ERROR = 0x05, 0x06, 0x07, 0x08, 0x0B
_SYNC_VALUE = 0x20120707
_END = b"\xc0"
_SILENT_S = 3.0
_ROOMY_HEAP_BYTES = 400_000
_BAUDS = {getattr(termios, name): int(name[1:]) for name in dir(termios) if name[0] == "B" and name[1:].isdigit()}


class Refused(Exception):
    """The command failed; the argument is the ROM's error code."""


class RomLoader:
    """One board in download mode. `serve()` answers until the board is reset.

    A pseudo-terminal has no reset line, so a client that does not begin as loaders do, but opens the port to see the
    board start, or types, counts as a reset. `flash_bytes` is what the flash chip says of itself. Above `most_baud` the
    cable spoils bits; `noise`, a function or None, does so to all that comes. `on_command`, a function or None, is told
    the code of every command.
    """

    def __init__(self, chip: str, flash: FlashFile, link: str, mac: bytes, flash_bytes: int, most_baud: int = 921600):
        self._chip = CHIPS[chip]
        self._flash = flash
        self._most_baud = most_baud
        self.on_command: Callable[[int], object] | None = None
        self.noise: Callable[[bytes], bytes] | None = None
        self.received_bytes = self.sent_bytes = 0
        self._registers = Registers(self._chip, mac, flash_bytes)
        self._stopping = False
        self._fd, client = pty.openpty()
        tty.setraw(client)
        self.path = os.ttyname(client)
        os.close(client)  # from now on the port is open only while somebody uses it
        self._link = link
        put_link(self.path, link)
        self._fresh_session()

    def close(self) -> None:
        """Take the port away, the link first: the terminal's name may be another's at once."""
        os.unlink(self._link)
        os.close(self._fd)

    def stop(self) -> None:
        """End `serve()` soon; may be called from another thread."""
        self._stopping = True

    def again(self) -> None:
        """Whoever holds the board has pressed BOOT: `serve()` can be called once more."""
        self._stopping = False
        self._fresh_session()

    def serve(self) -> None:
        """Answer one client after the other until the board is reset."""
        quiet_since = None
        while not self._stopping:
            ready = select.select([self._fd], [], [], 0.05)[0]
            data = self._read() if ready else b""
            if data is None:
                self._fresh_session()
                quiet_since = None
                time.sleep(0.01)
            elif data and not self._spoken and data[:1] != _END:
                return
            elif data:
                self._receive(data)
            elif not self._spoken:
                quiet_since = quiet_since or time.monotonic()
                if time.monotonic() - quiet_since > _SILENT_S and self._is_open():
                    return

    # --- the line

    def _fresh_session(self) -> None:
        self._spoken = False
        self._baud: int | None = None  # until it is told one, the ROM takes the client's
        self._packet: bytearray | None = None
        self._attached = False
        self._writing: _Write | None = None

    def _read(self) -> bytes | None:
        """What came; None while nobody has the port open."""
        try:
            return os.read(self._fd, 65536)
        except OSError:
            return None

    def _is_open(self) -> bool:
        poll = select.poll()
        poll.register(self._fd, select.POLLHUP)
        return not poll.poll(0)

    def _client_baud(self) -> int:
        return _BAUDS.get(termios.tcgetattr(self._fd)[5], 0)

    def _receive(self, data: bytes) -> None:
        self._spoken = True
        self.received_bytes += len(data)
        baud = self._client_baud()
        if self._baud not in (None, baud):
            return  # bits of another length: nothing that could be read
        if baud > self._most_baud and len(data) > 100:
            data = bytes([data[0]]) + bytes(byte ^ 0x08 for byte in data[1:])
        if self.noise is not None:
            data = self.noise(data)
        for byte in data:
            if byte == _END[0]:
                if self._packet:
                    self._answer(_unescaped(bytes(self._packet)))
                self._packet = bytearray()
            elif self._packet is not None:
                self._packet.append(byte)

    def _send(self, code: int, value: int, data: bytes, error: int | None) -> None:
        body = data + bytes([error is not None, error or 0, 0, 0])
        packet = struct.pack("<BBHI", 1, code, len(body), value) + body
        escaped = packet.replace(b"\xdb", b"\xdb\xdd").replace(_END, b"\xdb\xdc")
        self.sent_bytes += os.write(self._fd, _END + escaped + _END)

    # --- commands

    def _answer(self, packet: bytes) -> None:
        if len(packet) < 8 or packet[0] != 0:
            return
        _, code, size, checksum = struct.unpack_from("<BBHI", packet)
        body = packet[8:]
        if self.on_command is not None:
            self.on_command(code)
        value, data, error = 0, b"", None
        try:
            if len(body) != size:
                raise Refused(_BAD_MESSAGE)
            value, data = self._do(code, body, checksum)
        except Refused as e:
            error = e.args[0]
        except struct.error:
            error = _BAD_MESSAGE
        for _ in range(8 if code == SYNC else 1):
            self._send(code, value, data, error)
        if code == CHANGE_BAUDRATE and error is None:
            self._baud = struct.unpack_from("<I", body)[0]

    def _do(self, code: int, body: bytes, checksum: int) -> tuple[int, bytes]:
        """(value, data) of the answer. Refused with the ROM's error code."""
        if code == SYNC:
            return _SYNC_VALUE, b""
        if code == READ_REG:
            return self._registers.read(struct.unpack_from("<I", body)[0]), b""
        if code == WRITE_REG:
            for at in range(0, len(body), 16):
                address, value, mask, _ = struct.unpack_from("<IIII", body, at)
                self._registers.write(address, value, mask)
            return 0, b""
        if code == GET_SECURITY_INFO and self._chip.has_security_info:
            return 0, struct.pack("<IB7xII", 0, 0, self._chip.image_chip_id, 0)
        if code in (CHANGE_BAUDRATE, SPI_SET_PARAMS):
            return 0, b""
        if code == SPI_ATTACH:
            self._attached = True
            return 0, b""
        if code not in _FLASH_COMMANDS:
            raise Refused(_BAD_MESSAGE)
        if not self._attached:
            raise Refused(_FAILED)
        return 0, _FLASH_COMMANDS[code](self, body, checksum)

    def _begin(self, body: bytes, checksum: int, inflate: bool = False) -> bytes:
        size, _, _, at = struct.unpack_from("<IIII", body)
        if at % BLOCK or at + size > self._flash.size:
            raise Refused(_FAILED)
        for block in range(at, at + size, BLOCK):  # the ROM erases first, all at once
            self._flash.erase(block)
        self._writing = _Write(at, at + size, zlib.decompressobj() if inflate else None)
        return b""

    def _data(self, body: bytes, checksum: int) -> bytes:
        size, sequence = struct.unpack_from("<II", body)
        block, writing = body[16:], self._writing
        if writing is None or sequence != writing.sequence or len(block) != size:
            raise Refused(_FAILED)
        if checksum & 0xFF != _checksum(block):
            raise Refused(_BAD_CHECKSUM)
        if writing.inflater is not None:
            try:
                block = writing.inflater.decompress(block)
            except zlib.error:
                raise Refused(_DEFLATE_ERROR) from None
        if writing.at + len(block) > -(-writing.end // BLOCK) * BLOCK:
            raise Refused(_WRITE_ERROR)
        self._flash.program(writing.at, block)
        writing.at += len(block)
        writing.sequence += 1
        return b""

    def _end(self, body: bytes, checksum: int) -> bytes:
        self._writing = None
        self._stopping = True  # the ROM leaves its loader here, whether it reboots or runs the program
        return b""

    def _md5(self, body: bytes, checksum: int) -> bytes:
        at, size = struct.unpack_from("<II", body)
        return hashlib.md5(self._flash.read(at, size)).hexdigest().encode()

    def _read_flash(self, body: bytes, checksum: int) -> bytes:
        at, size = struct.unpack_from("<II", body)
        return self._flash.read(at, min(size, 64)).ljust(64, b"\0")


@dataclass
class _Write:
    """A write in progress: the next byte's place, the end of what was erased, the next block's number."""

    at: int
    end: int
    inflater: Any
    sequence: int = 0


_FLASH_COMMANDS: dict[int, Callable[[RomLoader, bytes, int], bytes]] = {
    FLASH_BEGIN: RomLoader._begin,
    FLASH_DATA: RomLoader._data,
    FLASH_END: RomLoader._end,
    FLASH_DEFL_BEGIN: lambda loader, body, checksum: loader._begin(body, checksum, inflate=True),
    FLASH_DEFL_DATA: RomLoader._data,
    FLASH_DEFL_END: RomLoader._end,
    SPI_FLASH_MD5: RomLoader._md5,
    READ_FLASH_SLOW: RomLoader._read_flash,
}


def _unescaped(packet: bytes) -> bytes:
    return packet.replace(b"\xdb\xdc", _END).replace(b"\xdb\xdd", b"\xdb")


def _checksum(block: bytes) -> int:
    value = 0xEF
    for byte in block:
        value ^= byte
    return value


def main(argv: list[str]) -> int:
    """A board on a cable: loader, then the virtual board. Words it does not know go on to `qingxi sim board`."""
    p = argparse.ArgumentParser(prog="python -m sim.board.romloader", description=main.__doc__)
    p.add_argument("--unit", type=Path, required=True, metavar="FILE", help="unit file: its board's chip and flash")
    p.add_argument("--flash", type=Path, required=True, metavar="FILE")
    p.add_argument("--port", required=True, metavar="LINK")
    args, rest = p.parse_known_args(argv)
    try:
        board = unitfile.load(args.unit).board
        flash_bytes = board.flash_mb << 20
        loader = RomLoader(
            board.chip, FlashFile(args.flash, flash_bytes), args.port, b"\x24\x0a\xc4\0\0\1", flash_bytes
        )
    except ToolError as e:
        print("\n".join(e.problems), file=sys.stderr)
        return e.exit_code
    loader.serve()
    loader.close()
    words = ["--unit", str(args.unit), "--flash", str(args.flash), "--port", args.port]
    words += ["--heap", str(_ROOMY_HEAP_BYTES), *rest]  # who practises with the cable wants no lesson in memory
    os.execv(sys.executable, [sys.executable, "-m", "host_tools.main", "sim", "board", *words])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
