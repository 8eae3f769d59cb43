"""The verb `flash`: one command from a blank board to a unit that has started, with a record of it."""

import argparse
import datetime
import json
import sys
from dataclasses import asdict
from pathlib import Path

from . import first_start, image_build, micropython_image, partitions, port, unitfile
from .errors import AnswerIsNo
from .esptool import Esptool, Found, Written
from .first_start import FirstStart
from .flash_record import Record
from .image import add_micropython
from .image_build import FlashImage, Part

BAUDS = (460800, 115200)
_BAR = 30

_WORDS = {
    "board": (
        "{port}：{title}，闪存 {flash} MB，MAC {mac}",
        "{port}: {title}, {flash} MB of flash, MAC {mac}",
    ),
    "chip": (
        "接的是 {found} 芯片，站点 {unit} 的控制板 {board} 要用 {wanted}：换板子，或改站点文件的 board",
        "the chip is {found}: board {board} of unit {unit} has {wanted}. Take another board, or correct `board` in the "
        "unit file",
    ),
    "small": (
        "闪存只有 {found} MB，控制板 {board} 需要 {wanted} MB：换一块板子",
        "the flash has {found} MB: board {board} needs {wanted} MB. Take another board",
    ),
    "other": (
        "这块板子是站点 {old}，里面有它的记录。确定改成 {unit} 并清空记录，请加 --fresh",
        "this board is unit {old} and holds its readings. To make it {unit} and empty them, say --fresh",
    ),
    "moved": (
        "板上记录的位置和新分区不同，不能保留。先取出记录（qingxi journal），再加 --fresh",
        "the journal on the board lies elsewhere than in the new partitions and cannot be kept. Read it out first "
        "(qingxi journal), then say --fresh",
    ),
    "kept": ("已是站点 {unit}：保留记录", "it is unit {unit} already: its journal is kept"),
    "blank": ("新板：写入全部，记录区清空", "a new board: everything is written, the journal emptied"),
    "dry": ("--dry-run：检查通过，没有写入", "--dry-run: all is well, nothing was written"),
    "written": (
        "写入 {written} 字节，{skipped} 字节已在板上，摘要一致（{baud} 波特）",
        "wrote {written} bytes, {skipped} were there already, every digest agrees ({baud} baud)",
    ),
    "starting": ("首次启动，请等几秒 ...", "first start, a few seconds ..."),
    "runs": ("{unit} 已启动，控制程序在运行，配置正确", "{unit} has started: control runs, its configuration is right"),
    "record": ("记录和标签：{path}", "record and label: {path}"),
}


def add_parser(verbs) -> None:
    """Add the verb `flash` to the command line."""
    p = verbs.add_parser("flash", help="make a board into a unit", description=__doc__)
    p.add_argument("--port", required=True, metavar="DEV", help="serial port, such as /dev/ttyUSB0 or COM3")
    p.add_argument("--unit", type=Path, required=True, metavar="FILE", help="unit file")
    add_micropython(p)
    p.add_argument("--fresh", action="store_true", help="empty the journal of a board that was a unit before")
    p.add_argument("--dry-run", action="store_true", help="do everything but write")
    p.add_argument("--record", type=Path, default=Path("out/records"), metavar="DIR", help="(default: %(default)s)")
    p.add_argument("--json", action="store_true", help="print the result as JSON")
    p.add_argument("--lang", choices=("zh", "en"), default=argparse.SUPPRESS, help="language of messages")
    p.set_defaults(run=flash)


