"""The verb `flash`: one command from a blank board to a unit that has started, with a record of it."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from . import image_build, micropython_image, partitions, provision, unitfile
from .errors import AnswerIsNo, both
from .esptool import Esptool
from .image_build import FlashImage

_WORDS = {
    "other": (
        "这块板子是站点 {old}，里面有它的记录。确定改成 {unit} 并清空记录，请加 --fresh",
        "this board is unit {old} and holds its readings. To make it {unit} and empty them, say --fresh",
    ),
    "moved": (
        "板上记录的位置和新分区不同，不能保留。先备份（qingxi backup），再加 --fresh",
        "the journal on the board lies elsewhere than in the new partitions and cannot be kept. Back it up first "
        "(qingxi backup), then say --fresh",
    ),
    "kept": ("已是站点 {unit}：保留记录", "it is unit {unit} already: its journal is kept"),
    "blank": ("新板：写入全部，记录区清空", "a new board: everything is written, the journal emptied"),
}


def add_parser(verbs) -> None:
    """Add the verb `flash` to the command line."""
    p = verbs.add_parser("flash", help="make a board into a unit", description=__doc__)
    p.add_argument("--unit", type=Path, required=True, metavar="FILE", help="unit file")
    provision.add_arguments(p)
    p.set_defaults(run=flash)


def flash(args: argparse.Namespace) -> int:
    """Check everything, write, watch the first start, save the record. Returns the exit code."""
    unit = unitfile.load(args.unit, args.lang)
    image = image_build.build(unit, micropython_image.choose(unit.board.chip, args.micropython))
    job = provision.begin(args, image)
    keep = _keeps_journal(image, job.tool, args.fresh)
    provision.say(args.lang, both(_WORDS["kept" if keep else "blank"], unit=unit.id))
    parts = image.parts if keep else image.blanks + image.parts
    history = ("保留", "kept") if keep else ("清空", "emptied")
    result = {"port": args.port, "found": asdict(job.found), "journal_kept": keep} | image.report()
    result |= job.finish(parts, "update" if keep else "new", history)
    if args.json:
        print(json.dumps(result, ensure_ascii=False))
    return 0


def _keeps_journal(image: FlashImage, tool: Esptool, fresh: bool) -> bool:
    """Whether the board is this very unit already. AnswerIsNo if readings would be lost and nobody asked for that."""
    sector = tool.read(partitions.TABLE_AT, partitions.BLOCK)
    old = image_build.unit_of(sector)
    if fresh or old is None:
        return False
    if old != image.unit.id:
        raise AnswerIsNo(both(_WORDS["other"], old=old, unit=image.unit.id))
    if sector != image.part("table").data:
        raise AnswerIsNo(both(_WORDS["moved"]))
    return True
