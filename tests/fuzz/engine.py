"""The one engine of the fuzz: seeds that the product made, damage done to them, and what a parser may answer.

A family is one parser. It takes an input and returns whether it was accepted; it may refuse by an error of `may_raise`,
with a sentence. Everything else is a finding: another exception, an input that was accepted and must not be
(`Wrong`), one that takes too long, too much memory, or the process itself.

Input `n` of a family is the same in every run: its number is the seed of all that is done to it.
"""

import contextlib
import faulthandler
import multiprocessing
import os
import random
import re
import resource
import signal
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from host_tools.unitkit.errors import Both, ToolError
from tests import patience

Take = Callable[[bytes], bool]
Mutator = Callable[[random.Random, bytes], bytes]

HANG_S = 20  # of a quiet machine; what is sound takes milliseconds
MOST_MEMORY = 1 << 30  # bytes that a parser may want besides what the process has
_TOLD_EVERY = 100  # inputs
_HAN = re.compile(r"[\u4e00-\u9fff]")


class Wrong(AssertionError):
    """An input was accepted that is not sound, or a sound one was read as something else."""


class Hang(Exception):
    """The time for one input is over."""


@dataclass
class Family:
    """One parser: `make` returns what takes an input, and the seeds, of which it accepts the first and most others.

    `damage` are mutators of its own, which know the structure; `words`, pieces that its inputs are made of. `share` is
    its part of a campaign, against 1.
    """

    name: str
    make: Callable[[Path], tuple[Take, list[bytes]]]
    may_raise: tuple[type[BaseException], ...] = (ToolError,)
    damage: tuple[Mutator, ...] = ()
    words: tuple[bytes, ...] = ()
    share: float = 1.0
    only_own_damage: bool = False  # once; any other is not what the family is about


@dataclass
class Found:
    """What inputs of one family came to; `findings` maps what went wrong to (how often, the first input's number)."""

    family: str
    tried: int = 0
    accepted: int = 0
    refused: int = 0
    findings: dict[str, tuple[int, int]] = field(default_factory=dict)

    def note(self, what: str, number: int) -> None:
        times, first = self.findings.get(what, (0, number))
        self.findings[what] = times + 1, first

    def add(self, other: "Found") -> None:
        self.tried += other.tried
        self.accepted += other.accepted
        self.refused += other.refused
        for what, (times, first) in other.findings.items():
            mine, before = self.findings.get(what, (0, first))
            self.findings[what] = mine + times, min(before, first)


# --- damage

_TEXT_WORDS = tuple(
    word.encode()
    for word in (
        "\0", "\ufeff", "\u2028", "\x85", "\x0c", "\x1b[31m", "\u202e", "\x7f", "\r", "\r\n", "\n", "'", '"', '"""',
        "\\", "\\ud800", "\\u0000", "1e999", "-1", "-0.0", "nan", "inf", "1_0", "\u0661", "9" * 400, "9" * 5000, "0x10",
        "1e309", "true", "null", "[]", "{}", "[" * 3000, '{"a":' * 3000, ",", ";", "=", "#", " ", "..", "../../x",
        "/dev/null",
        "a" * 300, "%s", "{}", "{why}",
    )
)  # fmt: skip
_BYTE_WORDS = (b"\xff", b"\0", b"\xed\xa0\x80", b"\xff" * 16, b"\0" * 16, b"\xc0\xaf", b"\xf8\x88\x80\x80\x80")
_NUMBERS = (0, 1, 127, 128, 255, 256, 4095, 4096, 65535, 65536, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 24)


def _flip(chance: random.Random, data: bytes) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + bytes((data[at] ^ 1 << chance.randrange(8),)) + data[at + 1 :]


def _set(chance: random.Random, data: bytes) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + bytes((chance.choice((0, 255, data[at] ^ 0x80, chance.randrange(256))),)) + data[at + 1 :]


def _cut(chance: random.Random, data: bytes) -> bytes:
    return data[: chance.randrange(len(data))]


def _drop(chance: random.Random, data: bytes) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + data[at + _length(chance, data) :]


def _double(chance: random.Random, data: bytes) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + data[at : at + _length(chance, data)] * chance.choice((2, 2, 3, 50)) + data[at:]


def _number(chance: random.Random, data: bytes) -> bytes:
    """A length field, or any other number, as it should not be."""
    size, number = chance.choice((1, 2, 4)), chance.choice(_NUMBERS)
    at = chance.randrange(len(data))
    order = chance.choice(("little", "big"))
    return data[:at] + (number & (1 << 8 * size) - 1).to_bytes(size, order) + data[at + size :]


def _swap(chance: random.Random, data: bytes) -> bytes:
    """Two lines change places, or two stretches."""
    lines = data.splitlines(keepends=True)
    if len(lines) > 2:
        a, b = chance.randrange(len(lines)), chance.randrange(len(lines))
        lines[a], lines[b] = lines[b], lines[a]
        return b"".join(lines)
    at = chance.randrange(len(data))
    return data[at:] + data[:at]


def _length(chance: random.Random, data: bytes) -> int:
    return chance.randrange(1, max(2, min(len(data), chance.choice((4, 16, 256)))))


_DAMAGE: tuple[Mutator, ...] = (_flip, _flip, _set, _cut, _drop, _double, _number, _swap)