def flash(args: argparse.Namespace) -> int:
    """Check everything, write, watch the first start, save the record. Returns the exit code."""

    def say(code: str, **fill: object) -> None:
        print(_words(code, args.lang, **fill), file=sys.stderr, flush=True)

    unit = unitfile.load(args.unit, args.lang)
    image = image_build.build(unit, micropython_image.choose(unit.board.chip, args.micropython))
    port.check(args.port, args.lang)
    tool = Esptool(args.port, args.lang)
    found = tool.identify()
    say("board", port=args.port, title=found.title, flash=found.flash_bytes >> 20, mac=found.mac)
    _check_board(image, found, args.lang)
    keep = _keeps_journal(image, tool, args.fresh, args.lang)
    say("kept" if keep else "blank", unit=unit.id)
    result: dict[str, object] = {"port": args.port, "found": asdict(found), "journal_kept": keep} | image.report()
    if args.dry_run:
        say("dry")
    else:
        written = _write(image, tool, keep)
        say("written", written=written.written_bytes, skipped=written.skipped_bytes, baud=written.baud)
        say("starting")
        start = first_start.watch(args.port, args.lang)
        first_start.compare(start, unit.sha256, args.lang)
        say("runs", unit=unit.id)
        record = _record(image, found, written, start, keep)
        path = record.save(args.record)
        say("record", path=path)
        result |= {"written": asdict(written), "start": asdict(start), "record": str(path), "label": record.label}
    if args.json:
        print(json.dumps(result, ensure_ascii=False))
    return 0


def _check_board(image: FlashImage, found: Found, lang: str) -> None:
    board = image.unit.board
    if found.chip != board.chip:
        fill = {"found": found.chip, "wanted": board.chip, "board": board.name, "unit": image.unit.id}
        raise AnswerIsNo(_words("chip", lang, **fill))
    if found.flash_bytes < image.flash_bytes:
        raise AnswerIsNo(_words("small", lang, found=found.flash_bytes >> 20, wanted=board.flash_mb, board=board.name))


def _keeps_journal(image: FlashImage, tool: Esptool, fresh: bool, lang: str) -> bool:
    """Whether the board is this very unit already. AnswerIsNo if readings would be lost and nobody asked for that."""
    sector = tool.read(partitions.TABLE_AT, partitions.BLOCK)
    old = image_build.unit_of(sector)
    if fresh or old is None:
        return False
    if old != image.unit.id:
        raise AnswerIsNo(_words("other", lang, old=old, unit=image.unit.id))
    if sector != image.part("table").data:
        raise AnswerIsNo(_words("moved", lang))
    return True


def _write(image: FlashImage, tool: Esptool, keep: bool) -> Written:
    parts: tuple[Part, ...] = image.parts if keep else image.blanks + image.parts
    bar = _bar if sys.stderr.isatty() else _silent
    return tool.write([(part.at, part.data, part.name == "vfs") for part in parts], BAUDS, bar)


def _bar(share: float) -> None:
    full = round(share * _BAR)
    end = "\n" if share >= 1 else ""
    print(f"\r[{'#' * full}{'.' * (_BAR - full)}] {share:4.0%}", end=end, file=sys.stderr, flush=True)


def _silent(share: float) -> None:
    pass


def _record(image: FlashImage, found: Found, written: Written, start: FirstStart, keep: bool) -> Record:
    unit = image.unit
    when = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
    micropython = image.micropython
    rows = [
        ("站点", "unit", unit.id),
        ("时间", "time", when),
        ("控制板", "board", f"{unit.board.name}: {unit.board.title_zh} {unit.board.title_en}"),
        ("芯片", "chip", f"{found.title}, {found.flash_bytes >> 20} MB"),
        ("MAC", "MAC", found.mac),
        ("MicroPython", "MicroPython", f"{micropython.version_text} {micropython.sha256}"),
        ("程序摘要", "firmware SHA-256", image.firmware_sha256),
        ("配置摘要", "configuration SHA-256", unit.sha256),
        ("写入字节", "bytes written", f"{written.written_bytes} (+{written.skipped_bytes})"),
        ("校验", "verified", "每块 MD5 一致 every piece's MD5 agrees"),
        ("记录", "journal", "保留 kept" if keep else "清空 emptied"),
        ("首次启动", "first start", f"控制程序在运行 control runs, MicroPython {start.micropython}"),
    ]
    return Record(
        unit.id,
        str(unit.settings["unit.name_zh"]),
        str(unit.settings["unit.name_en"]),
        found.mac,
        when,
        image.firmware_sha256,
        unit.sha256,
        rows,
    )


def _words(code: str, lang: str, **fill: object) -> str:
    return _WORDS[code][0 if lang == "zh" else 1].format(**fill)
