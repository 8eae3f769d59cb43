"""What `flash` and `swap` have in common: write to a board, watch it start, have it check itself, leave a record."""

import argparse
import datetime
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from ..device import first_start, port
from ..device.esptool import Esptool, Found, Written
from ..device.self_test import SelfTest
from ..image.image_build import FlashImage, Part
from ..records.flash_record import Record
from ..unitkit.errors import AnswerIsNo, both
from ..unitkit.progress import bar, say
from ..unitkit.unitfile import Unit
from . import register

# What both verbs take.
ARGUMENTS = ("--unit", "--port", "--micropython", "--fresh", "--dry-run", "--note", "--record", "--json")

_WORDS = {
    "board": ("{port}：{title}，闪存 {flash} MB，MAC {mac}", "{port}: {title}, {flash} MB of flash, MAC {mac}"),
    "micropython": ("MicroPython {title}", "MicroPython {title}"),
    "chip": (
        "接的是 {found} 芯片，站点 {unit} 的控制板 {board} 要用 {wanted}：换板子，或改站点文件的 board",
        "the chip is {found}: board {board} of unit {unit} has {wanted}. Take another board, or correct `board` in the "
        "unit file",
    ),
    "small": (
        "闪存只有 {found} MB，控制板 {board} 需要 {wanted} MB：换一块板子",
        "the flash has {found} MB: board {board} needs {wanted} MB. Take another board",
    ),
    "dry": ("--dry-run：检查通过，没有写入", "--dry-run: all is well, nothing was written"),
    "written": (
        "写入 {written} 字节，{skipped} 字节已在板上，摘要一致（{baud} 波特）",
        "wrote {written} bytes, {skipped} were there already, every digest agrees ({baud} baud)",
    ),
    "starting": ("首次启动和自检，请等几秒 ...", "first start and self-test, a few seconds ..."),
    "runs": ("{unit} 已启动，控制程序在运行，自检通过", "{unit} has started: control runs, the self-test passed"),
    "look": ("  还要看：{zh} {detail} - {mend_zh}", "  still to see to: {en} {detail} - {mend_en}"),
    "record": ("记录和标签：{path}", "record and label: {path}"),
    "other": (
        "已写入，但板子报告的{what_zh}是 {is_}，应为 {must}：拔下别的板子，再烧一次",
        "written, but the board reports the {what_en} {is_}: it must be {must}. Unplug other boards and flash again",
    ),
}