def _put(words: tuple[bytes, ...]) -> Mutator:
    """One of these goes in somewhere, or takes the place of as many bytes, or of a value."""

    def put(chance: random.Random, data: bytes) -> bytes:
        word = chance.choice(words)
        at = chance.randrange(len(data) + 1)
        if chance.random() < 0.3:
            values = list(re.finditer(rb'"[^"\n]*"|[\w.+-]+', data)) if len(data) < 20_000 else []
            if values:
                value = chance.choice(values)
                return data[: value.start()] + word + data[value.end() :]
        return data[:at] + word + data[at + chance.choice((0, 0, len(word))) :]

    return put


def _splice(seeds: list[bytes]) -> Mutator:
    """The beginning of this one, the end of another."""

    def splice(chance: random.Random, data: bytes) -> bytes:
        other = chance.choice(seeds)
        same = chance.random() < 0.5
        at = chance.randrange(len(data))
        to = at if same else chance.randrange(len(other) + 1)
        return data[:at] + other[to:]

    return splice


class Player:
    """Plays inputs of a family; `folder` is its own."""

    def __init__(self, family: Family, folder: Path):
        self.family = family
        self.take, self.seeds = family.make(folder)
        self._limit_s = HANG_S * patience.slowness()
        if family.only_own_damage:
            self._mutators = family.damage
        else:
            words = (*family.words * 4, *_TEXT_WORDS, *_BYTE_WORDS) if family.words else (*_BYTE_WORDS, *_TEXT_WORDS)
            self._mutators = (*_DAMAGE, _put(words), _put(words), _splice(self.seeds), *family.damage * 4)

    def input(self, number: int) -> bytes:
        """Input `number`: mostly one damage to a seed, sometimes several, seldom noise alone."""
        chance = random.Random(f"{self.family.name} {number}")
        if not self.family.only_own_damage and chance.random() < 0.02:
            return chance.randbytes(chance.choice((0, 1, 16, 300, 5000)))
        data = chance.choice(self.seeds)
        for _ in range(1 if self.family.only_own_damage else chance.choice((1, 1, 1, 1, 2, 3, 8))):
            if data:
                data = chance.choice(self._mutators)(chance, data)
        return data

    def play(self, number: int, found: Found) -> None:
        """One input, noted in `found`."""
        data = self.input(number)
        found.tried += 1
        signal.setitimer(signal.ITIMER_REAL, self._limit_s)
        try:
            if self.take(data):
                found.accepted += 1
            else:
                found.refused += 1
        except self.family.may_raise as e:
            found.refused += 1
            if why := unsaid(e):
                found.note(f"{why}: {type(e).__name__}", number)
        except Wrong as e:
            found.note("Wrong: " + str(e).partition(": ")[0], number)
        except Exception as e:  # noqa: BLE001  a finding
            found.note(_where(e), number)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def sound(self) -> None:
        """The first seed is accepted, or the fuzz would begin at nothing."""
        if not self.take(self.seeds[0]):
            raise AssertionError(f"{self.family.name}: the first seed is refused")


def unsaid(e: BaseException) -> str:
    """What is wrong with a refusal as a sentence; "" where it is one."""
    if not isinstance(e, ToolError):
        return "" if str(e) else "a refusal without a word"
    for problem in e.problems or [""]:
        if not problem.strip():
            return "a refusal without a sentence"
        if isinstance(problem, Both) and not _HAN.search(problem.zh):
            return "a refusal in English alone"
    return ""


def _where(e: BaseException) -> str:
    """The error and the innermost line of the product that it came from."""
    frames = traceback.extract_tb(e.__traceback__)
    inner = [f for f in frames if re.search(r"/(host_tools|sim|firmware)/", f.filename) and "/tests/" not in f.filename]
    at = f"{Path(inner[-1].filename).name}:{inner[-1].name}" if inner else "?"
    return f"{type(e).__name__} in {at}"


# --- many inputs, in a process that may end as it likes


def run(family: Family, first: int, count: int, folder: Path) -> Found:
    """Inputs `first` to `first + count` of a family, in a process of their own.

    What ends that process, or wants more memory than there is to have, is a finding like others.
    """
    context = multiprocessing.get_context("fork")
    total = Found(family.name)
    at = context.Value("q", first)
    end = first + count
    while at.value < end:
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_play, args=(family, at, end, folder, theirs))
        process.start()
        theirs.close()
        with contextlib.suppress(EOFError):
            while True:
                total.add(ours.recv())
        process.join()
        ours.close()
        if process.exitcode:
            total.note(f"the process ended: {process.exitcode}", at.value)
            at.value = end if process.exitcode == 1 else at.value + 1  # 1: the family itself is wrong
    total.tried = count
    return total


def _play(family: Family, at, end: int, folder: Path, tell) -> None:
    faulthandler.disable()  # how it ends is told
    signal.signal(signal.SIGALRM, _hang)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    player = Player(family, folder)
    player.sound()
    resource.setrlimit(resource.RLIMIT_AS, (_memory_now() + MOST_MEMORY, resource.RLIM_INFINITY))
    found = Found(family.name)
    while at.value < end:
        player.play(at.value, found)
        at.value += 1
        if found.findings or at.value % _TOLD_EVERY == 0 or at.value == end:
            tell.send(found)
            found = Found(family.name)
    os._exit(0)  # what waits for its turn at the end of a process is of the one that this was copied from


def _hang(*_: object) -> None:
    raise Hang("took too long")


def _memory_now() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
