"""Runs esptool, as the program it is, on a chip in its ROM loader; reads its answers.

Without its stub, so that the board runs nothing but its own ROM, and what the tests go through is what is used.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ..unitkit.errors import AnswerIsNo, Both, SurroundingsFailed, both

T = TypeVar("T")
# Written and compared in pieces of so many bytes, so that a second run skips what the first one brought over. An erase
# block of the flash is 64 KiB; the files change in a few places only, and those pieces are smaller.
BAUDS = (460800, 115200)  # the second where the first does not hold
_PIECE = 64 * 1024
_SMALL_PIECE = 16 * 1024
_MOST_READ = 256 * 1024  # at once; between two such the progress is told
_COMPARED = re.compile(r"\(digest (matched|mismatch)\)")
_PIECE_DONE = re.compile(r"already in flash|Hash of data verified")
_ENVIRONMENT = {"COLUMNS": "1000", "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}

_SENTENCES = {
    "silent": (
        "{port} 上的板子没有应答。按住 BOOT 键，按一下 EN（RST）键，再松开 BOOT，然后重试；还不行就换 USB 线",
        "the board on {port} does not answer. Hold BOOT, press EN (RST) once, let go of BOOT and try again; "
        "if that does not help, change the USB cable",
    ),
    "differs": (
        "写入后读回的摘要不一致：闪存可能坏了，换一块板子",
        "after writing, the digest differs: the flash may be worn out, take another board",
    ),
    "spoilt": (
        "从 {port} 读来的数据有错：换一根短些的 USB 线，再试一次",
        "what came from {port} was spoilt on the way: take a shorter USB cable and try again",
    ),
    "failed": ("esptool 失败：{why}", "esptool failed: {why}"),
    "gone": (
        "{port} 断开了。插好线再运行一次，会接着写",
        "{port} went away. Plug it in and run again: it goes on from there",
    ),
}


@dataclass(frozen=True)
class Found:
    """What is on the port: `chip` as in board files, `title` as the maker calls it."""

    chip: str
    title: str
    mac: str
    flash_bytes: int


@dataclass(frozen=True)
class Written:
    """What a write did, in pieces and in bytes of flash; `baud` is what it ended with."""

    pieces: int
    written_bytes: int
    skipped_bytes: int
    baud: int


class Esptool:
    """esptool on one port. Its failures become SurroundingsFailed, a wrong digest AnswerIsNo."""

    def __init__(self, port: str):
        self._port = port

    def identify(self) -> Found:
        """Ask the chip what it is."""
        shown = self._run(115200, "flash-id")
        chip = _field(r"Detecting chip type\.+ *(\S+)", shown)
        flash = _field(r"Detected flash size: (\d+)MB", shown)
        title, mac = _field(r"Chip type: +(.+)", shown), _field(r"MAC: +([0-9a-f:]{17})", shown)
        return Found(chip.lower().replace("-", ""), title, mac, int(flash or 0) << 20)

    def read(self, at: int, size: int, baud: int = 115200) -> bytes:
        """Bytes of the flash; some 6 KB a second at that rate."""
        with tempfile.TemporaryDirectory() as folder:  # for this user's eyes only: there may be secrets in it
            path = Path(folder) / "read"
            self._run(baud, "read-flash", "--no-progress", str(at), str(size), str(path))
            return path.read_bytes()

    def read_written(self, areas: Sequence[tuple[int, int]], progress: Callable[[float], None]) -> list[bytes]:
        """The bytes of each area (place, size), without bringing over what is blank: the chip's MD5 tells that.

        `progress` is told the share that is done.
        """
        return self._at_a_baud(lambda baud: self._read_written(areas, baud, progress))

    def _read_written(
        self, areas: Sequence[tuple[int, int]], baud: int, progress: Callable[[float], None]
    ) -> list[bytes]:
        pieces = [(at + i, min(_PIECE, size - i)) for at, size in areas for i in range(0, size, _PIECE)]
        same = self._compare(baud, [(at, b"\xff" * size) for at, size in pieces])
        written = [piece for piece, is_blank in zip(pieces, same) if not is_blank]
        runs = _runs(written, {at for at, _ in areas})
        total, read = sum(size for _, size in runs), []
        for at, size in runs:
            read.append((at, self.read(at, size, baud)))
            progress(sum(len(data) for _, data in read) / total)
        if not all(self._compare(baud, read)):  # the ROM sends no checksum with what is read
            raise SurroundingsFailed(self._text("spoilt"))
        found = [bytearray(b"\xff" * size) for _, size in areas]
        for at, data in read:
            for (start, size), area in zip(areas, found):
                if start <= at < start + size:
                    area[at - start : at - start + len(data)] = data
        return [bytes(area) for area in found]

    def holds(self, parts: Sequence[tuple[int, bytes]]) -> list[bool]:
        """Whether the flash holds each of (place, bytes), by MD5."""
        return self._at_a_baud(lambda baud: self._compare(baud, parts))

    def _compare(self, baud: int, parts: Sequence[tuple[int, bytes]]) -> list[bool]:
        """Whether the flash holds each of (place, bytes), by the chip's own MD5."""
        if not parts:
            return []
        with _files(parts) as words:
            shown = self._run(baud, "verify-flash", *words, may_differ=True)
        told = [match[1] == "matched" for match in _COMPARED.finditer(shown)]
        if len(told) != len(parts):
            raise self._failure(shown)
        return told

    def write(self, parts: Sequence[tuple[int, bytes, bool]], progress: Callable[[float], None]) -> Written:
        """Bring (place, bytes, in small pieces) into the flash, in that order, and reset the board.

        Pieces that are there already are skipped; each one's MD5 is taken by the chip afterwards. `progress` is told
        the share that is done.
        """
        pieces = [
            (at + i, data[i : i + size])
            for at, data, small in parts
            for size in (_SMALL_PIECE if small else _PIECE,)
            for i in range(0, len(data), size)
        ]
        sizes = [len(data) for _, data in pieces]
        command = ("write-flash", "--compress", "--skip-flashed", "--flash-size", "keep", "--no-progress")

        def write(baud: int) -> Written:
            were_there: list[bool] = []  # of each piece that esptool says it is done with

            def count(text: str) -> None:
                if match := _PIECE_DONE.search(text):
                    were_there.append(match[0].startswith("already"))
                    progress(sum(sizes[: len(were_there)]) / sum(sizes))

            self._run(baud, *command, *words, after="hard-reset", line=count)
            skipped_bytes = sum(size for size, was_there in zip(sizes, were_there) if was_there)
            return Written(len(pieces), sum(sizes) - skipped_bytes, skipped_bytes, baud)

        with _files(pieces) as words:
            return self._at_a_baud(write)

    def _at_a_baud(self, work: Callable[[int], T]) -> T:
        """What `work` returns at the first of `BAUDS` that holds; a port that is gone is not tried again."""
        for baud in BAUDS[:-1]:
            try:
                return work(baud)
            except (SurroundingsFailed, AnswerIsNo):
                if not os.path.exists(self._port):
                    raise
        return work(BAUDS[-1])

    def _run(
        self,
        baud: int,
        *words: str,
        after: str = "no-reset",
        line: Callable[[str], None] = lambda text: None,
        may_differ: bool = False,
    ) -> str:
        command = [sys.executable, "-m", "esptool", "--no-stub", "--port", self._port, "--baud", str(baud)]
        command += ["--after", after, *words]
        shown = ""
        with subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            env=os.environ | _ENVIRONMENT,
        ) as process:
            assert process.stdout is not None
            for text in process.stdout:
                shown += text
                line(text)
        if process.returncode and not (may_differ and "mismatch" in shown):
            raise self._failure(shown)
        return shown

    def _failure(self, shown: str) -> SurroundingsFailed | AnswerIsNo:
        if "MD5 of file does not match" in shown:
            return AnswerIsNo(self._text("differs"))
        if not os.path.exists(self._port) and os.name == "posix":
            return SurroundingsFailed(self._text("gone"))
        if "Failed to connect" in shown:
            return SurroundingsFailed(self._text("silent"))
        said = [text for text in shown.splitlines() if text.strip()]
        why = next((text for text in said if "fatal error" in text.lower()), said[-1] if said else "?")
        return SurroundingsFailed(self._text("failed", why=why.strip()))

    def _text(self, code: str, **fill: object) -> Both:
        return both(_SENTENCES[code], port=self._port, **fill)


@contextmanager
def _files(parts: Sequence[tuple[int, bytes]]) -> Iterator[list[str]]:
    """Each of (place, bytes) in a file for this user's eyes only, for there may be secrets in it: places and names."""
    with tempfile.TemporaryDirectory() as folder:
        words = []
        for number, (at, data) in enumerate(parts):
            path = Path(folder) / f"{number}.bin"
            path.write_bytes(data)
            words += [hex(at), str(path)]
        yield words


def _runs(pieces: Sequence[tuple[int, int]], starts: set[int]) -> list[tuple[int, int]]:
    """Neighbouring pieces (place, size) put together, but none over one of `starts`."""
    runs: list[tuple[int, int]] = []
    for at, size in pieces:
        if runs and sum(runs[-1]) == at and at not in starts and runs[-1][1] + size <= _MOST_READ:
            runs[-1] = runs[-1][0], runs[-1][1] + size
        else:
            runs.append((at, size))
    return runs


def _field(pattern: str, shown: str) -> str:
    match = re.search(pattern, shown)
    return match[1].strip() if match else ""
