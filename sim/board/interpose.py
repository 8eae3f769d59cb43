"""Puts functions of this process in the place of those that the MicroPython library in it calls: nothing of it changes.

The library calls its own functions and those of libc by way of a table (ELF: JUMP_SLOT relocations); who writes there
is called instead. A function of Python there costs two microseconds a call, so what is called for each allocation is
called by a few bytes of machine code, which ask Python only when it answers "nothing".
"""

import ctypes
import mmap
import platform
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

_RELA = 4  # a section of relocations
_JUMP_SLOTS = (7, 1026)  # relocation types: x86-64, aarch64

# x86-64: call the first address with the two arguments that came; if that returns 0, go to the second with the same.
_RETRY = bytes.fromhex(
    "57 56 48 83 ec 08"  # push rdi, rsi; align the stack
    "48 b8 {} ff d0"  # mov rax, first; call rax
    "48 83 c4 08 5e 5f"
    "48 85 c0 75 0c"  # test rax, rax; not 0: return it
    "48 b8 {} ff e0 c3".format("11" * 8, "22" * 8)  # mov rax, second; jmp rax; ret
)


class Library:
    """A library that this process has loaded."""

    def __init__(self, path: str):
        self._library = ctypes.CDLL(path)
        self._slots, symbol, at = _slots(Path(path).read_bytes())
        self._base = self.address(symbol) - at
        self._kept: list[Any] = []  # what the library calls, for as long as it may

    def address(self, name: str) -> int:
        """Where a function of the library, or one that it calls, begins."""
        found = ctypes.cast(getattr(self._library, name), ctypes.c_void_p).value
        assert found is not None
        return found

    def original(self, name: str, kind: Any) -> Any:
        """A function of the library as it is, to be called from here; `kind` is a CFUNCTYPE."""
        return kind(self.address(name))

    def replace(self, name: str, kind: Any, function: Callable[..., Any]) -> None:
        """Have the library call `function` in the place of `name`. KeyError: it does not call that by the table."""
        self._write(name, self._callable(kind, function))

    def retry(self, name: str, kind: Any, function: Callable[..., Any]) -> None:
        """Have the library call `function` with the two arguments of `name` where that has returned 0."""
        second = self._callable(kind, function)
        if platform.machine() == "x86_64":
            code = _RETRY.replace(b"\x11" * 8, struct.pack("<Q", self.address(name)))
            page = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
            page.write(code.replace(b"\x22" * 8, struct.pack("<Q", second)))
            self._kept.append(page)
            self._write(name, ctypes.addressof(ctypes.c_char.from_buffer(page)))
            return
        first = self.original(name, kind)
        self.replace(name, kind, lambda a, b: first(a, b) or function(a, b))

    def _callable(self, kind: Any, function: Callable[..., Any]) -> int:
        made = kind(function)
        self._kept.append(made)
        address = ctypes.cast(made, ctypes.c_void_p).value
        assert address is not None
        return address

    def _write(self, name: str, address: int) -> None:
        with open("/proc/self/mem", "r+b", buffering=0) as memory:  # which writes where a page is read-only too
            memory.seek(self._base + self._slots[name])
            memory.write(struct.pack("<Q", address))


def _slots(elf: bytes) -> tuple[dict[str, int], str, int]:
    """Where the slot of each function lies that is called by the table; a function of the library's own, and where."""
    sections_at = struct.unpack_from("<Q", elf, 40)[0]
    size, count = struct.unpack_from("<HH", elf, 58)
    # name, type, flags, address, offset, size, link, info, alignment, size of an entry
    sections = [struct.unpack_from("<IIQQQQIIQQ", elf, sections_at + i * size) for i in range(count)]
    slots: dict[str, int] = {}
    own = ("", 0)
    for section in sections:
        if section[1] != _RELA:
            continue
        symbols = sections[section[6]]
        names_at = sections[symbols[6]][4]
        for at in range(section[4], section[4] + section[5], 24):
            slot, kind = struct.unpack_from("<QQ", elf, at)
            if kind & 0xFFFFFFFF not in _JUMP_SLOTS:
                continue
            name_at, _, _, _, value, _ = struct.unpack_from("<IBBHQQ", elf, symbols[4] + 24 * (kind >> 32))
            name = elf[names_at + name_at : elf.index(b"\0", names_at + name_at)].decode()
            slots[name] = slot
            if value:
                own = name, value
    return slots, *own