@dataclass(frozen=True)
class Job:
    """One board to be made into a unit. `what` is the register's word for it, `history` the record's."""

    args: argparse.Namespace
    image: FlashImage
    tool: Esptool
    found: Found

    def say(self, code: str, **fill: object) -> None:
        say(self.args.lang, both(_WORDS[code], **fill))

    def finish(
        self, parts: Sequence[Part], what: str, history: tuple[str, str], swapped_for: str = ""
    ) -> dict[str, object]:
        """Write `parts`, start, check, record, register; returns what `--json` shows of it.

        `what` is the register's word for what was done, `history` what the record says of the journal, `swapped_for`
        the MAC of the board that this one takes the place of. AnswerIsNo, after the record is saved, if the unit is not
        well.
        """
        if self.args.dry_run:
            self.say("dry")
            return {}
        written = self.write(parts)
        rows = [
            ("写入字节", "bytes written", f"{written.written_bytes} (+{written.skipped_bytes})"),
            ("校验", "verified", "每块 MD5 一致 every piece's MD5 agrees"),
        ]
        return {"written": asdict(written)} | self.conclude(rows, what, history, swapped_for)

    def write(self, parts: Sequence[Part]) -> Written:
        """Write what of `parts` is not on the board yet."""
        written = self.tool.write([(part.at, part.data, part.name == "vfs") for part in parts], bar())
        self.say("written", written=written.written_bytes, skipped=written.skipped_bytes, baud=written.baud)
        return written

    def conclude(
        self,
        rows: list[tuple[str, str, str]],
        what: str,
        history: tuple[str, str],
        swapped_for: str = "",
        reset: bool = True,
    ) -> dict[str, object]:
        """What `finish` does once all is on the board; `rows` tell the record of it. `reset`: it was not restarted."""
        args = self.args
        self.say("starting")
        tests = first_start.watch(args.port, reset)
        problems = problems_of(tests, self.image.unit, self.image.firmware_sha256)
        record = self._record(rows, tests, history, problems)
        path = record.save(args.record)
        register.append(args.record / register.FILE, self._entry(record, path, what, swapped_for, not problems))
        self.say("record", path=path)
        if problems:
            raise AnswerIsNo(*problems)
        self.say("runs", unit=self.image.unit.id)
        for check in tests.to_look_at:
            zh, en = check.title
            self.say("look", zh=zh, en=en, detail=check.detail, mend_zh=check.mend[0], mend_en=check.mend[1])
        checks = {check.name: {"state": check.state, "detail": check.detail} for check in tests.checks}
        return {"self_test": checks, "record": str(path), "label": record.label}

    def _record(
        self, done: list[tuple[str, str, str]], tests: SelfTest, history: tuple[str, str], problems: list[str]
    ) -> Record:
        unit, found, micropython = self.image.unit, self.found, self.image.micropython
        when = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
        rows = [
            ("站点", "unit", unit.id),
            ("时间", "time", when),
            ("控制板", "board", f"{unit.board.name}: {unit.board.title_zh} {unit.board.title_en}"),
            ("芯片", "chip", f"{found.title}, {found.flash_bytes >> 20} MB"),
            ("MAC", "MAC", found.mac),
            ("MicroPython", "MicroPython", f"{micropython.title} {micropython.sha256}"),
            ("程序", "firmware", f"{version('qingxi')} {self.image.firmware_sha256}"),
            ("配置摘要", "configuration SHA-256", unit.sha256),
            *done,
            ("记录", "journal", " ".join(history)),
        ]
        if self.args.note:
            rows.append(("备注", "note", self.args.note))
        return Record(unit, found.mac, when, self.image.firmware_sha256, rows, tests, problems)

    def _entry(self, record: Record, path: Path, what: str, swapped_for: str, passed: bool) -> dict[str, object]:
        unit, micropython = self.image.unit, self.image.micropython
        return register.entry(
            when=record.when,
            what=what,
            unit=unit.id,
            board=unit.board.name,
            chip=self.found.chip,
            mac=self.found.mac,
            micropython=micropython.version_text,
            micropython_sha256=micropython.sha256,
            firmware=version("qingxi"),
            firmware_sha256=self.image.firmware_sha256,
            config_sha256=unit.sha256,
            swapped_for=swapped_for,
            self_test="passed" if passed else "failed",
            record=path.name,
            note=self.args.note,
        )


def begin(args: argparse.Namespace, image: FlashImage) -> Job:
    """Find the board on the port and see that it is one for this image. ToolError where it is not."""
    port.check(args.port, args.lang)
    tool = Esptool(args.port)
    found = tool.identify()
    job = Job(args, image, tool, found)
    job.say("board", port=args.port, title=found.title, flash=found.flash_bytes >> 20, mac=found.mac)
    say(args.lang, both(_WORDS["micropython"], title=image.micropython.title))
    for remark in image.remarks:
        say(args.lang, remark)
    board = image.unit.board
    if found.chip != board.chip:
        names = {"found": found.chip, "wanted": board.chip, "board": board.name, "unit": image.unit.id}
        raise AnswerIsNo(both(_WORDS["chip"], **names))
    if found.flash_bytes < image.flash_bytes:
        has_mb = found.flash_bytes >> 20
        raise AnswerIsNo(both(_WORDS["small"], found=has_mb, wanted=board.flash_mb, board=board.name))
    return job


def problems_of(tests: SelfTest, unit: Unit, firmware_sha256: str) -> list[str]:
    """What keeps a board that reports this from being `unit` with that firmware."""
    problems: list[str] = []
    for name, zh, en, must in (
        ("unit", "站点", "unit", unit.id),
        ("config", "配置摘要", "configuration digest", unit.sha256),
        ("firmware", "程序摘要", "firmware digest", firmware_sha256),
    ):
        is_ = tests[name].detail
        if is_ != must:
            problems.append(both(_WORDS["other"], what_zh=zh, what_en=en, is_=is_ or "-", must=must))
    return problems + [check.sentence() for check in tests.failed]
